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
        "1 2", "[1][2]", "+1", "-0", "{\"a\":{},\"B\":1}", "\"\u{7f}\"", "\"\\u007F\"",
        "\"\\u00+1\"", "\"\\u0022\"", "\"\\u0080\"",
    ]) func otherFormsAreRefused(_ text: String) {
        #expect(CanonicalJSON(parsing: bytes(text)) == nil)
    }

    @Test func textThatIsNoUTF8IsRefused() {
        #expect(CanonicalJSON(parsing: [0x22, 0xff, 0x22]) == nil)
    }

    @Test func aFileOfManySmallValuesIsRefusedBeforeTheyAreInMemory() {
        func zeros(_ count: Int) -> [UInt8] {
            Array("[0".utf8) + (1..<count).flatMap { _ in [0x2c, 0x30] as [UInt8] } + [0x5d]
        }
        #expect(CanonicalJSON(parsing: zeros(1 << 20))?.asArray?.count == 1 << 20)
        #expect(CanonicalJSON(parsing: zeros(1 << 21)) == nil)
        // No box of its own for each, and what stands beside it.
        #expect(MemoryLayout<CanonicalJSON>.stride <= 24)
    }

    /// What was written anew to be compared made a dictionary of every object.
    @Test func manyMembersAreReadInLinearTime() {
        func members(_ count: Int) -> [UInt8] {
            let names = (0..<count).map { #""\#(String($0 + count * 10, radix: 16))":7777"# }
            return Array("{\(names.joined(separator: ","))}".utf8)
        }
        func time(_ count: Int) -> Double {
            let content = members(count)
            return processorSeconds { _ = CanonicalJSON(parsing: content) }
        }
        #expect(CanonicalJSON(parsing: members(1000))?.asObject?.count == 1000)
        let (few, many) = (time(20_000), time(160_000))
        #expect(many < few * 40 + 0.5)
    }

    @Test func depthHasALimit() {
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: 0x5b, count: depth) + Array(repeating: 0x5d, count: depth)
        }
        #expect(CanonicalJSON(parsing: nested(30)) != nil)
        #expect(CanonicalJSON(parsing: nested(10_000)) == nil)
    }
}
