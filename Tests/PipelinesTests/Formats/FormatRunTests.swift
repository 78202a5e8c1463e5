import Anonymization
import Pipelines
import Records
import TestSupport
import Testing

/// Formats through whole runs: what leaves, what is stored and aged, what is refused.
@Suite struct FormatRunTests {
    private func copying(_ format: String, _ fields: String, _ lines: String = "") -> String {
        """
        name: copy
        source: { format: \(format), files: "in" }
        zone: UTC
        fields: { \(fields) }
        outputs: [{ name: out, purpose: security, path: out }]
        quarantine: { limit: 90% }
        \(lines)

        """
    }

    private func run(
        _ format: String, _ fields: String, _ input: String, others: Bool = false
    ) throws -> String {
        let folder = try TemporaryPipeline(
            copying(format, fields, others ? "others: keep-everything" : ""), files: ["in": input])
        let report = try folder.run(now: "2026-04-15")
        let counts = report.sources.map(\.counts)
        #expect(counts.allSatisfy { $0.isConserved })
        return try folder.text("out")
    }

    /// What nobody changes comes out byte for byte, whatever the format.
    @Test(arguments: [
        ("logfmt", "ts=2026-01-01T00:00:00Z  msg=\"a b\" flag n=\n", "n: keep"),
        (
            "syslog_5424", "<1>1 2026-01-01T00:00:00Z h a - - [x y=\"z\"] hello  you \n",
            "host: keep"
        ),
        (
            "syslog_3164", "<13>Jan  1 00:00:00 h a[1]: hello  you\nJan  1 00:00:00 h b\n",
            "app: keep"
        ),
        (
            "w3c",
            "#Software: X\n#Fields: date time c-ip\n2026-01-01 00:00:00 192.0.2.1\n"
                + "#Fields: date time cs-username c-ip\n2026-01-01 00:00:00 anna 192.0.2.1\n",
            "c-ip: keep"
        ),
        (
            "zeek",
            "#separator \\x09\n#fields\tts\tid.orig_h\n1.5\t192.0.2.1\n#close\tx\n", "ts: keep"
        ),
        (
            "haproxy",
            "192.0.2.1:1 [01/Jan/2026:00:00:00.000] f b/s 1/1/1/1/1 200 2 - - ---- 1/1/1/1/0 0/0 "
                + "{a} \"GET /x HTTP/1.1\"\n", "Tr: keep"
        ),
    ]) func roundTrip(_ format: String, _ input: String, _ fields: String) throws {
        #expect(try run(format, fields, input, others: true) == input)
    }

    /// Deny by default: what no rule names goes, in every format.
    @Test(arguments: [
        (
            "logfmt", "ts=1 secret=x ip=192.0.2.9 msg=\"a secret\" secret a=b\nsecret=y\n",
            "ip: { truncate_ip: { ipv4: /16 } }", "ip=192.0.0.0\n-=\n"
        ),
        (
            "syslog_5424",
            "<1>1 2026-01-01T00:00:00Z secret a 77 - [x secret=\"secret\" ip=\"192.0.2.9\"] "
                + "secret\n",
            "x.ip: { truncate_ip: { ipv4: /16 } }",
            "<->- - - - - - [x secret=\"-\" ip=\"192.0.0.0\"] -\n"
        ),
        (
            "syslog_3164", "Jan  1 00:00:00 secret app[7]: secret 192.0.2.9 called\n",
            "app: keep, message: redact", "- - app[-]: secret [ip] called\n"
        ),
        (
            "w3c",
            "#Fields: date time c-ip cs-username\n2026-01-01 00:00:00 192.0.2.9 secret\n"
                + "#Fields: cs-username x-secret c-ip date time\n"
                + "secret secret 192.0.2.9 2026-01-01 00:00:00\n",
            "date: keep, time: keep, c-ip: { truncate_ip: { ipv4: /16 } }",
            "#Fields: date time c-ip cs-username\n2026-01-01 00:00:00 192.0.0.0 -\n"
                + "#Fields: cs-username x-secret c-ip date time\n"
                + "- - 192.0.0.0 2026-01-01 00:00:00\n"
        ),
    ]) func unnamedFieldsGo(
        _ format: String, _ input: String, _ fields: String, _ expected: String
    ) throws {
        #expect(try run(format, fields, input) == expected)
    }

    // MARK: Ageing

