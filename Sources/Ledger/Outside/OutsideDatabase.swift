internal import FileSystem
import GRDB
private import GRDBSQLite
internal import Records

/// An SQLite database that is not ours, such as an export of a CRM: only read, nothing is written
/// into it or beside it, and nothing in it is trusted.
package struct OutsideDatabase: Sendable {
    /// Where the file lies itself: SQLite keeps its log beside it, not beside a symbolic link.
    package let path: String

    /// The database in the file that `path` leads to now.
    package init(path: String) { self.path = realPath(path) ?? path }

    /// Every file that the database may be made of.
    package var files: [String] { [path] + ["-journal", "-wal", "-shm"].map { path + $0 } }

    /// Reads columns of all rows of `table`, in one transaction.
    ///
    /// `choose` is told the names of the table's columns and says which of them to read; nil ends
    /// the reading. `row` gets the cells of one row as bytes of UTF-8, empty for NULL, and says
    /// whether to go on. Views and virtual tables are refused: they can run code of the database.
    package func read(
        table: String, choose: ([String]) -> [String]?, row: ([[UInt8]]) -> Bool
    ) throws(OutsideFault) {
        do {
            let queue = try DatabaseQueue(path: try opening(), configuration: Self.configuration)
            defer { queue.end() }
            try queue.read { db in
                let names = try Self.columns(of: table, db)
                guard let chosen = choose(names) else { return }
                try Self.read(chosen, of: table, db, row)
            }
        } catch let fault as OutsideFault {
            throw fault
        } catch let error as DatabaseError {
            throw Self.fault(error)
        } catch {
            throw .unreadable
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.publicStatementArguments = false
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            // A cell as long as SQLite allows would be in memory several times.
            if let connection = unsafe db.sqliteConnection {
                unsafe sqlite3_limit(
                    connection, SQLITE_LIMIT_LENGTH, Int32(DelimitedRows.rowBytesMax))
            }
            try db.execute(
                sql: """
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA query_only = ON;
                    PRAGMA mmap_size = 0;
                    """)
        }
        return configuration
    }

    private static func columns(of table: String, _ db: Database) throws -> [String] {
        let encoding = try String.fetchOne(db, sql: "PRAGMA encoding") ?? ""
        guard encoding.utf8.elementsEqual("UTF-8".utf8) else { throw OutsideFault.otherEncoding }
        let isTable =
            try Int.fetchOne(
                db,
                sql: """
                    SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?
                    AND rootpage > 0
                    """, arguments: [table]) != nil
        guard isTable else { throw OutsideFault.noTable(try tables(db)) }
        return try String.fetchAll(
            db, sql: "SELECT name FROM pragma_table_info(?) ORDER BY cid", arguments: [table])
    }

    private static func tables(_ db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql: """
                SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0
                AND name NOT LIKE 'sqlite%' ORDER BY name LIMIT 100
                """)
    }

    /// Texts come as blobs: SQLite does not check that they are UTF-8; nothing must repair them.
    private static func read(
        _ columns: [String], of table: String, _ db: Database, _ row: ([[UInt8]]) -> Bool
    ) throws {
        let list = columns.map { "CAST(\(quoted($0)) AS BLOB)" }.joined(separator: ", ")
        let rows = try Row.fetchCursor(db, sql: "SELECT \(list) FROM \(quoted(table))")
        while let next = try rows.next() {
            let cells = columns.indices.map { index -> [UInt8] in
                (next[index] as DatabaseValue).blobBytes
            }
            guard row(cells) else { return }
        }
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    private static func fault(_ error: DatabaseError) -> OutsideFault {
        if error.extendedResultCode == .SQLITE_READONLY_ROLLBACK { return .journalLeft }
        return switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_FORMAT: .damaged
        case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
        case .SQLITE_TOOBIG: .tooLong
        default: .unreadable
        }
    }
}

extension DatabaseValue {
    fileprivate var blobBytes: [UInt8] {
        switch storage {
        case .blob(let data): Array(data)
        case .string(let text): Array(text.utf8)
        case .null, .int64, .double: []
        }
    }
}

/// Why an outside database cannot be used.
package enum OutsideFault: Error, Equatable, Sendable {
    /// Missing, or not to be opened.
    case unreadable
    /// No SQLite database, or a damaged one.
    case damaged
    /// Another process writes it for longer than ten seconds.
    case busy
    /// What was written last lies in a write-ahead log, and its index is not there: to read it
    /// would make new files beside the database.
    case logLeft
    /// Its last writer died in the middle of a change, which its journal would take back; nobody
    /// may do that who only reads.
    case journalLeft
    /// The file has other names, too, and its log may lie beside any of them.
    case severalNames
    /// Its texts are not UTF-8.
    case otherEncoding
    /// It has a longer row than a table in a CSV may have.
    case tooLong
    /// It has no table of that name; these it has.
    case noTable([String])
}
