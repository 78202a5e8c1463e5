import Records
import Statistics

/// One table of a publication in the database: its names, its rows, its views.
struct DatabaseTable {
    private let published: PublishedTable
    private let name: String
    private let tidyName: String
    private let shownName: String
    private let indexNames: [String]
    private let groups: [String]
    private let figures: [String]
    private let statuses: [String]
    /// The columns with the accuracy of noisy figures; none for figures without noise.
    private let accuracies: [String]
    private let sketches: DatabaseSketches?

    private var table: ControlledTable { published.table }

    init(_ published: PublishedTable, _ names: inout UniqueNames) {
        self.published = published
        name = names.claim(published.table.name)
        tidyName = names.claim("\(published.table.name)_tidy")
        shownName = names.claim("\(published.table.name)_as_published")
        let stem = name
        indexNames = published.table.groupColumns.map { names.claim("\(stem)_by_\($0)") }
        sketches = DatabaseSketches(published, &names)
        var columns = UniqueNames(taken: ["figure", "value", "status", "accuracy"])
        groups = published.table.groupColumns.map { columns.claim($0) }
        figures = published.table.columns.map { columns.claim($0.name) }
        let own = figures
        statuses = own.map { columns.claim("\($0)_status") }
        accuracies =
            published.noise == nil
            ? [] : own.map { columns.claim(PublishedNoise.accuracyName(of: $0)) }
    }

    /// Makes the table, its rows in the order of the publication, and its views.
    func write(_ database: MemoryDatabase) throws(PublicationFault) {
        var columns = groups.map { "\(quoted($0)) TEXT NOT NULL" }
        for (index, column) in table.columns.enumerated() {
            let type = column.role == .magnitude ? "REAL" : "INTEGER"
            columns.append("\(quoted(figures[index])) \(type)")
            columns.append("\(quoted(statuses[index])) TEXT NOT NULL")
            if !accuracies.isEmpty {
                columns.append("\(quoted(accuracies[index])) \(type) NOT NULL")
            }
        }
        guard !columns.isEmpty else { return }
        try database.execute("CREATE TABLE \(quoted(name)) (\(columns.joined(separator: ", ")))")
        let insertion = try database.insertion(into: name, columns: columns.count)
        for row in table.rows {
            try PublicationFault.checkStop()
            try insertion.insert(values(row))
        }
        for (index, group) in groups.enumerated() {
            try PublicationFault.checkStop()
            try database.execute(
                "CREATE INDEX \(quoted(indexNames[index])) "
                    + "ON \(quoted(name)) (\(quoted(group)))"
            )
        }
        try views(database)
        try sketches?.write(database)
    }

    private func values(_ row: ControlledTable.Row) -> [StoredValue] {
        var values = row.key.map { StoredValue.text(ByteEscapes.text($0)) }
        for (index, cell) in row.cells.enumerated() {
            let (value, status) = Self.values(cell)
            values.append(value)
            values.append(.text(status))
            if let noise = published.noise {
                values.append(Self.value(noise.columns[index].accuracy))
            }
        }
        return values
    }

    private static func values(_ cell: ControlledCell) -> (StoredValue, String) {
        switch cell {
        case .value(let quantity): (value(quantity), "value")
        case .zero: (.integer(0), "zero")
        case .suppressed(let reason): (.null, reason.status)
        case .notMeasured: (.null, "not_measured")
        }
    }

    /// A whole number as it is, another as the double-precision number nearest to it.
    private static func value(_ quantity: Quantity) -> StoredValue {
        switch quantity {
        case .integer(let value): .integer(value)
        case .decimal: .real(Double(quantity.text) ?? 0)
        }
    }

