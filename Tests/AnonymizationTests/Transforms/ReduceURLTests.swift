@testable import Anonymization
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct ReduceURLTests {
    @Test(arguments: [
        ("/invoices/12345?user=jan&lang=nl#top", "/invoices/:id"),
        ("http://anna:pw\\@h.example/", "http://h.example/"),
        ("http://h.example\\a/b@c", "http://h.example\\a/:email"),
        ("https://user:pw@app.example:8443/a/b?x=1", "https://app.example:8443/a/b"),
        ("https://jan%40mail.example@app.example/a", "https://app.example/a"),
        ("/users/jan%40mail.example/edit", "/users/:email/edit"),
        ("/users/jan%2540mail.example/edit", "/users/:email/edit"),
        ("/users/jan@mail.example", "/users/:email"),
        ("/a/550e8400-e29b-41d4-a716-446655440000/b", "/a/:id/b"),
        ("/a/507f1f77bcf86cd799439011", "/a/:id"), ("/a/%31%32%33", "/a/:id"),
        ("/a/xjAJXhIaIwypJXxuGMBpEAVxt/b", "/a/:id/b"), ("/order/INV-2024-00123", "/order/:id"),
        ("/a;jsessionid=0A1B2C/b", "/a/b"), ("/~jan/notes", "/:id/notes"),
        ("http://192.0.2.7:8080/a", "http://[ip]/a"), ("http://[2001:db8::7]/a", "http://[ip]/a"),
        ("http://host-192-0-2-7.isp.example/", "http://host-[ip].isp.example/"),
        ("mailto:jan@mail.example", "mailto:"), ("tel:+31612345678", "tel:"),
        (
            "/next/https%3A%2F%2Fapp.example%2F12345%3Fq%3Djan",
            "/next/https%3A%2F%2Fapp.example%2F:id"
        ),
        ("//jan@app.example/x", "//:email/x"), ("/a\\12345\\b", "/a\\:id\\b"),
        ("?q=jan", ""), ("app.example:443", "app.example:443"), ("#jan", ""),
    ]) func standard(url: String, expected: String) {
        #expect(TextRun.apply(ReduceURL(), url).text == expected)
    }

    @Test(arguments: [
        "/", "/a/b", "/v2/users/1/edit", "/js/jquery-3.7.1.min.js", "/static/bootstrap.css", "*",
        "-",
        "https://app.example/", "/getInvoiceListForCustomer", "/%C3%A9t%C3%A9/x", "", "/a//b/",
        "/100%",
    ]) func namesStay(url: String) {
        #expect(TextRun.apply(ReduceURL(), url) == .init(result: .unchanged, text: url))
    }

    @Test(arguments: [
        ("/a?lang=nl&user=jan&page=12", "/a?lang=nl&page=12"), ("/a?user=jan", "/a"),
        ("/a?l%61ng=nl", "/a?l%61ng=nl"), ("/a?langx=nl&lan=1", "/a"), ("/a?lang", "/a?lang"),
        ("/a?page=2;lang=nl#x", "/a?page=2&lang=nl"),
        ("/a?lang=jan%40mail.example", "/a?lang=[email]"),
        ("/a?&&lang=", "/a?lang="), ("/a%3Flang=nl", "/a?lang=nl"),
    ]) func namedKeysStay(url: String, expected: String) {
        let transform = ReduceURL(keepQuery: ["lang", "page"])
        #expect(TextRun.apply(transform, url).text == expected)
    }

    @Test(arguments: [
        ("drop", "keep", "https://app.example:8443/u/12345?x=1", "https://app.example:8443"),
        ("keep", "keep", "https://app.example/u/12345?x=1", "https://app.example/u/12345"),
        ("placeholders", "drop", "https://app.example/u/12345", "/u/:id"),
        ("placeholders", "drop", "https://app.example?x", "/"),
        ("drop", "drop", "https://a.example/x", ""),
    ]) func options(path: String, host: String, url: String, expected: String) throws {
        let made = TextRun.make(ReduceURL.descriptor, [("path", [path]), ("host", [host])])
        #expect(TextRun.apply(try #require(made.transform), url).text == expected)
    }

    @Test func whatIsNoTextBecomesNullAndFaultsAreTold() {
        #expect(TextRun.apply(ReduceURL(), bytes("12345"), kind: .number).result == .null)
        #expect(TextRun.make(ReduceURL.descriptor, [("path", ["keeps"])]).faults.count == 1)
        #expect(TextRun.make(ReduceURL.descriptor, [("keep_query", ["a", "b"])]).faults.isEmpty)
    }

    /// Whatever is put behind the first question mark or before the host does not come out.
    @Test func queryFragmentAndUserInformationNeverComeOut() {
        let seed: UInt64 = 0x7e57_0006
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "/", "%2F", "?", "%3f", "#", "&", "=", ";", "@", ":", "1", "%", "\\", ".",
        ]
        for _ in 0..<5000 {
            var noise = ""
            for _ in 0..<random.next() % 10 { noise += pieces.randomElement(using: &random) ?? "" }
            for url in ["/p?\(noise)SECRET", "/p#SECRET\(noise)", "https://SECRET:1@h.example/p"] {
                let outcome = TextRun.apply(ReduceURL(), url)
                #expect(!outcome.text.contains("SECRET"), "seed \(seed): \(url)")
            }
        }
    }
}
