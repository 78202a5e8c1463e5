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
}
