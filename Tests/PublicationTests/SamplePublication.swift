import Publication
import Statistics

/// Publications with every sort of cell and table, and with hostile text wherever text can be.
enum SamplePublication {
    /// A small one with figures that tests look for.
    static func plain(kind: Publication.Kind = .final) -> Publication {
        Publication(
            pipeline: "product-usage", period: "2026-03", through: "2026-03-31", kind: kind,
            revision: kind == .final ? 0 : 1, reason: kind == .correction ? "late source" : "",
            audience: .internal, zone: "Europe/Amsterdam", closed: "2026-04-08T02:00:00Z",
            optOutsAsOf: "2026-04-08T02:00:00Z",
            tables: [sessions, actions, browsers],
            late: [LateRecords(period: "2026-02", records: 1284)])
    }

    /// The same with `text` in every field that holds text.
    static func hostile(_ text: String) -> Publication {
        var publication = plain(kind: .correction)
        publication.pipeline = text
        publication.reason = text
        publication.zone = text
        publication.closed = text
        publication.optOutsAsOf = text
        publication.period = text
        publication.through = text
        publication.late = [LateRecords(period: text, records: 1)]
        publication.tables = [
            PublishedTable(
                purpose: text, customers: 3,
                table: table(
                    text, [text, "\(text)2"], [("\(text)3", .count), ("\(text)4", .magnitude)],
                    [
                        ([text, "a"], [count(12), .suppressed(.persons)]),
                        (["b", text], [.suppressed(.linked), .notMeasured]),
                    ]),
                other: text, proposal: text)
        ]
        return publication
    }

    static func count(_ value: Int64) -> ControlledCell {
        value == 0 ? .zero : .value(.integer(value))
    }

    private static let sessions = published(
        table(
            "sessions", ["month"], [("sessions", .count), ("mean_s", .magnitude)],
            [(["2026-03"], [count(12_190), .suppressed(.dominance)])]))

    private static let actions = published(
        table(
            "actions", ["day", "action"], [("times", .count), ("users", .distinctCount)],
            (1...9).flatMap { rows(ofDay: Int64($0)) }))

    private static func rows(ofDay day: Int64) -> [([String], [ControlledCell])] {
        let hidden: [ControlledCell] = [.suppressed(.persons), .suppressed(.complementary)]
        let told: [ControlledCell] = [count(day - 1), .notMeasured]
        let name = "2026-03-0\(day)"
        return [
            ([name, "login"], [count(100 * day), count(40)]),
            ([name, "reset"], day == 4 ? hidden : told),
        ]
    }

    private static let browsers = published(
        table(
            "browsers", ["month", "browser"], [("users", .distinctCount)],
            [
                (["2026-03", "Chrome"], [count(1873)]), (["2026-03", "Edge"], [count(0)]),
                (["2026-03", "Firefox"], [.suppressed(.customers)]),
                (["2026-03", "Opera"], [.notMeasured]), (["2026-03", "Safari"], [count(402)]),
                (["2026-03", "Vivaldi"], [count(55)]), (["2026-03", ""], [count(21)]),
            ]))

    private static func published(_ table: ControlledTable) -> PublishedTable {
        PublishedTable(purpose: "service-improvement", customers: 3, table: table)
    }

    static func table(
        _ name: String, _ groups: [String], _ columns: [(String, ColumnRole)],
        _ rows: [([String], [ControlledCell])]
    ) -> ControlledTable {
        let hidden = rows.flatMap(\.1).filter { cell in
            if case .suppressed = cell { return true }
            return false
        }
        return ControlledTable(
            name: name, groupColumns: groups,
            columns: columns.map { MeasuredColumn(name: $0.0, role: $0.1) },
            rows: rows.map { row in
                ControlledTable.Row(key: row.0.map { Array($0.utf8) }, cells: row.1)
            }, persons: 10,
            withheld: WithheldShare(
                cells: hidden.count, cellsTotal: rows.flatMap(\.1).count, records: 7,
                recordsTotal: 900))
    }
}
