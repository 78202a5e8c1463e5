import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

/// Tables of single lines and small sources, each read by all three readers.
@Suite struct JSONLinesReaderTests {
    private func states(
        _ source: [UInt8],
        _ limits: RecordLimits = RecordLimits()
    ) -> [RecordTable.RowState] {
        let answers = JSONTwin.allCases.map { twin in
            JSONTrial(["a"], limits: limits, twin: twin).rows(source).map(\.state)
        }
        #expect(answers[0] == answers[1] && answers[0] == answers[2], "\(text(source))")
        return answers[0]
    }

    private func state(
        _ line: String,
        _ limits: RecordLimits = RecordLimits()
    ) -> RecordTable.RowState? {
        let found = states(bytes(line + "\n"), limits)
        #expect(found == states(bytes(line), limits), "without line feed: \(line)")
        #expect(found.count == 1, "\(line)")
        return found.first
    }

    @Test(arguments: [
        "{}", " {} ", "{}\r", "\t{ }\t\r", #"{"a":1}"#, #"{ "a" : 1 , "b" : [ ] , "c" : { } }"#,
        #"{"":0}"#, #"{"a":{"a":{"a":1}}}"#, #"{"a":[1,[2,[3,{}]]]}"#, #"{"a":1,"A":2}"#,
        #"{"a":-0}"#, #"{"a":-0.0e-0}"#, #"{"a":1E400}"#, #"{"a":0.1e+1}"#,
        #"{"a":123456789012345678901234567890}"#, #"{"a":true,"b":false,"c":null}"#,
        #"{"a":"\"\\\/\b\f\n\r\t\u0000\u00e9\uD83d\uDe00"}"#, "{\"a\":\"\u{7f}é€😀\u{2028}\"}",
        #"{"a":"{[\"]}"}"#, #"{"\\":1,"\\\\":2}"#, #"{"a\"":1,"a":2}"#,
        #"{"a":"https://example.com/"}"#,
    ])
    func acceptsRecords(_ line: String) {
        #expect(state(line) == .good, "\(line)")
        #expect(JSONReference.accepts(bytes(line)))
    }

    @Test(arguments: [
        #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#, #"{"a":1"b":2}"#,
        #"{"a" 1}"#, #"{"a"::1}"#, #"{a:1}"#, #"{'a':1}"#, #"{"a":1"#, #"{"a":[1}"#, #"{"a":1]"#,
        #"{"a":[1 2]}"#, #"{"a":[1,]}"#, #"{"a":[,1]}"#, #"{"a":[,]}"#, #"{"a":01}"#, #"{"a":+1}"#,
        #"{"a":.5}"#, #"{"a":1.}"#, #"{"a":1.e1}"#, #"{"a":1e}"#, #"{"a":1e+}"#, #"{"a":-}"#,
        #"{"a":--1}"#, #"{"a":0x10}"#, #"{"a":1 2}"#, #"{"a":NaN}"#, #"{"a":Infinity}"#,
        #"{"a":tru}"#, #"{"a":truee}"#, #"{"a":True}"#, #"{"a":nul}"#, #"{"a":"\x"}"#,
        #"{"a":"\u12"}"#, #"{"a":"\u12g4"}"#, #"{"a":"\"}"#, #"{"a":"b}"#, #"{"a":\"b"}"#,
        "{\"a\":\"\t\"}", "{\"a\":\"\0\"}", "{\"a\":\u{c}1}", "{\"a\":1\u{1a}}", "{\0}",
        "{\"a\u{1}\":1}", "{\u{a0}\"a\":1}", #"{"a":/*1*/2}"#, "{", #"{""#, #"{"a"#, #"{"a":"#,
        #"{"a":""#, #"{"a":"\"#, #"{"a":[[["#, "{]", #"{"a":{]}"#, #"{"a":1}{"#, #"{1:2}"#,
        #"{"a":1;"b":2}"#, #"{"a":"\u00"}"#, #"{"a":"\uD83"}"#, #"{"a\":1}"#,
    ])
    func refusesWhatIsNotJSON(_ line: String) {
        let expected: RecordTable.RowState =
            line == #"{"a":1}{"# ? .bad(.trailingBytes) : .bad(.notJSON)
        #expect(state(line) == expected, "\(line)")
        #expect(!JSONReference.accepts(bytes(line)))
    }

