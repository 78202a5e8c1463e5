import Anonymization
import Foundation
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct RedactTextTests {
    static func redact(_ text: String, _ options: [(String, [String])] = []) throws -> String {
        let transform = try #require(TextRun.make(RedactText.descriptor, options).transform)
        return TextRun.apply(transform, text).text
    }

    @Test(arguments: [
        ("mail jan.jansen@mail.example now", "mail [email] now"),
        ("/u/jan%40mail.example?x=1", "/u/[email]?x=1"),
        ("/u/jan%2540mail.example", "/u/[email]"),
        ("e=jan%2Bnews%40mail.example&f=1", "e=[email]&f=1"),
        ("https://user:pass@host.example/x", "https://[email]/x"),
        ("'O'Brien@mail.example'", "'[email]'"),
        ("jos\u{e9}@b\u{fc}cher.example", "[email]"),
        ("x@[192.0.2.7] y", "[email] y"),
        ("192.0.2.7@mail.example", "[email]"),
        ("mailto:jan@mail.example", "mailto:[email]"),
        ("root@localhost", "[email]"), (#"to "anna"@x.example"#, "to [email]"),
        (#"{\"m\":\"anna\"@x.example}"#, #"{\"m\":\[email]}"#),
        (#""a\"b c"@x.example ""@x"#, #"[email] ""@x"#),
        ("u=anna%40b%C3%BCcher.example&x", "u=[email]&x"),
        ("to%3D%61nna%40o%6Ee.nl", "to%3D[email]"),
        ("anna%40one.example%20x", "[email]%20x"), ("anna@one.example%2Fx", "[email]%2Fx"),
        ("anna@%C3%BCber%2Eexample", "[email]"), ("anna@x'bob@y", "[email]'[email]"),
    ]) func emailAddresses(text: String, expected: String) throws {
        #expect(try Self.redact(text) == expected)
    }

    @Test(arguments: [
        ("from 192.0.2.7 to 198.51.100.20.", "from [ip] to [ip]."),
        ("192.0.2.7:8080", "[ip]"), ("192.0.2.7%3A8080", "[ip]"),
        ("[192.0.2.7]", "[ip]"), ("[192.0.2.7]:25", "[ip]"),
        ("tcp 192.0.2.7.443 > 203.0.113.5.51000", "tcp [ip] > [ip]"),
        ("host-192-0-2-7.isp.example", "host-[ip].isp.example"),
        ("ip192-0-2-7.dyn.isp.example", "ip[ip].dyn.isp.example"),
        ("7.2.0.192.in-addr.arpa", "[ip]"), ("dyn1.7.2.0.192.isp.example", "dyn1.[ip].isp.example"),
        ("192_0_2_7.isp.example", "[ip].isp.example"), ("http://192.0.2.7/a", "http://[ip]/a"),
        ("q=%20192.0.2.7%20", "q=%20[ip]%20"), ("/whois/192.0.2.7", "/whois/[ip]"),
        ("a%2Fwhois/192.0.2.7", "a%2Fwhois/[ip]"),
        ("192.0.2.7:192.0.2.8", "[ip]:[ip]"), ("192.0.2.7:192-0-2-8 x", "[ip]:[ip] x"),
        ("192.0.2.7%3A192%2E0%2E2%2E8", "[ip]%3A[ip]"), ("192.0.2.7:80.5", "[ip].5"),
        ("[2001:db8::7]:192.0.2.8:80", "[ip]:[ip]"), ("192.0.2.7:443. x", "[ip]. x"),
        ("203%2E0%2E113%2E9", "[ip]"), ("q=203%2e0.113%2E9&x", "q=[ip]&x"),
        ("203.0.113.9and 203.0.113.9:80", "[ip]and [ip]"),
        ("2001:db8::7", "[ip]"), ("[2001:db8::7]:443", "[ip]"), ("%5B2001:db8::7%5D", "[ip]"),
        ("2001%3Adb8%3a%3A7", "[ip]"), ("fe80::1%eth0 up", "[ip] up"), ("fe80::1%25en0", "[ip]"),
        ("::ffff:192.0.2.7", "[ip]"), ("a=::1", "a=[ip]"), ("x%3D%3A%3A1", "x%3D[ip]"),
        ("client:2001:db8:0:0:0:0:0:7", "client:[ip]"), ("2001:db8::/32", "[ip]/32"),
        ("2001-db8-0-0-0-0-0-7.v6.isp.example", "[ip].v6.isp.example"),
        ("h-2001-db8--7-static.isp.example", "h-[ip]-static.isp.example"),
        (
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
            "[ip]."
        ),
    ]) func internetAddresses(text: String, expected: String) throws {
        #expect(try Self.redact(text) == expected)
    }

    @Test(arguments: [
        ("/reset/0123456789abcdef0123456789abcdef", "/reset/[token]"),
        ("id=550e8400-e29b-41d4-a716-446655440000;", "id=[token];"),
        (
            "s=550e8400-e29b-41d4-a716-446655440000-k3j9d8s7f6g5h4k3j9d8s7f6g5h4k3j9",
            "s=[token]-[token]"
        ),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123", "Bearer [token]"),
        ("k=k3j9d8s7f6g5h4k3j9d8s7f6g5h4k3j9==", "k=[token]"),
        ("key -abcDEF0123ghiJKL4567mnoPQR89st- end", "key [token] end"),
        ("key abcDEF0123ghiJKL4567mnoPQR89stu- end", "key [token] end"),
        ("key 4KJDHNBVCXZASQWERTYUIOPLKJHGF7DSAQWE end", "key [token] end"),
        ("xjAJXh38I15wypJXxuGMBp0EAVxt0G0biEntp43Qt6E.ttf", "[token].ttf"),
        ("fp 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", "fp [token]"),
        ("pay 4111 1111 1111 1111 now", "pay [card] now"), ("4111111111111111", "[card]"),
        ("u=550e8400%2De29b%2da716-41d4%2D446655440000&", "u=[token]&"),
        ("4111\u{a0}1111\u{a0}1111\u{202f}1111\u{a0}x", "[card]\u{a0}x"),
        ("NL91\u{a0}ABNA\u{a0}0417\u{a0}1643\u{a0}00", "[iban]"),
        ("c=4111%C2%A01111%c2%a01111%E2%80%AF1111&x", "c=[card]&x"),
        ("4111\u{2013}1111%E2%80%931111%2D1111", "[card]"),
        ("4111%2B1111\u{2011}1111\u{2009}1111", "[card]"),
        ("NL91%C2%A0ABNA%E2%80%930417%201643%C2%A000", "[iban]"),
        ("192.0.2.7:4111 1111 1111 1111 x", "[ip]:[card] x"),
        ("[2001:db8::7]:4111-1111-1111-1111", "[ip]:[card]"),
        ("192.0.2.7%3A4111%201111%201111%201111", "[ip]%3A[card]"),
        ("192.0.2.7:4111 1111 1111 1112", "[ip] 1111 1111 1112"),
        ("%2E4111111111111111 1%2e4111111111111111", "%2E[card] 1%2e[card]"),
        ("c=4111+1111+1111+1111", "c=[card]"), ("3782-822463-10005", "[card]"),
        ("NL91 ABNA 0417 1643 00 for", "[iban] for"), ("GB82WEST12345698765432", "[iban]"),
        ("nl91%20abna%200417%201643%2000", "[iban]"),
        ("00:11:22:aa:bb:cc 00-11-22-AA-BB-CC 0011.22aa.bbcc", "[mac] [mac] [mac]"),
    ]) func numbersAndTokens(text: String, expected: String) throws {
        #expect(try Self.redact(text) == expected)
    }

    @Test(arguments: [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
        "Firefox rv:1.9.1.3 v1.2.3.4 version 1.2.3.4 Version=10.0.0.1 build 10.0.0.1",
        "MacProduct/10.15.7.1", "1.3.6.1.4.1.311", "300.1.1.1", "1.2.3", "12:34:56", "10:00",
        "hmac-sha2-256@openssh.com,curve25519-sha256@libssh.org", "react@18.2.0", "@name", "a@",
        "std::vector a::b Cafe::Bad ::", "getInvoiceListForCustomerAndFiscalYear2024",
        "how-to-configure-the-2024-invoice-module-in-nordic-countries",
        "4111 1111 1111 1112", "2026-01-15 101038", "2026\u{2013}01\u{2013}15 101038",
        "7070 200 5120 16", "7070 200 512 107", "1700000000000",
        "GB82WEST12345698765431", "0.4111111111111111",
        "2024-01-02T03:04:05Z", "2024-01-02--03-04", "[email] [ip] [token]", "%", "%4", "",
        "\u{e9}\u{4e2d}",
    ]) func staysUntouched(text: String) throws {
        let transform = try #require(TextRun.make(RedactText.descriptor).transform)
        #expect(TextRun.apply(transform, text) == .init(result: .unchanged, text: text))
    }

    /// What a programme has escaped into a text is no letter or digit of what stands behind it.
    @Test(arguments: [
        #"\n"#, #"\r"#, #"\t"#, #"\b"#, #"\f"#, #"\r\n"#, #"\x22"#, #"\u0022"#, #"\u003C"#, #"\\n"#,
        #"\U0001F600"#, #"\012"#, "#012", #"\v"#, #"\a"#, #"\e"#, #"\0"#,
    ]) func escapesHideNothing(escape: String) throws {
        let found = [
            "192.0.2.77": "[ip]", "2001:db8:1:2::77": "[ip]", "::1": "[ip]", "fe80::1": "[ip]",
            "2001:0db8:0000:0000:0000:0000:0000:0077": "[ip]", "192.0.2.7:80": "[ip]",
            "00:1A:2B:3C:4D:5E": "[mac]", "001a.2b3c.4d5e": "[mac]", "4111111111111111": "[card]",
            "4111 1111 1111 1111": "[card]", "NL91ABNA0417164300": "[iban]",
            "NL91 ABNA 0417 1643 00": "[iban]", "anna@one.example": "[email]",
            "550e8400-e29b-41d4-a716-446655440000": "[token]",
            "0b9cd1e2f3a4b5c6d7e8f9a0b1c2d3e4": "[token]",
        ]
        for (value, placeholder) in found {
            let text = try Self.redact("x " + escape + value + escape + " y")
            let parts = text.components(separatedBy: placeholder)
            // The letters of the escape may go, too; nothing of the value may stay.
            #expect(parts.count == 2, "\(text)")
            #expect(("x " + escape).hasPrefix(parts[0]), "\(text)")
            #expect(parts.last == escape + " y", "\(text)")
        }
    }

    /// The backslash of such an escape as a URL writes it.
    @Test(arguments: ["%5Cu0022", "%5cn", "%5Cv", "%5Cx22", "%5C%5Cn", "%5C0", "%5C012", "%23012"])
    func encodedEscapesHideNothing(escape: String) throws {
        let values = [
            "192.0.2.77", "2001:db8:1:2::77", "00:1A:2B:3C:4D:5E", "4111111111111111",
            "NL91ABNA0417164300", "anna@one.example", "550e8400-e29b-41d4-a716-446655440000",
        ]
        for value in values {
            let text = try Self.redact("x " + escape + value + " y")
            let parts = text.components(separatedBy: "[")
            #expect(parts.count == 2, "\(text)")
            #expect(("x " + escape).hasPrefix(parts[0]), "\(text)")
            #expect(parts.last?.hasSuffix("] y") == true, "\(text)")
        }
    }

    @Test(arguments: [
        (#"\u0022192.0.2.77\u0022"#, #"\u0022[ip]\u0022"#), (#"\02001:db8::7"#, #"\0[ip]"#),
        (#"\0192.0.2.7 \v192.0.2.7"#, #"\0[ip] \v[ip]"#), (#"\05 \0 \00"#, #"\05 \0 \00"#),
        (#"\012192.0.2.7 \0121.2.3.4"#, #"\012[ip] \0[ip]"#), (#"\network 1"#, #"\network 1"#),
        (#"C:\temp\beef\n12"#, #"C:\temp\beef\n12"#), ("@001a.2b3c.4d5e", "@[mac]"),
        ("1.001a.2b3c.4d5e", "1.001a.2b3c.4d5e"), ("2001:db8:1:2::77ms", "[ip]ms"),
        ("fe80::1ms e2e::fetch Ad5::delete", "[ip]ms e2e::fetch Ad5::delete"),
        ("::1:eth0 2001:db8:0:0:0:0:0:7ms", "[ip]:eth0 [ip]ms"),
        ("2001:0db8:0:0:0:0:0:0077:80 x", "[ip] x"), ("0:1:2:3:4:5:6:7:8:9", "0:[ip]"),
        ("12:30:01::Error in module", "12:30:01::Error in module"),
        ("foo.py:12:5::error abc1:def2::error", "foo.py:12:5::error abc1:def2::error"),
        ("score 1:2::first 2001::database", "score 1:2::first 2001::database"),
    ]) func nextToOtherLetters(text: String, expected: String) throws {
        #expect(try Self.redact(text) == expected)
    }

    /// Random keys in the alphabets that programmes use, hardly one of which may stay.
    @Test(arguments: [
        ("abcdefghijklmnopqrstuvwxyz0123456789", 32, 3),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 40, 3),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 32, 12),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 43, 3),
    ])
    func randomKeysAreTokens(_ alphabet: String, _ length: Int, _ allowed: Int) throws {
        var random = SeededGenerator(seed: 0x7e57_0004)
        let transform = try #require(TextRun.make(RedactText.descriptor).transform)
        var missed = 0
        for _ in 0..<1000 {
            let key = String(
                (0..<length).map { _ in alphabet.randomElement(using: &random) ?? "a" })
            if TextRun.apply(transform, "key \(key) end").text != "key [token] end" { missed += 1 }
        }
        #expect(missed <= allowed)
    }

    @Test func onlyTheNamedKindsAreLookedFor() throws {
        let text = "a@b.example 192.0.2.7 4111111111111111 +31 6 1234 5678"
        #expect(
            try Self.redact(text, [("kinds", ["ip"])])
                == "a@b.example [ip] 4111111111111111 +31 6 1234 5678"
        )
        #expect(
            try Self.redact(text, [("kinds", ["card", "phone"])])
                == "a@b.example 192.0.2.7 [card] [phone]"
        )
        #expect(try Self.redact("t=%2B31612345678", [("kinds", ["phone"])]) == "t=[phone]")
        #expect(
            try Self.redact("192.0.2.7:4111 1111 1111 1111", [("kinds", ["ip"])])
                == "[ip] 1111 1111 1111")
    }

    @Test(arguments: [
        ("t=%2B31%C2%A06%C2%A01234%E2%80%935678&x", "t=[phone]&x"),
        ("+31\u{a0}6\u{2013}1234%205678.", "[phone]."),
        ("t=+31%20%280%2920%201234567", "t=[phone]"), ("tel%3A%2B31201234567", "tel%3A[phone]"),
        ("q=tel%20%2B31%20201234567", "q=tel%20[phone]"), ("x=%20+31201234567", "x=%20[phone]"),
        ("x=%41+31201234567", "x=%41+31201234567"), ("20+31201234567", "20+31201234567"),
        ("+31%C2%A0%C2%A0%C2%A06 1234 5678", "+31%C2%A0%C2%A0%C2%A06 1234 5678"),
    ]) func telephoneNumbers(text: String, expected: String) throws {
        #expect(try Self.redact(text, [("kinds", ["phone"])]) == expected)
    }

    @Test func whatIsNoTextBecomesNull() throws {
        let transform = try #require(TextRun.make(RedactText.descriptor).transform)
        for kind in [FieldKind.number, .boolean, .structure] {
            #expect(TextRun.apply(transform, bytes("1"), kind: kind).result == .null)
        }
        #expect(TextRun.apply(transform, bytes("a@b"), kind: .escapedText).text == "[email]")
    }

    @Test func faultsNameTheNearestKind() {
        let made = TextRun.make(RedactText.descriptor, [("kinds", ["emial"])])
        #expect(made.transform == nil)
        #expect(made.faults.map(\.suggestion) == ["email"])
        #expect(TextRun.make(RedactText.descriptor, [("grammar", ["loose"])]).faults.count == 1)
        #expect(TextRun.make(RedactText.descriptor, [("kind", ["ip"])]).faults.count == 1)
    }

    /// Redacting twice changes nothing more, and no identifier survives in random surroundings.
    @Test func isIdempotentAndHidesWhatWasPutIn() throws {
        let seed: UInt64 = 0x7e57_0001
        var random = SeededGenerator(seed: seed)
        let planted = [
            "jan@mail.example", "jan%40mail.example", "192.0.2.77", "2001:db8::77:1",
            "198-51-100-77", "4111111111111111", "NL91ABNA0417164300",
            "0123456789abcdef0123456789abcdef", "00:11:22:aa:bb:c7",
        ]
        let borders = [" ", "/", "?q=", "&a=", "\"", "(", ",", ";", "=", "%20", "%3D", "\t", "|"]
        let words = [
            "open", "/invoices", "id", "2024", "error:", "user", "Mozilla/5.0 ", "%2", ".",
        ]
        let transform = try #require(TextRun.make(RedactText.descriptor).transform)
        for _ in 0..<3000 {
            let secret = planted[Int(random.next() % UInt64(planted.count))]
            var text = ""
            for _ in 0..<random.next() % 4 { text += words.randomElement(using: &random) ?? "" }
            text += borders.randomElement(using: &random) ?? " "
            text += secret
            text += [" ", "\"", "&x", ")", "", "?"].randomElement(using: &random) ?? ""
            let once = TextRun.apply(transform, text)
            #expect(!once.text.contains(secret), "seed \(seed): \(text)")
            #expect(TextRun.apply(transform, once.text).result == .unchanged, "\(text)")
        }
    }
}
