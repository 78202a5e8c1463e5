import Anonymization
import PlainTwins
import TestSupport
import Testing

/// Address formats of RFC 4291, 3056, 4380, 5214, 6052 section 2.4 and 8215.
@Suite struct EmbeddedIPv4Tests {
    private func embedded(_ written: String) -> (kind: EmbeddedIPv4, text: String)? {
        readAddress(written)?.embeddedIPv4.map {
            ($0.kind, text(IPAddress(ipv4: $0.bits).textBytes))
        }
    }

    @Test(arguments: [
        ("::ffff:192.0.2.33", EmbeddedIPv4.mapped, "192.0.2.33"),
        ("::ffff:c000:221", .mapped, "192.0.2.33"),
        ("::192.0.2.33", .compatible, "192.0.2.33"),
        ("2002:c000:221::1", .sixToFour, "192.0.2.33"),
        ("2002:c000:221:5:200:5efe:cb00:7101", .sixToFour, "192.0.2.33"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", .teredo, "192.0.2.45"),
        ("64:ff9b::192.0.2.33", .nat64, "192.0.2.33"),
        ("64:ff9b:1:c000:2:2100::", .nat64, "192.0.2.33"),
        ("64:ff9b:1::192.0.2.33", .nat64, "192.0.2.33"),
        ("64:ff9b:1:abcd::192.0.2.33", .nat64, "192.0.2.33"),
        ("2001:db8::200:5efe:192.0.2.33", .isatap, "192.0.2.33"),
        ("2001:db8::5efe:192.0.2.33", .isatap, "192.0.2.33"),
        ("fe80::5efe:c000:221", .isatap, "192.0.2.33"),
    ])
    func findsIPv4(_ written: String, _ kind: EmbeddedIPv4, _ address: String) {
        let found = embedded(written)
        #expect(found?.kind == kind)
        #expect(found?.text == address)
        #expect(readAddress(written)?.canonical == readAddress(address))
    }

    @Test(arguments: [
        "192.0.2.33", "::", "::1", "::ff:ffff", "2001:db8::1", "2001:1::1", "64:ff9b:2::1",
        "64:ff9b:0:0:0:1::", "2001:db8::300:5efe:192.0.2.33", "2001:db8::100:5efe:192.0.2.33",
        "2001:db8:1:2:21a:2bff:fe3c:4d5e", "2003:c000:221::1", "::ffff:0:192.0.2.33",
    ])
    func seesNoneInOthers(_ written: String) {
        #expect(embedded(written) == nil)
    }

    @Test func mappedAndIPv4AreOneAfterUnmapping() {
        let mapped = readAddress("::ffff:192.0.2.1")
        let ipv4 = readAddress("192.0.2.1")
        #expect(mapped != ipv4)
        #expect(mapped?.unmapped == ipv4)
        #expect(mapped?.bits == ipv4?.bits)
    }
}
