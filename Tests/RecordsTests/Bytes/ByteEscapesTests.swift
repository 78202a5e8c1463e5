import Records
import TestSupport
import Testing

/// Values that are no UTF-8: access logs keep the bytes that clients send.
@Suite struct ByteEscapesTests {
    @Test(arguments: [
        ([0x2f, 0xff, 0xfe], #"/\xff\xfe"#), ([0x2f, 0xfe, 0xff], #"/\xfe\xff"#),
        ([0x61, 0x00, 0x62], #"a\x00b"#), ([0xc3, 0xa9, 0xc3], "\u{e9}\\xc3"),
        (bytes(#"/\xff"#), #"/\x5cxff"#), (bytes(#"\x5c\x00"#), #"\x5cx5c\x5cx00"#),
        (bytes(#"\x16\xFF\x4 C:\x"#), #"\x16\xFF\x4 C:\x"#), ([0x5c, 0xff], #"\\xff"#),
        (bytes("\u{1f600}\u{e9}"), "\u{1f600}\u{e9}"), ([0xed, 0xa0, 0x80], #"\xed\xa0\x80"#),
        ([], ""),
    ] as [([UInt8], String)])
    func written(_ value: [UInt8], _ expected: String) {
        #expect(ByteEscapes.text(value) == expected)
        #expect(Self.decoded(bytes(expected)) == value)
    }

    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var value = ByteBuffer(capacity: 16)
        ByteEscapes.decode(text.span, into: &value)
        return value.array()
    }

    /// No two values become one text, and each is told by its own.
    @Test func noTwoValuesAreAlike() {
        let pieces: [[UInt8]] = [
            [0xff], [0x80], [0x00], bytes(#"\"#), bytes("x"), bytes("5c"), bytes("ff"), bytes("0"),
        ]
        var seen: [[UInt8]: [UInt8]] = [:]
        var values: [[UInt8]] = [[]]
        for _ in 0..<5 {
            values = values.flatMap { value in pieces.map { value + $0 } }
            for value in values {
                let known = seen.updateValue(value, forKey: ByteEscapes.escaped(value))
                #expect(known == nil || known == value)
                #expect(Self.decoded(ByteEscapes.escaped(value)) == value)
            }
        }
    }
}
