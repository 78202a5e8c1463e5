import Anonymization
import Foundation
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
        "4111%C2%A01111%E2%80%931111%2D1111 192.0.2.7:4111 1111 1111 1111 192.0.2.7:4111 1",
        "https://user:pass@host.example/u/12345/anna?q=1#f https://192.0.2.7/a;b=c",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
        "\\\\u0022192.0.2.7\\\\u0022 \\\\x22NL91ABNA0417164300"
            + " \\\\n00:1A:2B:3C:4D:5E 2001:db8::7ms",
        "\\\\v192.0.2.7 \\\\0192.0.2.7 %5Cu0022192.0.2.7%5Cn2001:db8::7 \\\\01.2.3.4",
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
        try expect(scene, "202cfab275efeaf2cc94d9b3a4dcd97e")
    }

    /// The digest of what a run writes, and of what it sets aside and why.
    private func expect(_ scene: TemporaryPipeline, _ digest: String) throws {
        let report = try scene.run(now: "2026-04-15")
        let reasons = report.totals.quarantined.map { "\($0.key.rawValue) \($0.value)" }.sorted()
        let results = try scene.files(below: "out").map { name in
            "\(name)\n" + (try scene.text("out/\(name)"))
        }.joined() + reasons.joined(separator: "\n")
        let found = String(Digest256.of(Array(results.utf8).span).hex.prefix(32))
        #expect(report.totals.read > report.totals.quarantinedTotal)
        #expect(
            "\(Sluice.rules) \(found)" == "4 \(digest)",
            "raise `Sluice.rules` where this is meant, and put the new digest here")
    }

    // MARK: Other formats

    @Test("so does one for tables")
    func table() throws {
        let texts = Self.texts.map { text in
            text.replacing("\\\"", with: "\"").replacing("\\u00a0", with: "\u{a0}")
        }
        let rows = texts.map { text in
            let cell = "\"\(text.replacing("\"", with: "\"\""))\""
            return "2026-04-10T10:11:12Z,\(Array(repeating: cell, count: 6).joined(separator: ","))"
        }
        let odd = ["2026-04-10T10:11:12Z,1,2", "x,,,,,,", "\"2026-04-10T10:11:12Z,,,,,,"]
        let header = "ts,ip,mail,text,url,agent,language"
        let scene = try TemporaryPipeline(
            Self.pipeline.replacing("jsonl", with: "csv"),
            files: ["in/a.csv": ([header] + rows + odd).joined(separator: "\n") + "\n"])
        try expect(scene, "1d7cb8f3ee45ec30f0c559ffdd2b9d5b")
    }

    @Test("and one for access logs")
    func accessLog() throws {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0 Safari/537.36"
        let lines = [
            ("192.0.2.7", "anna", "GET /a/12345?q=anna@one.example&r=1 HTTP/1.1", "404 46454"),
            ("2001:db8::7", "-", "POST /u/4f5e1c6ed08956c5/x HTTP/2.0", "200 -"),
            ("::ffff:192.0.2.7", "b%40x.example", "GET /\\x22/%C3%A9 HTTP/1.1", "200 99"),
            ("proxy.example", "anna b", "-", "400 0"), ("192.0.2.7", "-", "\\x16\\x03", "400 1"),
        ].map { ip, user, request, end in
            "\(ip) - \(user) [01/Mar/2026:05:38:35 +0100] \"\(request)\" \(end) "
                + "\"https://u:p@192.0.2.7/u/anna?x=1\" \"\(agent)\""
        }
        let pipeline = """
            name: rules
            source: { format: combined, files: "in/*" }
            window: P0D
            fields:
              ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
              user: redact
              time: { truncate_time: { unit: hour, format: access-log } }
              method: keep
              path: { url: { keep_query: [q] } }
              protocol: keep
              status: keep
              bytes: { bucket: [0, 100, 1000] }
              referer: url
              agent: agent_family
            quarantine: { limit: 100% }
            outputs: [{ name: o, purpose: statistics, path: "out/all.log" }]

            """
        let source = (lines + ["", "x", lines[0] + " more"]).joined(separator: "\n") + "\n"
        let scene = try TemporaryPipeline(pipeline, files: ["in/a.log": source])
        try expect(scene, "250c02381f77518774582d48d88322c2")
    }

    // MARK: Aggregates and tokens

    @Test("and one of what is counted")
    func aggregates() throws {
        var source = "ts,customer,user,action,ms\n"
        for event in 0..<120 {
            let (day, minute) = (event % 9 + 1, event * 7 % 60)
            let time = "2026-04-0\(day)T1\(event % 4):\(minute < 10 ? "0" : "")\(minute):00Z"
            let action = ["login", "save", "find"][event % 3]
            source += "\(time),c\(event % 5),u\(event % 17),\(action),\(event % 7).\(event % 10)\n"
        }
        let measures = """
            { n: count, logins: { count: { action: login } }, sum: { sum: ms }, mean: { mean: ms },
              p95: { percentile: { of: ms, p: 95 } }, users: { distinct: user },
              runs: { sessions: { of: user, gap: PT2H } } }
            """
        let pipeline = """
            name: rules
            source: { format: csv, files: "in/*", time: ts }
            identity: { customer: customer, user: user }
            fields: { ts: keep, customer: pseudonymize, user: pseudonymize, action: keep, ms: keep }
            statistics:
              - { name: shown, purpose: statistics, by: [month, action], path: "out/shown.csv",
                  suppression: { persons: 3 }, measures: \(measures) }
              - { name: days, purpose: statistics, by: [day], path: "out/days.jsonl",
                  suppression: { persons: 13, customers: 5 }, measures: \(measures) }
            keys: keys

            """
        let scene = try TemporaryPipeline(pipeline, files: ["in/a.csv": source])
        try expect(scene, "119d90ae3b841c65a5949233f180f1cf")
    }

    /// The key of a month, in the form of its file (`KeyFileForm`), in place of the one that a run
    /// has made.
    private func plantKey(_ scene: TemporaryPipeline) throws {
        try scene.run(now: "2026-04-15")
        var bytes = Array("SLUICEKEY\u{1}2026-04\u{3}UTC".utf8) + Array(0..<32)
        bytes += Digest256.of(bytes.span).bytes
        let handle = try #require(
            FileHandle(forWritingAtPath: "\(scene.folder)/keys/2026-04.key"))
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    @Test("and one of what a token is made of")
    func tokens() throws {
        let pipeline = """
            name: rules
            source: { format: jsonl, files: "in/*", time: ts }
            identity: { user: user }
            window: P0D
            acknowledge: [static-key, reversible]
            fields:
              ts: keep
              user: pseudonymize
              ip: { pseudonymize: { as: address } }
              mail: { email: token }
              session: { pseudonymize: { scope: partner } }
              device: { hmac_sha256: { key: hash.key, encoding: hex } }
              host: { encrypt_ip: { key: host.key, encoding: hex } }
            outputs: [{ name: o, purpose: statistics, path: "out/all.jsonl" }]
            keys: keys

            """
        let values = [
            "Anna@One.example", "192.0.2.7", "::ffff:192.0.2.7, [2001:DB8::7]:80", "é", "",
        ]
        let lines = values.map { value in
            let fields = ["user", "ip", "mail", "session", "device", "host"]
                .map { "\"\($0)\":\"\(value)\"" }.joined(separator: ",")
            return "{\"ts\":\"2026-04-10T10:11:12Z\",\(fields)}\n"
        }
        let digits = "000102030405060708090a0b0c0d0e0f"
        let scene = try TemporaryPipeline(
            pipeline,
            files: [
                "in/a.jsonl": lines.joined(), "hash.key": digits + digits, "host.key": digits,
            ])
        for name in ["hash.key", "host.key"] {
            _ = unsafe chmod("\(scene.folder)/\(name)", 0o600)
        }
        try plantKey(scene)
        try expect(scene, "fead77c66b5edb0c8a8f63757bfc65b9")
    }
}
