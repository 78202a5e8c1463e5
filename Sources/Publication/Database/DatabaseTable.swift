import GRDB
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
    func write(_ db: Database) throws {
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
        try db.execute(
            sql: "CREATE TABLE \(quoted(name)) (\(columns.joined(separator: ", ")))")
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        let insert = try db.makeStatement(
            sql: "INSERT INTO \(quoted(name)) VALUES (\(places))")
        for row in table.rows {
            try PublicationFault.checkStop()
            try insert.execute(arguments: arguments(row))
        }
        for (index, group) in groups.enumerated() {
            try PublicationFault.checkStop()
            try db.execute(
                sql: "CREATE INDEX \(quoted(indexNames[index])) "
                    + "ON \(quoted(name)) (\(quoted(group)))")
        }
        try views(db)
        try sketches?.write(db)
    }

    private func arguments(_ row: ControlledTable.Row) -> StatementArguments {
        var values: [DatabaseValue] = row.key.map {
            String(decoding: $0, as: UTF8.self).databaseValue
        }
        for (index, cell) in row.cells.enumerated() {
            let (value, status) = Self.values(cell)
            values.append(value)
            values.append(status.databaseValue)
            if let noise = published.noise {
                values.append(Self.value(noise.columns[index].accuracy))
            }
        }
        return StatementArguments(values)
    }

    private static func values(_ cell: ControlledCell) -> (DatabaseValue, String) {
        switch cell {
        case .value(let quantity): (value(quantity), "value")
        case .zero: (0.databaseValue, "zero")
        case .suppressed(let reason): (.null, reason.status)
        case .notMeasured: (.null, "not_measured")
        }
    }

    /// A whole number as it is, another as the double-precision number nearest to it.
    private static func value(_ quantity: Quantity) -> DatabaseValue {
        switch quantity {
        case .integer(let value): value.databaseValue
        case .decimal: (Double(quantity.text) ?? 0).databaseValue
        }
    }

    /// A view with a row for each figure, and one with the marks that the csv format writes.
    private func views(_ db: Database) throws {
        guard !figures.isEmpty, figures.count <= 100 else { return }
        let keys = groups.map { quoted($0) + ", " }.joined()
        let parts = figures.indices.map { index in
            "SELECT \(keys)\(literal(table.columns[index].name)) AS figure, "
                + "\(quoted(figures[index])) AS value, \(quoted(statuses[index])) AS status "
                + (accuracies.isEmpty ? "" : ", \(quoted(accuracies[index])) AS accuracy ")
                + "FROM \(quoted(name))"
        }
        try db.execute(
            sql: "CREATE VIEW \(quoted(tidyName)) AS \(parts.joined(separator: " UNION ALL "))")
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
        try db.execute(
            sql: "CREATE VIEW \(quoted(shownName)) AS SELECT \(keys)"
                + "\(shown.joined(separator: ", ")) FROM \(quoted(name))")
    }

    /// Enters the table and each of its columns into the dictionary.
    func describe(_ db: Database, period: String) throws {
        let withheld = table.withheld
        try db.execute(
            sql: "INSERT INTO tables VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                name, table.name, published.purpose, table.persons, published.customers,
                withheld.cellsTotal, withheld.cells, withheld.recordsTotal, withheld.records,
                published.other, published.proposal,
            ])
        for (index, group) in table.groupColumns.enumerated() {
            try db.execute(
                sql: Self.entry,
                arguments: [
                    name, groups[index], "group", ColumnWords.ofGroup(group), nil, nil, nil,
                    nil, period,
                ])
        }
        try describeFigures(db, period: period)
        try sketches?.describe(db, period: period)
    }

    /// A line of the dictionary.
    private static let entry = "INSERT INTO dictionary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

    private func describeFigures(_ db: Database, period: String) throws {
        for (index, column) in table.columns.enumerated() {
            try db.execute(
                sql: Self.entry,
                arguments: [
                    name, figures[index], "figure", ColumnWords.of(column, in: published),
                    ColumnWords.unit(of: column.role), published.isAddable(column),
                    table.persons,
                    published.customers, period,
                ])
            try db.execute(
                sql: Self.entry,
                arguments: [
                    name, statuses[index], "status",
                    "Whether \(figures[index]) is told, and why not; see statuses.", nil, nil,
                    nil, nil, period,
                ])
            guard !accuracies.isEmpty else { continue }
            try db.execute(
                sql: Self.entry,
                arguments: [
                    name, accuracies[index], "accuracy", ColumnWords.ofAccuracy(figures[index]),
                    ColumnWords.unit(of: column.role), false, nil, nil, period,
                ])
        }
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
