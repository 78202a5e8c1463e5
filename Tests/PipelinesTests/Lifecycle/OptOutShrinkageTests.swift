import Pipelines
import TestSupport
import Testing

/// A list of opt-outs that lost rows is taken for a part of one.
@Suite("A list of opt-outs that shrinks")
struct OptOutShrinkageTests {
    private func pipeline(_ more: String = "state: state") -> String {
        """
        name: lists
        source: { format: jsonl, files: "in.jsonl", time: ts }
        identity: { customer: customer }
        fields: { ts: keep, customer: drop }
        outputs:
          - { name: all, purpose: statistics, path: "out/{date}.jsonl" }
        \(more)

        """
    }

    private func list(_ count: Int) -> String {
        "customer,purpose,effective_date\n"
            + (0..<count).map { "C-\($0),*,2026-01-01\n" }.joined()
    }

    private func scene(_ pipeline: String, _ count: Int) throws -> TemporaryPipeline {
        try TemporaryPipeline(
            pipeline,
            files: [
                "in.jsonl": #"{"ts":"2026-03-20T10:00:00Z","customer":"C-1"}"# + "\n",
                "list.csv": list(count),
            ])
    }

    private func failure(_ scene: TemporaryPipeline, _ now: String, dry: Bool = false) -> String {
        do {
            _ = try scene.run(now: now, isDryRun: dry)
            return ""
        } catch let failure as PipelineFailure {
            #expect(failure.exitStatus == ExitStatus.tables)
            guard case .tables(let faults, let file) = failure else { return "?" }
            #expect(file.hasSuffix("pipeline.yaml"))
            return FaultReport.render(faults, file: "")
        } catch { return "\(error)" }
    }

    @Test("too many rows gone since the last run: nothing is written; fewer are fine")
    func shrinks() throws {
        let scene = try scene(pipeline("state: state\nopt_outs: list.csv"), 100)
        _ = try scene.run(now: "2026-04-15")
        try scene.write("list.csv", list(89))
        let before = scene.files(below: "")
        for isDry in [true, false] {
            let text = failure(scene, "2026-04-16", dry: isDry)
            #expect(text.contains("has 89 rows, and had 100 in the last run"), "\(text)")
        }
        #expect(scene.files(below: "") == before)
        try scene.write("list.csv", list(90))
        _ = try scene.run(now: "2026-04-16")
        // Held against the run before, not against the longest ever.
        try scene.write("list.csv", list(81))
        _ = try scene.run(now: "2026-04-17")
        try scene.write("list.csv", list(0))
        #expect(failure(scene, "2026-04-18").contains("has 0 rows"))
    }

    @Test("max_shrink says how much; an empty list is remembered as one")
    func stated() throws {
        let scene = try scene(
            pipeline("state: state\nopt_outs: { file: list.csv, max_shrink: 100% }"), 2)
        for (day, count) in [("15", 2), ("16", 0), ("17", 1), ("18", 0)] {
            try scene.write("list.csv", list(count))
            _ = try scene.run(now: "2026-04-\(day)")
        }
        try scene.write("pipeline.yaml", pipeline("state: state\nopt_outs: list.csv"))
        _ = try scene.run(now: "2026-04-19")
        try scene.write("list.csv", list(1))
        _ = try scene.run(now: "2026-04-20")
        try scene.write("list.csv", list(0))
        #expect(failure(scene, "2026-04-21").contains("opt_outs.max_shrink"))
    }

    @Test("a list that is missing or damaged fails in the same way")
    func missing() throws {
        let scene = try scene(pipeline("state: state\nopt_outs: list.csv"), 2)
        try scene.write("list.csv", "customer,purpose,effective_date\nC-1,*,soon\n")
        #expect(failure(scene, "2026-04-15").contains("line 2"))
        try scene.remove("list.csv")
        #expect(failure(scene, "2026-04-15").contains("cannot read the opt-out list"))
        #expect(scene.files(below: "out").isEmpty)
    }

    @Test("without state nobody knows, and the run says so")
    func stateless() throws {
        let scene = try scene(pipeline("opt_outs: list.csv"), 3)
        let notes = try scene.run(now: "2026-04-15").notes
        #expect(notes.contains { $0.contains("opt-out list: whether it has shrunk is not") })
        let with = try self.scene(pipeline("state: state\nopt_outs: list.csv"), 3)
        #expect(try with.run(now: "2026-04-15").notes.isEmpty)
    }
}
