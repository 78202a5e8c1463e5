// GRDB gives and takes the bytes of a column as `Data`.
private import FoundationEssentials
import GRDB
import Statistics

/// The sketches of one table of a publication in the database: a table of BLOBs beside it.
struct DatabaseSketches {
    private let published: PublishedTable
    private let sketches: PublishedSketches
    private let name: String
    private let columns: [String]

    /// Nil for a table without sketches.
    init?(_ published: PublishedTable, _ names: inout UniqueNames) {
        guard let sketches = published.sketches else { return nil }
        self.published = published
        self.sketches = sketches
        name = names.claim("\(published.table.name)_sketches")
        var free = UniqueNames(taken: [])
        columns = (published.table.groupColumns + sketches.columns.map(\.name)).map {
            free.claim($0)
        }
    }

    /// Makes the table, its rows in the order of the publication; NULL where there is no sketch.
    func write(_ db: Database) throws {
        let groups = published.table.groupColumns.count
        let declared = columns.enumerated().map { index, column in
            "\(quoted(column)) \(index < groups ? "TEXT NOT NULL" : "BLOB")"
        }
        try db.execute(
            sql: "CREATE TABLE \(quoted(name)) (\(declared.joined(separator: ", ")))")
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        let insert = try db.makeStatement(
            sql: "INSERT INTO \(quoted(name)) VALUES (\(places))")
        for (row, bytes) in zip(published.table.rows, sketches.rows) {
            let keys = row.key.map { String(decoding: $0, as: UTF8.self).databaseValue }
            let blobs = bytes.map { $0.isEmpty ? DatabaseValue.null : Self.blob($0) }
            try insert.execute(arguments: StatementArguments(keys + blobs))
        }
    }

    private static func blob(_ bytes: [UInt8]) -> DatabaseValue {
        Data(bytes).databaseValue
    }

    /// Enters the columns into the dictionary: none of them may be added up.
    func describe(_ db: Database, period: String) throws {
        let groups = published.table.groupColumns
        for (index, column) in columns.enumerated() {
            let isGroup = index < groups.count
            let meaning =
                isGroup
                ? ColumnWords.ofGroup(groups[index])
                : ColumnWords.of(sketches.columns[index - groups.count])
            try db.execute(
                sql: "INSERT INTO dictionary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    name, column, isGroup ? "group" : "sketch", meaning, nil,
                    isGroup ? nil : false, nil, nil, period,
                ])
        }
    }
}
