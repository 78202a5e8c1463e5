import LogFormats
import Records
import TestSupport
import Testing

@Suite struct CSVHeaderTests {
    private func header(
        _ source: [UInt8],
        isComplete: Bool = true,
        _ format: CSVFormat = CSVFormat(),
        limits: RecordLimits = RecordLimits()
    ) throws(SourceFault) -> HeaderResult {
        try format.header(of: source.span, isComplete: isComplete, limits: limits)
    }

    @Test func names() throws {
        #expect(try header(bytes("a,b\nc")) == .header(length: 4, columns: ["a", "b"]))
        #expect(try header(bytes("a,b\r\nc")) == .header(length: 5, columns: ["a", "b"]))
        #expect(
            try header(bytes("\"a\nb\",\"c\"\"d\"\n"))
                == .header(length: 13, columns: ["a\nb", "c\"d"])
        )
        #expect(try header(bytes("a,b")) == .header(length: 3, columns: ["a", "b"]))
        #expect(try header(bytes(",b\n")) == .header(length: 3, columns: ["", "b"]))
    }

    @Test func byteOrderMarkIsSkipped() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(try header(mark + bytes("a\n")) == .header(length: 5, columns: ["a"]))
        let named = CSVFormat(columns: ["x"])
        #expect(try header(mark + bytes("a\n"), named) == .header(length: 3, columns: ["x"]))
        #expect(try header(bytes("a\n"), named) == .header(length: 0, columns: ["x"]))
        for length in 0..<3 {
            let start = Array(mark.prefix(length))
            #expect(try header(start, isComplete: false, named) == .needMoreBytes)
        }
        #expect(throws: SourceFault(.unsupportedEncoding, expectation: "")) {
            try header([0xFF, 0xFE, 0x61, 0x00])
        }
    }

    @Test func waitsForTheWholeLine() throws {
        let source = bytes("\u{FEFF}name,\"other\r\nname\"\r\nvalue,x\n")
        for length in 0..<22 {
            #expect(
                try header(Array(source.prefix(length)), isComplete: false) == .needMoreBytes,
                "\(length)"
            )
        }
        #expect(
            try header(Array(source.prefix(24)), isComplete: false)
                == .header(length: 23, columns: ["name", "other\r\nname"])
        )
    }

    @Test func aHeaderIsARecordOfTheSource() throws {
        var limits = RecordLimits()
        limits.fieldsMax = 2
        #expect(throws: SourceFault.self) { try header(bytes("a,b,c\n"), limits: limits) }
        limits.fieldsMax = 3
        #expect(
            try header(bytes("a,b,c\n"), limits: limits)
                == .header(length: 6, columns: ["a", "b", "c"]))
        limits.recordBytesMax = 4
        #expect(throws: SourceFault.self) { try header(bytes("a,b,c\nd"), limits: limits) }
    }

    @Test func emptySourceIsNoFault() throws {
        #expect(try header([]) == .header(length: 0, columns: nil))
        #expect(try header([], isComplete: false) == .needMoreBytes)
    }

    @Test(arguments: ["a,a\n", "\n", "a\"b,c\n", "a,\"b\n", "a\0,b\n"])
    func badHeaders(_ source: String) {
        #expect(throws: SourceFault(.badHeader, expectation: "")) {
            try header(bytes(source))
        }
    }

    @Test func missingColumn() throws {
        let fields = DeclaredFields(names: ["b", "e\u{301}"])
        let format = CSVFormat()
        try format.check(fields, against: ["a", "b", "e\u{301}"])
        try format.check(fields, against: nil)
        // The same name to a reader's eye, other bytes.
        #expect(throws: SourceFault(.missingColumn, expectation: "")) {
            try format.check(fields, against: ["a", "b", "\u{E9}"])
        }
    }
}
