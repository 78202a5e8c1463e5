import Anonymization
import PlainTwins
import TestSupport
import Testing

@Suite struct IPAddressParsingTests {
    private func parse(_ text: String, _ forms: AddressForms = []) -> IPAddress? {
        readAddress(text, forms)
    }

    @Test(arguments: [
        ("0.0.0.0", 0), ("255.255.255.255", 0xffff_ffff), ("192.0.2.1", 0xc000_0201),
        ("1.2.3.4", 0x0102_0304), ("10.20.100.249", 0x0a14_64f9),
    ])
    func readsIPv4(_ text: String, _ bits: UInt32) {
        #expect(parse(text) == IPAddress(ipv4: bits))
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", ".1.2.3", "1..2.3", "256.0.0.1",
        "1.2.3.256", "1.2.3.1000", "01.2.3.4", "1.2.3.00", "0300.0.2.1", "192.0.2.010",
        "0x7f.0.0.1",
        "3221225985", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\u{0}", "+1.2.3.4", "1.2.3.-4", "1,2,3,4",
        "１.2.3.4", "1.2.3.4%eth0", "192.0.2.1/24", "127.0.0.1:80", "[127.0.0.1]",
    ])
    func refusesWhatIsNoPlainIPv4(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test(arguments: [
        ("::", 0, 0), ("::1", 0, 1), ("1::", 0x1_0000_0000_0000, 0),
        ("2001:db8::1", 0x2001_0db8_0000_0000, 1),
        ("2001:DB8:0:0:0:0:0:1", 0x2001_0db8_0000_0000, 1),
        ("2001:0db8:0001:0002:0003:0004:0005:0006", 0x2001_0db8_0001_0002, 0x0003_0004_0005_0006),
        ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000),
        ("::2:3:4:5:6:7:8", 0x0000_0002_0003_0004, 0x0005_0006_0007_0008),
        ("::ffff:192.0.2.33", 0, 0xffff_c000_0221), ("::ffff:c000:221", 0, 0xffff_c000_0221),
        ("1:2:3:4:5:6:192.0.2.33", 0x0001_0002_0003_0004, 0x0005_0006_c000_0221),
        ("64:ff9b::192.0.2.33", 0x0064_ff9b_0000_0000, 0xc000_0221),
        ("1:2:3:4:5::1.2.3.4", 0x0001_0002_0003_0004, 0x0005_0000_0102_0304),
    ])
    func readsIPv6(_ text: String, _ high: UInt64, _ low: UInt64) {
        #expect(parse(text) == IPAddress(high: high, low: low))
    }

    @Test(arguments: [
        ":", ":::", "1", "1:", ":1", "1:2", "1::2::3", "2001:db8:::1", "12345::", "g::1", "::g",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "::1.2.3", "::1.2.3.4.5",
        "::1.2.3.4:1", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "::01.2.3.4",
        "::00001", "::1 ", " ::1", "fe80::1%eth0", "[::1]", "::1/128", "::-1", "::1\u{0}",
        "0000000000000000000000000000000000000000000001",
    ])
    func refusesWhatIsNoPlainIPv6(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test(arguments: [
        ("192.0.2.1:443", "192.0.2.1"), ("192.0.2.1:0", "192.0.2.1"),
        ("192.0.2.1:65535", "192.0.2.1"), ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"), ("[192.0.2.1]:443", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"), ("fe80::1%", "fe80::1"), ("[fe80::1%eth0]:22", "fe80::1"),
        ("fe80::1%a]b", "fe80::1"), (" \t192.0.2.1 ", "192.0.2.1"), (" [::1]:1\t", "::1"),
        ("::ffff:192.0.2.1%3", "::ffff:192.0.2.1"),
    ])
    func takesOffWhatSurroundsAnAddress(_ text: String, _ address: String) {
        #expect(parse(text, .all) == parse(address))
        #expect(parse(text) == nil)
    }

    @Test(arguments: [
        "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:123456", "192.0.2.1:+1", "192.0.2.1:http",
        "[]", "[", "]", "[192.0.2.1", "192.0.2.1]", "[::1]x", "[::1]:", "[::1]:99999", "[::1] :80",
        "[[::1]]", "192.0.2.1%eth0", "%eth0", "::1]:80", " ", "\n192.0.2.1", "192.0.2.1:80:80",
        ":80",
        "[::1]]:80",
    ])
    func refusesHalfOfASurrounding(_ text: String) {
        #expect(parse(text, .all) == nil)
    }

    @Test func formsAreSeparate() {
        #expect(parse("192.0.2.1:1", [.brackets, .zone, .spaces]) == nil)
        #expect(parse("[::1]", [.port, .zone, .spaces]) == nil)
        #expect(parse("[::1]:1", [.brackets, .zone, .spaces]) == nil)
        #expect(parse("::1%1", [.brackets, .port, .spaces]) == nil)
        #expect(parse("::1 ", [.brackets, .port, .zone]) == nil)
    }

    @Test func agreesWithThePlainTwin() {
        let seed: UInt64 = 20_260_315
        var generator = AddressGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<60_000 {
            let text = generator.next()
            let fast = parse(text)
            if let octets = PlainAddresses.ipv4(text) {
                let bits = octets.reduce(0) { $0 << 8 | UInt32($1) }
                #expect(fast == IPAddress(ipv4: bits), "seed \(seed): \(text)")
                accepted += 1
            } else if let groups = PlainAddresses.ipv6(text) {
                let bits = groups.reduce(0) { $0 << 16 | UInt128($1) }
                #expect(fast == IPAddress(bits: bits), "seed \(seed): \(text)")
                accepted += 1
            } else {
                #expect(fast == nil, "seed \(seed): \(text)")
            }
        }
        #expect(accepted > 10_000 && accepted < 50_000)
    }
}
