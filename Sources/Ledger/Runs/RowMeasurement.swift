import GRDB
package import Records

/// How well persons hide among each other in the rows of an output, as one run measured it.
package struct RowMeasurement: Sendable, Equatable {
    /// The name of the output.
    package var output: String
    /// The names of the quasi-identifiers, for people.
    package var quasiIdentifiers: String
    /// The fewest persons of a class that were asked for; nil for rows that are only measured,
    /// whose figures are estimates.
    package var demandedPersons: Int64?
    /// Rows and classes as they were written, and rows in classes of one person or none.
    package var rows: Int64
    package var classes: Int64
    package var uniqueRows: Int64
    /// The fewest persons of a class; nil where it is not known.
    package var fewestPersons: Int64?
    /// Rows that were removed because their class was too small.
    package var removedRows: Int64
    /// Classes by their number of persons, from 0 on; the last is for more.
    package var classesByPersons: [Int64]

    package init(
        output: String, quasiIdentifiers: String, demandedPersons: Int64?, rows: Int64,
        classes: Int64, uniqueRows: Int64, fewestPersons: Int64?, removedRows: Int64,
        classesByPersons: [Int64]
    ) {
        self.output = output
        self.quasiIdentifiers = quasiIdentifiers
        self.demandedPersons = demandedPersons
        self.rows = rows
        self.classes = classes
        self.uniqueRows = uniqueRows
        self.fewestPersons = fewestPersons
        self.removedRows = removedRows
        self.classesByPersons = classesByPersons
    }
}

extension RowMeasurement {
    /// The kind of the events that hold measurements.
    static let kind = "rows-measured"

    func payload(pipeline: String, now: EventTime) -> CanonicalJSON {
        [
            "pipeline": .text(pipeline), "now": .integer(now.milliseconds),
            "output": .text(output), "quasi_identifiers": .text(quasiIdentifiers),
            "persons": demandedPersons.map { .integer($0) } ?? .null, "rows": .integer(rows),
            "classes": .integer(classes), "unique_rows": .integer(uniqueRows),
            "fewest_persons": fewestPersons.map { .integer($0) } ?? .null,
            "removed_rows": .integer(removedRows),
            "classes_by_persons": .text(
                classesByPersons.map { String($0) }.joined(separator: " ")),
        ]
    }

    /// A member of the payload, in SQL.
    fileprivate static func member(_ name: String) -> String {
        "json_extract(payload, '$.\(name)')"
    }

    fileprivate init(_ row: Row) {
        let counts: String = row["counts"]
        self.init(
            output: row["output"], quasiIdentifiers: row["quasi"], demandedPersons: row["persons"],
            rows: row["rows"], classes: row["classes"], uniqueRows: row["unique_rows"],
            fewestPersons: row["fewest"], removedRows: row["removed"],
            classesByPersons: counts.split(separator: " ").compactMap { Int64($0) })
    }
}

extension Ledger {
    /// What runs of a pipeline measured whose clock was from `start` on and not after `end`, in
    /// order.
    package func rowMeasurements(
        pipeline: String, from start: EventTime, through end: EventTime
    ) throws(LedgerFault) -> [RowMeasurement] {
        let columns = [
            ("output", "output"), ("quasi_identifiers", "quasi"), ("persons", "persons"),
            ("rows", "rows"), ("classes", "classes"), ("unique_rows", "unique_rows"),
            ("fewest_persons", "fewest"), ("removed_rows", "removed"),
            ("classes_by_persons", "counts"),
        ].map { "\(RowMeasurement.member($0)) AS \($1)" }.joined(separator: ", ")
        let condition = "kind = ? AND \(RowMeasurement.member("pipeline")) = ? AND "
            + "\(RowMeasurement.member("now")) BETWEEN ? AND ?"
        return try read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT \(columns) FROM events WHERE \(condition) ORDER BY seq",
                arguments: [
                    RowMeasurement.kind, pipeline, start.milliseconds, end.milliseconds,
                ]
            ).map { RowMeasurement($0) }
        }
    }
}
