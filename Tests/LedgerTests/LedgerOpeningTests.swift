import Foundation
import GRDB
import Ledger
import Records
import TestSupport
import Testing

struct LedgerOpeningTests {
    @Test func everythingIsForTheOwnerOnly() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        #expect(try scratch.mode(scratch.state) == 0o700)
        for name in try FileManager.default.contentsOfDirectory(atPath: scratch.state) {
            #expect(try scratch.mode(scratch.state + "/" + name) == 0o600, "\(name)")
        }
    }

    @Test func reopeningChangesNothing() throws {
        let scratch = try Scratch()
        let first = try dump(scratch)
        let second = try dump(scratch)
        #expect(first == second)
        #expect(!first.isEmpty)
        #expect(try scratch.ledger().lastRun() == nil)
    }

    @Test(arguments: [
        (13, "no space is left on the device"), (778, "(error 778)"), (11, "reports error 11"),
    ])
    func whatTheDatabaseReportsIsSaidInWords(_ code: Int, _ words: String) {
        #expect(LedgerFault.database(code: code).description.contains(words))
    }

    private func dump(_ scratch: Scratch) throws -> [UInt8] {
        do {
            let ledger = try scratch.ledger()
            try ledger.verifyDatabase()
            #expect(try ledger.verifyChain().sequence == 0)
        }
        return Array(try Data(contentsOf: URL(fileURLWithPath: scratch.file)))
    }

    @Test func aSecondOwnerIsRefusedAtOnce() throws {
        let scratch = try Scratch()
        do {
            let ledger = try scratch.ledger()
            #expect(throws: LedgerFault.busy) {
                try Ledger.open(stateDirectory: scratch.state)
            }
            _ = try ledger.verifyChain()
        }
        _ = try scratch.ledger()
    }

    @Test func otherFilesAreRefused() throws {
        let scratch = try Scratch()
        do { _ = try scratch.ledger() }
        let good = try Data(contentsOf: URL(fileURLWithPath: scratch.file))
        let url = URL(fileURLWithPath: scratch.file)
        for bad in [Data("no database".utf8), Data(repeating: 7, count: 8192)] {
            try bad.write(to: url)
            #expect(throws: LedgerFault.damaged(path: scratch.file)) { try scratch.ledger() }
        }
        try good.write(to: url)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: scratch.file)
        #expect(throws: LedgerFault.self) { try scratch.ledger() }
        try FileManager.default.removeItem(atPath: scratch.file)
        let queue = try DatabaseQueue(path: scratch.file)
        try queue.write { db in try db.execute(sql: "CREATE TABLE foreign_table (x)") }
        try queue.close()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: scratch.file)
        #expect(throws: LedgerFault.damaged(path: scratch.file)) { try scratch.ledger() }
    }

    @Test func aLedgerOfANewerVersionIsRefused() throws {
        let scratch = try Scratch()
        do { _ = try scratch.ledger() }
        try scratch.tamper("INSERT INTO grdb_migrations VALUES ('9-future')")
        #expect(throws: LedgerFault.newerSchema(path: scratch.file)) { try scratch.ledger() }
    }

    @Test func linksAndOpenFoldersAreRefused() throws {
        let scratch = try Scratch()
        do { _ = try scratch.ledger() }
        let link = scratch.path + "/link"
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: scratch.state)
        #expect(throws: LedgerFault.self) { try Ledger.open(stateDirectory: link) }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o750], ofItemAtPath: scratch.state)
        #expect(throws: LedgerFault.self) { try scratch.ledger() }
    }
}
