import Records
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
    func write(_ database: MemoryDatabase) throws(PublicationFault) {
        let groups = published.table.groupColumns.count
        let declared = columns.enumerated().map { index, column in
            "\(quoted(column)) \(index < groups ? "TEXT NOT NULL" : "BLOB")"
        }
        try database.execute("CREATE TABLE \(quoted(name)) (\(declared.joined(separator: ", ")))")
        let insertion = try database.insertion(into: name, columns: columns.count)
        for (row, bytes) in zip(published.table.rows, sketches.rows) {
            let keys = row.key.map { StoredValue.text(ByteEscapes.text($0)) }
            let blobs = bytes.map { $0.isEmpty ? StoredValue.null : .blob($0) }
            try insertion.insert(keys + blobs)
        }
    }

    /// Enters the columns into the dictionary: none of them may be added up.
    func describe(_ database: MemoryDatabase, period: String) throws(PublicationFault) {
        let groups = published.table.groupColumns
        for (index, column) in columns.enumerated() {
            let isGroup = index < groups.count
            let meaning =
                isGroup
                ? ColumnWords.ofGroup(groups[index])
                : ColumnWords.of(sketches.columns[index - groups.count])
            try database.describe(
                DictionaryEntry(
                    table: name,
                    column: column,
                    kind: isGroup ? "group" : "sketch",
                    meaning: meaning,
                    isAddable: isGroup ? nil : false,
                    period: period
                )
            )
        }
    }
}
