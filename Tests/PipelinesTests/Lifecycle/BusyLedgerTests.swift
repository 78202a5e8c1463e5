import Anonymization
import GRDB
import KeyedHashing
import Ledger
import TestSupport
import Testing

@testable import Pipelines

/// Who looks at a state without its lock may come while a run commits: that is no fault of the
/// storage, and the next look succeeds.
@Suite("A ledger that a run is just writing") struct BusyLedgerTests {
    private static let pipeline = """
        name: log
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: P1M
        fields: { ts: keep, user: pseudonymize }
        keys: { path: keys, grace: P0D }
        state: state
        outputs:
          - { name: log, purpose: security, path: "out/{date}.jsonl", recipients: [own],
              safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
        statistics:
          - { name: use, purpose: statistics, by: [month], measures: { times: count } }
        publish: { persons: 3, path: published }

        """

    /// A pipeline that has run.
    private func scene() throws -> TemporaryPipeline {
        let line = #"{"ts":"2026-01-10T12:00:00Z","user":"anna@a.example"}"# + "\n"
        let scene = try TemporaryPipeline(Self.pipeline, files: ["in/a.jsonl": line])
        try scene.run(now: "2026-01-20")
        return scene
    }

    private func plan(_ scene: TemporaryPipeline) throws -> Plan {
        try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-01-21")
            .anchored(at: scene.folder)
    }

    /// The status that `work` ends with while somebody else writes the ledger.
    private func status(
        _ scene: TemporaryPipeline,
        _ work: () throws -> Void
    ) throws -> Int32 {
        let writer = try DatabaseQueue(path: "\(scene.folder)/state/\(Ledger.fileName)")
        defer { try? writer.close() }
        var status: Int32 = 0
        try writer.inTransaction(.exclusive) { _ in
            do { try work() } catch let failure as PipelineFailure { status = failure.exitStatus }
            return .rollback
        }
        return status
    }

    @Test("is busy to a listing of keys, not broken")
    func listing() throws {
        let scene = try scene()
        let work = try KeyWork(plan(scene), command: "keys list", changes: false)
        #expect(try status(scene) { _ = try work.list() } == ExitStatus.busy)
        #expect(try work.list().keys.map(\.month) == ["2026-01"])
    }

    @Test("is busy to the record of a lost key, not broken")
    func lostKey() throws {
        let scene = try scene()
        try scene.remove("keys/2026-01.key")
        let work = try KeyWork(plan(scene), command: "keys destroy", changes: true)
        #expect(try status(scene) { _ = try work.destroy("2026-01", nil) } == ExitStatus.busy)
        #expect(try work.destroy("2026-01", nil).key.method == KeyStore.methodOfLost)
    }

    @Test("is busy to a look at the status, not broken")
    func lookingAtTheStatus() throws {
        let scene = try scene()
        let plan = try plan(scene)
        let path = try #require(plan.state)
        let work = try StatusWork(plan, state: path)
        #expect(try status(scene) { _ = try work.run() } == ExitStatus.busy)
        #expect(try status(scene) { _ = try StatusWork(plan, state: path) } == ExitStatus.busy)
        let ledger = try Ledger.openForReading(stateDirectory: path, isLocking: false)
        let publish = try #require(plan.publish)
        #expect(
            try status(scene) { _ = try PublicationBooks(plan, publish, ledger) }
                == ExitStatus.busy)
        #expect(try work.run().keys?.active == 1)
    }
}
