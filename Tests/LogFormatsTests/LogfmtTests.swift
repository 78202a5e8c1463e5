import Anonymization
import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct LogfmtTests {
    private let format = LogfmtFormat()

    private func values(_ line: String, _ fields: [String]) -> [ReadValue] {
        read(format, bytes(line), fields: fields).first?.values ?? []
    }

    private func state(_ line: String, limits: RecordLimits = RecordLimits())
        -> RecordTable.RowState?
    {
        read(format, bytes(line), fields: ["a", "(unnamed)"], limits: limits).first?.state
    }

    @Test func pairsByName() {
        let line = #"ts=2026-03-01T12:00:00Z msg="a \"b\"\n\u00e9\x41" n=  path=/x?a=b flag last="#
        let found = values(line, ["ts", "msg", "n", "path", "flag", "last", "none"])
        #expect(
            found.map { text($0.text) } == [
                "2026-03-01T12:00:00Z", "a \"b\"\né\u{41}", "", "/x?a=b", "flag", "", "",
            ])
        #expect(
            found.map(\.kind) == [.text, .escapedText, .text, .text, .null, .text, .absent])
    }

    @Test(arguments: [
        ("words without any pair", QuarantineReason.formatMismatch),
        ("=value", .formatMismatch), ("a=1 =2", .formatMismatch),
        (#"a="open"#, .badQuoting), (#"a="x"y"#, .badQuoting), (#"a=x"y""#, .badQuoting),
        (#"a="x\"#, .badQuoting), (#"a"=1"#, .badQuoting), ("a=1 a=2", .duplicateKey),
        ("a=1 a", .duplicateKey), ("a=\u{0}", .containsNUL),
    ]) func badLines(_ line: String, _ reason: QuarantineReason) {
        #expect(state(line) == .bad(reason))
    }

    @Test func whatIsNotNamedMayRepeat() { #expect(state("a=1 b=1 b=2") == .good) }

    @Test func limits() {
        var limits = RecordLimits()
        limits.fieldsMax = 2
        #expect(state("a=1 b=2", limits: limits) == .good)
        #expect(state("a=1 b=2 c=3", limits: limits) == .bad(.tooManyFields))
        limits.recordBytesMax = 4
        #expect(state("a=12", limits: limits) == .good)
        #expect(state("a=123", limits: limits) == .bad(.tooLong))
    }

    @Test func invalidUTF8() {
        let rows = read(format, [0x61, 0x3D, 0xFF, 0x0A] + bytes("a=1\n"), fields: ["a"])
        #expect(rows.map(\.state) == [.bad(.invalidUTF8), .good])
    }

    @Test func linesAndBlanks() {
        let rows = read(format, bytes("a=1\r\n\n\r\na=2"), fields: ["a"])
        #expect(rows.map(\.state) == [.good, .blank, .blank, .good])
        #expect(rows.map { $0.values.map { text($0.text) } } == [["1"], [], [], ["2"]])
    }

    /// Whatever the cut, the rows are the same, and every byte above the space is in some value or
    /// key.
    @Test func anyCutGivesTheSameRows() {
        var generator = SeededGenerator(seed: 0x10F)
        let parts = ["a=", "b=", "=", "\"", "\\", " ", "x", "é", "\n", "\r\n", "-"]
        for _ in 0..<400 {
            let source = nasty(parts, length: 40, using: &generator)
            let whole = read(format, source, fields: ["a", "(unnamed)"])
            let cut = read(format, source, fields: ["a", "(unnamed)"], cuts: generator)
            #expect(whole == cut, "\(text(source).debugDescription)")
        }
    }

    @Test func readsBackWhatItWrote() {
        var generator = SeededGenerator(seed: 0xF37)
        let writer = format.columnWriter(columns: ["a", "b"])
        for _ in 0..<500 {
            let cells = (0..<2).map { _ in
                text(
                    nasty(
                        ["\"", "\\", "\n", "\t", "a", "é", " ", "=", "\u{7F}", "\u{1}", "\\n"],
                        length: Int.random(in: 0...5, using: &generator), using: &generator))
            }
            let line = written(writer, "", .columns, cells.map { .text($0) })
            #expect(values(line, ["a", "b"]).map { text($0.text) } == cells, "\(line)")
        }
    }

    @Test func splicesAndNeverLeavesAnEmptyRecord() {
        let writer = format.splicedWriter()
        let line = #"a=1 b="x y" c"#
        #expect(
            written(writer, line, .spliced, [.raw(0..<2), .text("p q"), .raw(3..<13)])
                == #"a="p q" b="x y" c"# + "\n")
        #expect(written(writer, line, .spliced, [.raw(0..<2), .null, .raw(11..<13)]) == "a= c\n")
        #expect(written(writer, line, .spliced, []) == "-=\n")
    }

    @Test func fieldsThatCannotBe() {
        #expect(format.knows(field: "user id") == false)
        #expect(format.knows(field: "") == false)
        #expect(format.knows(field: "user.id") == nil)
    }
}
