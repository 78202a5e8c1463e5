import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Results in the place of what a pipeline lives on, and sources that find its results.
@Suite("Places of results") struct ResultPlacesTests {
    private static func pipeline(
        sources: String = "logs/*", output: String = "out/{month}.jsonl",
        table: String = "out/s.csv", more: String = "state: state"
    ) -> String {
        """
        name: p
        source: { format: jsonl, files: "\(sources)", time: ts }
        identity: { user: user }
        fields: { ts: keep, user: pseudonymize, action: keep }
        outputs:
          - { name: tok, purpose: statistics, path: "\(output)" }
        statistics:
          - { name: s, purpose: statistics, by: [month, action], measures: { n: count },
              path: "\(table)" }
        keys: keys
        opt_outs: oo.csv
        \(more)

        """
    }

    private func faults(_ pipeline: String) throws -> [String] {
        let scene = try TemporaryPipeline(
            pipeline,
            files: [
                "oo.csv": "customer,purpose,effective_date\n",
                "logs/a.jsonl": #"{"ts":"2026-03-05T12:00:00Z","user":"anna","action":"a"}"# + "\n",
            ])
        return try Sluice.check(pipeline: "\(scene.folder)/pipeline.yaml").map {
            "\($0.path): \($0.message)"
        }
    }

    @Test("nothing is wrong with a place of its own") func good() throws {
        #expect(try faults(Self.pipeline()) == [])
        let beside = Self.pipeline(sources: "logs/*.jsonl", output: "logs/{month}.csv")
        #expect(try faults(beside) == [])
        #expect(try faults(Self.pipeline(output: "logs/old/{month}.jsonl")) == [])
        #expect(try faults(Self.pipeline(sources: "tok.jsonl", output: "tok.jsonl")) == [])
    }

    @Test(
        "a table takes the place of nothing that is read",
        arguments: [
            "logs/a.jsonl", "logs/new", "oo.csv", "pipeline.yaml", "state/ledger.sqlite",
            "state/new", "./out/../oo.csv", "keys/2026-03.key",
        ])
    func tables(_ table: String) throws {
        let found = try faults(Self.pipeline(table: table))
        #expect(found.count == 1 && found[0].hasPrefix("statistics[1].path"), "\(found)")
    }

    @Test("a statistic is one table: it has no file a month")
    func monthOfAStatistic() throws {
        let found = try faults(Self.pipeline(table: "out/s-{month}.csv"))
        #expect(found.count == 1 && found[0].hasPrefix("statistics[1].path"), "\(found)")
    }

    @Test(
        "a source never finds what the pipeline writes",
        arguments: [
            ("logs/*", "logs/tok-{month}.jsonl"), ("**/*.jsonl", "out/{month}.jsonl"),
            ("logs", "logs/{name}/{month}.jsonl"), ("logs/[a-z]*.jsonl", "logs/{name}.jsonl"),
            ("out/????-??.????????????.jsonl", "out/{month}.jsonl"),
        ])
    func sources(_ sources: String, _ output: String) throws {
        let found = try faults(Self.pipeline(sources: sources, output: output))
        #expect(found.contains { $0.hasPrefix("outputs[1].path") }, "\(found)")
    }

    @Test(
        "lists of quarantine are held to it, too",
        arguments: [
            ("quarantine: { limit: 1%, path: logs }", "quarantine.path"),
            ("quarantine: { limit: 1%, path: logs/bad }", ""),
        ])
    func folders(_ more: String, _ path: String) throws {
        let found = try faults(Self.pipeline(more: "state: state\n\(more)"))
        #expect(path.isEmpty ? found == [] : found.contains { $0.hasPrefix(path) }, "\(found)")
    }

    @Test(
        "metrics are refused there before the run does anything",
        arguments: [
            "state/ledger.sqlite", "logs/a.jsonl", "oo.csv", "pipeline.yaml", "out/s.csv",
            "logs",
        ])
    func metrics(_ path: String) throws {
        let scene = try TemporaryPipeline(
            Self.pipeline(), files: ["oo.csv": "customer,purpose,effective_date\n", "logs/a": ""])
        var request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.metrics = "\(scene.folder)/\(path)"
        #expect(throws: PipelineFailure.self) { try Sluice.run(request, observer: nil) }
        #expect(scene.files(below: ".").count == 3)
    }
}
