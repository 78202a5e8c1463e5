import TestSupport
import Testing

@testable import Pipelines

/// Entries of the registry reach what is stored anew when it is for something else: which ones are
/// named, and where.
@Suite("Entries of the registry that a changed purpose widens")
struct WidenedOptOutTests {
    private func pipeline(
        _ purpose: String, effect: String = "fields", more: String = ""
    ) -> String {
        """
        name: widening
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer }
        fields: { ts: keep, customer: pseudonymize }
        outputs:
          - { name: tok, purpose: \(purpose), path: "out/{month}.jsonl", expires: P1Y }
          - { name: other, purpose: security, path: "other/{month}.jsonl", expires: P1Y }
        \(more)
        statistics:
          - { name: sums, purpose: statistics, by: [month], measures: { times: count },
              path: "sums.csv", suppression: { persons: 1, customers: 1 } }
        opt_outs: { file: list.csv, effect: \(effect) }
        keys: keys
        state: state

        """
    }

    private func scene() throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(
            pipeline("security"),
            files: [
                "list.csv": "customer,purpose,effective_date\n",
                "in/a.jsonl": #"{"ts":"2026-04-10T10:00:00Z","customer":"c1"}"# + "\n",
            ])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    private func add(
        _ scene: TemporaryPipeline, _ customer: String, effective: String = "2026-04-01",
        purpose: String = "*", category: String = "*"
    ) throws {
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", subject: OptOutSubject(customer: customer))
        request.now = "2026-04-15"
        request.effective = effective
        (request.purposes, request.categories) = ([purpose], [category])
        _ = try Sluice.addOptOut(request)
    }

    /// What a run says of entries that are to be entered again.
    private func notes(
        _ scene: TemporaryPipeline, now: String = "2026-04-15"
    ) throws -> [String] {
        try scene.run(now: now).notes.filter { $0.contains("entered again") }
    }

    @Test("those in force that bar what it is for now, where something is stored")
    func reach() throws {
        let scene = try scene()
        try add(scene, "c1")
        try add(scene, "c2", effective: "2026-04-15")
        try add(scene, "c3", effective: "2026-04-16")
        try add(scene, "c4")
        _ = try Sluice.withdrawOptOut(
            pipeline: "\(scene.folder)/pipeline.yaml", id: 4, subject: OptOutSubject(),
            date: nil, now: "2026-04-15")
        try add(scene, "c5", purpose: "marketing")
        #expect(try notes(scene).isEmpty)
        try scene.write(
            "pipeline.yaml",
            pipeline(
                "service-improvement",
                more: "  - { name: later, purpose: statistics, path: \"later/{month}.jsonl\" }"))
        let found = try notes(scene)
        #expect(found.count == 1 && found[0].hasPrefix("output `tok`"), "\(found)")
        #expect(found.allSatisfy { $0.hasSuffix(": 1, 2") }, "\(found)")
        // What the run itself takes out is not asked for.
        #expect(try notes(scene, now: "2026-04-16").map { $0.hasSuffix(": 1, 2") } == [true])
    }

    @Test("figures that count whom an entry takes out only since it drops records")
    func figures() throws {
        let scene = try scene()
        try add(scene, "c1", category: "technical")
        try scene.write("pipeline.yaml", pipeline("security", effect: "drop_record"))
        let found = try notes(scene)
        #expect(found.count == 1 && found[0].hasPrefix("statistic `sums`"), "\(found)")
        try add(scene, "c1", category: "technical")
        #expect(try notes(scene).isEmpty)
    }
}
