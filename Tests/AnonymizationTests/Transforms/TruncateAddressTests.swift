import Anonymization
import Records
import TestSupport
import Testing

@Suite struct TruncateAddressTests {
    private func made(
        _ change: (inout TruncateAddress.Options) -> Void = { _ in }
    ) -> TruncateAddress {
        var options = TruncateAddress.Options()
        change(&options)
        return TruncateAddress(options)
    }

    @Test(arguments: [
        ("192.0.2.33", "192.0.0.0"), ("203.0.113.255:51234", "203.0.0.0"),
        ("[192.0.2.1]:80", "192.0.0.0"), (" 192.0.2.1 ", "192.0.0.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8::"), ("[2001:db8::1]:443", "2001:db8::"),
        ("fe80::1%eth0", "fe80::"), ("::1", "::"), ("::", "::"),
        ("::ffff:192.0.2.33", "192.0.0.0"), ("::ffff:c000:221", "192.0.0.0"),
        ("::192.0.2.33", "192.0.0.0"), ("2002:c000:221::1", "192.0.0.0"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.0.0"), ("64:ff9b::192.0.2.33", "192.0.0.0"),
        ("64:ff9b:1:c000:2:2100::", "192.0.0.0"), ("2001:db8::200:5efe:192.0.2.33", "192.0.0.0"),
        ("2001:db8:1:2:21a:2bff:fe3c:4d5e", "2001:db8::"),
        ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8::"),
        ("For=192.0.2.60; proto=http;by=203.0.113.43", "192.0.0.0"),
        ("proto=http;for=192.0.2.60", "192.0.0.0"), ("unknown, 192.0.2.1", "192.0.0.0"),
        ("192.0.2.1,", "192.0.0.0"),
    ])
    func cutsByDefault(_ written: String, _ expected: String) {
        #expect(made().trial(written) == Outcome(.plainText, expected))
    }

    @Test(arguments: [
        ("203.0.113.7, 198.51.100.9", "203.0.0.0, 198.51.0.0"),
        ("203.0.113.7,unknown,[2001:db8::9]:1 ,x", "203.0.0.0, 2001:db8::"),
        ("for=192.0.2.43, for=\"[2001:db8:cafe::17]\"", "192.0.0.0, 2001:db8::"),
    ])
    func cutsEachOfAList(_ written: String, _ expected: String) {
        #expect(made().trial(written) == Outcome(.text, expected))
        #expect(made { $0.takesLists = false }.trial(written).result == .dropped)
    }

    @Test(arguments: [
        "", " ", "unknown", "-", "host.company.example", "192.0.2", "192.0.2.010", "3221225985",
        "192.0.2.1/24", "192.0.2.1 198.51.100.1", "x192.0.2.1", "192.0.2.1x", ",",
        "unknown, hidden",
        "for=unknown", "by=192.0.2.1", "for=_hidden;by=192.0.2.1", "2001:db8::1::", "\u{0}",
    ])
    func dropsWhatIsNoAddress(_ written: String) {
        #expect(made().trial(written) == Outcome(.dropped))
        #expect(made { $0.invalid = .zero }.trial(written) == Outcome(.plainText, "0.0.0.0"))
        let emptied = made { $0.invalid = .empty }.trial(written)
        #expect(emptied == Outcome(written.isEmpty ? .unchanged : .plainText))
    }

    @Test func otherKindsBecomeNull() {
        for kind in [FieldKind.number, .boolean, .structure] {
            #expect(made().trial("192.0.2.1", kind) == Outcome(.null))
        }
        #expect(made().trial("192.0.2.1", .escapedText) == Outcome(.plainText, "192.0.0.0"))
    }

    @Test func keepsExactlyTheBitsAsked() {
        for bits in TruncateAddress.ipv4BitsRange {
            let cut = made { $0.ipv4Bits = bits }.truncated(IPAddress(ipv4: .max))
            #expect(cut == IPAddress(ipv4: .max << UInt32(32 - bits)))
        }
        for bits in TruncateAddress.ipv6BitsRange {
            let cut = made { $0.ipv6Bits = bits }.truncated(IPAddress(bits: .max))
            #expect(cut == IPAddress(bits: UInt128.max << UInt128(128 - bits)))
        }
    }

    private static let embeddings: [@Sendable (UInt32) -> IPAddress] = [
        { IPAddress(high: 0, low: 0xffff_0000_0000 | UInt64($0)) },
        { IPAddress(high: 0, low: UInt64($0)) },
        { IPAddress(high: 0x2002 << 48 | UInt64($0) << 16 | 7, low: 0x1234_5678_9abc_def0) },
        { IPAddress(high: 0x2001_0000_4136_e378, low: 0x8000_63bf << 32 | UInt64(~$0)) },
        { IPAddress(high: 0x0064_ff9b_0000_0000, low: UInt64($0)) },
        { IPAddress(high: 0x0064_ff9b_0001_0000, low: UInt64($0)) },
        {
            IPAddress(
                high: 0x0064_ff9b_0001 << 16 | UInt64($0 >> 16), low: UInt64($0 & 0xffff) << 40)
        },
        { IPAddress(high: 0x2001_0db8_0001_0002, low: 0x0200_5efe << 32 | UInt64($0)) },
        { IPAddress(high: 0xfe80_0000_0000_0000, low: 0x0000_5efe << 32 | UInt64($0)) },
    ]

    /// Whatever carries an IPv4 address, no bit behind its prefix has a say in what is written.
    @Test func noTunnelCarriesMoreThanThePrefix() {
        let seed: UInt64 = 3056
        var random = SeededGenerator(seed: seed)
        for bits in TruncateAddress.ipv4BitsRange {
            for ipv6Bits in [16, 32, 48, 56, 64] {
                let transform = made {
                    $0.ipv4Bits = bits
                    $0.ipv6Bits = ipv6Bits
                }
                for embed in Self.embeddings {
                    // A first octet of 0 makes `::0.x.y.z`, which is not an embedded address.
                    let address = UInt32.random(in: 0x0100_0000...UInt32.max, using: &random)
                    let expected = text(IPAddress(ipv4: address).truncated(to: bits).textBytes)
                    let written = embed(address).textBytes
                    #expect(
                        transform.trial(written) == Outcome(.plainText, expected),
                        "seed \(seed): \(text(written))")
                }
            }
        }
    }

