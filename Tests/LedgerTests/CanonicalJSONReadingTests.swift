import Ledger
import TestSupport
import Testing

@Suite struct CanonicalJSONReadingTests {
    private func value(_ random: inout SeededGenerator, depth: Int) -> CanonicalJSON {
        switch Int.random(in: 0..<(depth == 0 ? 5 : 7), using: &random) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &random))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 3: return .integer(Int64.random(in: -20...20, using: &random))
        case 4: return .text(text(&random))
        case 5:
            let count = Int.random(in: 0..<4, using: &random)
            return .array((0..<count).map { _ in value(&random, depth: depth - 1) })
        default:
            let count = Int.random(in: 0..<4, using: &random)
            return .object(
                (0..<count).map { _ in (text(&random), value(&random, depth: depth - 1)) })
        }
    }

    private func text(_ random: inout SeededGenerator) -> String {
        let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{0}", "\u{7f}", "é", "\u{1F600}"]
        let count = Int.random(in: 0..<6, using: &random)
        var text = ""
        for _ in 0..<count {
            text.unicodeScalars.append(scalars[Int.random(in: 0..<8, using: &random)])
        }
        return text
    }

    @Test func whatIsWrittenIsReadBack() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let value = value(&random, depth: 4)
            #expect(CanonicalJSON(parsing: value.bytes) == value)
        }
    }

    @Test(arguments: [
        "", " 1", "1 ", "01", "1.0", "1e3", "-", "9223372036854775808", "nul", "[1,]", "[1 ,2]",
        "{\"a\":1,}", "{a:1}", "{\"a\" :1}", "\"a", "\"\\n\"", "\"\\u00e9\"", "\"\\ud800\"", "[",
        "{",
        "\"\u{1}\"", "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":2}", "\"\\u0041\"",
        "1 2", "[1][2]", "+1", "-0",
    ]) func otherFormsAreRefused(_ text: String) {
        #expect(CanonicalJSON(parsing: bytes(text)) == nil)
    }

    @Test func textThatIsNoUTF8IsRefused() {
        #expect(CanonicalJSON(parsing: [0x22, 0xff, 0x22]) == nil)
    }

    @Test func depthHasALimit() {
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: 0x5b, count: depth) + Array(repeating: 0x5d, count: depth)
        }
        #expect(CanonicalJSON(parsing: nested(30)) != nil)
        #expect(CanonicalJSON(parsing: nested(10_000)) == nil)
    }
}
