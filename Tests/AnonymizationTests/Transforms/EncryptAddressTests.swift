import Anonymization
import KeyedHashing
import Records
import TestSupport
import Testing

@Suite struct EncryptAddressTests {
    private static let keys = [
        "d1": "0123456789abcdeffedcba9876543210",
        "d2": "1032547698badcfeefcdab8967452301",
        "d3": "2b7e151628aed2a6abf7158809cf4f3c",
        "p4": "0123456789abcdeffedcba98765432101032547698badcfeefcdab8967452301",
        "p5": "2b7e151628aed2a6abf7158809cf4f3ca9f5ba40db214c3798f2e1c23456789a",
    ]

    private static func key(_ name: String) throws -> SecretKey {
        let digits = try #require(keys[name])
        var key: [UInt8] = []
        var rest = Substring(digits)
        while !rest.isEmpty {
            key.append(try #require(UInt8(rest.prefix(2), radix: 16)))
            rest = rest.dropFirst(2)
        }
        return try SecretKey.copying(key.span)
    }

    /// All vectors of ipcrypt-deterministic in draft-denis-ipcrypt, appendix "Test Vectors", and
    /// its Python implementation.
    @Test(arguments: [
        ("d1", "0.0.0.0", "bde9:6789:d353:824c:d7c6:f58a:6bd2:26eb"),
        ("d2", "255.255.255.255", "aed2:92f6:ea23:58c3:48fd:8b8:74e8:45d8"),
        ("d3", "192.0.2.1", "1dbd:c1b9:fff1:7586:7d0b:67b4:e76e:4777"),
        ("d1", "2001:db8:85a3::8a2e:370:7334", "1eef:2352:64c8:18e6:6456:1373:f615:5032"),
        ("d2", "192.0.2.1", "7fde:a680:9546:ef2:d3c:7abb:1b38:2659"),
    ])
    func deterministicVectors(_ key: String, _ plain: String, _ encrypted: String) throws {
        let transform = try EncryptAddress(mode: .deterministic, key: Self.key(key))
        #expect(transform.trial(plain) == Outcome(.plainText, encrypted))
        if !plain.contains(":") {
            #expect(transform.trial("::ffff:" + plain) == Outcome(.plainText, encrypted))
        }
    }

    /// All vectors of ipcrypt-pfx, same sources.
    @Test(arguments: [
        ("p4", "0.0.0.0", "151.82.155.134"),
        ("p4", "255.255.255.255", "94.185.169.89"),
        ("p4", "192.0.2.1", "100.115.72.131"),
        ("p4", "2001:db8::1", "c180:5dd4:2587:3524:30ab:fa65:6ab6:f88"),
        ("p5", "10.0.0.47", "19.214.210.244"),
        ("p5", "10.0.0.129", "19.214.210.80"),
        ("p5", "10.0.0.234", "19.214.210.30"),
        ("p5", "172.16.5.193", "210.78.229.136"),
        ("p5", "172.16.97.42", "210.78.179.241"),
        ("p5", "172.16.248.177", "210.78.121.215"),
        ("p5", "2001:db8::a5c9:4e2f:bb91:5a7d", "7cec:702c:1243:f70:1956:125:b9bd:1aba"),
        ("p5", "2001:db8::7234:d8f1:3c6e:9a52", "7cec:702c:1243:f70:a3ef:c8e:95c1:cd0d"),
        ("p5", "2001:db8::f1e0:937b:26d4:8c1a", "7cec:702c:1243:f70:443c:c8e:6a62:b64d"),
        ("p5", "2001:db8:3a5c:0:e7d1:4b9f:2c8a:f673", "7cec:702c:3503:bef:e616:96bd:be33:a9b9"),
        ("p5", "2001:db8:9f27:0:b4e2:7a3d:5f91:c8e6", "7cec:702c:a504:b74e:194a:3d90:b047:2d1a"),
        ("p5", "2001:db8:d8b4:0:193c:a5e7:8b2f:46d1", "7cec:702c:f840:aa67:1b8:e84f:ac9d:77fb"),
    ])
    func prefixVectors(_ key: String, _ plain: String, _ encrypted: String) throws {
        let transform = try EncryptAddress(mode: .prefix, key: Self.key(key))
        #expect(transform.trial(plain) == Outcome(.plainText, encrypted))
        if !plain.contains(":") {
            #expect(transform.trial("::ffff:" + plain) == Outcome(.plainText, encrypted))
        }
    }

    @Test func prefixModeKeepsCommonPrefixesExactly() throws {
        let transform = try EncryptAddress(mode: .prefix, key: Self.key("p5"))
        let seed: UInt64 = 128
        var random = SeededGenerator(seed: seed)
        for length in 0..<128 {
            let high = 0x2600 << 112 | UInt128.random(in: 0..<1 << 112, using: &random)
            let first = IPAddress(bits: high)
            let tail = UInt128.random(in: 0..<1 << UInt128(127 - length), using: &random)
            let second = IPAddress(bits: high ^ (1 << UInt128(127 - length)) ^ tail)
            guard !second.isMapped else { continue }
            let one = try #require(transform.encrypted(first))
            let other = try #require(transform.encrypted(second))
            #expect((one.bits ^ other.bits).leadingZeroBitCount == length, "seed \(seed)")
        }
    }

    @Test func workersMayShareOne() async throws {
        let transform = try EncryptAddress(mode: .prefix, key: Self.key("p5"))
        let addresses = (0..<500).map { IPAddress(ipv4: 0xc000_0200 &+ UInt32($0)) }
        let expected = addresses.map { transform.encrypted($0) }
        await withTaskGroup(of: [IPAddress?].self) { group in
            for _ in 0..<4 { group.addTask { addresses.map { transform.encrypted($0) } } }
            for await got in group { #expect(got == expected) }
        }
        #expect(Set(expected).count == addresses.count)
    }

    @Test func dropsWhatIsNoAddress() throws {
        let transform = try EncryptAddress(mode: .deterministic, key: Self.key("d1"))
        for written in ["", "unknown", "192.0.2.1.", "192.0.2.010"] {
            #expect(transform.trial(written) == Outcome(.dropped))
        }
        #expect(transform.trial("192", .number) == Outcome(.dropped))
    }

    @Test func refusesKeysThatDoNotFit() throws {
        #expect(throws: EncryptAddress.UnfitKey.badLength) {
            try EncryptAddress(mode: .deterministic, key: Self.key("p5"))
        }
        #expect(throws: EncryptAddress.UnfitKey.badLength) {
            try EncryptAddress(mode: .prefix, key: Self.key("d1"))
        }
        let half = Array(UInt8(0)..<16)
        let equal = try SecretKey.copying((half + half).span)
        #expect(throws: EncryptAddress.UnfitKey.equalHalves) {
            try EncryptAddress(mode: .prefix, key: equal)
        }
        let members = [("key", setting("static.key")), ("mode", setting("prefix"))]
        let planned = EncryptAddress.descriptor.planned(members, key: half + half)
        #expect(planned.transform == nil)
        #expect(
            planned.faults.map(\.message)
                == ["the two halves of the key are equal, expected different ones"])
        #expect(EncryptAddress.descriptor.planned(members).transform != nil)
        #expect(
            EncryptAddress.descriptor.planned(members, key: half).faults.map(\.message)
                == ["expected a key of 32 bytes for `mode: prefix`"])
    }
}
