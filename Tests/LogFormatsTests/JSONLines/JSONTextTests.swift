@testable import LogFormats
import Records
import TestSupport
import Testing

@Suite struct JSONTextTests {
    private func decoded(_ content: String) -> [UInt8] {
        var buffer = ByteBuffer()
        JSONText.decode(bytes(content).span, into: &buffer)
        return buffer.array()
    }

    private func encoded(_ plain: [UInt8]) -> String {
        var buffer = ByteBuffer()
        JSONText.encode(plain.span, into: &buffer)
        return text(buffer.array())
    }

    @Test(arguments: [
        (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"), (#"\u0000"#, "\0"),
        (#"\u007f\u0080"#, "\u{7f}\u{80}"),
        (#"\u07ff\u0800\uFFFF"#, "\u{7ff}\u{800}\u{ffff}"), (#"\ud800\udc00"#, "\u{10000}"),
        (#"\uDBFF\uDFFF"#, "\u{10ffff}"), (#"a\ud83d\ude00b"#, "a😀b"), ("plain é", "plain é"),
        ("", ""), (#"\u00E9\u00e9"#, "éé"),
    ])
    func decodesEscapes(_ content: String, _ plain: String) {
        #expect(decoded(content) == bytes(plain))
    }

    @Test func encodesOnlyWhatMustBe() {
        #expect(encoded(bytes("a\"b\\c/é\u{7f}")) == "\"a\\\"b\\\\c/é\u{7f}\"")
        #expect(
            encoded(Array(0..<0x20)) == #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n"#
                + #"\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016"#
                + #"\u0017\u0018\u0019"#
                + #"\u001a\u001b\u001c\u001d\u001e\u001f""#
        )
    }

    /// Every scalar value, written as escapes by the test, comes back; what is encoded decodes.
    @Test func everyScalarComesBack() {
        var wrong = 0
        for value in stride(from: 0, through: 0x10FFFF as UInt32, by: 7) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let escapes = String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            if decoded(escapes.joined()) != bytes(String(scalar)) { wrong += 1 }
            let there = Array(bytes(encoded(bytes(String(scalar)))).dropFirst().dropLast())
            if decoded(text(there)) != bytes(String(scalar)) { wrong += 1 }
        }
        #expect(wrong == 0)
    }
}
