import Anonymization
import PlainTwins
import TestSupport
import Testing

@Suite struct AddressNetworkTests {
    private func address(_ written: String) throws -> IPAddress {
        try #require(readAddress(written))
    }

    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.0", true), ("192.0.2.0/24", "192.0.2.255", true),
        ("192.0.2.0/24", "192.0.3.0", false), ("192.0.2.0/24", "192.0.1.255", false),
        ("192.0.2.0/24", "::ffff:192.0.2.9", true), ("192.0.2.7", "192.0.2.7", true),
        ("192.0.2.7", "192.0.2.6", false), ("0.0.0.0/0", "203.0.113.1", true),
        ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "203.0.113.1", false),
        ("::/0", "::ffff:203.0.113.1", false), ("::/0", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db8:ffff::", true), ("2001:db8::/32", "2001:db9::", false),
        ("::ffff:192.0.2.0/120", "192.0.2.1", true), ("2001:db8::1/128", "2001:db8::1", true),
        ("2001:db8::/33", "2001:db8:8000::", false),
    ])
    func contains(_ network: String, _ member: String, _ expected: Bool) throws {
        let network = try AddressNetwork(text: network)
        let member = try address(member)
        #expect(network.contains(member) == expected)
        #expect(AddressNetworkSet([network]).contains(member) == expected)
    }

    @Test(arguments: [
        ("", AddressNetwork.TextFault.notAnAddress), ("/24", .notAnAddress),
        ("x/24", .notAnAddress),
        ("192.0.2.0/33", .badLength), ("192.0.2.0/", .badLength), ("192.0.2.0/024", .badLength),
        ("192.0.2.0/-1", .badLength), ("192.0.2.0/24/1", .badLength), ("::/129", .badLength),
        ("192.0.2.1/24", .hostBits), ("2001:db8::1/64", .hostBits),
        ("[2001:db8::]/32", .notAnAddress),
    ])
    func refuses(_ text: String, _ fault: AddressNetwork.TextFault) {
        #expect(throws: fault) { try AddressNetwork(text: text) }
    }

    @Test func aSetAgreesWithItsMembers() throws {
        let seed: UInt64 = 4632
        var random = SeededGenerator(seed: seed)
        let networks = (0..<60).map { _ in
            let bits = Int.random(in: 4...32, using: &random)
            // Few distinct bits, so that networks nest and touch.
            let base = UInt32.random(in: 0...UInt32.max, using: &random) & 0x8181_8101
            return IPAddress(ipv4: base).truncated(to: bits).textBytes + bytes("/\(bits)")
        }
        let members = try networks.map { try AddressNetwork(text: text($0)) }
        let set = AddressNetworkSet(members)
        var hits = 0
        for _ in 0..<5000 {
            let mask: UInt32 = Bool.random(using: &random) ? 0x8181_8103 : .max
            let probe = IPAddress(ipv4: UInt32.random(in: 0...UInt32.max, using: &random) & mask)
            let expected = members.contains { $0.contains(probe) }
            #expect(set.contains(probe) == expected, "seed \(seed)")
            if expected { hits += 1 }
        }
        #expect(hits > 100 && hits < 4900)
    }
}
