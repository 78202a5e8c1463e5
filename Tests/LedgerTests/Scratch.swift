import Foundation
import GRDB
import KeyedHashing
import Ledger
import Records
import TestSupport

/// A fresh state folder for one test, removed when the test lets go of it.
final class Scratch {
    let path: String

    var state: String { path + "/state" }
    var file: String { state + "/" + Ledger.fileName }

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/sluice-ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Opens the ledger; waits a little, because a child process that another test is just starting
    /// shares our locks until it runs its own programme.
    func ledger() throws -> Ledger {
        for _ in 0..<100 {
            do { return try Ledger.open(stateDirectory: state) } catch LedgerFault.busy {
                usleep(5000)
            }
        }
        return try Ledger.open(stateDirectory: state)
    }

    func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    /// Changes the database behind the ledger's back.
    func tamper(_ statements: String) throws {
        let queue = try DatabaseQueue(path: file)
        try queue.write { db in
            try db.execute(sql: "DROP TRIGGER events_stay; DROP TRIGGER events_stay_as_they_are")
            try db.execute(sql: statements)
        }
        try queue.close()
        // As if a process had been killed: what was sealed and does not fit is refused at once.
        try FileManager.default.removeItem(atPath: state + "/ledger.seal")
    }
}

func content(_ text: String) -> ContentIdentity {
    ContentIdentity(digest: Digest256.of(bytes(text).span), byteCount: text.utf8.count)
}

let plan = content("plan").digest
let month = CalendarMonth(year: 2026, month: 3)
let key = UsedKey(
    id: KeyID(epoch: KeyEpoch(month: month, zone: "UTC"), number: 7),
    fingerprint: KeyFingerprint(digest: content("fingerprint").digest))

/// A run with one source of the content `source`, one part, one partial and one owed rename.
func commit(_ name: String, source: String, stream: String = "web") -> RunCommit {
    var commit = RunCommit(
        name: name, pipeline: "nightly", command: "run", plan: plan,
        started: EventTime(milliseconds: 1000), finished: EventTime(milliseconds: 2000),
        now: EventTime(milliseconds: 1000), cutoff: EventTime(milliseconds: 500),
        counts: RunCounts(
            read: 10, written: 7, dropped: 2, quarantined: 1, details: ["not-json": 1]))
    commit.sources = [
        CountedSource(
            stream: stream, content: content(source), records: 10,
            segments: [CountedSegment(start: 0, content: content(source + "-1"), records: 10)])
    ]
    commit.tasks = [
        CommittedTask(name: "task 1", attempt: "a", digest: content("task").digest, source: 0)
    ]
    commit.keys = [key]
    commit.parts = [
        NewPart(
            output: "actions", purpose: "security", source: 0,
            sourceRange: content(source).digest, path: "out/\(name)", content: content("part"),
            records: 7, day: 20_000, oldestReadable: EventTime(milliseconds: 700),
            keyIDs: [key.id])
    ]
    commit.partials = [
        NewPartial(
            statisticSet: "sessions", month: month, keyID: key.id, source: 0, task: 0,
            path: "partials/\(name)", content: content("partial"))
    ]
    commit.publications = [
        PendingPublication(
            directory: "out", finalName: name,
            action: .publish(temporaryName: ".\(name).tmp", content("part"))),
        PendingPublication(directory: "out", finalName: "old", action: .remove),
    ]
    return commit
}
