@testable import Anonymization
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct PrimaryLanguageTests {
    @Test(arguments: [
        ("nl-BE,nl;q=0.9", "nl"), ("NL", "nl"), ("en_US.UTF-8", "en"), ("gsw;q=0.8", "gsw"),
        (" fi , sv", "fi"), ("zh-Hant-TW-x-private", "zh"), ("ca@valencia", "ca"),
    ]) func reduces(text: String, expected: String) {
        let outcome = TextRun.apply(PrimaryLanguage(), text)
        #expect(outcome == .init(result: .plainText, text: expected))
    }

    @Test(arguments: ["nl", "gsw", ""]) func staysWhenItIsOne(text: String) {
        #expect(TextRun.apply(PrimaryLanguage(), text) == .init(result: .unchanged, text: text))
    }

    @Test(arguments: [
        "*", "x-jan", "i-klingon", "jansen", "C", "n1", "nl1", "-", "nl\u{e9}", ",nl", " ",
    ])
    func dropsTheRest(text: String) {
        #expect(TextRun.apply(PrimaryLanguage(), text) == .init(result: .dropped, text: ""))
    }

    @Test func whatIsNoTextIsDropped() {
        #expect(TextRun.apply(PrimaryLanguage(), bytes("12"), kind: .number).result == .dropped)
    }
}
