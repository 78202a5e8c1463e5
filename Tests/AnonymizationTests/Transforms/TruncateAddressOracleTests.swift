import Anonymization
import PlainTwins
import Records
import TestSupport
import Testing

/// The options that reproduce the reference of the outside benchmark, compared with its rules
/// written plainly.
@Suite struct TruncateAddressOracleTests {
    private func oracle(_ invalid: TruncateAddress.Invalid) throws -> any Transform {
        let planned = TruncateAddress.descriptor.planned([
            ("ipv4", setting("/24")), ("ipv6", setting("/48")),
            ("embedded", setting("mapped-only")),
            ("ports", setting("reject")), ("invalid", setting(invalid.rawValue)),
        ])
        return try #require(planned.transform)
    }

    private func check(_ written: String, _ hint: String = "") throws {
        let plain = PlainAddresses.truncated(written)
        let zero = try oracle(.zero).trial(written)
        #expect(zero == Outcome(.plainText, plain ?? "0.0.0.0"), "\(hint) \(written)")
        let empty = try oracle(.empty).trial(written)
        let expected = Outcome(written.isEmpty ? .unchanged : .plainText, plain ?? "")
        #expect(empty == expected, "\(hint) \(written)")
    }

    @Test(arguments: [
        "", "-", "0.0.0.0", "255.255.255.255", "256.1.1.1", "010.1.1.1", "1.2.3", "192.0.2.1:8080",
        "::", "::1", "2001:db8:0:1::5", "2001:db8:0:0:1:0:0:1", "2001:0:c::1", "0:0:c:1:2:3:4:5",
        "1:2:3:4:5:6:7::", "::ffff:192.0.2.20", "::ffff:c000:214", "0:0:0:0:0:ffff:192.0.2.3",
        "64:ff9b::192.0.2.33", "fe80::1%eth0", "fe80::1:2:3:4%", "[2001:db8::1]", "2001:db8::1::2",
        "2001:db8:::1", "12345::", ":1", "1:", "2001:db8:1:2:3:4:192.0.2.4", "192.0.2.1%eth0",
        "192.0.2.1,198.51.100.1", " 192.0.2.1", "::%::", "%", "::ffff:192.0.2.1%a%b", "::1%\u{0}é",
        "2002:c000:221::1", "::fffe:192.0.2.1", "::ffff:0:0", "::c000:221",
    ])
    func writesWhatTheReferenceWrites(_ written: String) throws {
        try check(written)
    }

    @Test func agreesOnRandomTexts() throws {
        let seed: UInt64 = 42
        var generator = AddressGenerator(seed: seed)
        for _ in 0..<20_000 { try check(generator.next(), "seed \(seed)") }
    }

    @Test func readsBytesThatAreNotUTF8() throws {
        let zero = try oracle(.zero)
        #expect(zero.trial([0xff, 0xfe]) == Outcome(.plainText, "0.0.0.0"))
        #expect(zero.trial(bytes("::1%") + [0xff]) == Outcome(.plainText, "::"))
    }
}