    @Test func aStoreOfIISLogsAgesThroughItsHeaders() throws {
        let head = "#Software: IIS\r\n#Fields: date time c-ip cs-username\r\n"
        let second = "#Date: 2026-03-20 00:00:00\r\n#Fields: date time cs-username c-ip\r\n"
        let folder = try TemporaryPipeline(
            """
            name: archive
            source: { format: w3c }
            store: { files: "data/*.log", settle: PT0S }
            fields: { date: keep, time: keep, c-ip: { truncate_ip: { ipv4: /16 } } }
            state: state
            """,
            files: [
                "data/a.log": head + "2026-02-01 10:00:00 192.0.2.9 anna\r\n"
                    + "2026-04-01 10:00:00 192.0.2.9 anna\r\n" + second
                    + "2026-03-20 10:00:00 bert 192.0.2.8\r\n#Date: 2026-04-02 00:00:00\r\n"
            ])
        let report = try folder.run(now: "2026-04-15")
        #expect(report.store?.changed == 1)
        #expect(
            try folder.text("data/a.log") == head + "2026-02-01 10:00:00 192.0.0.0 -\r\n"
                + "2026-04-01 10:00:00 192.0.2.9 anna\r\n" + second
                + "2026-03-20 10:00:00 bert 192.0.2.8\r\n#Date: 2026-04-02 00:00:00\r\n")
        #expect(try folder.run(now: "2026-04-21").store?.changed == 1)
        #expect(
            try folder.text("data/a.log").hasSuffix(
                second + "2026-03-20 10:00:00 - 192.0.0.0\r\n#Date: 2026-04-02 00:00:00\r\n"))
    }

    private static let kept = """
        name: kept
        source: { format: FORMAT, files: "in/*" TIME }
        zone: UTC
        window: P1M
        fields: { FIELDS }
        outputs:
          - name: records
            purpose: security
            path: "out/{date}.log"
            recipients: [own]
            safeguards: { reason: abuse, readers: [soc], delete_after: P3M }
        state: state

        """

    private func kept(_ format: String, _ fields: String, time: String = "") -> String {
        Self.kept.replacing("FORMAT", with: format).replacing("FIELDS", with: fields)
            .replacing("TIME", with: time)
    }

    /// What a run stored, a later run ages: the parts of two formats.
    @Test(arguments: [
        (
            "logfmt", "ts: keep, ip: { truncate_ip: { ipv4: /16 } }", ", time: ts",
            "ts=2026-04-01T10:00:00Z user=anna ip=192.0.2.9\n",
            "ts=2026-04-01T10:00:00Z ip=192.0.0.0\n"
        ),
        (
            "syslog_3164", "time: keep, app: keep, message: redact", "",
            "Apr  1 10:00:00 web1 sshd[7]: from 192.0.2.9\n",
            "Apr  1 10:00:00 - sshd[-]: from [ip]\n"
        ),
        (
            "w3c", "date: keep, time: keep, c-ip: { truncate_ip: { ipv4: /16 } }", "",
            "#Fields: date time c-ip cs-username\n2026-04-01 10:00:00 192.0.2.9 anna\n",
            "#Fields: date time c-ip cs-username\n2026-04-01 10:00:00 192.0.0.0 -\n"
        ),
    ]) func storedPartsAge(
        _ format: String, _ fields: String, _ time: String, _ input: String, _ aged: String
    ) throws {
        let folder = try TemporaryPipeline(
            kept(format, fields, time: time), files: ["in/a": input])
        try folder.run(now: "2026-04-15")
        let first = try #require(folder.files(below: "out").first)
        #expect(try folder.text("out/\(first)") == input)
        try folder.run(now: "2026-05-02")
        let second = try #require(folder.files(below: "out").first)
        #expect(try folder.text("out/\(second)") == aged)
        try folder.run(now: "2026-05-03")
        #expect(try folder.text("out/\(second)") == aged)
    }

    // MARK: Refusals

    private func faults(_ pipeline: String) throws -> [String] {
        let folder = try TemporaryPipeline(pipeline, files: ["in": ""])
        return try Sluice.check(pipeline: "\(folder.folder)/pipeline.yaml").map(\.message)
    }

    @Test(arguments: ["syslog_3164", "haproxy"])
    func timesWithoutAZoneNeedOne(_ format: String) throws {
        let pipeline = copying(format, "\(format == "haproxy" ? "Tr" : "app"): keep")
        #expect(try faults(pipeline) == [])
        let found = try faults(pipeline.replacing("zone: UTC\n", with: ""))
        #expect(found.contains { $0.contains("have no zone") }, "\(found)")
    }

    @Test func timesWithoutAYearNeedAShortWindow() throws {
        let pipeline = copying("syslog_3164", "app: keep")
        #expect(try faults(pipeline + "window: P10M\n") == [])
        let found = try faults(pipeline + "window: P1Y\n")
        #expect(found.contains { $0.contains("without a year") }, "\(found)")
    }

    @Test func storesNeedLinesOfUTF8() throws {
        let store = """
            name: archive
            source: { format: FORMAT }
            store: { files: "data/*" }
            fields: { eventTime: keep, ts: keep }
            state: state

            """
        let array = try faults(store.replacing("FORMAT", with: "cloudtrail"))
        #expect(array.contains { $0.contains("line by line") }, "\(array)")
        let latin = try faults(
            store.replacing(
                "{ format: FORMAT }", with: "{ format: jsonl, time: ts, encoding: latin-1 }"))
        #expect(latin.contains { $0.contains("rewritten as they are") }, "\(latin)")
    }
}
