import Foundation
import Pipelines
import Testing

@Suite("Erasures in lists of quarantine")
struct QuarantineErasureTests {
    private typealias Scene = SubjectScene

    @Test("raw lines of quarantine go, where they lay stays")
    func quarantine() throws {
        let bad = #"{"ts":"2026-99-10","customer":"NL-1","user":"anna","x":1}"# + "\n"
        let other = #"{"ts":"2026-99-10","customer":"NL-1","user":"bert","x":1}"# + "\n"
        let scene = try Scene.started(Scene.source + bad + other + "nobody can read this\n")
        func lists() throws -> String {
            try scene.files(below: "state/quarantine").reduce(into: "") {
                $0 += try scene.text("state/quarantine/\($1)")
            }
        }
        #expect(try lists().components(separatedBy: "line_hex").count == 4)
        let report = try scene.erase()
        #expect(report.quarantineLines == 2)
        let after = try lists()
        #expect(after.components(separatedBy: "line_hex").count == 2)
        #expect(after.components(separatedBy: "byte_offset").count == 4)
    }

    @Test("a list that comes back out of a backup is told, and passes for nothing that a run left")
    func restored() throws {
        func bad(_ user: String) -> String {
            #"{"ts":"2026-99-10","customer":"NL-1","user":"\#(user)","x":1}"# + "\n"
        }
        let scene = try Scene.started(Scene.source + bad("anna") + bad("bert"))
        let name = "state/quarantine/\(try #require(scene.files(below: "state/quarantine").first))"
        let before = try scene.text(name)
        #expect(try unlessBusy { try scene.erase() }.quarantineLines == 1)
        let after = try scene.text(name)
        try scene.write(name, before)
        try scene.write("in/b.jsonl", Scene.line("04-14", "carl"))
        let failure = try #require(throws: PipelineFailure.self) {
            try scene.run(now: "2026-04-16")
        }
        #expect(failure.exitStatus == 6 && "\(failure)".contains("what was taken out of it"))
        #expect("\(failure)".contains("--forget-missing quarantine`: erasures wait until then"))
        var request = StatusRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = "2026-04-16"
        let status = try Sluice.status(request)
        #expect(status.changedLists.count == 1 && status.isLate)
        #expect(try scene.records(below: "out").contains("carl"))
        let erasure = #expect(throws: PipelineFailure.self) {
            try unlessBusy { try scene.erase(.user, "bert", now: "2026-04-16") }
        }
        #expect("\(String(describing: erasure))".contains("erasures stay open"))
        #expect(try scene.text(name) == before)
        try scene.write(name, after)
        let report = try scene.run(now: "2026-04-17")
        #expect(report.notes.contains { $0.contains("done now") })
        #expect(try scene.text(name) != after)
        request.now = "2026-04-17"
        #expect(try Sluice.status(request).changedLists.isEmpty)
        // One whose time has come goes, whatever it is.
        try scene.write(name, before)
        try scene.run(now: "2026-05-17")
        #expect(scene.files(below: "state/quarantine").isEmpty)
    }

    @Test("raw lines of quarantine go without state too")
    func looseQuarantine() throws {
        func bad(_ user: String) -> String {
            #"{"ts":"2026-99-10","customer":"NL-1","user":"\#(user)","x":1}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            Scene.pipeline.replacing("state: state\n", with: "")
                .replacing("keep_lines: true", with: "keep_lines: true, path: quar")
                .replacing("{date}", with: "all").replacing("{month}", with: "all"),
            files: [
                "in/a.jsonl": Scene.line("04-10", "bert") + bad("anna") + bad("bert")
                    + "nobody can read this\n"
            ])
        _ = try scene.run(now: "2026-04-15")
        func lists() throws -> String {
            try scene.files(below: "quar").reduce(into: "") {
                $0 += try scene.text("quar/\($1)")
            }
        }
        #expect(try lists().components(separatedBy: "line_hex").count == 4)
        #expect(try scene.erase(dry: true).quarantineLines == 2)
        #expect(try lists().components(separatedBy: "line_hex").count == 4)
        let report = try scene.erase()
        #expect(report.quarantineLines == 2 && report.records == 0)
        #expect(try lists().components(separatedBy: "line_hex").count == 2)
        #expect(try lists().components(separatedBy: "byte_offset").count == 4)
        #expect(try scene.erase().quarantineLines == 0)
    }

    @Test("quarantine lists of other pipelines in the same folder are left alone, and told")
    func otherQuarantine() throws {
        let scene = try TemporaryPipeline(
            Scene.pipeline.replacing("state: state\n", with: "")
                .replacing("keep_lines: true", with: "keep_lines: true, path: quar")
                .replacing("{date}", with: "all").replacing("{month}", with: "all"),
            files: [
                "in/a.jsonl": Scene.line("04-10", "bert") + "nobody can read this\n"
            ])
        _ = try scene.run(now: "2026-04-15")
        let other = "2026-04-15.0123456789ab.0123456789abcdef.jsonl"
        let list = #"{"byte_offset":0,"length":4,"line_hex":"616e6e61","reason":"syntax"}"# + "\n"
        try scene.write("quar/\(other)", list)
        let report = try scene.erase()
        #expect(report.quarantineLines == 1)
        #expect(report.limits.contains { $0.hasPrefix("1 quarantine list in ") })
        #expect(try scene.text("quar/\(other)") == list)
        let copy = try scene.export(scene.request(.user, "anna"))
        #expect(copy.limits.contains { $0.hasPrefix("1 quarantine list in ") })
        // An early list does not say who wrote it: it is the pipeline's where nobody else's lie.
        let early = "quar/2026-04-15.0123456789abcdef.jsonl"
        try scene.write(early, list)
        #expect(try scene.erase().limits.contains { $0.hasPrefix("2 quarantine lists in ") })
        #expect(try scene.text(early) == list)
        try scene.remove("quar/\(other)")
        let last = try scene.erase()
        #expect(last.quarantineLines == 1)
        #expect(last.limits.allSatisfy { !$0.contains("quarantine list in ") })
        #expect(try !scene.text(early).contains("line_hex"))
    }
}

extension TemporaryPipeline {
    fileprivate func records(below folder: String) throws -> String {
        try files(below: folder).filter { !$0.hasSuffix(".gz") }.map { try text("\(folder)/\($0)") }
            .joined()
    }
}
