package import FileSystem
import GRDB
package import KeyedHashing
package import Records
private import Glibc
private import Synchronization

/// The embedded record of all that was done: runs, sources, parts, keys, holds, opt-outs, partials,
/// publications and a chain of events.
///
/// One SQLite file, `ledger.sqlite` (0600), in the state folder (0700). Every change is one
/// transaction with its event; a change is durable when the call returns (rollback journal,
/// `synchronous = EXTRA`). The owner of a ledger holds the state's lock, so one run is at work at a
/// time; when it lets go, the bytes of the file are sealed (`ledger.seal`). Safe to use from
/// several threads.
package final class Ledger: Sendable {
    /// The name of the database in the state folder.
    package static let fileName = "ledger.sqlite"
    /// The name of the journal that SQLite keeps beside it while a transaction is open.
    static let journalName = "\(fileName)-journal"
    /// The name of the lock file in the state folder.
    package static let lockName = "lock"

    /// The state folder.
    package let directory: Directory

    let queue: DatabaseQueue
    private let lock: FileLock?
    private let isReadOnly: Bool
    /// False from the first change on.
    private let isSealed: Mutex<Bool>
    /// How paths are written down.
    let paths: StoredPaths

    private init(
        directory: Directory, queue: DatabaseQueue, lock: consuming FileLock?, isSealed: Bool,
        isReadOnly: Bool = false, home: String? = nil
    ) {
        self.directory = directory
        paths = StoredPaths(state: directory.path, home: home)
        self.queue = queue
        self.lock = lock
        self.isReadOnly = isReadOnly
        self.isSealed = Mutex(isSealed)
    }

    deinit {
        // A ledger that cannot be sealed stays without: the next owner looks closer.
        let isDone = isReadOnly || isSealed.withLock { $0 }
        queue.end()
        if !isDone { try? LedgerSeal.write(in: directory) }
    }

    /// Opens the ledger of a state folder, makes both when they are missing, and brings the tables
    /// up to date. What lies in `home`, a folder that holds the state too, is remembered by where
    /// it lies from there: both may be moved or copied together.
    ///
    /// Faults: `busy` at once when another process has it open, `newerSchema`, `damaged`, `lost`,
    /// and those of a folder or file that is a symbolic link, another user's, or open to others.
    package static func open(
        stateDirectory path: String, home: String? = nil
    ) throws(LedgerFault) -> Ledger {
        try open(stateDirectory: path, schema: .current, home: home)
    }

    static func open(
        stateDirectory path: String, schema: LedgerSchema, home: String? = nil
    ) throws(LedgerFault) -> Ledger {
        let directory = try stateFolder(path, creating: true)
        let lock = try takeLock(in: directory)
        try refuseLost(in: directory)
        try makePrivateFile(in: directory)
        let file = directory.path(of: fileName)
        let (queue, isSealed) = try translating(file) {
            try DurableFile.removeLeftovers(in: directory)
            let queue = try DatabaseQueue(path: file, configuration: configuration)
            return try queue.endingOnFailure {
                let isNew = try queue.inDatabase { db in
                    try refuseOtherDatabases(db, file, schema)
                }
                try removeEmptyJournal(in: directory)
                let isSealed = try !isNew && checkSeal(directory, queue)
                guard try !queue.read(schema.migrator.hasCompletedMigrations) else {
                    return (queue, isSealed)
                }
                try LedgerSeal.remove(from: directory)
                try schema.migrator.migrate(queue)
                return (queue, false)
            }
        }
        return Ledger(
            directory: directory, queue: queue, lock: lock, isSealed: isSealed, home: home)
    }

    /// Opens the ledger of a state folder to look at it; nothing in the folder is changed.
    ///
    /// Holds the state's lock like `open`, unless `isLocking` is false: then a run may be at work
    /// meanwhile, and what is read is of one moment of it. Faults besides those of `open`:
    /// `notRecovered` when a killed run has left a transaction open, which only the next run may
    /// settle; without the lock also while a run commits.
    package static func openForReading(
        stateDirectory path: String, isLocking: Bool = true
    ) throws(LedgerFault) -> Ledger {
        let directory = try stateFolder(path, creating: false)
        try refuseLost(in: directory)
        let lock: FileLock? = isLocking ? try takeLock(in: directory) : nil
        let file = directory.path(of: fileName)
        let queue = try translating(file) {
            if !isLocking {
                switch try LedgerSeal.check(directory) {
                case .fits, .missing: break
                case .damaged, .differs: throw LedgerFault.damaged(path: file)
                }
            }
            if try directory.status(of: journalName) != nil {
                throw LedgerFault.notRecovered(path: file)
            }
            var configuration = configuration
            configuration.readonly = true
            let queue = try DatabaseQueue(path: file, configuration: configuration)
            try queue.endingOnFailure { try queue.read { db in try checkSchema(db, file) } }
            return queue
        }
        return Ledger(
            directory: directory, queue: queue, lock: lock, isSealed: true, isReadOnly: true)
    }

    /// Removes the journal of a transaction whose run was killed before it had entered anything.
    ///
    /// What a journal has to give back it has given back when the database is read for the first
    /// time, and is gone then. One without a header SQLite leaves for the next transaction (SQLite,
    /// "Atomic Commit", 4.2); until then nobody could tell that the ledger is settled. The lock of
    /// the state is held: no other process writes one.
    private static func removeEmptyJournal(in directory: Directory) throws {
        guard try directory.status(of: journalName) != nil else { return }
        _ = try directory.remove(journalName)
    }

    /// Refuses a database that is no ledger of this version's form.
    private static func checkSchema(_ db: Database, _ file: String) throws {
        let mark = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        guard mark == LedgerSchema.applicationID else { throw LedgerFault.damaged(path: file) }
        let migrator = LedgerSchema.current.migrator
        if try migrator.hasBeenSuperseded(db) { throw LedgerFault.newerSchema(path: file) }
        guard try migrator.hasCompletedMigrations(db) else {
            throw LedgerFault.olderSchema(path: file)
        }
    }

    /// Holds the bytes of the ledger in a state folder against its seal.
    package static func sealState(stateDirectory path: String) throws(LedgerFault) -> SealState {
        let directory = try stateFolder(path, creating: false)
        do { return try LedgerSeal.check(directory) } catch { throw .file(error) }
    }

    /// True when the ledger is as its last owner left it; false when that one was killed. What was
    /// changed since is a fault.
    private static func checkSeal(_ directory: Directory, _ queue: DatabaseQueue) throws -> Bool {
        switch try LedgerSeal.check(directory) {
        case .fits: return true
        case .missing:
            try queue.read { db in try checkIntegrity(db, directory.path(of: fileName)) }
            return false
        case .damaged, .differs: throw LedgerFault.damaged(path: directory.path(of: fileName))
        }
    }

    private static func stateFolder(
        _ path: String, creating: Bool
    ) throws(LedgerFault) -> Directory {
        do {
            return try Directory.privateDirectory(
                path, creating: creating, closedToReaders: true)
        } catch { throw .file(error) }
    }

    private static func takeLock(in directory: Directory) throws(LedgerFault) -> FileLock {
        do {
            return try FileLock.acquire(lockName, in: directory)
        } catch { throw error.cause == .busyLock ? .busy : .file(error) }
    }

    /// SQLite would make the file readable to others; journals get the mode of the file.
    private static func makePrivateFile(in directory: Directory) throws(LedgerFault) {
        do throws(FileFault) {
            let isNew = try directory.status(of: fileName) == nil
            let status = try directory.openingOrCreating(fileName).status()
            let path = directory.path(of: fileName)
            guard status.owner == geteuid() else {
                throw FileFault(.open, .foreignOwner, path: path)
            }
            guard status.permissions & 0o077 == 0 else {
                throw FileFault(.open, .openToOthers, path: path)
            }
            if isNew { try directory.synchronize() }
        } catch { throw .file(error) }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.publicStatementArguments = false
        configuration.prepareDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA journal_mode = DELETE;
                    PRAGMA synchronous = EXTRA;
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA secure_delete = ON;
                    PRAGMA temp_store = MEMORY;
                    """)
        }
        return configuration
    }

    /// Refuses what is no ledger of this version or an earlier one; true when there was nothing.
    private static func refuseOtherDatabases(
        _ db: Database, _ file: String, _ schema: LedgerSchema
    ) throws -> Bool {
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let mark = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        if pages > 0, mark != LedgerSchema.applicationID { throw LedgerFault.damaged(path: file) }
        // The mark is the first thing in the file: a run killed while the tables are made must not
        // leave a database that no later run would own.
        if pages == 0 {
            try db.execute(sql: "PRAGMA application_id = \(LedgerSchema.applicationID)")
        }
        if try schema.migrator.hasBeenSuperseded(db) {
            throw LedgerFault.newerSchema(path: file)
        }
        return pages == 0
    }

    /// Breaks the seal before the first change.
    private func unseal() throws(LedgerFault) {
        let fault = isSealed.withLock { isSealed -> FileFault? in
            guard isSealed else { return nil }
            do throws(FileFault) { try LedgerSeal.remove(from: directory) } catch { return error }
            isSealed = false
            return nil
        }
        if let fault { throw .file(fault) }
    }

    /// Runs `body` in one transaction: all of its changes happen, durably, or none.
    func write<Result: Sendable>(
        _ body: @Sendable (Database) throws -> Result
    ) throws(LedgerFault) -> Result {
        try unseal()
        let file = directory.path(of: Self.fileName)
        return try Self.translating(file) {
            try queue.writeWithoutTransaction { db in
                var result: Result?
                do {
                    try db.inTransaction(.immediate) {
                        result = try body(db)
                        return .commit
                    }
                } catch let error as DatabaseError
                where Self.behindCommit.contains(error.extendedResultCode) && result != nil {
                    throw LedgerFault.notDurable(path: file)
                }
                guard let result else { throw LedgerFault.database(code: 0) }
                return result
            }
        }
    }

    /// SQLite commits by unlinking its journal; behind that, only the folder is left to be
    /// synchronised, and the lock to be made less.
    private static let behindCommit: [ResultCode] = [
        .SQLITE_IOERR_DIR_FSYNC, .SQLITE_IOERR_RDLOCK, .SQLITE_IOERR_UNLOCK,
    ]

    func read<Result: Sendable>(
        _ body: @Sendable (Database) throws -> Result
    ) throws(LedgerFault) -> Result {
        try Self.translating(directory.path(of: Self.fileName)) { try queue.read(body) }
    }

    /// Turns every error into a fault without values.
    private static func translating<Result>(
        _ path: String, _ body: () throws -> Result
    ) throws(LedgerFault) -> Result {
        do {
            return try body()
        } catch let fault as LedgerFault {
            throw fault
        } catch let fault as FileFault {
            throw .file(fault)
        } catch let error as DatabaseError {
            switch error.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: throw .damaged(path: path)
            case .SQLITE_BUSY, .SQLITE_LOCKED: throw .busy
            case .SQLITE_CONSTRAINT: throw .refused("a row contradicts the rules of its table")
            default: throw .database(code: Int(error.extendedResultCode.rawValue))
            }
        } catch {
            throw .damaged(path: path)
        }
    }
}

/// Where the chain of events ends; written down elsewhere it proves the whole chain.
package struct ChainEnd: Sendable, Equatable {
    package let sequence: Int64
    package let hash: Digest256

    package init(sequence: Int64, hash: Digest256) {
        self.sequence = sequence
        self.hash = hash
    }
}

extension Ledger {
    /// Proves the chain of events from the first to the last; throws `brokenChain` otherwise.
    @discardableResult
    package func verifyChain() throws(LedgerFault) -> ChainEnd {
        try read { db in try EventChain.verify(db) }
    }

    /// Lets SQLite check pages, indexes, constraints and references of the whole file.
    package func verifyDatabase() throws(LedgerFault) {
        let path = directory.path(of: Self.fileName)
        try read { db in try Self.checkIntegrity(db, path) }
    }

    fileprivate static func checkIntegrity(_ db: Database, _ path: String) throws {
        let answers = try String.fetchAll(db, sql: "PRAGMA integrity_check(1)")
        let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check")
        guard answers.count == 1, answers[0].utf8.elementsEqual("ok".utf8), orphans.isEmpty
        else { throw LedgerFault.damaged(path: path) }
    }

    /// Records something that is not part of a run's commit.
    package func append(
        event kind: String, _ payload: CanonicalJSON, time: EventTime
    ) throws(LedgerFault) {
        try write { db in try EventChain.append(kind, payload, time: time, db) }
    }

    /// All events of a kind in order, or all events.
    package func events(ofKind kind: String? = nil) throws(LedgerFault) -> [LedgerEvent] {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM events WHERE ?1 IS NULL OR kind = ?1 ORDER BY seq",
                arguments: [kind])
            return rows.map(EventChain.event)
        }
    }
}
