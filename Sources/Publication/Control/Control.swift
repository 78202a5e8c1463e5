import Statistics

/// Makes the tables of a publication fit to be shown under `rules`.
///
/// A pure function: the same tables and rules give the same result.
package func controlled(
    _ publication: MeasuredPublication, _ rules: ControlRules
) throws(ControlRefusal) -> ControlledPublication {
    try check(publication)
    let tables = publication.tables.map { table in
        let thresholds = Thresholds(rules, table)
        let cells = table.rows.map { row in
            zip(row.cells, table.columns).map { cell, column in
                primary(cell, of: row, column, thresholds, rules)
            }
        }
        return assembled(table, cells, thresholds)
    }
    return ControlledPublication(tables: tables)
}

private func check(_ publication: MeasuredPublication) throws(ControlRefusal) {
    guard publication.statistics.count == publication.tables.count else { throw .shape }
    for (statistic, table) in zip(publication.statistics, publication.tables) {
        guard statistic.name == table.name else { throw .shape }
        if case .count = table.suppression { throw .countsRecords(table: table.name) }
        for row in table.rows {
            guard row.backing != nil, row.cells.allSatisfy({ $0.backing != nil }) else {
                throw .notSeparable(table: table.name)
            }
        }
    }
}

private func assembled(
    _ table: MeasuredTable, _ cells: [[ControlledCell]], _ thresholds: Thresholds
) -> ControlledTable {
    var withheld = 0
    var total = 0
    var records: Int64 = 0
    var recordsTotal: Int64 = 0
    for (row, shown) in zip(table.rows, cells) {
        let told = shown.filter { if case .suppressed = $0 { false } else { true } }
        withheld += shown.count - told.count
        total += shown.filter { $0 != .notMeasured }.count
        let basis = row.cells.map(\.basis).max() ?? 0
        recordsTotal += basis
        if told.isEmpty { records += basis }
    }
    return ControlledTable(
        name: table.name, groupColumns: table.groupColumns, columns: table.columns,
        rows: zip(table.rows, cells).map { ControlledTable.Row(key: $0.key, cells: $1) },
        persons: thresholds.persons,
        withheld: WithheldShare(
            cells: withheld, cellsTotal: total, records: records, recordsTotal: recordsTotal))
}
