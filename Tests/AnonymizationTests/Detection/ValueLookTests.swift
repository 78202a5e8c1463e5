import Anonymization
import Records
import TestSupport
import Testing

@Suite("what a value looks like")
struct ValueLookTests {
    @Test(arguments: [
        ("192.0.2.17", ValueLook.address), ("[2001:db8::1]:443", .address),
        ("192.0.2.17, 198.51.100.7", .address), ("192.0.2.300", .word),
        ("emma.devries@zwaan.example", .email), ("a@b.example c", .text),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/127.0", .agent), ("curl/8.5.0", .agent),
        ("/administrations/20731", .url), ("https://one.example/a?b=c", .url),
        ("2026-03-01T10:00:00Z", .time(.rfc3339)), ("2026-03-01", .time(.date)),
        ("2026-03-01 10:00:00", .time(.dateTime)),
        ("01/Mar/2026:10:00:00 +0100", .time(.accessLog)), ("1772355600", .time(.epochSeconds)),
        ("1772355600.25", .time(.epochSeconds)), ("1772355600000", .time(.epochMilliseconds)),
        ("917", .number), ("-3.5", .number), ("+31", .number), ("1.", .word), ("1.2.3", .word),
        ("true", .flag), ("truely", .word), ("nl-BE", .language), ("nl,en;q=0.8", .language),
        ("nl", .word), ("login", .word), ("no-show", .word),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", .token), ("invoice_sent_to_customer", .word),
        ("bel mij terug", .text), (String(repeating: "a", count: 41), .text), ("-", .word),
    ]) func look(_ value: String, _ expected: ValueLook) {
        #expect(ValueLook(of: bytes(value).span) == expected, "\(value)")
    }

    /// Any bytes have a look, and in linear time.
    @Test func anyBytes() {
        var random = SeededGenerator(seed: 0x100C)
        for _ in 0..<2000 {
            let value = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = ValueLook(of: value.span)
        }
        let long = Array(repeating: UInt8(ascii: "@"), count: 1 << 18)
        #expect(ValueLook(of: long.span) == .text)
    }
}
