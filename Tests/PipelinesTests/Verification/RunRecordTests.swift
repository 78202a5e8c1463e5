import Pipelines
import TestSupport
import Testing

/// What runs did stands in the ledger, by run and field, and in the evidence.
@Suite("what runs did is on record")
struct RunRecordTests {
    private let pipeline = """
        name: record
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { user: user }
        fields: { ts: keep, user: pseudonymize, ip: truncate_ip, note: drop }
        outputs:
          - name: o
            purpose: security
            path: "out/{date}.jsonl"
            safeguards: { reason: x, readers: [soc], delete_after: P5M }
          - { name: e, purpose: statistics, path: "out/e/{date}.jsonl", expires: P20D }
        state: state

        """

    private func lines(_ users: String...) -> String {
        users.map {
            #"{"ts":"2026-03-01T10:00:00Z","user":"\#($0)","ip":"192.0.2.7","note":"n"}"# + "\n"
        }.joined()
    }

    private func subject(_ scene: TemporaryPipeline, _ user: String) -> SubjectRequest {
        var request = SubjectRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", kind: .user, value: user)
        request.now = "2026-03-11"
        request.role = .controller
        request.identityCheck = "T-1"
        request.requestedBy = "me"
        return request
    }

    private func verify(
        _ scene: TemporaryPipeline, _ now: String
    ) throws -> VerificationReport {
        var request = VerifyRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        return try Sluice.verify(request)
    }

    private func counts(_ run: Evidence.Run?) -> [String: Int64] {
        Dictionary((run?.details ?? []).map { ($0.code, $0.count) }) { first, _ in first }
    }

    @Test("ageing, erasing and expiring are counted by run and field")
    func counted() throws {
        let scene = try TemporaryPipeline(pipeline, files: ["in/a.jsonl": lines("a", "b", "c")])
        _ = try scene.run(now: "2026-03-10")
        _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: subject(scene, "a")))
        _ = try Sluice.exportSubject(
            SubjectExportRequest(subject: subject(scene, "b"), output: "\(scene.folder)/copy"))
        let last = try scene.run(now: "2026-04-10")
        #expect(last.ageing.map(\.expired).reduce(0, +) == 2)
        let evidence = try verify(scene, "2026-04-10").evidence
        let first = counts(evidence.runs.first)
        #expect(first["output/e/field/user/hashed"] == 3)
        #expect(first["output/e/field/ip/cut"] == 3)
        #expect(first["output/e/field/note/dropped"] == 3)
        #expect(first["output/o/kept"] == 3 && first["output/o/field/user/hashed"] == nil)
        let erased = evidence.runs.compactMap { counts($0)["aged/o/erased"] }
        #expect(erased == [1])
        let aged = counts(evidence.runs.last)
        #expect(aged["aged/o/anonymised"] == 2 && aged["aged/e/expired"] == 2)
        #expect(aged["aged/o/field/user/hashed"] == 2)
        #expect(aged["aged/o/field/note/dropped"] == 2)
        #expect(evidence.rights.contains { $0.what == "export, user, answered" && $0.count == 1 })
    }

    @Test("what is done to a store is counted, too")
    func store() throws {
        let scene = try TemporaryPipeline(
            """
            name: record
            source: { format: jsonl, time: ts }
            store: { files: "in/*", settle: PT0S }
            identity: { user: user }
            fields: { ts: keep, user: pseudonymize, ip: truncate_ip, note: drop }
            state: state

            """, files: ["in/a.jsonl": lines("a", "b")])
        _ = try scene.run(now: "2026-04-10")
        let evidence = try verify(scene, "2026-04-10").evidence
        let counts = counts(evidence.runs.last)
        #expect(counts["store/record/changed"] == 2)
        #expect(counts["store/record/field/user/hashed"] == 2)
        #expect(counts["store/record/field/note/dropped"] == 2)
    }

    @Test("a run that comes late says so, and it stays on record")
    func late() throws {
        let scene = try TemporaryPipeline(pipeline, files: ["in/a.jsonl": lines("a")])
        #expect(try scene.run(now: "2026-03-10").lateness == nil)
        #expect(try scene.run(now: "2026-05-15").lateness?.days == 54)
        #expect(try scene.run(now: "2026-05-16").lateness == nil)
        let report = try verify(scene, "2026-05-16")
        #expect(report.isProven)
        #expect(report.notes.contains { $0.contains("was late") })
        #expect(report.evidence.runs.map { counts($0)["late-days"] ?? 0 } == [0, 54, 0])
    }

    @Test("a run whose clock was set back says so")
    func clockSetBack() throws {
        let scene = try TemporaryPipeline(pipeline, files: ["in/a.jsonl": lines("a")])
        _ = try scene.run(now: "2026-03-10")
        let report = try scene.run(now: "2026-03-05")
        #expect(report.notes.contains { $0.contains("stands before that of an earlier one") })
    }

    @Test("the evidence says how many figures of a table are withheld")
    func withheld() throws {
        let scene = try TemporaryPipeline(
            """
            name: record
            source: { format: jsonl, files: "in/*", time: ts }
            identity: { user: user }
            fields: { ts: keep, user: drop, ip: drop, note: keep }
            statistics:
              - name: s
                purpose: statistics
                by: [month, note]
                measures: { n: count }
                path: "out/s.csv"
            state: state

            """, files: ["in/a.jsonl": lines("a", "b")])
        let report = try scene.run(now: "2026-03-10")
        #expect(report.withheld.map(\.figures) == [1] && report.withheld.map(\.withheld) == [1])
        let statistic = try #require(try verify(scene, "2026-03-10").evidence.statistics.first)
        #expect(statistic.figures == 1 && statistic.withheld == 1)
    }
}
