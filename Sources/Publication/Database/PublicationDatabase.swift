import Records
import Statistics

/// A publication as an SQLite database, made in memory.
///
/// One table for each statistic, with a status beside each figure: a figure that is not told is
/// NULL, and the status says why. The same publication gives the same bytes.
struct PublicationDatabase {
    private let publication: Publication
    private let layouts: [DatabaseTable]

    init(_ publication: Publication) {
        self.publication = publication
        var names = UniqueNames(
            taken: ["publication", "tables", "dictionary", "statuses", "late_records"])
        layouts = publication.tables.map { DatabaseTable($0, &names) }
    }

    /// The bytes of the database file.
    func bytes() throws(PublicationFault) -> [UInt8] {
        let database = try MemoryDatabase()
        try database.execute("BEGIN")
        try about(database)
        for layout in layouts { try layout.write(database) }
        try dictionary(database)
        try database.execute("COMMIT")
        return try Self.file(database)
    }

    /// The file that the database would be, without what tells how it was made: the counters of
    /// changes and the version of the library (SQLite file format, §1.3).
    private static func file(_ database: MemoryDatabase) throws(PublicationFault) -> [UInt8] {
        var bytes = try database.serialized()
        guard bytes.count >= 100 else { throw .database }
        for (offset, value) in [(24, 1), (92, 1), (96, 3_040_000)] {
            for index in 0..<4 {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * index))
            }
        }
        return bytes
    }

    // MARK: About the publication

    private func about(_ database: MemoryDatabase) throws(PublicationFault) {
        try database.execute(
            """
            CREATE TABLE publication (property TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)
                WITHOUT ROWID;
            CREATE TABLE statuses (status TEXT PRIMARY KEY NOT NULL, meaning TEXT NOT NULL)
                WITHOUT ROWID;
            CREATE TABLE late_records (period TEXT NOT NULL, records INTEGER);
            """
        )
        let properties = [
            ("pipeline", publication.pipeline), ("period", publication.period),
            ("through", publication.through), ("kind", publication.kind.rawValue),
            ("revision", String(publication.revision)), ("reason", publication.reason),
            ("audience", publication.audience.rawValue), ("zone", publication.zone),
            ("published", publication.closed), ("opt_outs_as_of", publication.optOutsAsOf),
        ]
        for (name, value) in properties {
            try database.insert(into: "publication", [.text(name), .text(value)])
        }
        for (status, meaning) in Self.statuses {
            try database.insert(into: "statuses", [.text(status), .text(meaning)])
        }
        for late in publication.late {
            try database.insert(
                into: "late_records",
                [.text(late.period), late.records.map { .integer($0) } ?? .null]
            )
        }
    }

    private static var statuses: [(String, String)] {
        [
            ("value", "The figure is told."),
            ("zero", "Measured, and nothing of the kind happened."),
            ("not_measured", "There was nothing to compute the figure from."),
        ] + SuppressionReason.allCases.map { ($0.status, ColumnWords.sentence($0)) }
    }

    private func dictionary(_ database: MemoryDatabase) throws(PublicationFault) {
        try database.execute(
            """
            CREATE TABLE tables (table_name TEXT PRIMARY KEY NOT NULL, statistic TEXT NOT NULL,
                purpose TEXT NOT NULL, persons INTEGER NOT NULL, customers INTEGER NOT NULL,
                figures INTEGER NOT NULL, figures_withheld INTEGER NOT NULL,
                records INTEGER NOT NULL, records_withheld INTEGER NOT NULL,
                rolled_up TEXT NOT NULL, proposal TEXT NOT NULL);
            CREATE TABLE dictionary (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
                kind TEXT NOT NULL, meaning TEXT NOT NULL, unit TEXT, addable INTEGER,
                persons INTEGER, customers INTEGER, period TEXT NOT NULL,
                PRIMARY KEY (table_name, column_name));
            """
        )
        for layout in layouts {
            try layout.describe(database, period: publication.period)
        }
    }
}

extension SuppressionReason {
    /// The word in status columns.
    var status: String { "suppressed_\(rawValue)" }
}

/// Names that are still free; SQLite takes names that differ in case only for the same.
struct UniqueNames {
    private var taken: Set<[UInt8]>

    init(taken: [String]) { self.taken = Set(taken.map(Self.folded)) }

    /// The name, or the name with the first number behind it that makes it free.
    mutating func claim(_ wanted: String) -> String {
        let plain = String(
            String.UnicodeScalarView(wanted.unicodeScalars.map { $0.value < 32 ? "_" : $0 }))
        let isReserved = Self.folded(plain).starts(with: Array("sqlite_".utf8))
        let stem = isReserved || plain.isEmpty ? "table_\(plain)" : plain
        var name = stem
        var number = 2
        while !taken.insert(Self.folded(name)).inserted {
            name = "\(stem)_\(number)"
            number += 1
        }
        return name
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.map { $0 &- 65 < 26 ? $0 | 32 : $0 }
    }
}
