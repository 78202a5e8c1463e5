import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct CSVReaderTests {
    struct Case: Sendable {
        let source: String
        /// Cells of good rows joined with `|`; `!reason` for bad rows, `-` for blank ones.
        let rows: [String]

        init(_ source: String, _ rows: [String]) {
            self.source = source
            self.rows = rows
        }
    }

    // The shapes of csv-spectrum (Max Ogden, BSD-2) with invented values, then what breaks.
    static let cases = [
        Case("a,b\n", ["a|b"]),
        Case("a,b", ["a|b"]),
        Case("a,b\r\nc,d\r\n", ["a|b", "c|d"]),
        Case("a,\n,b\n,\n", ["a|", "|b", "|"]),
        Case("\"\",\"\"\r\n", ["|"]),
        Case("\"a,b\",c\n", ["a,b|c"]),
        Case("\"a\nb\",\"c\r\nd\"\nx,y\n", ["a\nb|c\r\nd", "x|y"]),
        Case("\"say \"\"hi\"\"\",b\n", ["say \"hi\"|b"]),
        Case("\"\"\"\",b\n", ["\"|b"]),
        Case("é,ʤ\n", ["é|ʤ"]),
        Case("a,b\n\n\r\nc,d", ["a|b", "-", "-", "c|d"]),
        Case("a,b\r", ["a|b"]),
        Case("a,\"b\"\r", ["a|b"]),
        Case("a\rb,c\n", ["a\rb|c"]),
        Case("a\nb,c,d\ne,f\n", ["!ragged-row", "!ragged-row", "e|f"]),
        Case("a\"b,c\nd,e\n", ["!bad-quoting", "d|e"]),
        Case("\"a\"b,c\nd,e\n", ["!bad-quoting", "d|e"]),
        Case("\"a\" ,c\nd,e\n", ["!bad-quoting", "d|e"]),
        Case(" \"a\",c\nd,e\n", ["!bad-quoting", "d|e"]),
        Case("\"a\"\rb,c\nd,e\n", ["!bad-quoting", "d|e"]),
        Case("a,\"b\nc,d\ne,f\n", ["!bad-quoting", "c|d", "e|f"]),
        Case("a,\"b\nc,\"\"\ne,f\n", ["!bad-quoting", "c|", "e|f"]),
        Case("a,\"", ["!bad-quoting"]),
        Case("a,b\0\nc,d\n", ["!contains-nul", "c|d"]),
    ]

    @Test(arguments: cases) func examples(_ one: Case) {
        let found = read(CSVFormat(), bytes(one.source), fields: ["x", "y"], columns: ["x", "y"])
        #expect(found.map(Self.summary) == one.rows)
    }

    static func summary(_ row: ReadRow) -> String {
        switch row.state {
        case .good: row.values.map { text($0.text) }.joined(separator: "|")
        case .blank: "-"
        case .bad(let reason): "!" + reason.code
        }
    }

    @Test func invalidUTF8IsBad() {
        // RFC 3629, section 4: truncated, overlong, surrogate, above U+10FFFF.
        let broken: [[UInt8]] = [
            [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80], [0x80], [0xFF],
        ]
        for cell in broken {
            let source = bytes("é,b\n") + cell + bytes(",b\nc,d\n")
            let rows = read(CSVFormat(), source, fields: ["y"], columns: ["x", "y"])
            #expect(rows.map(Self.summary) == ["b", "!invalid-utf8", "d"], "\(cell)")
        }
    }

    @Test func kindsAndOrderOfSlots() {
        let rows = read(
            CSVFormat(),
            bytes("1,\"\",\"a\"\"b\"\n"),
            fields: ["c", "a", "nowhere", "b"],
            columns: ["a", "b", "c"]
        )
        #expect(
            rows.first?.values == [
                ReadValue(kind: .escapedText, text: bytes("a\"b")),
                ReadValue(kind: .text, text: bytes("1")), ReadValue(kind: .absent, text: []),
                ReadValue(kind: .text, text: []),
            ]
        )
    }

    @Test func otherColumnsInTheNextSource() {
        let reader = CSVFormat().makeReader(
            fields: DeclaredFields(names: ["ip"]),
            limits: RecordLimits()
        )
        var table = RecordTable(slotCount: 1)
        for (columns, start) in [(["ip", "x"], 0), (["x", "ip"], 2)] {
            var chunk = Chunk(capacity: 16)
            chunk.columns = columns
            chunk.buffer.append(bytes("a,b\n"))
            reader.index(chunk, into: &table)
            #expect(table.slice(slot: 0, row: 0).offset == start)
        }
    }

    @Test func limits() {
        var limits = RecordLimits()
        limits.recordBytesMax = 8
        limits.fieldsMax = 3
        let source = bytes("12345678\n123456789\n1,2,3,4\n\"1\n3\",5678\n\"234567890\",b\na\n")
        let rows = read(
            CSVFormat(),
            source,
            fields: ["x"],
            columns: ["x"],
            limits: limits
        )
        #expect(
            rows.map(Self.summary) == [
                "12345678", "!too-long", "!too-many-fields", "!too-long", "!too-long", "a",
            ]
        )
    }

    @Test func withoutQuotes() {
        let format = CSVFormat(name: "tsv", delimiter: .tab, hasQuotes: false)
        let rows = read(format, bytes("\"a\tb\"c\n"), fields: ["x", "y"], columns: ["x", "y"])
        #expect(rows.map(Self.summary) == ["\"a|b\"c"])
    }
}

@Suite struct CSVLimitTests {
    /// A header may name more columns than a row may have cells; there is no room for those.
    @Test func rowsBeyondTheLimitOfFieldsAreSetAside() {
        var limits = RecordLimits()
        limits.fieldsMax = 2
        let names = ["a", "b", "c"]
        let rows = read(
            CSVFormat(), bytes("1,2,3\n1,2\n"), fields: ["c"], columns: names, limits: limits)
        #expect(rows.map(\.state) == [.bad(.tooManyFields), .bad(.raggedRow)])
    }
}
