import FileSystem
import Foundation
import Pipelines
import TestSupport
import Testing

@Suite("the evidence")
struct EvidenceTests {
    private static func text(_ scene: VerificationScene, _ file: String) throws -> String {
        String(decoding: try scene.content(file), as: UTF8.self)
    }

    @Test("is written whole, as a page and as data, and names nobody")
    func files() throws {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        try scene.run("2026-04-15")
        var request = VerifyRequest(pipeline: "\(scene.path)/p.yaml")
        request.now = "2026-04-15"
        request.reportFolder = "\(scene.path)/evidence/2026"
        let report = try Sluice.verify(request)
        #expect(report.findings == [])
        #expect(report.files.count == 2)
        #expect(
            try scene.files("evidence") == [
                "evidence/2026/evidence.html", "evidence/2026/evidence.json",
            ])
        for file in ["html", "json"] {
            let text = try Self.text(scene, "evidence/2026/evidence.\(file)")
            for value in ["192.0.2.", "person0", "company.example", "NL-10", "Mozilla"] {
                #expect(!text.contains(value), "\(file): \(value)")
            }
        }
        // A folder of its own does not disturb the next verification.
        #expect(try scene.findings("2026-04-15") == [])
    }

    @Test("says what was found of each field, kept, hashed, cut or dropped")
    func counts() throws {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.addLog("2", date: "2026-04-10", lines: 3)
        try scene.run("2026-04-15")
        let report = try scene.verify("2026-04-15")
        let actions = try #require(report.evidence.outputs.first)
        #expect(actions.records == 7 && actions.readable == 3 && actions.overdue == 0)
        let rules = actions.rules.map { "\($0.field) \($0.action) \($0.released)" }
        #expect(rules.contains("user hashed 4") && rules.contains("ip cut 4"))
        #expect(rules.contains("note cut 4") && rules.contains("ts kept 4"))
        #expect(rules.contains("every other field dropped 0"))
        let research = report.evidence.outputs[1]
        #expect(research.records == 7 && research.readable == 0)
        #expect(research.recipients == ["own", "partner"] && research.readers == ["university"])
        #expect(research.rules.contains { $0.field == "browser" && $0.released == 7 })
        let run = try #require(report.evidence.runs.first)
        #expect(run.read == 9 && run.written == 7 && run.quarantined == 2)
        #expect(run.details.contains { $0.code == "output/actions/anonymised" && $0.count == 4 })
        #expect(report.evidence.keys.map(\.month) == ["2026-03", "2026-04"])
        let suppression = report.evidence.statistics.first?.suppression
        #expect(suppression == "fewer than 2 persons or 3 customers")
        #expect(report.evidence.chainEnd.count == 64)
    }

    @Test(
        "does not go where only files of runs may lie", arguments: ["state", "out/actions", "keys"])
    func refusedFolders(folder: String) throws {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        var request = VerifyRequest(pipeline: "\(scene.path)/p.yaml")
        request.now = "2026-03-25"
        request.reportFolder = "\(scene.path)/\(folder)"
        #expect(throws: PipelineFailure.self) { try Sluice.verify(request) }
        #expect(try scene.findings("2026-03-25") == [])
    }

    @Test("is data that any reader understands")
    func json() throws {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        var request = VerifyRequest(pipeline: "\(scene.path)/p.yaml")
        request.now = "2026-05-25"
        request.reportFolder = "\(scene.path)/evidence"
        _ = try Sluice.verify(request)
        let bytes = Data(try scene.content("evidence/evidence.json"))
        let document = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
        #expect(document?["proven"] as? Bool == false)
        #expect((document?["findings"] as? [Any])?.isEmpty == false)
        #expect((document?["outputs"] as? [Any])?.count == 2)
    }
}
