import Foundation
import KeyedHashing
import Ledger
import Publication
import Records
import Statistics
import TestSupport
import Testing

@testable import Pipelines

/// Sketches beside published tables: of told figures only, under keys that are forgotten.
struct SketchTests {
    private static func scene(_ export: String = ", export: [theta, hll]") throws -> PublishTrial {
        try PublishTrial(other: export)
    }

    /// The Base64 texts of a column of a sketch file.
    private static func column(_ csv: String, _ name: String) throws -> [[UInt8]] {
        let lines = csv.split(separator: "\n", omittingEmptySubsequences: true)
        let head = try #require(lines.first?.split(separator: ","))
        let at = try #require(head.firstIndex { $0 == name })
        return try lines.dropFirst().map { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            let data = try #require(Data(base64Encoded: String(cells[at])))
            return Array(data)
        }
    }

    @Test func sketchesCountWhatTheTableCountsAndMergeOverRows() throws {
        let scene = try Self.scene()
        try scene.add("a", "2026-03-10", 0..<9)
        try scene.add("b", "2026-03-11", 4..<12, action: "search")
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        #expect(
            try scene.trial.text("out/2026-03/actions.csv")
                == "month,action,times,users\n2026-03,login,9,9\n2026-03,search,8,8\n")
        let csv = try scene.trial.text("out/2026-03/actions.sketches.csv")
        #expect(csv.hasPrefix("month,action,users_theta,users_hll\n2026-03,login,"))
        var all = ThetaUnion()
        for (bytes, count) in zip(try Self.column(csv, "users_theta"), [9.0, 8]) {
            let sketch = try ThetaSketch(bytes: bytes)
            #expect(sketch.estimate().value == count)
            all.add(sketch)
        }
        #expect(all.sketch().estimate().value == 12, "persons in both rows count once")
        for (bytes, count) in zip(try Self.column(csv, "users_hll"), [9.0, 8]) {
            #expect(try HLLSketch(bytes: bytes).estimate().rounded == Int64(count))
        }
        #expect(
            try scene.trial.text("out/2026-03/actions.sketches.jsonl").contains(#""users_hll":"#))
        let metadata = try scene.trial.text("out/2026-03/actions.sketches.csv-metadata.json")
        #expect(metadata.contains("base64Binary") && metadata.contains("must not be added up"))
        let about = try scene.trial.text("out/2026-03/publication.json")
        #expect(about.contains(#""addable":false,"item":"token","kind":"theta","lgK":12"#))
        #expect(!scene.trial.files(below: "out").contains("2026-03/months.sketches.csv"))
        #expect(try scene.findings("2026-04-08") == [])
    }

    /// Who has the month's key can make the token of a known person, and finds it in no sketch.
    @Test func nobodyCanLookForAKnownPerson() throws {
        let scene = try Self.scene()
        try scene.add("a", "2026-03-10", 0..<9)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let csv = try scene.trial.text("out/2026-03/actions.sketches.csv")
        let published = try #require(try Self.column(csv, "users_theta").first)
        let plan = try Sluice.loadPlan("\(scene.trial.folder)/pipeline.yaml", now: "2026-04-08")
        let ledger = try scene.ledger()
        let id = try #require(try ledger.publications().first?.id)
        let files = try ledger.partials(ofPublication: id).map { try StoredFile($0.path) }
        let partials = Partials(files, plan: plan.statistics, storage: MemorySpillStorage())
        let plain = PlainSketches()
        try partials.sketches { statistic, row in
            if statistic == 1 { plain.first = row.sketches[0] }
        }
        let tokens = try ThetaSketch(bytes: plain.first)
        let sketch = try ThetaSketch(bytes: published)
        #expect(tokens.estimate().value == 9 && sketch.estimate().value == 9)
        #expect(tokens.intersection(sketch).estimate().value == 0)
    }

    private final class PlainSketches { var first: [UInt8] = [] }

    @Test func aWithheldFigureKeepsTheSketchesOfItsColumnBack() throws {
        let scene = try Self.scene()
        try scene.add("a", "2026-03-10", 0..<9)
        try scene.add("b", "2026-03-11", 0..<2, action: "export")
        try scene.trial.run(now: "2026-04-01")
        let report = try scene.publish("2026-04-08")
        #expect(!scene.trial.files(below: "out").contains("2026-03/actions.sketches.csv"))
        #expect(report.notes.contains { $0.contains("actions: users_theta is not exported") })
    }

    @Test func sketchesComeBackWithTheSameBytesAndGoIntoTheDatabase() throws {
        let pipeline = PublishTrial.pipeline(other: ", export: theta").replacingOccurrences(
            of: "[csv, jsonl]", with: "[csv, jsonl, sqlite, html]")
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        try scene.add("a", "2026-03-10", 0..<9)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let before = try scene.published()
        for name in ["actions.sketches.csv", "publication.sqlite"] {
            try scene.trial.remove("out/2026-03/\(name)")
        }
        #expect(try scene.publish("2026-04-09").entries.map(\.restored) == [2])
        #expect(try scene.published() == before)
        let page = try scene.trial.text("out/2026-03/report.html")
        #expect(page.contains("users_theta") && page.contains("must not be passed on"))
        let explained = try Sluice.explain(
            pipeline: PipelineFile("\(scene.trial.folder)/pipeline.yaml"), asJSON: false)
        #expect(explained.contains("sketches users_theta, for internal readers"))
    }

    @Test(arguments: [
        (", export: [kll]", "", "no measure of the table gives such a sketch"),
        (", export: [tdigest]", "", "expected `theta`, `hll` or `kll`"),
        (", export: [theta], path: a.csv", "", "exported with a publication"),
        (", export: [theta]", ", audience: public", "for internal readers only"),
    ])
    func wrongExportsAreFaults(_ export: String, _ publish: String, _ message: String) throws {
        let trial = try TemporaryPipeline(PublishTrial.pipeline(publish: publish, other: export))
        let found = try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml")
        #expect(found.contains { $0.message.contains(message) })
    }
}
