import Foundation
import TestSupport
import Testing

@testable import Pipelines

/// Values that are no numbers are in no sum, mean or percentile: whoever publishes is told.
struct LeftOutTests {
    private static let pipeline = """
        name: usage
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields: { ts: keep, customer: pseudonymize, user: pseudonymize, n: drop }
        statistics:
          - { name: t, purpose: statistics, by: [month],
              measures: { times: count, s: { sum: n }, m: { mean: n }, p: { percentile: n } } }
        publish: { persons: 3, customers: 2, path: out, formats: [csv] }
        keys: { path: keys, grace: P7D }
        state: state
        """

    /// (what each person has, the row, how many are left out)
    @Test("values that are no numbers are counted and told", arguments: [
        (["917 ms", "917 ms"], "2026-03,20,n/a,n/a,n/a", "20 values"),
        (["1", "917 ms"], "2026-03,20,10,1,1", "10 values"),
        (["1", "+1"], "2026-03,20,20,1,1", ""),
        (["1", "1700000000000000000"], "2026-03,20,10,1,1", "10 values"),
    ])
    func leftOut(_ values: [String], _ row: String, _ told: String) throws {
        let scene = try Self.scene((0..<20).map { values[$0 % 2] })
        let report = try scene.publish("2026-04-08")
        #expect(try scene.trial.text("out/2026-03/t.csv").hasSuffix("\n\(row)\n"))
        let notes = report.notes.filter { $0.contains("left out") }
        let expected = told.isEmpty ? [] : ["s", "m", "p"].map { column in
            "2026-03, t: \(told) for `\(column)` left out: expected decimal numbers with at most "
                + "15 digits before the point and 9 behind it"
        }
        #expect(notes == expected)
        #expect(try scene.findings("2026-04-08") == [])
        #expect(try Self.toldColumns(scene) == (told.isEmpty ? nil : ["s", "m", "p"]))
        // The same is said when the file is made again.
        let about = "out/2026-03/publication.json"
        let first = try scene.trial.text(about)
        try FileManager.default.removeItem(atPath: "\(scene.trial.folder)/\(about)")
        try scene.publish("2026-04-09")
        #expect(try scene.trial.text(about) == first)
    }

    /// (what persons have, in turn; whether readers are told that something was left out)
    @Test("of few nobody is told that there are values which are no numbers", arguments: [
        (["x", "y"], false), (["x", "y", "x"], true),
        // Three of one customer.
        (["x", "1", "1", "x", "1", "1", "x"], false), (["x", "1", "1", "x", "y"], true),
    ])
    func few(_ values: [String], _ isTold: Bool) throws {
        let rest = [String](repeating: "1", count: 20 - values.count)
        let scene = try Self.scene(values + rest)
        let report = try scene.publish("2026-04-08")
        #expect(report.notes.count { $0.contains("left out") } == 3)
        #expect(try Self.toldColumns(scene) == (isTold ? ["s", "m", "p"] : nil))
    }

    /// With one more record the word would tell what that one is.
    @Test func whatComesLaterIsNotTold() throws {
        let scene = try Self.scene(
            ["x", "x"] + (2..<40).map { String($0) }, publish: ", correct_within: P90D")
        try scene.publish("2026-04-08")
        #expect(try Self.toldColumns(scene) == nil)
        try scene.trial.write(
            "in/b.jsonl", (40..<60).map {
                #"{"ts":"2026-03-11T12:00:00Z","customer":"C\#($0 % 3)","#
                    + #""user":"p\#($0)@a.example","n":"x"}"# + "\n"
            }.joined())
        try scene.trial.run(now: "2026-04-09")
        try scene.publish("2026-04-10") { $0.correction = "a host was missing" }
        #expect(!(try scene.trial.text("out/2026-03.r1/publication.json")).contains("left_out"))
    }

    /// Nothing to add up is no zero, and is told where zeros are.
    @Test("that there is no number is hidden where zeros are", arguments: [
        ("", "2026-03,20,n/a,n/a,n/a"), (", zeros: hidden", "2026-03,20,,,"),
    ])
    func zeros(_ rule: String, _ row: String) throws {
        let scene = try Self.scene([String](repeating: "", count: 20), publish: rule)
        try scene.publish("2026-04-08")
        #expect(try scene.trial.text("out/2026-03/t.csv").hasSuffix("\n\(row)\n"))
    }

    /// One record of each person, of three customers in turn.
    private static func scene(_ values: [String], publish: String = "") throws -> PublishTrial {
        let scene = PublishTrial(
            trial: try TemporaryPipeline(
                pipeline.replacing("formats: [csv]", with: "formats: [csv]\(publish)")))
        var text = ""
        for (person, value) in values.enumerated() {
            text += #"{"ts":"2026-03-10T12:00:00Z","customer":"C\#(person % 3)","#
                + #""user":"p\#(person)@a.example","n":"\#(value)"}"# + "\n"
        }
        try scene.trial.write("in/a.jsonl", text)
        try scene.trial.run(now: "2026-04-01")
        return scene
    }

    /// The columns that `publication.json` says values were left out of.
    private static func toldColumns(_ scene: PublishTrial) throws -> [String]? {
        let data = Data(try scene.trial.text("out/2026-03/publication.json").utf8)
        let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let tables = document?["tables"] as? [[String: Any]]
        return try #require(tables?.first)["left_out"] as? [String]
    }
}