    @Test(arguments: [
        ("[]", QuarantineReason.notAnObject), ("1", .notAnObject), ("\"{}\"", .notAnObject),
        ("null", .notAnObject), ("x{}", .notAnObject), (",{}", .notAnObject),
        ("\u{feff}{}", .notAnObject), ("\u{c}", .notAnObject), ("\u{c}{}", .notAnObject),
        ("{}x", .trailingBytes), ("{}}", .trailingBytes), ("{}{}", .trailingBytes),
        ("{},", .trailingBytes), ("{}\0", .trailingBytes), ("{}\u{1a}", .trailingBytes),
        ("{} \"", .trailingBytes), ("{}\\", .trailingBytes),
        (#"{"a":1,"a":2}"#, .duplicateKey), (#"{"a":1,"\u0061":2}"#, .duplicateKey),
        (#"{"\u0061":1,"a":2}"#, .duplicateKey), (#"{"x":{"b":1,"b":1}}"#, .duplicateKey),
        (#"{"x":[0,{"b":1,"\u0062":1}]}"#, .duplicateKey), (#"{"":1,"":1}"#, .duplicateKey),
        (#"{"é":1,"\u00e9":1}"#, .duplicateKey), (#"{"/":1,"\/":1}"#, .duplicateKey),
        (#"{"😀":1,"\ud83d\ude00":1}"#, .duplicateKey),
        (#"{"longer-than-eight":1,"longer-than-eight":1}"#, .duplicateKey),
        (#"{"a":"\ud800"}"#, .loneSurrogate), (#"{"a":"\udc00"}"#, .loneSurrogate),
        (#"{"a":"\ud800\ud800"}"#, .loneSurrogate), (#"{"a":"\ud800x"}"#, .loneSurrogate),
        (#"{"a":"\ud800\n"}"#, .loneSurrogate), (#"{"a":"\udc00\ud800"}"#, .loneSurrogate),
        (#"{"\ud800":1}"#, .loneSurrogate), (#"{"a":["\ud800\u0041"]}"#, .loneSurrogate),
    ])
    func namesTheReason(_ line: String, _ reason: QuarantineReason) {
        #expect(state(line) == .bad(reason), "\(line)")
    }

    /// The same keys in another object, in another order or in the next record are no duplicates.
    @Test func onlyKeysOfOneObjectAreDuplicates() {
        let source = bytes(
            #"{"a":{"a":1,"b":2},"b":{"a":1,"b":2}}"# + "\n" + #"{"b":1,"a":2}"# + "\n"
                + #"{"a":1,"b":{"a":2}}"# + "\n" + #"{"b":[{"a":1},{"a":1}],"a":[{"b":1,"a":0}]}"#
        )
        #expect(states(source) == [.good, .good, .good, .good])
    }

    @Test func linesEndAtLineFeedsWhateverIsInThem() {
        let good = #"{"a":1}"#
        let broken = [
            #"{"a":"b"#, #"{"a":1"#, #"{"a":[1"#, #"{"a":"\"#, #"{"a":"\\\"#, "\"", "\\", "{", "[",
            #"{"a":1,"#, #"{"a":{"b":{"c":[[[1"#, #"{"a":"\ud83d"#, #"{"a":"\u"#,
        ]
        for first in broken {
            for second in broken {
                let source = bytes(
                    [good, first, second, good, second, good].joined(separator: "\n")
                )
                let found = states(source)
                #expect(found.count == 6, "\(text(source))")
                #expect([0, 3, 5].allSatisfy { found.count == 6 && found[$0] == .good })
                let rows = JSONTrial(["a"]).rows(source)
                #expect(rows.map { $0.start..<$0.end } == lines(of: source), "\(text(source))")
            }
        }
    }

    @Test func blankLinesCarriageReturnsAndTheLastLine() {
        let source = bytes("{}\r\n\r\n\n \t\n{}\n\n{}")
        #expect(states(source) == [.good, .blank, .blank, .blank, .good, .blank, .good])
        #expect(states([]) == [])
        #expect(states([0x0A]) == [.blank])
        #expect(states(bytes("{}\r")) == [.good])
        #expect(states(bytes("\r")) == [.blank])
        let row = JSONTrial(["a"]).rows(bytes("{\"a\":\"x\"}\r\n"))[0]
        #expect(row.start..<row.end == 0..<10)
        #expect(row.values == [[FieldSlice(start: 6, length: 1, kind: .text)]])
    }

    @Test func invalidBytesSpoilOnlyTheirOwnLine() {
        for wrong in [[0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF0, 0x9F]]
            as [[UInt8]]
        {
            for padding in 0..<70 {
                let good = bytes("{\"a\":\"é\(String(repeating: "x", count: padding))\"}\n")
                let bad = bytes("{\"a\":\"") + wrong + bytes("\"}\n")
                let cut = bytes("{\"a\":\"") + wrong + [0x0A]
                let found = states(good + bad + good + cut + good)
                let expected: [RecordTable.RowState] = [
                    .good, .bad(.invalidUTF8), .good, .bad(.invalidUTF8), .good,
                ]
                #expect(found == expected)
            }
        }
    }

    @Test func depthAndFieldsHaveLimits() {
        var limits = RecordLimits()
        limits.depthMax = 3
        limits.fieldsMax = 4
        let table: [(String, RecordTable.RowState)] = [
            (#"{"a":{"a":{}}}"#, .good), (#"{"a":[[]]}"#, .good),
            (#"{"a":{"a":{"a":{}}}}"#, .bad(.tooDeep)), (#"{"a":[[[]]]}"#, .bad(.tooDeep)),
            (#"{"a":[{"a":[]}]}"#, .bad(.tooDeep)), (#"{"\u0061":[[[]]]}"#, .bad(.tooDeep)),
            (#"{"a":1,"b":2,"c":3,"d":4}"#, .good),
            (#"{"a":1,"b":2,"c":3,"d":4,"e":5}"#, .bad(.tooManyFields)),
            (#"{"a":[1,2,3]}"#, .good), (#"{"a":[1,2,3,4]}"#, .bad(.tooManyFields)),
            (#"{"a":{"b":1},"c":{"d":1}}"#, .good),
            (#"{"a":[{"b":1},{"b":1}]}"#, .bad(.tooManyFields)),
        ]
        for (line, expected) in table { #expect(state(line, limits) == expected, "\(line)") }
        let deep = String(repeating: "[", count: 100_000)
        #expect(state("{\"a\":\(deep)") == .bad(.tooDeep))
    }

    @Test func recordsHaveALongestLengthWhereverChunksAreCut() {
        var limits = RecordLimits()
        limits.recordBytesMax = 20
        let fits = #"{"a":"0123456789ab"}"#
        let long = #"{"a":"0123456789abc"}"#
        let source = bytes(
            [fits, long, fits, String(repeating: " ", count: 21), "", long].joined(separator: "\n")
        )
        let expected: [RecordTable.RowState] = [
            .good, .bad(.tooLong), .good, .bad(.tooLong), .blank, .bad(.tooLong),
        ]
        #expect(states(source, limits) == expected)
        for seed in 0..<50 as Range<UInt64> {
            let trial = JSONTrial(["a"], limits: limits)
            let cut = trial.rows(source, cuts: SeededGenerator(seed: seed))
            #expect(cut == trial.rows(source))
        }
    }

    @Test func anOverlongChunkIsOneRow() {
        let format = JSONLinesFormat()
        for needsOutline in [false, true] {
            let fields = DeclaredFields(names: ["a"], needsOutline: needsOutline)
            let reader = format.makeReader(fields: fields, limits: RecordLimits())
            var table = RecordTable(slotCount: 1)
            var chunk = Chunk(capacity: 16)
            chunk.isOverlong = true
            chunk.buffer.append("{\"a\":\"xxxxx")
            reader.index(chunk, into: &table)
            #expect(table.count == 1)
            #expect(table.state(0) == .bad(.tooLong))
            #expect(table.range(0) == 0..<11)
        }
    }

    @Test func aByteOrderMarkIsHeaderAtTheStartOnly() throws {
        let marked: [UInt8] = [0xEF, 0xBB, 0xBF, 0x7B, 0x7D]
        func header(_ start: [UInt8], _ isComplete: Bool) throws -> HeaderResult {
            try JSONLinesFormat().header(
                of: start.span, isComplete: isComplete, limits: RecordLimits())
        }
        #expect(try header(marked, false) == .header(length: 3, columns: nil))
        #expect(try header(Array(marked[..<2]), false) == .needMoreBytes)
        #expect(try header(Array(marked[..<2]), true) == .header(length: 0, columns: nil))
        #expect(try header(bytes("{}\n"), false) == .header(length: 0, columns: nil))
        #expect(try header([], true) == .header(length: 0, columns: nil))
    }

    @Test func kindsAndDecodedTexts() {
        let source = bytes(
            #"{"a":"x","b":"\u00e9\n\"","c":-1.5,"d":true,"e":null,"f":{"g":[1]},"h":[ 1 ]}"#
        )
        let trial = JSONTrial(["a", "b", "c", "d", "e", "f", "h", "i"])
        let row = trial.rows(source)[0]
        #expect(
            row.values.map { $0.map(\.kind) } == [
                [.text], [.escapedText], [.number], [.boolean], [.null], [.structure], [.structure],
                [],
            ]
        )
        #expect(
            trial.texts(row, of: source) == [
                ["x"], ["é\n\""], ["-1.5"], ["true"], ["null"], [#"{"g":[1]}"#], ["[ 1 ]"], [],
            ]
        )
    }
}