    /// A view with a row for each figure, and one with the marks that the csv format writes.
    private func views(_ database: MemoryDatabase) throws(PublicationFault) {
        guard !figures.isEmpty, figures.count <= 100 else { return }
        let keys = groups.map { quoted($0) + ", " }.joined()
        let parts = figures.indices.map { index in
            "SELECT \(keys)\(literal(table.columns[index].name)) AS figure, "
                + "\(quoted(figures[index])) AS value, \(quoted(statuses[index])) AS status "
                + (accuracies.isEmpty ? "" : ", \(quoted(accuracies[index])) AS accuracy ")
                + "FROM \(quoted(name))"
        }
        try database.execute(
            "CREATE VIEW \(quoted(tidyName)) AS \(parts.joined(separator: " UNION ALL "))"
        )
        let shown = figures.indices.map { index in
            let isMagnitude = table.columns[index].role == .magnitude
            let few = isMagnitude ? "" : "<\(table.persons)"
            let withheld = isMagnitude ? "" : "\(TableMarks.withheld)"
            let told = quoted(figures[index])
            return "CASE \(quoted(statuses[index])) WHEN 'value' THEN "
                + (isMagnitude ? "printf('%.15g', \(told))" : "CAST(\(told) AS TEXT)")
                + " WHEN 'zero' THEN '0' "
                + "WHEN 'not_measured' THEN 'n/a' "
                + "WHEN \(literal(SuppressionReason.persons.status)) THEN \(literal(few)) "
                + "ELSE \(literal(withheld)) END "
                + "AS \(quoted(figures[index]))"
                + (accuracies.isEmpty ? "" : ", \(quoted(accuracies[index]))")
        }
        try database.execute(
            "CREATE VIEW \(quoted(shownName)) AS SELECT \(keys)"
                + "\(shown.joined(separator: ", ")) FROM \(quoted(name))"
        )
    }

    /// Enters the table and each of its columns into the dictionary.
    func describe(_ database: MemoryDatabase, period: String) throws(PublicationFault) {
        let withheld = table.withheld
        try database.insert(
            into: "tables",
            [
                .text(name), .text(table.name), .text(published.purpose), .number(table.persons),
                .number(published.customers), .number(withheld.cellsTotal),
                .number(withheld.cells), .integer(withheld.recordsTotal),
                .integer(withheld.records), .text(published.other), .text(published.proposal),
            ]
        )
        for (index, group) in table.groupColumns.enumerated() {
            try database.describe(
                DictionaryEntry(
                    table: name,
                    column: groups[index],
                    kind: "group",
                    meaning: ColumnWords.ofGroup(group),
                    period: period
                )
            )
        }
        try describeFigures(database, period: period)
        try sketches?.describe(database, period: period)
    }

    private func describeFigures(
        _ database: MemoryDatabase,
        period: String
    ) throws(PublicationFault) {
        for (index, column) in table.columns.enumerated() {
            let unit = ColumnWords.unit(of: column.role)
            var entry = DictionaryEntry(
                table: name,
                column: figures[index],
                kind: "figure",
                meaning: ColumnWords.of(column, in: published),
                period: period
            )
            entry.unit = unit
            entry.isAddable = published.isAddable(column)
            entry.persons = table.persons
            entry.customers = published.customers
            try database.describe(entry)
            try database.describe(
                DictionaryEntry(
                    table: name,
                    column: statuses[index],
                    kind: "status",
                    meaning: "Whether \(figures[index]) is told, and why not; see statuses.",
                    period: period
                )
            )
            guard !accuracies.isEmpty else { continue }
            try database.describe(
                DictionaryEntry(
                    table: name,
                    column: accuracies[index],
                    kind: "accuracy",
                    meaning: ColumnWords.ofAccuracy(figures[index]),
                    unit: unit,
                    isAddable: false,
                    period: period
                )
            )
        }
    }
}

/// What the dictionary of a publication says about one column.
struct DictionaryEntry {
    let table: String
    let column: String
    let kind: String
    let meaning: String
    var unit: String?
    var isAddable: Bool?
    var persons: Int?
    var customers: Int?
    let period: String
}

extension MemoryDatabase {
    /// Enters a column into the dictionary.
    func describe(_ entry: DictionaryEntry) throws(PublicationFault) {
        func number(_ value: Int?) -> StoredValue { value.map { .number($0) } ?? .null }
        try insert(
            into: "dictionary",
            [
                .text(entry.table), .text(entry.column), .text(entry.kind), .text(entry.meaning),
                entry.unit.map { .text($0) } ?? .null, number(entry.isAddable.map { $0 ? 1 : 0 }),
                number(entry.persons), number(entry.customers), .text(entry.period),
            ]
        )
    }
}

/// A name as SQL takes it.
func quoted(_ name: String) -> String { doubled(name, "\"") }

/// A text as SQL takes it.
private func literal(_ text: String) -> String { doubled(text, "'") }

/// The text between marks, with each mark in it doubled, scalar by scalar: a mark with an accent
/// on it is one character of Swift's, and still ends the text for SQL. NUL, which would end the
/// statement, becomes U+FFFD.
private func doubled(_ text: String, _ mark: Unicode.Scalar) -> String {
    var scalars = String.UnicodeScalarView([mark])
    for scalar in text.unicodeScalars {
        scalars.append(scalar.value == 0 ? "\u{fffd}" : scalar)
        if scalar == mark { scalars.append(mark) }
    }
    scalars.append(mark)
    return String(scalars)
}