    @Test func noBitBehindAnIPv6PrefixHasASay() {
        let seed: UInt64 = 4291
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let bits = Int.random(in: TruncateAddress.ipv6BitsRange, using: &random)
            let transform = made { $0.ipv6Bits = bits }
            let high = 0x2600 << 48 | UInt64.random(in: 0..<1 << 48, using: &random)
            let first = IPAddress(high: high, low: UInt64.random(in: 0..<1 << 62, using: &random))
            let hidden = UInt128.random(in: 0...UInt128.max, using: &random) >> UInt128(bits)
            let second = IPAddress(bits: first.bits ^ hidden)
            guard first.embeddedIPv4 == nil, second.embeddedIPv4 == nil else { continue }
            #expect(
                transform.trial(first.textBytes) == transform.trial(second.textBytes),
                "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("10.1.2.3", "10.1.2.3"), ("10.1.2.3:80", "10.1.2.3"), ("::ffff:10.1.2.3", "10.1.2.3"),
        ("11.1.2.3", "11.1.0.0"), ("2001:db8:0:5::9", "2001:db8:0:5::9"),
        ("2001:db8:1:5::9", "2001:db8::"), ("2001:db8::5efe:192.0.2.1", "2001:db8::5efe:c000:201"),
        ("2002:a01:203::1", "10.1.0.0"), ("64:ff9b::10.1.2.3", "10.1.0.0"),
        ("::10.1.2.3", "10.1.0.0"),
    ])
    func ownNetworksStayWhole(_ written: String, _ expected: String) throws {
        let networks = try ["10.0.0.0/8", "2001:db8::/48", "64:ff9b::/96", "2002:a01::/32"]
            .map { try AddressNetwork(text: $0) }
        let transform = made { $0.exempt = AddressNetworkSet(networks) }
        #expect(transform.trial(written) == Outcome(.plainText, expected))
    }

    // MARK: Options

    @Test func readsItsOptions() throws {
        let planned = TruncateAddress.descriptor.planned([
            ("ipv4", setting("/24")), ("ipv6", setting("/48")),
            ("embedded", setting("mapped-only")),
            ("ports", setting("reject")), ("invalid", setting("zero")),
            ("exempt", setting(["10.0.0.0/8", "fc00::/7"])),
        ])
        #expect(planned.faults.isEmpty)
        let transform = try #require(planned.transform)
        #expect(transform.trial("192.0.2.33") == Outcome(.plainText, "192.0.2.0"))
        #expect(transform.trial("192.0.2.33:1") == Outcome(.plainText, "0.0.0.0"))
        #expect(transform.trial("::ffff:192.0.2.33") == Outcome(.plainText, "::ffff:192.0.2.0"))
        #expect(transform.trial("10.9.8.7") == Outcome(.plainText, "10.9.8.7"))
        #expect(transform.trial("::ffff:10.9.8.7") == Outcome(.plainText, "::ffff:10.9.8.7"))
        #expect(transform.trial("fd12::7") == Outcome(.plainText, "fd12::7"))
    }

    @Test(arguments: [
        ("ipv4", "24", "found a bare number, write `/24`: the number of bits kept"),
        ("ipv6", "48", "found a bare number, write `/48`: the number of bits kept"),
        ("ipv4", "/25", "expected `/8` to `/24`, the number of bits kept"),
        ("ipv4", "/7", "expected `/8` to `/24`, the number of bits kept"),
        ("ipv4", "/016", "expected `/8` to `/24`, the number of bits kept"),
        ("ipv4", "//16", "expected `/8` to `/24`, the number of bits kept"),
        ("ipv4", "", "expected `/8` to `/24`, the number of bits kept"),
        ("ipv6", "/65", "expected `/16` to `/64`, the number of bits kept"),
        ("ipv6", "/15", "expected `/16` to `/64`, the number of bits kept"),
        ("embedded", "yes", "expected one of `ipv4-rule`, `mapped-only`"),
        ("invalid", "null", "expected one of `drop`, `empty`, `zero`"),
        ("exempt", "10.0.0.1/8", "`10.0.0.1/8` has bits set behind its prefix, expected a network"),
        ("exempt", "0.0.0.0/0", "`0.0.0.0/0` is too wide for an own network: at least `/8`"),
        ("exempt", "::/0", "`::/0` is too wide for an own network: at least `/7`"),
        ("exempt", "::ffff:0:0/96",
            "`::ffff:0:0/96` is too wide for an own network: at least `/8`"),
        ("exempt", "10.0.0.0/33",
            "`10.0.0.0/33` has a prefix length that does not fit the address"),
        ("exempt", "ours", "`ours` is no network, expected one like `192.0.2.0/24`"),
    ])
    func refusesBadOptions(_ key: String, _ value: String, _ message: String) {
        let planned = TruncateAddress.descriptor.planned([(key, setting(value))])
        #expect(planned.transform == nil)
        #expect(planned.faults.map(\.message) == [message])
        #expect(planned.faults.first?.position == SettingPosition(line: 4, column: 9))
        #expect(planned.faults.first?.path == "fields.field.truncate_ip.\(key)")
    }

    @Test func aListNeedsPortsStripped() {
        let planned = TruncateAddress.descriptor.planned([
            ("ports", setting("reject")), ("list", setting("true")),
        ])
        #expect(planned.transform == nil)
        #expect(planned.faults.map(\.message) == ["a list needs `ports: strip`"])
    }
}
