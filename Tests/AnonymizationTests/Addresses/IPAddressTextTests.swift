import Anonymization
import PlainTwins
import TestSupport
import Testing

@Suite struct IPAddressTextTests {
    /// The rules of RFC 5952 section 4, one after the other.
    @Test(arguments: [
        ("2001:0db8::0001", "2001:db8::1"), ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
        ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:DB8::ABCD", "2001:db8::abcd"), ("0:0:0:0:0:0:0:0", "::"),
        ("0:0:0:0:0:0:0:1", "::1"), ("1:0:0:0:0:0:0:0", "1::"),
        ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ("0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"), ("0:2:3:4:5:6:7:0", "0:2:3:4:5:6:7:0"),
        ("f:ff:fff:ffff:fff0:ffff:255.255.255.255", "f:ff:fff:ffff:fff0:ffff:ffff:ffff"),
        ("::ffff:c000:221", "::ffff:192.0.2.33"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1.20.100.255", "1.20.100.255"), ("0.9.10.99", "0.9.10.99"),
    ])
    func printsCanonically(_ written: String, _ canonical: String) {
        #expect(readAddress(written).map { text($0.textBytes) } == canonical)
    }

    @Test func agreesWithThePlainTwinAndReadsItself() {
        let seed: UInt64 = 5952
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            // Many zero groups, so that runs of all lengths come up.
            let groups = (0..<8).map { _ in
                Bool.random(using: &random) ? 0 : Int.random(in: 0...0xffff, using: &random)
            }
            let address = IPAddress(bits: groups.reduce(0) { $0 << 16 | UInt128($1) })
            if !address.isMapped {
                #expect(text(address.textBytes) == PlainAddresses.text(groups), "seed \(seed)")
            }
            #expect(readAddress(text(address.textBytes)) == address, "seed \(seed)")
            let ipv4 = IPAddress(ipv4: UInt32.random(in: 0...UInt32.max, using: &random))
            #expect(readAddress(text(ipv4.textBytes)) == ipv4, "seed \(seed)")
        }
    }

    @Test func cutsTheBinaryForm() {
        let ipv4 = IPAddress(ipv4: 0xffff_ffff)
        #expect((0...32).map { ipv4.truncated(to: $0).ipv4Bits.nonzeroBitCount } == Array(0...32))
        let ipv6 = IPAddress(bits: .max)
        #expect((0...128).map { ipv6.truncated(to: $0).bits.nonzeroBitCount } == Array(0...128))
        #expect((0...128).allSatisfy { ipv6.truncated(to: $0).bits.leadingZeroBitCount % 128 == 0 })
    }

    @Test func networkBytesAreInNetworkOrder() {
        let address = IPAddress(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10)
        let network = address.networkBytes
        #expect(network.indices.map { network[$0] } == Array(1...16))
    }
}
