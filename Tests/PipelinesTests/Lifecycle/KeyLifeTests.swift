import Anonymization
import FileSystem
import Foundation
import GRDB
import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Keys of real runs over a history of days: they die when they may and not before, and stay dead.
struct KeyLifeTests {
    private static func pipeline(
        _ name: String = "log", window: String = "P1M", grace: String = "P0D", more: String = ""
    ) -> String {
        """
        name: \(name)
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: \(window)
        fields: { ts: keep, user: pseudonymize }
        keys: { path: keys, grace: \(grace) }
        state: state-\(name)
        outputs:
          - name: \(name)
            purpose: security
            path: "out-\(name)/{date}.jsonl"
            recipients: [own]
            safeguards: { reason: abuse, readers: [soc], delete_after: \(window) }
        \(more)
        """
    }

    @Test func rewrappingOfPlainKeysSaysThatNothingWasSealed() throws {
        let scene = try TemporaryPipeline(
            Self.pipeline(),
            files: ["in/a.jsonl": #"{"ts":"2026-02-01T00:00:00Z","user":"a"}"# + "\n"])
        try scene.run(now: "2026-02-02")
        var request = KeysRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = "2026-02-03"
        let report = try Sluice.rewrapKeys(request, from: nil)
        #expect(!report.isSealed && !report.wasSealed)
    }

    private static let statistic = """
        statistics:
          - name: months
            purpose: security
            by: [month]
            measures: { users: { distinct: user } }
            path: out-log/months.csv
            suppression: { persons: 2 }
        """

    private func record(_ day: String, _ user: String = "anna@a.example") -> String {
        #"{"ts":"\#(day)T12:00:00Z","user":"\#(user)"}"# + "\n"
    }

    private func trial(_ pipeline: String = pipeline()) throws -> TemporaryPipeline {
        let trial = try TemporaryPipeline(
            pipeline, files: ["in/a.jsonl": record("2026-01-10") + record("2026-01-31")])
        // Keys and state are made by the runs, with the rights they need.
        return trial
    }

    private func keys(_ trial: TemporaryPipeline) -> [String] {
        trial.files(below: "keys").filter { $0.hasSuffix(".key") || $0.hasSuffix(".destroyed") }
    }

    private func list(
        _ trial: TemporaryPipeline, _ now: String
    ) throws -> [KeyListReport.Entry] {
        var request = KeysRequest(pipeline: "\(trial.folder)/pipeline.yaml")
        request.now = now
        return try Sluice.listKeys(request).keys
    }

    private func destroy(
        _ trial: TemporaryPipeline, _ month: String, _ now: String, reason: String? = nil
    ) throws -> KeyDestroyReport {
        var request = KeysRequest(pipeline: "\(trial.folder)/pipeline.yaml")
        request.now = now
        return try Sluice.destroyKey(request, month: month, reason: reason)
    }

    private func ledger(_ trial: TemporaryPipeline, _ name: String = "log") throws -> Ledger {
        try Ledger.openForReading(stateDirectory: "\(trial.folder)/state-\(name)")
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "not refused"
        } catch PipelineFailure.refused(let sentence) {
            return sentence
        } catch { return "\(error)" }
    }

    // MARK: Its time

    @Test func aKeyDiesOnItsDayAndNotBefore() throws {
        let trial = try trial(Self.pipeline(grace: "P3D"))
        // The last record of January is due on 1 March, the grace ends on 4 March.
        for now in ["2026-02-01", "2026-02-28", "2026-03-01", "2026-03-03"] {
            let report = try trial.run(now: now)
            #expect(report.destroyedKeys.isEmpty, "\(now)")
            #expect(keys(trial) == ["2026-01.key"], "\(now)")
            let isClosing = now >= "2026-03-01"
            #expect(report.closingKeys.map(\.month) == (isClosing ? ["2026-01"] : []))
            let state = try list(trial, now).map(\.state)
            #expect(state == [isClosing ? .closing : .active], "\(now)")
            #expect(try ledger(trial).keys().map(\.state) == [isClosing ? .closing : .active])
        }
        let report = try trial.run(now: "2026-03-04")
        #expect(report.destroyedKeys.map(\.month) == ["2026-01"])
        #expect(keys(trial) == ["2026-01.destroyed"])
        let row = try #require(try ledger(trial).keys().first)
        #expect(row.state == .destroyed)
        #expect(row.id == report.destroyedKeys[0].keyID)
        #expect(row.destruction?.method == KeyStore.method)
        #expect(row.destruction?.reason == Tombstone.agedOut)
        let events = try ledger(trial).events().map(\.kind)
        #expect(events.filter { $0 == "key-closing" }.count == 1)
        #expect(events.filter { $0 == "key-destroyed" }.count == 1)
        try ledger(trial).verifyChain()
        // What it was for had been done before: nothing of January is readable.
        for file in trial.files(below: "out-log") {
            #expect(try !trial.text("out-log/\(file)").contains("anna"))
        }
        #expect(try trial.run(now: "2026-03-05").destroyedKeys.isEmpty)
        #expect(try ledger(trial).events().filter { $0.kind == "key-destroyed" }.count == 1)
    }

    @Test func theStandardGraceIsAWeek() throws {
        let trial = try trial(
            """
            name: log
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            fields: { ts: keep, user: pseudonymize }
            state: state-log
            outputs: [{ name: log, purpose: security, path: "out-log/{date}.jsonl" }]
            """)
        #expect(try trial.run(now: "2026-03-07").destroyedKeys.isEmpty)
        #expect(try trial.run(now: "2026-03-08").destroyedKeys.map(\.month) == ["2026-01"])
        #expect(trial.files(below: "state-log/keys").contains("2026-01.destroyed"))
    }

    @Test func aDryRunDestroysNothing() throws {
        let trial = try trial()
        try trial.run(now: "2026-02-01")
        #expect(try trial.run(now: "2026-06-01", isDryRun: true).destroyedKeys.isEmpty)
        #expect(keys(trial) == ["2026-01.key"])
        #expect(try trial.run(now: "2026-06-01").destroyedKeys.count == 1)
    }

    /// A clock that jumps back judges by its own day; what is dead stays dead.
    @Test func aClockThatJumpsBackKillsNothingEarly() throws {
        let trial = try trial()
        try trial.write("in/b.jsonl", record("2026-02-10"))
        try trial.run(now: "2026-03-05")
        #expect(keys(trial) == ["2026-01.destroyed", "2026-02.key"])
        try trial.write("in/c.jsonl", record("2026-01-20", "late@a.example"))
        let back = try trial.run(now: "2025-02-01")
        #expect(back.destroyedKeys.isEmpty)
        #expect(keys(trial) == ["2026-01.destroyed", "2026-02.key"])
        #expect(try trial.run(now: "2026-03-06").destroyedKeys.isEmpty)
    }

    // MARK: Dead is dead

    @Test func lateRecordsOfADeadMonthLoseTheirIdentifiersAndAreCounted() throws {
        let trial = try trial()
        try trial.run(now: "2026-03-05")
        #expect(keys(trial) == ["2026-01.destroyed"])
        try trial.write("in/late.jsonl", record("2026-01-20", "late@a.example"))
        let report = try trial.run(now: "2026-03-06")
        #expect(report.totals.keyless == 1)
        #expect(report.totals.outputs[0].written == 1)
        #expect(keys(trial) == ["2026-01.destroyed"])
        let lines = try trial.files(below: "out-log").map { try trial.text("out-log/\($0)") }
        let late = lines.joined().split(separator: "\n").filter { $0.contains("2026-01-20") }
        #expect(late == [#"{"ts":"2026-01-20T12:00:00Z"}"#])
    }

    @Test func aRestoredKeyOfADeadMonthIsErasedAndReported() throws {
        let trial = try trial()
        try trial.run(now: "2026-02-01")
        let path = "\(trial.folder)/keys/2026-01.key"
        let backup = try Data(contentsOf: URL(fileURLWithPath: path))
        try trial.run(now: "2026-03-05")
        try backup.write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try trial.write("in/late.jsonl", record("2026-01-20", "late@a.example"))
        let report = try trial.run(now: "2026-03-06")
        #expect(report.erasedAgainKeys == ["2026-01"])
        #expect(report.totals.keyless == 1)
        #expect(keys(trial) == ["2026-01.destroyed"])
        #expect(try ledger(trial).events(ofKind: "key-erased-again").count == 1)
    }

    @Test func aKeyThatVanishedStopsTheRunUntilItIsAccountedFor() throws {
        let trial = try trial()
        try trial.run(now: "2026-02-01")
        try FileManager.default.removeItem(atPath: "\(trial.folder)/keys/2026-01.key")
        let failure = #expect(throws: PipelineFailure.self) { try trial.run(now: "2026-03-01") }
        #expect(failure?.exitStatus == ExitStatus.keys)
        #expect(keys(trial).isEmpty, "no new key for the month")
        #expect(try list(trial, "2026-03-01").map(\.state) == [.missing])
        let record = try destroy(trial, "2026-01", "2026-03-01", reason: "disk replaced")
        #expect(record.key.method == KeyStore.methodOfLost)
        #expect(try list(trial, "2026-03-01").map(\.state) == [.destroyed])
        #expect(try trial.run(now: "2026-03-01").agedParts == 2)
        for file in trial.files(below: "out-log") {
            #expect(try !trial.text("out-log/\(file)").contains("anna"))
        }
    }

    @Test func anotherKeyForAKnownMonthIsAFault() throws {
        let trial = try trial()
        try trial.run(now: "2026-02-01")
        try FileManager.default.removeItem(atPath: "\(trial.folder)/keys/2026-01.key")
        let store = try KeyStore.open(
            path: "\(trial.folder)/keys", zone: "UTC", creatingIfMissing: false)
        _ = try store.key(for: CalendarMonth(year: 2026, month: 1), creatingIfMissing: true)
        let failure = #expect(throws: PipelineFailure.self) { try trial.run(now: "2026-03-01") }
        #expect(failure?.exitStatus == ExitStatus.keys)
    }

    // MARK: Who blocks

    @Test func aPipelineWithALongerWindowKeepsTheKeyAlive() throws {
        let trial = try trial()
        try trial.write("pipeline2.yaml", Self.pipeline("slow", window: "P3M"))
        try trial.run(now: "2026-02-01")
        try trial.run(now: "2026-02-01", file: "pipeline2.yaml")
        let report = try trial.run(now: "2026-03-05")
        #expect(report.destroyedKeys.isEmpty)
        #expect(report.closingKeys.isEmpty, "under its window the key is active")
        // The other is due on 1 May, but has not run since: its records are still readable.
        let waiting = try trial.run(now: "2026-05-02")
        #expect(waiting.destroyedKeys.isEmpty)
        #expect(waiting.closingKeys.flatMap(\.reasons).joined().contains("run it"))
        let last = try trial.run(now: "2026-05-02", file: "pipeline2.yaml")
        #expect(last.destroyedKeys.map(\.month) == ["2026-01"])
        // The first learns of it at its next run.
        #expect(try ledger(trial).keys().map(\.state) == [.closing])
        let learned = try trial.run(now: "2026-05-03")
        #expect(try ledger(trial).keys().map(\.state) == [.destroyed])
        #expect(learned.notes.contains { $0.contains("entered in the ledger") })
    }

    @Test func aStateThatIsGoneBlocksUntilItIsForgotten() throws {
        let trial = try trial()
        try trial.write("pipeline2.yaml", Self.pipeline("slow"))
        try trial.run(now: "2026-02-01")
        try trial.run(now: "2026-02-01", file: "pipeline2.yaml")
        let state = "\(trial.folder)/state-slow"
        try FileManager.default.moveItem(atPath: state, toPath: "\(trial.folder)/elsewhere")
        let report = try trial.run(now: "2026-03-05")
        #expect(report.destroyedKeys.isEmpty)
        #expect(report.closingKeys.flatMap(\.reasons).joined().contains("cannot be asked"))
        let refused = refusal { _ = try destroy(trial, "2026-01", "2026-03-05") }
        #expect(refused.contains(state))
        #expect(keys(trial) == ["2026-01.key"])
        var request = KeysRequest(pipeline: "\(trial.folder)/pipeline.yaml")
        request.now = "2026-03-05"
        _ = try Sluice.forgetState(request, state: state)
        #expect(try ledger(trial).events(ofKind: "state-forgotten").count == 1)
        #expect(trial.files(below: "keys").contains { $0.hasSuffix(".forgotten") })
        #expect(try trial.run(now: "2026-03-05").destroyedKeys.map(\.month) == ["2026-01"])
    }

    @Test func aStateThatStillNeedsKeysIsNotForgotten() throws {
        let trial = try trial()
        try trial.run(now: "2026-02-01")
        let request = KeysRequest(pipeline: "\(trial.folder)/pipeline.yaml")
        let refused = refusal {
            _ = try Sluice.forgetState(request, state: "\(trial.folder)/state-log")
        }
        #expect(refused.contains("still needs keys"))
        #expect(throws: PipelineFailure.self) {
            try Sluice.forgetState(request, state: "\(trial.folder)/never")
        }
    }

