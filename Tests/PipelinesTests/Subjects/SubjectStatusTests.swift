import Pipelines
import TestSupport
import Testing

/// The times that `subject status` tells are those of the pipeline's zone.
@Suite("Times of a subject's status")
struct SubjectStatusTests {
    @Test("requests, restrictions, opt-outs and holds, with the offset of their own day")
    func zone() throws {
        let scene = try TemporaryPipeline(
            SubjectScene.pipeline + "zone: Europe/Amsterdam\n",
            files: ["in/a.jsonl": SubjectScene.line("03-10", "anna")])
        _ = try scene.run(now: "2026-03-20")
        // Winter time, and the next day there already.
        _ = try Sluice.restrictSubject(
            scene.request(.user, "anna", now: "2026-03-20T23:30:00Z"), lifts: false)
        // Summer time.
        _ = try Sluice.restrictSubject(
            scene.request(.user, "anna", now: "2026-04-02T22:15:00Z"), lifts: true)
        var optOut = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", subject: OptOutSubject(user: "anna"))
        optOut.effective = "2026-04-05"
        optOut.now = "2026-04-03"
        _ = try Sluice.addOptOut(optOut)
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.users = ["anna"]
        hold.now = "2026-04-03"
        hold.end = "2026-12-01"
        _ = try Sluice.raiseHold(hold)
        let entries = try Sluice.statusOfSubject(
            scene.request(.user, "anna", now: "2026-04-06")).entries
        func entry(_ kind: String) -> SubjectStatusReport.Entry? {
            entries.first { $0.kind == kind }
        }
        #expect(entry("restriction")?.from == "2026-03-21T00:30:00+01:00")
        #expect(entry("restriction")?.until == "2026-04-03T00:15:00+02:00")
        #expect(entry("opt-out")?.from == "2026-04-05T00:00:00+02:00")
        #expect(entry("hold")?.from == "2026-04-03T00:00:00+02:00")
        #expect(entry("hold")?.until == "2026-12-01T00:00:00+01:00")
        #expect(entry("request")?.from == "2026-03-21T00:30:00+01:00")
    }
}
