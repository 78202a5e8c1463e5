import Foundation
import Publication
import TestSupport
import Testing

@testable import Pipelines

/// What is known of the risk of rows goes into publications for internal readers.
struct RowRiskTests {
    private static func scene(_ risk: String, publish: String = "") throws -> PublishTrial {
        let more = """
            outputs:
              - { name: rows, purpose: statistics, path: "rows/{month}.jsonl", risk: \(risk) }
            """
        let pipeline = PublishTrial.pipeline(publish: publish, more: more)
            .replacingOccurrences(of: "[csv, jsonl]", with: "[csv, html, html-nl]")
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        // Nine people with one action, and one with another.
        try scene.add("a", "2026-03-10", 0..<9)
        try scene.trial.run(now: "2026-04-01")
        try scene.add("b", "2026-03-11", 9..<10, action: "rare")
        let rare = try scene.trial.text("in/b.jsonl")
        try scene.add("b", "2026-03-11", 0..<4)
        try scene.trial.write("in/b.jsonl", try scene.trial.text("in/b.jsonl") + rare)
        try scene.trial.run(now: "2026-04-02")
        return scene
    }

    @Test func demandedFiguresStandInTheReport() throws {
        let scene = try Self.scene(
            "{ person: user, quasi_identifiers: [action], persons: 2, remove: 50% }")
        try scene.publish("2026-04-08")
        let about = try scene.trial.text("out/2026-03/publication.json")
        #expect(about.contains(#""row_outputs":[{"classes":2,"#))
        #expect(about.contains(#""fewest_persons":4"#) && about.contains(#""measurements":2"#))
        #expect(about.contains(#""removed_rows":1"#) && about.contains(#""rows":13"#))
        let page = try scene.trial.text("out/2026-03/report.html")
        #expect(page.contains("Row-level outputs") && page.contains("Fewest persons (k)"))
        #expect(page.contains(">25%<"))
        #expect(
            try scene.trial.text("out/2026-03/report.nl.html").contains("Uitvoer per regel"))
        let before = try scene.published()
        try scene.trial.remove("out/2026-03/report.html")
        #expect(try scene.publish("2026-04-09").entries.map(\.restored) == [1])
        #expect(try scene.published() == before)
    }

    @Test func estimatesAreMarked() throws {
        let scene = try Self.scene("{ person: user, quasi_identifiers: [action] }")
        try scene.publish("2026-04-08")
        let about = try scene.trial.text("out/2026-03/publication.json")
        #expect(about.contains(#""estimated":true"#) && about.contains(#""unique_rows":1"#))
        #expect(try scene.trial.text("out/2026-03/report.html").contains("\u{2248}\u{a0}"))
    }

    @Test func othersAreToldNothing() throws {
        let scene = try Self.scene(
            "{ person: user, quasi_identifiers: [action] }", publish: ", audience: public")
        try scene.publish("2026-04-08")
        let about = try scene.trial.text("out/2026-03/publication.json")
        let page = try scene.trial.text("out/2026-03/report.html")
        #expect(!about.contains("row_outputs") && !page.contains("Row-level"))
    }
}
