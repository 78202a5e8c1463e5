import Foundation
import Ledger
import Testing

/// A state folder without its ledger is either new or has lost it.
struct LostLedgerTests {
    private func put(_ name: String, in scratch: Scratch) throws {
        let path = "\(scratch.state)/\(name)"
        if name.hasSuffix("/") {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try Data([1]).write(to: URL(fileURLWithPath: path + "something"))
        } else {
            try Data([1]).write(to: URL(fileURLWithPath: path))
        }
    }

    private func emptyState() throws -> Scratch {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            atPath: scratch.state, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        return scratch
    }

    @Test(
        "is refused by whatever it left behind",
        arguments: [
            "ledger.seal", "registry.key", "keys/", "partials/", "quarantine/", "tables/",
        ])
    func remains(_ name: String) throws {
        let scratch = try emptyState()
        try put(name, in: scratch)
        let lost = LedgerFault.lost(path: scratch.file, remains: [name])
        #expect(throws: lost) { try scratch.ledger() }
        #expect(throws: lost) { try Ledger.openForReading(stateDirectory: scratch.state) }
        #expect(throws: lost) { try Ledger.isPresent(stateDirectory: scratch.state) }
        #expect(!FileManager.default.fileExists(atPath: scratch.file), "nothing was made")
        #expect(lost.remedy?.contains("Restore the state folder from a backup") == true)
        #expect(lost.remedy?.contains("To begin anew") == true)
    }

    @Test("emptied, is refused like one that is gone")
    func emptied() throws {
        let scratch = try Scratch()
        do { try scratch.ledger().commitRun(commit("one", source: "a")) }
        try Data().write(to: URL(fileURLWithPath: scratch.file))
        #expect(throws: LedgerFault.lost(path: scratch.file, remains: ["ledger.seal"])) {
            try scratch.ledger()
        }
    }

    @Test("that was never made is made, also after a run that was killed while it made it")
    func new() throws {
        let scratch = try emptyState()
        try put("lock", in: scratch)
        try FileManager.default.createDirectory(
            atPath: "\(scratch.state)/partials", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        #expect(try !Ledger.isPresent(stateDirectory: scratch.state))
        let isMade = FileManager.default.createFile(
            atPath: scratch.file, contents: Data(), attributes: [.posixPermissions: 0o600])
        #expect(isMade)
        do { _ = try scratch.ledger() }
        #expect(try Ledger.isPresent(stateDirectory: scratch.state))
    }
}
