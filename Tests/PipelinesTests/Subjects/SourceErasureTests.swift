import Anonymization
import Foundation
import Pipelines
import TestSupport
import Testing

/// `subject erase --sources`: the pipeline's own sources lose the subject, too.
@Suite("Erasures in sources")
struct SourceErasureTests {
    private typealias Scene = SubjectScene

    private func scene(
        _ source: String, pipeline: String = Scene.pipeline
    ) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(pipeline, files: ["in/a.jsonl": source])
        _ = try scene.run(now: "2026-04-15")
        try rest(scene, "in/a.jsonl")
        return scene
    }

    /// As if nobody had written to the file for an hour.
    private func rest(_ scene: TemporaryPipeline, _ name: String) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3600)],
            ofItemAtPath: "\(scene.folder)/\(name)")
    }

    private func erase(
        _ scene: TemporaryPipeline, _ user: String = "anna",
        _ change: (inout SubjectEraseRequest) -> Void = { _ in }
    ) throws -> SubjectChangeReport {
        var request = SubjectEraseRequest(subject: scene.request(.user, user))
        request.rewritesSources = true
        change(&request)
        return try Sluice.eraseSubject(request)
    }

    private let others = Scene.line("04-10", "bert") + "no record\n" + Scene.line("04-11", "cleo")

    @Test("the file loses the subject's lines and no other byte, and is not counted again")
    func erases() throws {
        let scene = try scene(
            Scene.line("04-09", "anna") + others + Scene.line("02-01", "anna"))
        let table = try scene.text("out/months.csv")
        let dry = try erase(scene) { $0.isDryRun = true }
        #expect(dry.sources.map(\.records) == [2] && dry.token.utf8.count == 32)
        #expect(try scene.text("in/a.jsonl").contains("anna"))
        let report = try erase(scene)
        #expect(report.sources.map(\.records) == [2] && report.inputs.isEmpty)
        #expect(try scene.text("in/a.jsonl") == others)
        #expect(report.limits.contains { $0.hasPrefix("1 line of sources") })
        let again = try scene.run(now: "2026-04-15")
        #expect(again.totals.read == 0)
        #expect(try scene.text("out/months.csv") != table, "anna left the figures once")
        #expect(try scene.verify(now: "2026-04-15").findings.isEmpty)
        #expect(scene.files(below: "in") == ["a.jsonl"])
        // A copy as it was is a new file; of it anna is left out, and nobody is counted twice.
        try scene.write("in/b.jsonl", Scene.line("04-09", "anna") + others)
        let copy = try scene.run(now: "2026-04-16")
        #expect(copy.totals.outputs[0].written == 0)
    }

    @Test("what is being written to, or was not taken in, stays as it is, and is named")
    func left() throws {
        let scene = try scene(Scene.line("04-09", "anna"))
        try scene.write("in/b.jsonl", Scene.line("04-12", "anna"))
        try rest(scene, "in/b.jsonl")
        let report = try erase(scene)
        #expect(report.sources.count == 1)
        #expect(report.inputs.map(\.records) == [1])
        #expect(report.limits.contains { $0.contains("were left alone: run the pipeline") })
        _ = try scene.run(now: "2026-04-15")
        #expect(try erase(scene).sources.count == 1)
        #expect(try scene.text("in/b.jsonl") == "")
        // One that somebody has just written to.
        try scene.write("in/c.jsonl", Scene.line("04-12", "bert"))
        _ = try scene.run(now: "2026-04-15")
        #expect(try erase(scene, "bert").sources.isEmpty)
        #expect(try scene.text("in/c.jsonl").contains("bert"))
    }

    @Test("a hold keeps its records there, too")
    func held() throws {
        let scene = try scene(Scene.line("04-09", "anna") + Scene.line("03-20", "anna"))
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.users = ["anna"]
        hold.from = "2026-04-01"
        hold.now = "2026-04-15"
        _ = try Sluice.raiseHold(hold)
        let report = try erase(scene)
        #expect(report.blockedBy == "case" && report.inputs.map(\.records) == [1])
        #expect(try scene.text("in/a.jsonl") == Scene.line("04-09", "anna"))
        #expect(report.sources.map(\.records) == [1])
    }

    @Test("more than a thousand records have to be confirmed by the token of a dry run")
    func confirmed() throws {
        let many = (0..<1001).map { Scene.line("04-09", "anna", note: "n\($0)") }.joined()
        let scene = try scene(many + Scene.line("04-09", "bert"))
        let dry = try erase(scene) { $0.isDryRun = true }
        for token in [nil, "0123456789abcdef0123456789abcdef"] as [String?] {
            #expect(throws: PipelineFailure.self) {
                try erase(scene) { $0.confirmation = token }
            }
            #expect(try scene.text("in/a.jsonl").utf8.count > 100_000)
        }
        let report = try erase(scene) { $0.confirmation = dry.token }
        #expect(report.sources.map(\.records) == [1001])
        #expect(try scene.text("in/a.jsonl") == Scene.line("04-09", "bert"))
        #expect(try scene.verify(now: "2026-04-15").findings.isEmpty)
    }

    @Test(
        "refused with nothing done: standard input, links, a pipeline without state",
        arguments: ["standard input", "link", "no state"])
    func refused(_ kind: String) throws {
        var pipeline = Scene.pipeline
        if kind == "standard input" { pipeline = pipeline.replacing("\"in/*\"", with: "\"-\"") }
        if kind == "no state" {
            pipeline = pipeline.replacing("state: state\n", with: "")
                .replacing(", delete_after: P1M", with: "").replacing(
                    "    safeguards: { reason: abuse, readers: [soc] }\n", with: "")
        }
        let scene = try TemporaryPipeline(
            pipeline, files: ["in/a.jsonl": Scene.line("04-09", "anna")])
        if kind == "link" {
            try scene.write("elsewhere/b.jsonl", Scene.line("04-10", "anna"))
            try FileManager.default.createSymbolicLink(
                atPath: "\(scene.folder)/in/b.jsonl",
                withDestinationPath: "\(scene.folder)/elsewhere/b.jsonl")
        }
        if kind != "standard input" { _ = try scene.run(now: "2026-04-15") }
        try rest(scene, "in/a.jsonl")
        #expect(throws: PipelineFailure.self) { try erase(scene) }
        #expect(try scene.text("in/a.jsonl").contains("anna"))
        #expect(scene.files(below: "out").allSatisfy { !$0.hasSuffix(".tmp") })
        if kind == "link" {
            let status = try Sluice.statusOfSubject(scene.request(.user, "anna"))
            #expect(status.entries.isEmpty)
        }
    }
}
