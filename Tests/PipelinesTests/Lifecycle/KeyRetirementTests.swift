import Foundation
import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// What is done about the keys of a store at one moment, and what is told of it.
struct KeyRetirementTests {
    private let march = CalendarMonth(year: 2026, month: 3)

    private func time(_ text: String) throws -> EventTime {
        try #require(RunClock(text: text, zone: .utc)).now
    }

    private func store(_ scene: TemporaryPipeline) throws -> KeyStore {
        try KeyStore.open(path: "\(scene.folder)/keys", zone: "UTC", creatingIfMissing: true)
    }

    private func retire(
        _ store: KeyStore, _ now: String, _ own: (path: String, ledger: Ledger)?
    ) throws -> KeyRetirement.Outcome {
        let retirement = KeyRetirement(
            store: store, zone: .utc, now: try time(now), who: "test", own: own)
        // A child process that another test is just starting shares our locks for a moment.
        for _ in 0..<100 {
            if let outcome = try retirement.retireAll() { return outcome }
        }
        return try #require(try retirement.retireAll())
    }

    @Test func aDeathIsToldWhenItIsNew() throws {
        let scene = try TemporaryPipeline("name: none\n")
        let store = try store(scene)
        _ = try store.key(for: march, creatingIfMissing: true)
        let state = "\(scene.folder)/state"
        let own = (state, try Ledger.open(stateDirectory: state))
        let young = try retire(store, "2026-03-31", own)
        #expect(young.destroyed.isEmpty && young.closing.isEmpty && young.learned.isEmpty)
        #expect(try retire(store, "2026-04-01", nil).destroyed.map(\.keyID.epoch?.month) == [march])
        // Without a state there is nobody to learn of it.
        #expect(try retire(store, "2026-04-02", nil).learned.isEmpty)
        #expect(try retire(store, "2026-04-02", own).learned.count == 1)
        #expect(try retire(store, "2026-04-03", own).learned.isEmpty)
    }

    @Test func aLockThatNobodyCanTakeIsAFault() throws {
        let scene = try TemporaryPipeline("name: none\n")
        let store = try store(scene)
        try FileManager.default.createDirectory(
            atPath: "\(scene.folder)/keys/lock", withIntermediateDirectories: false)
        let retirement = KeyRetirement(
            store: store, zone: .utc, now: try time("2026-04-01"), who: "test", own: nil)
        #expect(throws: PipelineFailure.self) { _ = try retirement.retireAll() }
    }

    @Test func aStoreThatIsNotThereIsNotMade() throws {
        let scene = try TemporaryPipeline(
            """
            name: keyed
            source: { format: jsonl, files: "in.jsonl", time: ts }
            identity: { user: user }
            fields: { ts: keep, user: pseudonymize }
            keys: keys
            state: state
            outputs: [{ name: all, purpose: statistics, path: "out/all.jsonl" }]

            """)
        let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-05-15")
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        func retire() throws -> KeyRetirement.Outcome? {
            try KeyRetirement.retire(
                plan, ledger, statePath: "\(scene.folder)/state", now: try time("2026-05-15"),
                who: "test")
        }
        #expect(try retire() == nil)
        try FileManager.default.createDirectory(
            atPath: "\(scene.folder)/keys", withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        #expect(throws: PipelineFailure.self) { _ = try retire() }
        #expect(scene.files(below: "keys").isEmpty)
    }

    /// The state at hand answers by its ledger, which is open; any other in its folder, whether a
    /// run is at work there or not.
    @Test func statesAreAskedWhereTheyCanAnswer() throws {
        let scene = try TemporaryPipeline("name: none\n")
        let store = try store(scene)
        let state = "\(scene.folder)/state"
        let ledger = try Ledger.open(stateDirectory: state)
        let (elsewhere, now) = ("\(scene.folder)/elsewhere", try time("2026-05-15"))
        let answer = KeyUser.Answer.uses(try ledger.keyUse(now: now))
        try store.register(statePath: elsewhere)
        let own = (path: elsewhere, ledger: ledger)
        #expect(try KeyUsers(store: store, now: now, own: own).ask().map(\.answer) == [answer])
        #expect(KeyUsers.ask(elsewhere, now: now, own: own) == answer)
        #expect(KeyUsers.ask(state, now: now, own: own) == answer)
        guard case .none(let reason) = KeyUsers.ask(elsewhere, now: now) else {
            Issue.record("expected no answer")
            return
        }
        #expect(!reason.isEmpty && !reason.contains(elsewhere))
    }
}
