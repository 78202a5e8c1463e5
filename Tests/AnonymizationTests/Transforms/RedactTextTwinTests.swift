@testable import Anonymization
import PlainTwins
import Records
import TestSupport
import Testing

/// The simple grammar against a plain twin that tries every start, as a pattern engine does; and
/// numbers against plain twins of their checks.
@Suite struct RedactTextTwinTests {
    /// Expected texts computed with the pattern itself in another language's library.
    @Test(arguments: [
        ("a@", "a@"), ("@b", "@b"), ("a@b", "[email]"), ("a@b@c", "[email]@c"),
        ("a@b.@c", "[email][email]"), ("a%40%40b", "a%[email]"), ("%40foo%40bar", "%[email]"),
        ("x@y..z", "[email]..z"), ("a%2540b", "a%2540b"), ("hmac@openssh.com", "[email]"),
        ("react@18.2.0", "[email]"), ("a b@c.d e", "a [email] e"), ("a@.b", "a@.b"),
        ("a@@b", "a@@b"), ("a@b%40c", "[email]%40c"), ("_@-", "[email]"),
    ]) func simpleGrammar(text: String, expected: String) throws {
        let options = [("kinds", ["email"]), ("grammar", ["simple"])]
        let transform = try #require(TextRun.make(RedactText.descriptor, options).transform)
        #expect(TextRun.apply(transform, text).text == expected)
        #expect(PlainEmails.redacted(bytes(text)) == bytes(expected))
    }

    @Test func simpleGrammarEqualsItsTwin() throws {
        let seed: UInt64 = 0x7e57_0002
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "B", "4", "0", "@", "%40", "%", "%4", ".", "-", "_", "+", " ", "/", "\u{e9}",
        ]
        let transform = RedactText(kinds: .email, grammar: .simple)
        for _ in 0..<20_000 {
            var text: [UInt8] = []
            for _ in 0..<random.next() % 14 {
                text += Array((pieces.randomElement(using: &random) ?? "").utf8)
            }
            let expected = PlainEmails.redacted(text)
            let found = TextRun.apply(transform, text)
            #expect(bytes(found.text) == expected, "seed \(seed): \(TestSupport.text(text))")
            #expect((found.result == .unchanged) == (expected == text))
        }
    }

    /// A text is searched until nothing is found any more, and so is the twin's.
    @Test func strictGrammarEqualsItsTwin() throws {
        let seed: UInt64 = 0x7e57_0006
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "B", "4", "0", "@", "%40", "%2540", "%61", "%2E", "%20", "%C3%BC", "%", "%4", ".",
            "-", "_", "+", "~", "'", " ", "/", "\u{e9}", "\"", "\\", "[", "]", ":", "//", "%3A",
            "?", "openssh.com", "sha256",
        ]
        let transform = RedactText(kinds: .email)
        for _ in 0..<10_000 {
            var text: [UInt8] = []
            for _ in 0..<random.next() % 14 {
                text += Array((pieces.randomElement(using: &random) ?? "").utf8)
            }
            let expected = searched(text, StrictEmailTwin.redacted)
            let found = TextRun.apply(transform, text)
            #expect(bytes(found.text) == expected, "seed \(seed): \(TestSupport.text(text))")
        }
    }

    private static func luhn(_ digits: [Int]) -> Bool {
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let doubled = place % 2 == 1 ? digit * 2 : digit
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        return sum % 10 == 0
    }

    @Test func cardNumbersEqualTheirTwin() {
        var random = SeededGenerator(seed: 0x7e57_0003)
        let transform = RedactText(kinds: .card)
        var valid = 0
        for _ in 0..<5000 {
            let digits = (0..<Int(random.next() % 10) + 11).map { _ in Int(random.next() % 10) }
            let text = digits.map(String.init).joined()
            let expected = (13...19).contains(digits.count) && digits[0] > 1 && Self.luhn(digits)
            valid += expected ? 1 : 0
            #expect((TextRun.apply(transform, text).text == "[card]") == expected, "\(text)")
        }
        #expect(valid > 50)
    }

    /// How issuers print their numbers, digit by digit.
    private static let printed: Set<[Int]> = [
        [4, 4, 4, 4], [4, 4, 4, 1], [4, 4, 4, 2], [4, 4, 4, 3], [4, 4, 4, 5], [4, 4, 4, 6],
        [4, 4, 4, 7], [4, 4, 4, 4, 1], [4, 4, 4, 4, 2], [4, 4, 4, 4, 3], [4, 3, 3, 3], [4, 4, 5],
        [4, 6, 5], [4, 6, 4],
    ]

    @Test func groupedCardNumbersEqualTheirTwin() {
        var random = SeededGenerator(seed: 0x7e57_0005)
        let transform = RedactText(kinds: .card)
        let gaps = [" ", "-", "+", "%20", "\u{a0}", "\u{2013}", "%E2%80%93"]
        let forms = Array(Self.printed).sorted { $0.lexicographicallyPrecedes($1) }
        var found = 0
        for number in 0..<10_000 {
            // Half of them in the groups of an issuer, half in any.
            let form =
                number % 2 == 0
                ? forms[Int(random.next() % UInt64(forms.count))]
                : [4] + (0..<random.next() % 4 + 1).map { _ in Int(random.next() % 8) + 1 }
            let groups = form.map { count in (0..<count).map { _ in Int(random.next() % 10) } }
            let text = groups.map { $0.map(String.init).joined() }
                .joined(separator: gaps[Int(random.next() % 7)])
            let isFound = (2...groups.count).contains { count in
                let digits = groups[..<count].flatMap(\.self)
                guard digits[0] > 1, Self.luhn(digits) else { return false }
                let form = Array(form[..<count])
                return Self.printed.contains(form) && (form != [4, 3, 3, 3] || digits[0] == 4)
            }
            found += isFound ? 1 : 0
            #expect(TextRun.apply(transform, text).text.hasPrefix("[card]") == isFound, "\(text)")
        }
        #expect(found > 300)
    }

    /// The remainder of a long decimal number, digit by digit, as ISO 13616 describes it.
    private static func isAccount(_ text: String) -> Bool {
        let moved = text.dropFirst(4) + text.prefix(4)
        let number = moved.map { character -> String in
            let value = Int(character.asciiValue ?? 0)
            return value < 58 ? String(character) : String((value | 32) - 87)
        }.joined()
        return number.reduce(0) { ($0 * 10 + (Int(String($1)) ?? 0)) % 97 } == 1
    }

    @Test func accountNumbersEqualTheirTwin() {
        var random = SeededGenerator(seed: 0x7e57_0004)
        let transform = RedactText(kinds: .iban)
        let alphabet = Array("0123456789ABCXYZabz")
        var valid = 0
        for _ in 0..<20_000 {
            var text = "NL" + String(Int(random.next() % 90) + 10)
            for _ in 0..<8 + random.next() % 14 {
                text.append(alphabet.randomElement(using: &random) ?? "0")
            }
            let expected = text.count >= 15 && Self.isAccount(text)
            valid += expected ? 1 : 0
            #expect((TextRun.apply(transform, text).text == "[iban]") == expected, "\(text)")
            let grouped = text.enumerated().map { $0 > 0 && $0 % 4 == 0 ? " \($1)" : "\($1)" }
            if expected {
                #expect(TextRun.apply(transform, grouped.joined()).text.hasPrefix("[iban]"))
            }
        }
        #expect(valid > 50)
    }
}
