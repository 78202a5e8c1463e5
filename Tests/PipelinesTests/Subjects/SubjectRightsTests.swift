import Anonymization
import Foundation
import Pipelines
import TestSupport
import Testing

/// `subject rectify`, `restrict` and `status`.
@Suite("Rectification, restriction and status")
struct SubjectRightsTests {
    private typealias Scene = SubjectScene

    private func scene(_ source: String) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(Scene.pipeline, files: ["in/a.jsonl": source])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    private func output(_ scene: TemporaryPipeline) throws -> String {
        try scene.files(below: "out").filter { $0.hasSuffix(".jsonl") }.reduce(into: "") {
            $0 += try scene.text("out/\($1)")
        }
    }

    @Test("a field is corrected where the record is the subject's and still readable")
    func rectifies() throws {
        let scene = try scene(
            Scene.line("04-10", "anna", note: "teh") + Scene.line("02-10", "anna", note: "teh")
                + Scene.line("04-10", "bert", note: "teh"))
        func rectify(_ text: String, dry: Bool = false) throws -> SubjectChangeReport {
            var request = SubjectRectifyRequest(
                subject: scene.request(.user, "anna"), field: "note", text: text)
            request.isDryRun = dry
            return try Sluice.rectifySubject(request)
        }
        let before = try output(scene)
        #expect(try rectify(#"the "end""#, dry: true).records == 1)
        #expect(try output(scene) == before)
        let report = try rectify(#"the "end""#)
        #expect(report.records == 1 && report.parts == 1)
        let after = try output(scene)
        #expect(after.contains(#""user":"anna","ip":"203.0.113.9","#))
        #expect(after.contains(#""action":"login","note":"the \"end\"""#))
        // The due record of February and bert's say what they said.
        #expect(after.components(separatedBy: #""note":"teh""#).count == 3)
        #expect(throws: PipelineFailure.self) {
            try Sluice.rectifySubject(
                SubjectRectifyRequest(
                    subject: scene.request(.user, "anna"), field: "ts", text: "x"))
        }
    }

    @Test("what a hold binds is not corrected: which hold, how many, until when")
    func heldCorrection() throws {
        let scene = try scene(
            Scene.line("04-10", "anna", note: "teh") + Scene.line("04-10", "bert", note: "teh"))
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case-7",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.users = ["anna"]
        hold.now = "2026-04-15"
        hold.end = "2026-06-01"
        _ = try Sluice.raiseHold(hold)
        let report = try Sluice.rectifySubject(
            SubjectRectifyRequest(
                subject: scene.request(.user, "anna"), field: "note", text: "the"))
        #expect(report.records == 0 && report.held == 1 && !report.isRemembered)
        #expect(report.blockedBy == "case-7" && report.retry == "2026-06-01T00:00:00Z")
        let other = try Sluice.rectifySubject(
            SubjectRectifyRequest(
                subject: scene.request(.user, "bert"), field: "note", text: "the"))
        #expect(other.records == 1 && other.held == 0 && other.blockedBy == nil)
    }

    @Test("a corrected record ages like any other")
    func ages() throws {
        let scene = try scene(Scene.line("04-10", "anna", note: "x"))
        _ = try Sluice.rectifySubject(
            SubjectRectifyRequest(
                subject: scene.request(.user, "anna", now: "2026-04-20"), field: "note",
                text: "mail anna@x.example"))
        #expect(try output(scene).contains("anna@x.example"))
        _ = try scene.run(now: "2026-05-20")
        let after = try output(scene)
        #expect(!after.contains("anna") && after.contains("[email]"))
    }

    @Test("restricted: stored, but in no output and no table of new runs, until it is lifted")
    func restricts() throws {
        let scene = try scene(Scene.line("04-10", "anna") + Scene.line("04-10", "bert"))
        let stored = try output(scene)
        let request = scene.request(.user, "anna")
        #expect(try !Sluice.restrictSubject(request, lifts: false).wasSo)
        #expect(try Sluice.restrictSubject(request, lifts: false).wasSo)
        try scene.write("in/b.jsonl", Scene.line("04-11", "anna") + Scene.line("04-11", "cleo"))
        let report = try scene.run(now: "2026-04-16")
        #expect(report.totals.outputs[0].dropped[.restricted] == 1)
        let during = try output(scene)
        #expect(stored.split(separator: "\n").allSatisfy { during.contains($0) })
        // bert and cleo, and none of anna's two.
        #expect(try scene.text("out/months.csv").contains("2026-04,2,2"))
        let status = try Sluice.statusOfSubject(request).entries
        #expect(status.contains { $0.kind == "restriction" && $0.state == "in force" })
        #expect(status.filter { $0.kind == "request" }.count == 2)
        let later = scene.request(.user, "anna", now: "2026-04-17")
        #expect(try !Sluice.restrictSubject(later, lifts: true).wasSo)
        try scene.write("in/c.jsonl", Scene.line("04-12", "anna"))
        _ = try scene.run(now: "2026-04-18")
        #expect(try scene.text("out/months.csv").contains("2026-04,4,3"))
        #expect(try Sluice.restrictSubject(later, lifts: true).wasSo)
    }

    @Test("status tells what is on record and which months can still be attributed")
    func status() throws {
        let scene = try scene(Scene.line("04-10", "anna") + Scene.line("02-10", "anna"))
        let request = scene.request(.user, "anna")
        let empty = try Sluice.statusOfSubject(request)
        #expect(empty.entries.isEmpty)
        #expect(empty.livingMonths.map(\.month) == ["2026-02", "2026-04"])
        // The key of February waits for publication only; that of April, for its grace.
        #expect(empty.livingMonths.map(\.until) == [nil, "2026-06-08T00:00:00Z"])
        _ = try scene.export(request)
        let entries = try Sluice.statusOfSubject(request).entries
        #expect(entries.map(\.state) == ["export"])
        #expect(entries.map(\.detail) == ["controller"])
        let other = try Sluice.statusOfSubject(scene.request(.user, "bert"))
        #expect(other.entries.isEmpty)
    }
}
