import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Versions are parts of families: the totals of the one must not tell what is withheld of the
/// other.
struct WithinTests {
    private static func pipeline(_ within: String, other: String = "none") -> String {
        """
        name: usage
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields:
          { ts: keep, customer: pseudonymize, user: pseudonymize, version: keep, family: keep }
        statistics:
          - { name: versions, purpose: statistics, by: [month, version],
              measures: { times: count, users: { distinct: user } }\(within) }
          - { name: families, purpose: statistics, by: [month, family],
              measures: { times: count, users: { distinct: user } } }
        publish: { persons: 3, customers: 2, path: out, formats: [csv], other: \(other) }
        keys: { path: keys, grace: P7D }
        state: state
        """
    }

    /// Two families; of the first one version with two people.
    private static func scene(_ within: String, other: String = "none") throws -> PublishTrial {
        try scene(text: pipeline(within, other: other))
    }

    private static func scene(text pipeline: String) throws -> PublishTrial {
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        var text = ""
        func add(_ people: Range<Int>, _ version: String, _ family: String) {
            for person in people {
                text += #"{"ts":"2026-03-10T12:00:00Z","customer":"C\#(person % 3)","#
                    + #""user":"p\#(person)@a.example","version":"\#(version)","#
                    + #""family":"\#(family)"}"# + "\n"
            }
        }
        add(0..<9, "Fox 1", "Fox")
        add(9..<17, "Fox 2", "Fox")
        add(17..<19, "Fox 3", "Fox")
        add(19..<23, "Owl 1", "Owl")
        add(23..<27, "Owl 2", "Owl")
        try scene.trial.write("in/a.jsonl", text)
        try scene.trial.run(now: "2026-04-01")
        return scene
    }

    private static func rows(_ scene: PublishTrial, _ table: String) throws -> [String: String] {
        var rows: [String: String] = [:]
        for line in try scene.trial.text("out/2026-03/\(table).csv").split(separator: "\n")
            .dropFirst()
        {
            let cells = line.split(separator: ",")
            rows[String(cells[1])] = String(cells[2])
        }
        return rows
    }

    /// 19 of Fox, 9 and 8 of its versions: without `within` the third is 2.
    @Test("the total of a family does not tell its small version", arguments: [false, true])
    func subtraction(_ isDeclared: Bool) throws {
        let scene = try Self.scene(isDeclared ? ", within: { version: family }" : "")
        try scene.publish("2026-04-08")
        let versions = try Self.rows(scene, "versions")
        let families = try Self.rows(scene, "families")
        #expect(versions["Fox 3"] == "<3")
        let isComputed = families["Fox"] == "19" && versions["Fox 1"] == "9"
            && versions["Fox 2"] == "8"
        #expect(isComputed != isDeclared)
        // What is of another family is not touched; undeclared, its total was left out in vain.
        #expect(versions["Owl 1"] == "4" && (families["Owl"] == "8") == isDeclared)
        #expect(scene.trial.files(below: "out").count { $0.hasSuffix(".csv") } == 2)
    }

    /// Small values of both are put together: what belongs to what is known all the same.
    @Test func smallValuesOfSeveralFamiliesCountedTogether() throws {
        let scene = try Self.scene(", within: { version: family }", other: "[version]")
        try scene.publish("2026-04-08")
        let versions = try Self.rows(scene, "versions")
        let families = try Self.rows(scene, "families")
        #expect(versions["Other"] != nil && versions["Fox 3"] == nil)
        let told = ["Fox 1", "Fox 2"].compactMap { versions[$0].flatMap { Int($0) } }
        #expect(!(families["Fox"] == "19" && told == [9, 8]))
    }

    /// No table is by family: a column is about one, and its figure is a total all the same.
    @Test("a column about a family does not tell its small version", arguments: [false, true])
    func column(_ isDeclared: Bool) throws {
        let text = Self.pipeline(isDeclared ? ", within: { version: family }" : "")
            .replacingOccurrences(of: "by: [month, family],", with: "by: [month],")
            .replacingOccurrences(
                of: "measures: { times: count, users: { distinct: user } } }\npublish",
                with: "measures: { times: count, fox: { count: { family: Fox } } } }\npublish")
        let scene = try Self.scene(text: text)
        try scene.publish("2026-04-08")
        let versions = try Self.rows(scene, "versions")
        let fox = try scene.trial.text("out/2026-03/families.csv").hasSuffix(",19\n")
        let isComputed = fox && versions["Fox 1"] == "9" && versions["Fox 2"] == "8"
        #expect(isComputed != isDeclared)
    }

    @Test func itIsExplainedAndShownToNobody() throws {
        let scene = try Self.scene(", within: { version: [family] }")
        let path = "\(scene.trial.folder)/pipeline.yaml"
        let text = try Sluice.explain(pipeline: PipelineFile(path), asJSON: false)
        #expect(text.contains("statistic versions.within1") && text.contains("shown to nobody"))
        let report = try scene.publish("2026-04-08")
        #expect(report.entries[0].tables.map(\.name) == ["versions", "families"])
        let about = try scene.trial.text("out/2026-03/publication.json")
        #expect(!about.contains("within"))
        #expect(try scene.findings("2026-04-08") == [])
    }

    @Test("wrong wholes", arguments: [
        (", within: { famly: family }", "the table is not by `famly`"),
        (", within: { version: month }", "no other published table is by `month`"),
        (", within: { version: versio }", "no other published table is by `versio`"),
        (", within: { version: family }, path: a.csv", "expected `publish`"),
    ])
    func wrong(_ within: String, _ message: String) throws {
        let trial = try TemporaryPipeline(Self.pipeline(within))
        let found = try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml")
        #expect(found.contains { $0.message.contains(message) }, "\(found)")
    }
}