    /// Forgotten, it would keep no key any more, and it may need one.
    @Test func aStateThatCannotBeAskedIsNotForgotten() throws {
        let trial = try trial()
        try trial.write("pipeline2.yaml", Self.pipeline("slow"))
        try trial.run(now: "2026-02-01")
        try trial.run(now: "2026-02-01", file: "pipeline2.yaml")
        let request = KeysRequest(pipeline: "\(trial.folder)/pipeline.yaml")
        let state = "\(trial.folder)/state-slow"
        func status() -> Int32? {
            #expect(throws: PipelineFailure.self) {
                try Sluice.forgetState(request, state: state)
            }?.exitStatus
        }
        let writer = try DatabaseQueue(path: "\(state)/\(Ledger.fileName)")
        try writer.inTransaction(.exclusive) { _ in
            #expect(status() == ExitStatus.busy)
            return .rollback
        }
        try writer.close()
        try trial.write("state-slow/\(Ledger.fileName)", "no database")
        #expect(status() == ExitStatus.storage)
        try trial.remove("state-slow/\(Ledger.fileName)")
        #expect(status() == ExitStatus.storage, "the rest of it is still there")
        try trial.remove("state-slow")
        #expect(try Sluice.forgetState(request, state: state).state == state)
    }

    @Test func unpublishedAggregatesKeepTheKeyAlive() throws {
        let trial = try trial(Self.pipeline(more: Self.statistic))
        let report = try trial.run(now: "2026-06-01")
        #expect(report.destroyedKeys.isEmpty)
        #expect(report.closingKeys.flatMap(\.reasons).joined().contains("publication"))
        let refused = refusal { _ = try destroy(trial, "2026-01", "2026-06-01") }
        #expect(refused.contains("unpublished"))
        #expect(keys(trial) == ["2026-01.key"])
        let entry = try #require(try list(trial, "2026-06-01").first)
        #expect(entry.state == .closing && entry.codes == ["unpublished"])
    }

    @Test func aRunThatUsesTheStoreKeepsDestructionOut() throws {
        let trial = try trial()
        try trial.run(now: "2026-02-01")
        let store = try KeyStore.open(
            path: "\(trial.folder)/keys", zone: "UTC", creatingIfMissing: false)
        do {
            let lock = FileLockBox(try store.lockForUse())
            defer { _ = lock }
            let report = try trial.run(now: "2026-03-05")
            #expect(report.destroyedKeys.isEmpty)
            #expect(report.notes.contains { $0.contains("left to the next run") })
            let failure = #expect(throws: PipelineFailure.self) {
                try destroy(trial, "2026-01", "2026-03-05")
            }
            #expect(failure?.exitStatus == ExitStatus.busy)
        }
        #expect(try trial.run(now: "2026-03-05").destroyedKeys.count == 1)
    }

    // MARK: By hand

    @Test func byHandUnderTheSameChecks() throws {
        let trial = try trial(Self.pipeline(grace: "P1M"))
        try trial.run(now: "2026-03-01")
        let refused = refusal { _ = try destroy(trial, "2026-01", "2026-03-31") }
        #expect(refused.contains("try again at 2026-04-01"))
        let report = try destroy(trial, "2026-01", "2026-04-01", reason: "audit 7")
        #expect(!report.wasDestroyed && report.reason == "audit 7")
        #expect(try destroy(trial, "2026-01", "2026-05-01").wasDestroyed)
        let entry = try #require(try list(trial, "2026-04-01").first)
        #expect(entry.state == .destroyed && entry.reason == "audit 7")
        #expect(entry.run == "keys destroy")
        #expect(try ledger(trial).keys().first?.destruction?.reason == "audit 7")
        for month in ["2025-12", "nonsense", "2026-1"] {
            #expect(throws: PipelineFailure.self) { try destroy(trial, month, "2026-04-01") }
        }
    }

    // MARK: Crashes

    /// A destruction killed behind any of its steps ends, with the next run, like an undisturbed.
    @Test(arguments: ["tombstone", "overwritten", "unlinked"])
    func aKilledDestructionIsFinished(step: String) throws {
        let trial = try trial()
        try trial.run(now: "2026-02-28")
        let store = try KeyStore.open(
            path: "\(trial.folder)/keys", zone: "UTC", creatingIfMissing: false)
        let path = "\(trial.folder)/keys/2026-01.key"
        let content = try Data(contentsOf: URL(fileURLWithPath: path))
        let now = try #require(RunClock(text: "2026-03-05", zone: .utc)).now
        try store.destroy(CalendarMonth(year: 2026, month: 1), run: "killed", now: now)
        if step != "unlinked" {
            let left = step == "tombstone" ? content : Data(count: content.count)
            try left.write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
        #expect(try ledger(trial).keys().map(\.state) == [.active])
        try trial.run(now: "2026-03-05")
        #expect(keys(trial) == ["2026-01.destroyed"])
        let row = try #require(try ledger(trial).keys().first)
        #expect(row.state == .destroyed && row.destruction?.run == "killed")
        #expect(try ledger(trial).events(ofKind: "key-destroyed").count == 1)
        try ledger(trial).verifyChain()
        for file in trial.files(below: "out-log") {
            #expect(try !trial.text("out-log/\(file)").contains("anna"))
        }
    }

    // MARK: Holds and races

    @Test func aHoldKeepsTheKeyAliveUntilItIsReleased() throws {
        let trial = try trial()
        try trial.run(now: "2026-02-01")
        func time(_ text: String) throws -> EventTime {
            try #require(RunClock(text: text, zone: .utc)).now
        }
        do {
            let ledger = try Ledger.open(stateDirectory: "\(trial.folder)/state-log")
            _ = try ledger.raise(
                NewHold(
                    name: "case-7", ground: .law(citation: "article 52"), reason: "audit",
                    raisedBy: "officer", start: try time("2026-02-02"),
                    subjects: [HoldSubject(.everybody, from: try time("2026-01-31"))]),
                time: try time("2026-02-02"))
        }
        let held = try trial.run(now: "2026-03-05")
        #expect(held.destroyedKeys.isEmpty)
        #expect(held.closingKeys.flatMap(\.reasons).joined().contains("case-7"))
        let refused = refusal { _ = try destroy(trial, "2026-01", "2026-03-05") }
        #expect(refused.contains("case-7"))
        #expect(keys(trial) == ["2026-01.key"])
        do {
            let ledger = try Ledger.open(stateDirectory: "\(trial.folder)/state-log")
            try ledger.release(hold: "case-7", by: "officer", time: try time("2026-03-06"))
        }
        let released = try trial.run(now: "2026-03-07")
        #expect(released.destroyedKeys.map(\.month) == ["2026-01"])
        for file in trial.files(below: "out-log") {
            #expect(try !trial.text("out-log/\(file)").contains("anna"))
        }
    }

    /// A run that starts while keys are destroyed either has the key for all of its time, or finds
    /// it dead from the start.
    @Test func destructionAndTheStartOfARunExcludeEachOther() async throws {
        let scratch = try trial()
        let path = "\(scratch.folder)/raced"
        let store = try KeyStore.open(path: path, zone: "UTC", creatingIfMissing: true)
        let now = try #require(RunClock(text: "2026-03-05", zone: .utc)).now
        for round in 1...25 {
            let month = CalendarMonth(index: 1900 * 12 + round)
            _ = try store.key(for: month, creatingIfMissing: true)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let ring = try RunRing(store: store, creating: true)
                        defer { ring.release() }
                        let had = ring.hasher(for: month) != nil
                        usleep(2000)
                        let lookup = try store.key(for: month, creatingIfMissing: false)
                        if case .alive = lookup {
                            #expect(had)
                        } else {
                            #expect(!had, "the key died while a run held it")
                        }
                    }
                }
                group.addTask {
                    let retirement = KeyRetirement(
                        store: store, zone: .utc, now: now, who: "race", own: nil)
                    _ = try retirement.retireAll()
                }
                try await group.waitForAll()
            }
            #expect(!isRevived(store, month))
        }
    }

    private func isRevived(_ store: KeyStore, _ month: CalendarMonth) -> Bool {
        let name = "\(store.path)/\(month.text)"
        return FileManager.default.fileExists(atPath: name + ".key")
            && FileManager.default.fileExists(atPath: name + ".destroyed")
    }
}
