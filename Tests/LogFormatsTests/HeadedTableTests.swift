import Anonymization
import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct HeadedTableTests {
    private static let columns = ["date", "time", "c-ip", "cs-uri-query", "cs(User-Agent)"]

    private func header(
        _ name: String, _ text: String, isComplete: Bool = true
    ) throws -> HeaderResult {
        let format = try #require(makeFormat(name))
        return try format.header(
            of: bytes(text).span, isComplete: isComplete, limits: RecordLimits())
    }

    private func rows(
        _ name: String, _ text: String, _ fields: [String], _ columns: [String]
    ) throws -> [ReadRow] {
        let format = try #require(makeFormat(name))
        return read(format, bytes(text), fields: fields, columns: columns)
    }

    @Test func directivesOfIIS() throws {
        let start = "\u{FEFF}#Software: Microsoft Internet Information Services 10.0\r\n"
            + "#Version: 1.0\r\n#Date: 2026-03-01 00:00:00\r\n#Fields: date time  c-ip\r\n"
        #expect(
            try header("w3c", start + "2026-03-01 00:00:01 192.0.2.1\r\n")
                == .header(length: start.utf8.count, columns: ["date", "time", "c-ip"]))
        for cut in [0, 10, 60, start.utf8.count - 1, start.utf8.count] {
            let piece = String(decoding: Array(start.utf8).prefix(cut), as: UTF8.self)
            #expect(try header("w3c", piece, isComplete: false) == .needMoreBytes, "\(cut)")
        }
        #expect(try header("w3c", "") == .header(length: 0, columns: nil))
    }

    @Test(arguments: [
        "2026-03-01 00:00:01 192.0.2.1\n", "#Version: 1.0\n2026-03-01 x\n",
        "#Fields: date date\nx\n", "#Fields:\nx\n", "#Remark: hello\n",
    ]) func headersThatSayNothing(_ text: String) {
        #expect(throws: SourceFault.self) { try header("w3c", text) }
    }

    @Test func otherSeparatorsOfZeekAreRefused() throws {
        let good = "#separator \\x09\n#set_separator\t,\n#path\thttp\n#fields\tts\tid.orig_h\n"
        #expect(
            try header("zeek", good + "1.5\tx\n")
                == .header(length: good.utf8.count, columns: ["ts", "id.orig_h"]))
        let other = "#separator \\x2c\n#fields\tts\n"
        #expect(throws: SourceFault.self) { try header("zeek", other + "1\n") }
    }

    @Test func utf16IsRefused() throws {
        let format = try #require(makeFormat("w3c"))
        for mark: [UInt8] in [[0xFF, 0xFE, 0x23, 0], [0xFE, 0xFF, 0, 0x23]] {
            let error = #expect(throws: SourceFault.self) {
                _ = try format.header(of: mark.span, isComplete: true, limits: RecordLimits())
            }
            #expect(error?.code == .unsupportedEncoding)
        }
    }

    @Test func cellsByColumn() throws {
        let text =
            "2026-03-01 00:00:01 192.0.2.1 q=a+b Mozilla/5.0+(X11;+Linux)\r\n"
            + "2026-03-01 00:00:02 - \"x\" \"Mozilla 5\"\n"
            + "#Remark: anna was here\n2026-03-01 00:00:03 192.0.2.1 -\n\n"
        let found = try rows(
            "w3c", text, ["c-ip", "cs(User-Agent)", "(unnamed)"], Self.columns)
        #expect(
            found.map(\.state) == [
                .good, .good, .bad(.formatMismatch), .bad(.raggedRow), .blank,
            ])
        #expect(found[0].values.prefix(2).map { TestSupport.text($0.text) }
            == ["192.0.2.1", "Mozilla/5.0 (X11; Linux)"])
        #expect(found[0].values[2].kind == .several)
        #expect(found[1].values.prefix(2).map(\.kind) == [.null, .text])
        #expect(TestSupport.text(found[1].values[1].text) == "Mozilla 5")
    }

    @Test func cloudFrontWritesAgentsTwiceEscaped() throws {
        let line = "2026-03-01\t00:00:01\t192.0.2.1\ta=1%202\tMozilla/5.0%2520(X11)\n"
        let found = try rows(
            "cloudfront", line, ["cs(User-Agent)", "cs-uri-query"], Self.columns)
        #expect(found[0].values.map { text($0.text) } == ["Mozilla/5.0 (X11)", "a=1%202"])
    }

    @Test func zeekEscapes() throws {
        let found = try rows(
            "zeek", "1.5\ta\\x09b\n2.5\t-\n", ["ts", "uri"], ["ts", "uri"])
        #expect(found.map { text($0.values[1].text) } == ["a\tb", "-"])
        #expect(found[1].values[1].kind == .null)
    }

    private func next(_ text: String) throws -> Int? {
        try #require(makeFormat("w3c")).nextHeader(in: bytes(text).span)
    }

    private func inner(_ text: String) throws -> HeaderResult {
        let format = try #require(makeFormat("w3c"))
        return try format.innerHeader(
            of: bytes(text).span, isComplete: true, limits: RecordLimits())
    }

    @Test func headersInMidFile() throws {
        #expect(try next("a b\n#Remark: no\nc #Fields: d\n#Fields: x y\n#Date: now\n") == 29)
        #expect(try next("a\n#Remark: no\n") == nil)
        #expect(try inner("#Date: now\nx y\n") == .header(length: 11, columns: nil))
        #expect(try inner("#Remark: no\n") == .header(length: 0, columns: nil))
    }

    @Test func fieldsThatAreMissing() throws {
        let format = try #require(makeFormat("w3c"))
        func check(_ fields: [String]) throws {
            try format.check(DeclaredFields(names: fields), against: Self.columns)
        }
        try check(["date", "time", "c-ip", "cs-username", "(unnamed)"])
        let error = #expect(throws: SourceFault.self) { try check(["c_ip"]) }
        #expect(error?.expectation.contains("`c-ip`") == true)
        #expect(throws: SourceFault.self) {
            try format.check(DeclaredFields(names: ["date"]), against: ["time"])
        }
    }

    @Test(arguments: ["w3c", "cloudfront", "zeek"])
    func readsBackWhatItWrote(_ name: String) throws {
        let format = try #require(makeFormat(name))
        let columns = ["a", "cs(b)"]
        let writer = format.columnWriter(columns: columns)
        let start = text(writer.header(columns: nil))
        #expect(
            try header(name, start) == .header(length: start.utf8.count, columns: columns))
        var generator = SeededGenerator(seed: 0x3C)
        for _ in 0..<300 {
            let cells = (0..<2).map { _ in
                text(nasty(["a", "é", "[", "x", "%", "1"],
                    length: Int.random(in: 1...5, using: &generator), using: &generator))
            }
            let line = written(writer, "", .columns, cells.map { .text($0) })
            let row = read(format, bytes(line), fields: columns, columns: columns).first
            #expect(row?.state == .good, "\(line)")
        }
        let line = written(writer, "", .columns, [.text("a b\n"), .null])
        let row = read(format, bytes(line), fields: columns, columns: columns).first
        #expect(row?.state == .good && row?.values[1].kind == .null)
    }

    @Test func anyCutGivesTheSameRows() throws {
        var generator = SeededGenerator(seed: 0xCDEF)
        let parts = ["a", " ", "\t", "\"", "-", "\n", "\r\n", "+", "#Remark: ", "é"]
        for name in ["w3c", "zeek"] {
            let format = try #require(makeFormat(name))
            for _ in 0..<300 {
                let source = nasty(parts, length: 50, using: &generator)
                let fields = ["a", "(unnamed)"]
                #expect(
                    read(format, source, fields: fields, columns: ["a", "b"])
                        == read(
                            format, source, fields: fields, columns: ["a", "b"], cuts: generator))
            }
        }
    }
}
