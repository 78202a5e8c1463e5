import FileSystem
import Pipelines
import TestSupport
import Testing

@Suite("verify of a store that is aged in place")
struct StoreProofTests {
    private static let pipeline = """
        name: scene
        source: { format: jsonl, time: ts }
        store: { files: "in/*.jsonl", settle: PT0S }
        fields: { ts: keep, user: { replace: gone }, ip: truncate_ip, action: keep }
        quarantine: { limit: 50% }
        state: state

        """

    @Test("finds what is due in its files, whether a run has seen them or not")
    func due() throws {
        let scene = try VerificationScene()
        try scene.write("p.yaml", Self.pipeline)
        let line = "{\"ts\":\"2026-03-10T10:00:00Z\",\"user\":\"anna\",\"ip\":\"192.0.2.1\"}\n"
        try scene.write("in/1.jsonl", line)
        try scene.run("2026-03-25")
        #expect(try scene.findings("2026-03-25") == [])
        #expect(try scene.findings("2026-04-11").contains("readable-past-window"))
        try scene.run("2026-04-11")
        #expect(try scene.findings("2026-04-11") == [])
        try scene.write("in/2.jsonl", line)
        let findings = try scene.verify("2026-04-11").findings
        #expect(findings.map(\.kind) == [.readablePastWindow])
        #expect(findings.allSatisfy { !$0.sentence.contains("anna") })
        let report = try scene.verify("2026-04-11")
        #expect(report.evidence.outputs.last?.records == 2)
    }

    /// Where quotes hold line feeds, the limit also says where a broken row ends.
    @Test("a row that is only too long is not called unreadable") func tooLong() throws {
        let scene = try VerificationScene()
        let csv = Self.pipeline.replacing("format: jsonl", with: "format: csv")
            .replacing("jsonl\"", with: "csv\"")
        try scene.write("p.yaml", csv)
        let row = "2026-03-10T10:00:00Z,anna,192.0.2.1,\(String(repeating: "a", count: 5000))\n"
        try scene.write("in/1.csv", "ts,user,ip,action\n" + row)
        try scene.run("2026-03-25")
        try scene.write(
            "p.yaml",
            csv.replacing("time: ts", with: "time: ts, limits: { record: 4KiB }"))
        let sentences = try scene.verify("2026-03-25").findings.map(\.sentence)
        #expect(
            sentences.contains {
                $0.hasPrefix("1 record longer than `source.limits.record` allows")
            }, "\(sentences)")
        #expect(!sentences.contains { $0.contains("cannot be read") })
    }
}
