package import Statistics

/// Hides the cells of a table that too few stand behind.
///
/// This is the primary rule only (minimum frequency, science.md §5.1): a hidden cell may still be
/// computed from totals or other tables.
///
/// By persons: a figure needs n distinct persons (and m distinct customers, where the rule names
/// them) behind it; a zero needs as many behind its row. By count: a count below n is hidden, zero
/// included; a magnitude is hidden when its row has fewer than n records (sessions).
package func suppressed(_ table: MeasuredTable) -> StatisticTable {
    let rule = table.suppression
    let rows = table.rows.map { row in
        StatisticTable.Row(
            key: row.key,
            cells: zip(row.cells, table.columns).map { cell, column in
                switch rule {
                case .persons(let persons, let customers):
                    byPersons(cell, row, persons: persons, customers: customers ?? 0)
                case .count(let least):
                    byCount(cell, column.role, least: least)
                }
            })
    }
    return StatisticTable(
        name: table.name, groupColumns: table.groupColumns, columns: table.columns, rows: rows)
}

private func byPersons(
    _ cell: MeasuredCell, _ row: MeasuredRow, persons: Int, customers: Int
) -> StatisticTable.Cell {
    // Fewer than one reads as none; but nobody is told apart behind it, because the keys are gone
    // or the records name nobody, or there are too few customers.
    let few: StatisticTable.Cell = persons > 1 ? .suppressed(below: persons) : .withheld
    if cell.persons >= persons, cell.customers >= customers {
        guard let value = cell.value else { return .notMeasured }
        return value.isZero ? .zero : .value(value)
    }
    // Nobody at all behind the cell: the fact is about the row, and the row must be large enough.
    let isRowLarge = row.persons >= persons && row.customers >= customers
    guard cell.persons == 0, cell.customers == 0, isRowLarge else { return few }
    guard let value = cell.value else { return .notMeasured }
    return value.isZero ? .zero : few
}

private func byCount(
    _ cell: MeasuredCell, _ role: ColumnRole, least: Int
) -> StatisticTable.Cell {
    switch role {
    case .count, .distinctCount:
        guard case .integer(let count) = cell.value, count >= least else {
            return .suppressed(below: least)
        }
    case .magnitude:
        if cell.basis < least { return .suppressed(below: least) }
    }
    guard let value = cell.value else { return .notMeasured }
    return value.isZero ? .zero : .value(value)
}
