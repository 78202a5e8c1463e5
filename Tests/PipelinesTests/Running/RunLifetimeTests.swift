import Anonymization
import KeyedHashing
import Records
import Statistics
import Testing

@testable import Pipelines

@Suite("What a run leaves in memory")
struct RunLifetimeTests {
    /// Months and secrets stand behind the ring: it must not outlive the run that asked it.
    private final class WatchedRing: KeyRing {
        let inner: PassingRing
        init() throws { inner = try PassingRing() }
        func hasher(for month: CalendarMonth) -> TokenHasher? { inner.hasher(for: month) }
    }

    @Test("keys go with the run, whether it fails or not", arguments: [1, 3])
    func keysGo(_ workers: Int) throws {
        let good = #"{"ts":"2026-03-20T10:00:00Z","user":"anna"}"# + "\n"
        let folder = try TemporaryPipeline(
            """
            name: life
            source: { format: jsonl, files: "in.jsonl", time: ts }
            identity: { user: user }
            fields: { ts: keep, user: pseudonymize }
            keys: keys
            outputs:
              - { name: all, purpose: statistics, path: "out.jsonl" }
            """,
            files: ["in.jsonl": good])
        let plan = try Sluice.loadPlan("\(folder.folder)/pipeline.yaml", now: "2026-05-15")
        for name in ["in.jsonl", "missing.jsonl"] {
            weak var watched: WatchedRing?
            weak var crewsTask: TaskRun?
            var failed = false
            do {
                let ring = try WatchedRing()
                watched = ring
                let inputs = [ChunkSource.SourceInput(path: "\(folder.folder)/\(name)")]
                let task = TaskRun(
                    plan: plan, inputs: inputs,
                    source: ChunkSource(inputs, plan: plan, digesting: false),
                    sink: NoSink(), observer: nil)
                crewsTask = task
                do {
                    try task.run(
                        workers: workers, keyRing: ring, storage: MemorySpillStorage())
                } catch { failed = true }
            }
            #expect(failed == (name == "missing.jsonl"))
            #expect(watched == nil && crewsTask == nil, "\(name)")
        }
    }
}
