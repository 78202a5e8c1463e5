private import GRDBSQLite

/// A value as a row of a database has it.
enum StoredValue {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    static func number(_ number: Int) -> StoredValue { .integer(Int64(number)) }
}

/// An SQLite database in memory that is filled and told as bytes, through the library's own
/// interface.
///
/// A connection of GRDB has a queue of libdispatch, which has to be kept until the process ends
/// (`LastingObjects`). Here there is one database for each customer of a publication, and nothing
/// of it is left when it is told. One owner, one thread at a time.
@safe final class MemoryDatabase {
    private let connection: OpaquePointer

    /// A database without tables, of pages of 4096 bytes and texts in UTF-8.
    init() throws(PublicationFault) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let result = unsafe sqlite3_open_v2(":memory:", &opened, flags, nil)
        guard result == SQLITE_OK, let opened = unsafe opened else {
            // What could not be opened has to be closed all the same (sqlite3_open_v2).
            unsafe sqlite3_close_v2(opened)
            throw .database
        }
        unsafe connection = opened
        // A name that is not there is a mistake, and no text.
        unsafe _disableDoubleQuotedStringLiterals(connection)
        // To sort the keys of a large index, SQLite would else make a file wherever it may.
        try execute(
            "PRAGMA page_size = 4096; PRAGMA encoding = 'UTF-8'; PRAGMA temp_store = MEMORY")
    }

    deinit { unsafe sqlite3_close_v2(connection) }

    /// Runs statements that take nothing and give nothing.
    func execute(_ sql: String) throws(PublicationFault) {
        guard unsafe sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw .database
        }
    }

    /// Enters one row, a value for each column, into the table of this name.
    func insert(into table: String, _ values: [StoredValue]) throws(PublicationFault) {
        try insertion(into: table, columns: values.count).insert(values)
    }

    /// What enters rows of so many columns into the table of this name.
    func insertion(into table: String, columns: Int) throws(PublicationFault) -> Insertion {
        let places = repeatElement("?", count: columns).joined(separator: ", ")
        let sql = "INSERT INTO \(quoted(table)) VALUES (\(places))"
        var statement: OpaquePointer?
        let result = unsafe sqlite3_prepare_v2(connection, sql, -1, &statement, nil)
        guard result == SQLITE_OK, let statement = unsafe statement else { throw .database }
        return unsafe Insertion(statement, self)
    }

    /// The bytes of the file that the database would be.
    func serialized() throws(PublicationFault) -> [UInt8] {
        var size: sqlite3_int64 = 0
        guard let start = unsafe sqlite3_serialize(connection, "main", &size, 0) else {
            throw .database
        }
        defer { unsafe sqlite3_free(start) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(size)))
    }

    /// A statement that enters rows into one table.
    @safe final class Insertion {
        private let statement: OpaquePointer
        /// A statement ends before its database does.
        private let database: MemoryDatabase

        fileprivate init(_ statement: OpaquePointer, _ database: MemoryDatabase) {
            unsafe self.statement = unsafe statement
            self.database = database
        }

        deinit { _ = unsafe sqlite3_finalize(statement) }

        /// Enters one row, a value for each column.
        func insert(_ values: [StoredValue]) throws(PublicationFault) {
            for (index, value) in values.enumerated() {
                guard bind(value, at: Int32(index + 1)) == SQLITE_OK else { throw .database }
            }
            let result = unsafe sqlite3_step(statement)
            guard unsafe sqlite3_reset(statement) == SQLITE_OK, result == SQLITE_DONE else {
                throw .database
            }
        }

        /// Hands over a copy of the value for the column, counted from 1; SQLite's answer.
        private func bind(_ value: StoredValue, at column: Int32) -> Int32 {
            switch value {
            case .null: return unsafe sqlite3_bind_null(statement, column)
            case .integer(let number):
                return unsafe sqlite3_bind_int64(statement, column, number)
            case .real(let number): return unsafe sqlite3_bind_double(statement, column, number)
            case .text(var text):
                return text.withUTF8 { bytes in
                    unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                        unsafe sqlite3_bind_text64(
                            statement,
                            column,
                            characters.baseAddress,
                            UInt64(characters.count),
                            Self.copied,
                            UInt8(SQLITE_UTF8)
                        )
                    }
                }
            case .blob(let bytes):
                return unsafe bytes.withUnsafeBytes { bytes in
                    unsafe sqlite3_bind_blob64(
                        statement,
                        column,
                        bytes.baseAddress,
                        UInt64(bytes.count),
                        Self.copied
                    )
                }
            }
        }

        /// SQLITE_TRANSIENT, which Swift cannot import: SQLite makes a copy of the bytes.
        private static var copied: sqlite3_destructor_type? {
            unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        }
    }
}

extension PublicationFault {
    /// SQLite has no memory, or refuses a statement.
    static var database: PublicationFault {
        PublicationFault("SQLite refused to make the database")
    }
}
