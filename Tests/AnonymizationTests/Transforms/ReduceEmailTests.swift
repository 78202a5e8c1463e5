@testable import Anonymization
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct ReduceEmailTests {
    @Test(arguments: [
        ("made.up@gmail.com", "[user]@gmail.com"), ("Made.Up@GMAIL.com", "[user]@gmail.com"),
        ("made.up@company.example", "[user]@[domain]"), ("x%40ziggo.nl", "[user]@ziggo.nl"),
        ("x@mail.gmail.com", "[user]@[domain]"), ("\u{e9}@b\u{fc}cher.example", "[user]@[domain]"),
        ("x@localhost", "[user]@[domain]"),
    ]) func publicOnly(address: String, expected: String) {
        let outcome = TextRun.apply(ReduceEmail(), address)
        #expect(outcome == .init(result: .plainText, text: expected))
    }

    @Test(arguments: [
        "name", "@gmail.com", "x@", "x@.example", "x@a..example", "x@a.example.", "a b@c.example",
        "Jan <x@c.example>", "x@c.example,y@c.example", "x@c.example y", "x@y@c.example", " ",
        String(repeating: "a", count: 400) + "@gmail.com",
    ]) func whatIsNoAddressIsDropped(address: String) {
        #expect(TextRun.apply(ReduceEmail(), address) == .init(result: .dropped, text: ""))
    }

    /// Found by fuzzing: a domain that is not shown was no address the second time.
    @Test(arguments: ["made.up@gmail.com", "made.up@company.example"])
    func whatIsLeftStaysAsItIs(address: String) {
        let left = TextRun.apply(ReduceEmail(), address).text
        #expect(TextRun.apply(ReduceEmail(), left) == .init(result: .unchanged, text: left))
    }

    @Test func furtherProviders() throws {
        let made = TextRun.make(ReduceEmail.descriptor, [("providers", ["Mail.Example"])])
        #expect(
            TextRun.apply(try #require(made.transform), "x@mail.example").text
                == "[user]@mail.example"
        )
        let wrong = TextRun.make(ReduceEmail.descriptor, [("providers", ["x@mail.example"])])
        #expect(wrong.transform == nil && wrong.faults.count == 1)
    }

    @Test func tokensStandForTheWholeAddress() {
        let transform = ReduceEmail(mode: .token, field: "mail")
        func token(_ address: String) -> TextRun.Outcome {
            TextRun.apply(transform, bytes(address), tokens: SpellingTokenizer())
        }
        #expect(token("X@A.example").text == token("x%40a.example").text)
        #expect(token("x@a.example").text != token("x@b.example").text)
        #expect(token("x@gmail.com").text.hasSuffix("@gmail.com"))
        #expect(token("x@a.example").text.hasSuffix("@[domain]"))
        #expect(transform.dependence == .keyEpoch)
        #expect(ReduceEmail().dependence == .value)
    }

    @Test func withoutAKeyTheValueIsDropped() {
        let outcome = TextRun.apply(ReduceEmail(mode: .token), "x@gmail.com")
        #expect(outcome == .init(result: .dropped, text: ""))
    }

    @Test func dropAndOtherKinds() {
        #expect(TextRun.apply(ReduceEmail(mode: .drop), "x@gmail.com").result == .dropped)
        #expect(TextRun.apply(ReduceEmail(), bytes("1"), kind: .number).result == .dropped)
        #expect(TextRun.apply(ReduceEmail(), "").result == .unchanged)
    }

    @Test func providersAreWellFormed() {
        for provider in ReduceEmail.publicProviders {
            #expect(provider == provider.lowercased() && provider.contains("."))
        }
        #expect(Set(ReduceEmail.publicProviders).count == ReduceEmail.publicProviders.count)
    }
}
