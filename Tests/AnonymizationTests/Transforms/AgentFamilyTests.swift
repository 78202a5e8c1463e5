@testable import Anonymization
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct AgentFamilyTests {
    static let webKit = "Mozilla/5.0 (X) AppleWebKit/537.36 (KHTML, like Gecko)"

    @Test(arguments: [
        ("(Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36", "Chrome / Windows"),
        ("(Windows NT 10.0) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge / Windows"),
        ("(Linux; Android 10; K) Chrome/126.0.0.0 Mobile OPR/80.0", "Opera / Android"),
        ("(Linux; Android 10; K) SamsungBrowser/25.0 Chrome/121", "Samsung Internet / Android"),
        ("(Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15", "Safari / macOS"),
        ("(iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari / iOS"),
        ("(iPad; CPU OS 17_5 like Mac OS X) FxiOS/127.0 Safari/605.1.15", "Firefox / iOS"),
        ("(X11; CrOS x86_64 14541.0.0) Chrome/126.0.0.0 Safari/537.36", "Chrome / ChromeOS"),
        ("(X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox / Linux"),
        ("(Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer / Windows"),
        (
            "(Linux; U; Android 2.3; nl-nl) Version/4.0 Mobile Safari/533.1",
            "Android Browser / Android"
        ),
        ("(Linux; Android 9; CUBOT X19) Chrome/126.0.0.0 Safari/537.36", "Chrome / Android"),
        ("App/1 CFNetwork/1496.0.7 Darwin/23.5.0", "Other / iOS"),
        ("(compatible; Examplebot/2.1; +http://bot.example/bot.html)", "Bot / Bot"),
        ("(Linux; Android 6.0.1) Chrome/126 Safari/537.36 (compatible; Abot/2.1)", "Bot / Bot"),
        ("curl/8.5.0", "Bot / Bot"), ("python-requests/2.32.3", "Bot / Bot"),
        ("Bottom/1.0 (Botswana)", "Other / Other"), ("-", "Other / Other"), ("x", "Other / Other"),
    ]) func families(agent: String, expected: String) {
        let outcome = TextRun.apply(AgentFamily(), agent)
        #expect(outcome == .init(result: .plainText, text: expected))
    }

    @Test(arguments: [
        ("Examplebot/1.0", "bot"), ("curl/8.5.0", "tool"), ("Mozilla/5.0 Firefox/127.0", "person"),
    ]) func kinds(agent: String, expected: String) throws {
        let made = TextRun.make(AgentFamily.descriptor, [("part", ["kind"])])
        #expect(TextRun.apply(try #require(made.transform), agent).text == expected)
    }

    @Test func partsAndEdges() throws {
        let agent = "Mozilla/5.0 (Windows NT 10.0) Firefox/127.0"
        for (part, expected) in [("browser", "Firefox"), ("os", "Windows")] {
            let made = TextRun.make(AgentFamily.descriptor, [("part", [part])])
            #expect(TextRun.apply(try #require(made.transform), agent).text == expected)
        }
        #expect(TextRun.apply(AgentFamily(), "").result == .unchanged)
        #expect(TextRun.apply(AgentFamily(), bytes("12"), kind: .number).result == .null)
        let contradiction = TextRun.make(
            AgentFamily.descriptor,
            [("part", ["kind"]), ("bots", ["as-browsers"])]
        )
        #expect(contradiction.transform == nil && contradiction.faults.count == 1)
    }

    @Test func asBrowsersEqualsThePlainChain() {
        let seed: UInt64 = 0x7e57_0005
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "Edg", "Ed", "OPR/", "OPR", "SamsungBrowser/", "Firefox/", "FxiOS/", "Chrome/",
            "CriOS/",
            "Version/", "Safari/", "Safari", "Windows", "Window", "iPhone", "iPad", "Mac OS X",
            "Mac OS ", "Android", "CrOS", "Linux", "bot", "curl/", " ", ";", "\u{e9}", "C", "A",
        ]
        let transform = AgentFamily(bots: .asBrowsers)
        for _ in 0..<20_000 {
            var agent = "x"
            for _ in 0..<random.next() % 6 { agent += pieces.randomElement(using: &random) ?? "" }
            #expect(
                TextRun.apply(transform, agent).text == plainFamily(agent),
                "seed \(seed): \(agent)"
            )
        }
    }

    /// The search for words against `contains`, over every word of the full list.
    @Test func wordSearchFindsEveryWord() {
        let search = WordSearch(AgentWords.apart)
        for word in AgentWords.apart {
            for text in [word.bytes, bytes("xx") + word.bytes + bytes("/1")] {
                let found = ByteView.withView(of: text.span) { search.marks(in: $0) }
                #expect(found & word.marks == word.marks, "\(TestSupport.text(word.bytes))")
                let cut = Array(text.dropLast(text.count > word.bytes.count ? 3 : 1))
                let expected = AgentWords.apart.filter { other in
                    !other.endsWord && cut.contains(other.bytes)
                }.reduce(UInt32(0)) { $0 | $1.marks }
                let less = ByteView.withView(of: cut.span) { search.marks(in: $0) }
                #expect(less & expected == expected)
            }
        }
    }
}
