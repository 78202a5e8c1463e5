import FileSystem
import Foundation
import GRDB
import Records
import TestSupport
import Testing

@testable import Ledger

/// The seal of the ledger and the steps from one version of its tables to the next.
struct SealTests {
    private func seal(_ scratch: Scratch) throws -> SealState {
        try Ledger.sealState(stateDirectory: scratch.state)
    }

    private func flip(_ path: String, at offset: Int) throws {
        let url = URL(fileURLWithPath: path)
        var data = try Data(contentsOf: url)
        data[offset] ^= 1
        try data.write(to: url)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: path)
    }

    @Test func aLedgerIsSealedWhenItIsLetGo() throws {
        let scratch = try Scratch()
        do {
            let ledger = try scratch.ledger()
            #expect(try seal(scratch) == .missing)
            try ledger.commitRun(commit("one", source: "a"))
        }
        #expect(try seal(scratch) == .fits)
        do {
            let ledger = try scratch.ledger()
            _ = try ledger.verifyChain()
            // Reading breaks no seal.
            #expect(try seal(scratch) == .fits)
            try ledger.append(event: "word", .null, time: EventTime(milliseconds: 1))
            #expect(try seal(scratch) == .missing)
        }
        #expect(try seal(scratch) == .fits)
    }

    /// A journal that could not be removed takes the transaction back when the next owner opens the
    /// ledger: sealed with it, the ledger would look damaged ever after.
    @Test func anOpenTransactionGetsNoSeal() throws {
        let scratch = try Scratch()
        do { try scratch.ledger().commitRun(commit("one", source: "a")) }
        do {
            let ledger = try scratch.ledger()
            try ledger.append(event: "word", .null, time: EventTime(milliseconds: 1))
            try Data().write(to: URL(fileURLWithPath: scratch.file + "-journal"))
        }
        #expect(try seal(scratch) == .missing)
        do {
            let ledger = try scratch.ledger()
            try ledger.append(event: "word", .null, time: EventTime(milliseconds: 2))
        }
        #expect(try seal(scratch) == .fits)
    }

    @Test func everyFlippedByteBreaksTheSeal() throws {
        let scratch = try Scratch()
        do { try scratch.ledger().commitRun(commit("one", source: "a")) }
        let size = try Data(contentsOf: URL(fileURLWithPath: scratch.file)).count
        let seed: UInt64 = 0x5ea1
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let offset = Int.random(in: 0..<size, using: &random)
            try flip(scratch.file, at: offset)
            #expect(try seal(scratch) == .differs, "byte \(offset), seed \(seed)")
            try flip(scratch.file, at: offset)
        }
        #expect(try seal(scratch) == .fits)
        let own = scratch.state + "/ledger.seal"
        let length = try Data(contentsOf: URL(fileURLWithPath: own)).count
        for offset in 0..<length {
            try flip(own, at: offset)
            #expect(try seal(scratch) != .fits, "byte \(offset) of the seal")
            try flip(own, at: offset)
        }
        #expect(try seal(scratch) == .fits)
    }

    @Test func aBrokenSealIsRefusedAndAMissingOneIsNot() throws {
        let scratch = try Scratch()
        do { try scratch.ledger().commitRun(commit("one", source: "a")) }
        let size = try Data(contentsOf: URL(fileURLWithPath: scratch.file)).count
        try flip(scratch.file, at: size - 9)
        #expect(throws: LedgerFault.damaged(path: scratch.file)) { try scratch.ledger() }
        try flip(scratch.file, at: size - 9)
        try FileManager.default.removeItem(atPath: scratch.state + "/ledger.seal")
        do { _ = try scratch.ledger() }
        #expect(try seal(scratch) == .fits)
    }

    @Test func lookingChangesNothing() throws {
        let scratch = try Scratch()
        #expect(throws: LedgerFault.self) {
            try Ledger.openForReading(stateDirectory: scratch.state)
        }
        do { try scratch.ledger().commitRun(commit("one", source: "a")) }
        let before = try Data(contentsOf: URL(fileURLWithPath: scratch.file))
        do {
            let ledger = try Ledger.openForReading(stateDirectory: scratch.state)
            #expect(try ledger.runs().count == 1)
            #expect(throws: LedgerFault.self) {
                try ledger.append(event: "word", .null, time: EventTime(milliseconds: 1))
            }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.file)) == before)
        try Data().write(to: URL(fileURLWithPath: scratch.file + "-journal"))
        #expect(throws: LedgerFault.notRecovered(path: scratch.file)) {
            try Ledger.openForReading(stateDirectory: scratch.state)
        }
    }

    // MARK: Versions

    private var later: LedgerSchema {
        var schema = LedgerSchema.current
        schema.migrations.append(
            LedgerSchema.Migration(
                name: "2-example",
                statements: [
                    "ALTER TABLE runs ADD COLUMN example TEXT NOT NULL DEFAULT 'none'",
                    "CREATE TABLE examples (id INTEGER PRIMARY KEY) STRICT",
                ]))
        return schema
    }

    @Test func aLedgerOfTheFirstVersionIsBroughtUpToDate() throws {
        let scratch = try Scratch()
        do { try scratch.ledger().commitRun(commit("one", source: "a")) }
        do {
            let ledger = try Ledger.open(stateDirectory: scratch.state, schema: later)
            #expect(try ledger.runs().map(\.run.name) == ["one"])
            #expect(try ledger.verifyChain().sequence == 1)
            try ledger.verifyDatabase()
            let marks = try ledger.read { db in
                try String.fetchAll(db, sql: "SELECT example FROM runs")
            }
            #expect(marks == ["none"])
        }
        #expect(try seal(scratch) == .fits)
        // The version before cannot know what the later one has done.
        #expect(throws: LedgerFault.newerSchema(path: scratch.file)) { try scratch.ledger() }
        #expect(throws: LedgerFault.newerSchema(path: scratch.file)) {
            try Ledger.openForReading(stateDirectory: scratch.state)
        }
        _ = try Ledger.open(stateDirectory: scratch.state, schema: later)
    }

    @Test func aMigrationThatFailsChangesNothing() throws {
        let scratch = try Scratch()
        do { try scratch.ledger().commitRun(commit("one", source: "a")) }
        var broken = later
        broken.migrations.append(
            LedgerSchema.Migration(
                name: "3-broken",
                statements: ["CREATE TABLE half (x) STRICT", "INSERT INTO nowhere VALUES (1)"]))
        #expect(throws: LedgerFault.self) {
            try Ledger.open(stateDirectory: scratch.state, schema: broken)
        }
        let ledger = try Ledger.open(stateDirectory: scratch.state, schema: later)
        #expect(try ledger.runs().count == 1)
        let half = try ledger.read { db in try db.tableExists("half") }
        #expect(!half)
    }

    // MARK: Rows against events

    @Test(arguments: [
        "UPDATE runs SET records_read = 11, records_written = 8",
        "UPDATE runs SET pipeline = 'another'",
        "UPDATE runs SET cutoff_ms = NULL",
        "UPDATE parts SET sha256 = '\(String(repeating: "0", count: 64))'",
        "DELETE FROM part_keys; DELETE FROM parts",
        "UPDATE sources SET sha256 = '\(String(repeating: "0", count: 64))'",
        "DELETE FROM partials",
    ]) func rowsThatSayAnotherThingThanTheirEventsAreFound(_ change: String) throws {
        let scratch = try Scratch()
        do {
            let ledger = try scratch.ledger()
            try ledger.commitRun(commit("one", source: "a"))
            #expect(try ledger.contradictions() == [])
        }
        try scratch.tamper(change)
        let found = try scratch.ledger().contradictions()
        #expect(found.map(\.run) == [1], "\(change)")
    }

    // MARK: Recalls

    @Test func deliveriesAreCalledBackOnce() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        var shared = commit("one", source: "a")
        shared.parts[0].recipients = ["partner", "group"]
        try ledger.commitRun(shared)
        #expect(try ledger.recalls() == [])
        let time = EventTime(milliseconds: 5000)
        for _ in 0..<2 {
            try ledger.write { db in
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO registry_keys VALUES
                        ('k', '\(String(repeating: "1", count: 64))', 0);
                        INSERT OR IGNORE INTO opt_outs (id, kind, subject, key_id, basis,
                            effective_ms)
                        VALUES (1, 'customer', '\(String(repeating: "2", count: 64))', 'k', 'use',
                            0)
                        """)
                let paths = StoredPaths(state: ledger.directory.path)
                try Recalls.raise(.optOut(1), part: 1, time: time, paths, db)
                try Recalls.raise(.optOut(1), delivery: 1, time: time, db)
            }
        }
        let recalls = try ledger.recalls()
        #expect(Set(recalls.map(\.recipient)) == ["partner", "group"])
        #expect(recalls.allSatisfy { $0.cause == .optOut(1) && $0.successor == nil })
        try ledger.answerRecall(1, by: "their privacy officer", time: time)
        #expect(throws: LedgerFault.self) {
            try ledger.answerRecall(1, by: "again", time: time)
        }
        #expect(throws: LedgerFault.self) { try ledger.answerRecall(9, by: "who", time: time) }
        #expect(try ledger.recalls().map(\.answeredBy) == ["their privacy officer", nil])
        #expect(try ledger.events(ofKind: "recalls-raised").count == 1)
    }
}
