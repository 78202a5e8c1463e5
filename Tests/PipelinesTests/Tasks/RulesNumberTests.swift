import Anonymization
import KeyedHashing
import Pipelines
import Records
import TestSupport
import Testing

/// What becomes of records is pinned together with `Sluice.rules`: tasks of one run are done by
/// builds that have the same number, so builds of the same number must do the same.
@Suite("the number of the rules")
struct RulesNumberTests {
    private static let pipeline = """
        name: rules
        source: { format: jsonl, files: "in/*", time: ts }
        window: P0D
        fields:
          ts: { truncate_time: hour }
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          mail: email
          text: redact
          url: url
          agent: agent_family
          language: language
        others: drop
        quarantine: { limit: 100% }
        outputs: [{ name: o, purpose: statistics, path: "out/all.jsonl" }]

        """

    /// Texts of the kinds that the rules look for, whole and broken.
    private static let texts = [
        "mail anna@one.example, b%40two.example and \\\"c d\\\"@x.example, x@[192.0.2.7]",
        "u=anna%40b%C3%BCcher.example&t=%61nna%40one.example react@18.2.0 k@openssh.com",
        "192.0.2.7:80 [2001:db8::7]:443 192.0.2.7:192.0.2.8 host-192-0-2-7.isp.example",
        "fe80::1%eth0 a=::1 h-2001-db8--7-static.isp.example",
        "7.2.0.192.in-addr.arpa Chrome/126.0.0.0 v1.2.3.4 203%2E0%2E113%2E9 ::ffff:192.0.2.7",
        "4111 1111 1111 1111 3782-822463-10005 4111\\u00a01111\\u00a01111\\u00a01111",
        "4111111111111112 1700000000000",
        "NL91 ABNA 0417 1643 00 GB82WEST12345698765432 nl91%20abna%200417%201643%2000",
        "550e8400-e29b-41d4-a716-446655440000 550e8400%2De29b%2D41d4%2Da716%2D446655440000",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123 k3j9d8s7f6g5h4k3j9d8s7f6g5h4k3j9==",
        "00:11:22:aa:bb:cc 0011.22aa.bbcc +31 6 1234 5678 0123456789abcdef0123456789abcdef",
        "https://user:pass@host.example/u/12345/anna?q=1#f https://192.0.2.7/a;b=c",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
        "nl-NL,nl;q=0.9,en;q=0.8", "", "é\\ud83d\\ude00",
    ]

    private static func source() -> String {
        var lines = texts.map { text in
            let fields = ["ip", "mail", "text", "url", "agent", "language"]
                .map { "\"\($0)\":\"\(text)\"" }.joined(separator: ",")
            return "{\"ts\":\"2026-04-10T10:11:12Z\",\(fields)}"
        }
        for ip in ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7", "192.0.2.07", "x"] {
            lines.append("{\"ts\":\"2026-04-10T10:11:12+02:00\",\"ip\":\"\(ip)\"}")
        }
        lines += [
            "{", "[]", "{\"ts\":1}", "{\"a\":1,\"a\":2}", "{\"ts\":\"2026-02-30T10:00:00Z\"}",
            "{\"ts\":\"2026-04-10T10:11:12Z\"} x", "{\"ts\":\"2026-05-10T10:11:12Z\",\"ip\":7}",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    @Test("a change of what becomes of a record raises the number")
    func pinned() throws {
        let scene = try TemporaryPipeline(Self.pipeline, files: ["in/a.jsonl": Self.source()])
        let report = try scene.run(now: "2026-04-15")
        let reasons = report.totals.quarantined.map { "\($0.key.rawValue) \($0.value)" }.sorted()
        let results = try scene.text("out/all.jsonl") + reasons.joined(separator: "\n")
        let found = String(Digest256.of(Array(results.utf8).span).hex.prefix(32))
        #expect(
            "\(Sluice.rules) \(found)" == "1 1aecfaffc1b8485d53501a6250782219",
            "raise `Sluice.rules` where this is meant, and put the new digest here")
    }
}
