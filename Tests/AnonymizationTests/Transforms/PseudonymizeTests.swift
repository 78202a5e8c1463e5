import Anonymization
import Records
import TestSupport
import Testing

@Suite struct PseudonymizeTests {
    private let tokens: (any Tokenizer)?

    init() throws { tokens = try trialTokenizer(key: "an invented key") }

    private func token(
        _ transform: Pseudonymize, _ value: String, _ kind: FieldKind = .text
    ) -> String {
        let outcome = transform.trial(value, kind, tokens: tokens)
        return outcome.result == .plainText ? text(outcome.bytes) : "\(outcome)"
    }

    @Test func equalValuesOfOneDomainHaveOneToken() {
        let user = Pseudonymize(field: "user")
        let ann = token(user, "ann")
        #expect(ann.utf8.count == 32)
        #expect(ann == token(user, "ann"))
        #expect(ann == token(user, "ann", .escapedText))
        #expect(ann != token(user, "Ann"))
        #expect(ann != token(user, "ann "))
        #expect(ann != token(Pseudonymize(field: "author"), "ann"))
        #expect(ann != token(Pseudonymize(field: "user", scope: "partner"), "ann"))
        #expect(token(user, "12", .number) == token(user, "12"))
    }

    @Test func anotherKeyGivesAnotherToken() throws {
        let user = Pseudonymize(field: "user")
        let other = try trialTokenizer(key: "another key")
        #expect(user.trial("ann", tokens: tokens) != user.trial("ann", tokens: other))
    }

    @Test func whatNamesNobodyGetsNoToken() throws {
        let user = Pseudonymize(field: "user")
        #expect(user.trial("", tokens: tokens) == Outcome(.unchanged))
        #expect(user.trial("true", .boolean, tokens: tokens) == Outcome(.dropped))
        #expect(user.trial("{}", .structure, tokens: tokens) == Outcome(.dropped))
        #expect(user.trial("ann") == Outcome(.dropped))
        #expect(user.trial("ann", tokens: try trialTokenizer(key: nil)) == Outcome(.dropped))
    }

    @Test(arguments: [
        "192.0.2.1:443", "::ffff:192.0.2.1", "::ffff:c000:201", " 192.0.2.1",
        "[::ffff:192.0.2.1]:1",
    ])
    func spellingsOfAnAddressHaveOneToken(_ written: String) {
        let address = Pseudonymize(field: "ip", as: .address)
        #expect(token(address, written) == token(address, "192.0.2.1"))
        let text = Pseudonymize(field: "ip")
        #expect(token(text, written) != token(text, "192.0.2.1"))
    }

    @Test func addressesOfAListHaveTokensOfTheirOwn() throws {
        let address = Pseudonymize(field: "ip", as: .address)
        let outcome = address.trial("192.0.2.1, unknown, 2001:DB8::1", tokens: tokens)
        let expected = "\(token(address, "192.0.2.1")), \(token(address, "2001:db8::1"))"
        #expect(outcome == Outcome(.text, expected))
        #expect(address.trial("unknown", tokens: tokens) == Outcome(.dropped))
        #expect(address.trial("17", .number, tokens: tokens) == Outcome(.dropped))
        let gone = try trialTokenizer(key: nil)
        #expect(address.trial("192.0.2.1, 192.0.2.2", tokens: gone) == Outcome(.dropped))
    }

    @Test func isPlannedFromSettings() {
        let planned = Pseudonymize.descriptor.planned(
            [("as", setting("address")), ("scope", setting("partner"))], field: "ip")
        #expect(planned.faults.isEmpty)
        let direct = Pseudonymize(field: "ip", scope: "partner", as: .address)
        #expect(
            planned.transform?.trial("192.0.2.1", tokens: tokens)
                == direct.trial("192.0.2.1", tokens: tokens))
        let bad = Pseudonymize.descriptor.planned([("as", setting("adress"))])
        #expect(bad.faults.first?.suggestion == "address")
        #expect(bad.transform == nil)
    }
}
