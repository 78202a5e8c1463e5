package import Statistics

/// Holds tables that are to be published against what was published before of the same period:
/// each difference of two figures is a figure, too (science.md §5.4).
///
/// A figure may differ from the published one only if enough persons and customers are behind the
/// difference. What was only added is known exactly, from the partials that the earlier publication
/// did not count; where something was taken out since, nobody can say who is behind the difference.
///
/// A figure that was withheld stays withheld until at least as much came to it as it held, from
/// enough persons and customers: two publications that withhold different figures for its sake
/// would tell it together.
package struct DifferenceCheck: Sendable {
    /// What was published before.
    private let earlier: [PublishedTable]
    /// The same counted again from what is left of it, and what it did not count, both measured.
    private let recounted: [MeasuredTable]
    private let added: [MeasuredTable]
    private let controlledAdditions: [ControlledTable]
    private let rules: ControlRules
    /// How counts are told; nil where they are told as they are.
    private let counts: ToldCounts?

    /// `controlledAdditions` is what control makes of `added`; with `counts`, all tables must be
    /// measured with the record keys of what was published.
    package init(
        earlier: [PublishedTable], recounted: [MeasuredTable], added: [MeasuredTable],
        controlledAdditions: [ControlledTable], counts: ToldCounts? = nil, _ rules: ControlRules
    ) {
        self.counts = counts
        self.earlier = earlier
        self.recounted = recounted
        self.added = added
        self.controlledAdditions = controlledAdditions
        self.rules = rules
    }

    /// The figures of `table` that must not be told.
    package func findings(in table: MeasuredTable) -> DifferenceFindings {
        guard let known = earlier.first(where: { $0.table.name == table.name })?.table,
            known.columns == table.columns, known.groupColumns == table.groupColumns
        else { return DifferenceFindings() }
        let shown = Dictionary(known.rows.map { ($0.key, $0.cells) }, uniquingKeysWith: { $1 })
        let again = Self.rows(of: table.name, in: recounted)
        let more = Self.rows(of: table.name, in: added)
        let safe = controlledAdditions.first { $0.name == table.name }?.rows ?? []
        let safeRows = Dictionary(safe.map { ($0.key, $0.cells) }, uniquingKeysWith: { $1 })
        let thresholds = Thresholds(rules, table)
        var found = DifferenceFindings()
        for (at, row) in table.rows.enumerated() {
            guard let cells = shown[row.key] else { continue }
            for column in row.cells.indices {
                let figure = Figure(
                    now: row.cells[column].value, again: again[row.key]?.cells[column],
                    added: more[row.key]?.cells[column],
                    addition: safeRows[row.key]?[column], role: table.columns[column].role)
                let place = FigurePlace(row: at, column: column)
                if let told = Published(cells[column]) {
                    guard let published = exact(told, table.name, again[row.key], column) else {
                        // Something was taken out since: nobody can say what the difference tells.
                        found.isolating.insert(place)
                        continue
                    }
                    if !figure.isSafe(published.value, thresholds) { found.isolating.insert(place) }
                    if figure.isStill(published.value) { found.toldBefore.insert(place) }
                } else if !figure.hasOutgrown(thresholds) {
                    found.withheldBefore.insert(place)
                }
            }
        }
        return found
    }

    /// What was counted where `told` was published: noise on a count hides the difference to it, so
    /// the counts themselves are compared. Nil when what is left of them is not told like that.
    private func exact(
        _ told: Published, _ name: String, _ again: MeasuredRow?, _ column: Int
    ) -> Published? {
        guard let counts, let table = counts.place(ofTable: name) else { return told }
        guard let again else { return told.value?.isZero ?? true ? Published(value: nil) : nil }
        guard let count = counts.told(table, again, column) else { return told }
        let now = told.value ?? .integer(0)
        return now == .integer(count) ? Published(value: again.cells[column].value) : nil
    }

    private static func rows(
        of name: String, in tables: [MeasuredTable]
    ) -> [[[UInt8]]: MeasuredRow] {
        let rows = tables.first { $0.name == name }?.rows ?? []
        return Dictionary(rows.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    }

    /// A figure that was told; nil of one that was not.
    private struct Published {
        let value: Quantity?

        init(value: Quantity?) { self.value = value }

        init?(_ cell: ControlledCell) {
            switch cell {
            case .value(let value): self.value = value
            case .zero, .notMeasured: value = nil
            case .suppressed: return nil
            }
        }
    }
}

/// One figure, as it is now, as it was, and what came between.
private struct Figure {
    let now: Quantity?
    let again: MeasuredCell?
    let added: MeasuredCell?
    /// What control makes of the addition.
    let addition: ControlledCell?
    let role: ColumnRole

    /// True when the difference to `published` tells of enough.
    func isSafe(_ published: Quantity?, _ thresholds: Thresholds) -> Bool {
        if role != .distinctCount, case .suppressed(let reason) = addition,
            reason != .persons, reason != .customers
        {
            return false
        }
        if Self.isEqual(published, now) { return true }
        guard Self.isEqual(published, again?.value), isBacked(thresholds) else { return false }
        guard role == .distinctCount else { return true }
        // Of those who were added some may have been counted before: the rest must be enough.
        guard case .integer(let old) = published ?? .integer(0),
            case .integer(let new) = now ?? .integer(0)
        else { return false }
        return (new - old).magnitude >= UInt64(thresholds.persons)
    }

    /// True when it is what was published.
    func isStill(_ published: Quantity?) -> Bool { Self.isEqual(published, now) }

    /// True of a figure that was withheld and may be told now.
    func hasOutgrown(_ thresholds: Thresholds) -> Bool {
        guard isBacked(thresholds) else { return false }
        guard role != .magnitude else { return true }
        guard case .integer(let old) = again?.value ?? .integer(0),
            case .integer(let new) = now ?? .integer(0)
        else { return false }
        return new - old >= old
    }

    /// True when enough stand behind what was added.
    private func isBacked(_ thresholds: Thresholds) -> Bool {
        guard let backing = added?.backing else { return false }
        return backing.persons >= thresholds.persons && backing.customers >= thresholds.customers
    }

    /// Nothing and zero are one to a reader.
    private static func isEqual(_ left: Quantity?, _ right: Quantity?) -> Bool {
        if left == right { return true }
        return left?.isZero ?? true && right?.isZero ?? true
    }
}

/// What earlier publications mean for the figures of a table.
package struct DifferenceFindings: Sendable, Equatable {
    /// Their difference to what was told would tell of too few.
    package var isolating: Set<FigurePlace> = []
    /// They were withheld, and not enough has come to them since.
    package var withheldBefore: Set<FigurePlace> = []

    package init() {}

    /// They were told as they are: an attacker knows them, whatever is left out now.
    package var toldBefore: Set<FigurePlace> = []

    /// All that must not be told.
    package var places: Set<FigurePlace> { isolating.union(withheldBefore) }

    /// Adds what another earlier publication forbids.
    package mutating func formUnion(_ other: DifferenceFindings) {
        isolating.formUnion(other.isolating)
        withheldBefore.formUnion(other.withheldBefore)
        toldBefore.formUnion(other.toldBefore)
    }
}

extension MeasuredTable {
    /// The table with figures behind which nobody is said to be, so that control hides them and
    /// whatever would tell them.
    package func hiding(_ places: Set<FigurePlace>) -> MeasuredTable {
        var table = self
        for place in places {
            let row = table.rows[place.row]
            var cells = row.cells
            let cell = cells[place.column]
            cells[place.column] = MeasuredCell(
                value: cell.value, basis: cell.basis, persons: min(cell.persons, 1),
                customers: min(cell.customers, 1), unreadable: cell.unreadable,
                backing: CellBacking(
                    persons: 1, customers: 1, total: cell.backing?.total,
                    largestPersons: cell.backing?.largestPersons ?? [],
                    largestCustomers: cell.backing?.largestCustomers ?? []))
            table.rows[place.row] = MeasuredRow(
                key: row.key, cells: cells, persons: row.persons, customers: row.customers,
                backing: row.backing)
        }
        return table
    }
}

extension ControlledTable {
    /// The table with the reason of figures that only an earlier publication forbids: they are not
    /// small, and nobody may be told that they are.
    package func naming(_ places: Set<FigurePlace>) -> ControlledTable {
        let named = rows.enumerated().map { at, row in
            Row(
                key: row.key,
                cells: row.cells.enumerated().map { column, cell in
                    guard places.contains(FigurePlace(row: at, column: column)),
                        case .suppressed = cell
                    else { return cell }
                    return .suppressed(.difference)
                })
        }
        return ControlledTable(
            name: name, groupColumns: groupColumns, columns: columns, rows: named,
            persons: persons, withheld: withheld)
    }
}
