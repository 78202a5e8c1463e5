package import Statistics

/// A publication as it must be kept, to compare later ones with it: what was told, and how many
/// persons stood behind each figure. As sensitive as the partials.
package struct PublishedFigures: Sendable, Equatable {
    /// One table.
    package struct Table: Sendable, Equatable {
        /// The statistic's name.
        package let name: String
        /// The names of the columns of figures.
        package let columns: [String]
        package let rows: [Row]

        package init(name: String, columns: [String], rows: [Row]) {
            self.name = name
            self.columns = columns
            self.rows = rows
        }
    }

    /// One row.
    package struct Row: Sendable, Equatable {
        package let key: [[UInt8]]
        /// What was told, in the order of the columns.
        package let cells: [ControlledCell]
        /// The distinct persons behind each figure.
        package let persons: [Int]

        package init(key: [[UInt8]], cells: [ControlledCell], persons: [Int]) {
            self.key = key
            self.cells = cells
            self.persons = persons
        }
    }

    package let tables: [Table]

    package init(tables: [Table]) { self.tables = tables }

    /// What must be kept of a publication; the tables must be those that were controlled.
    package init(_ measured: MeasuredPublication, _ controlled: ControlledPublication) {
        tables = zip(measured.tables, controlled.tables).map { measured, shown in
            Table(
                name: shown.name, columns: shown.columns.map(\.name),
                rows: zip(measured.rows, shown.rows).map { row, shown in
                    Row(
                        key: row.key, cells: shown.cells,
                        persons: row.cells.map { $0.backing?.persons ?? $0.persons })
                })
        }
    }
}

/// Why a publication cannot go beside an earlier one: the difference of both is a figure too.
package struct DifferencingFinding: Sendable, Equatable {
    /// The table and the column of the new publication.
    package let table: String
    package let column: String
    /// What is compared.
    package let kind: Kind
    /// In how many figures.
    package let figures: Int

    /// What is compared.
    package enum Kind: String, Sendable, CaseIterable {
        /// The same figure of the same table, or of another that shows it too.
        case same
        /// A figure with the sum of its parts.
        case sum
    }
}

/// Compares a publication with all earlier ones of its data set (science.md §5.4).
///
/// A figure that was told before must not come back with a value that differs by few persons: by
/// 1 to n - 1, or by a number of records so small that no more can be behind it, or by other
/// records of as many persons, of whom nobody knows how few they are. `changed` are the same
/// tables, measured only of the records that came or went since: with them the persons behind a
/// difference are counted. Sums of finer figures are compared with coarser ones both ways, days of
/// one publication with the month of another; there, differences of fewer than n records are
/// found. The statistics must be those of the earlier publications too; tables are found by name.
package func differencingFindings(
    _ measured: MeasuredPublication, _ controlled: ControlledPublication,
    against earlier: [PublishedFigures], _ rules: ControlRules,
    changed: [MeasuredTable]? = nil
) -> [DifferencingFinding] {
    let statistics = measured.statistics
    let new = ComparedColumn.all(statistics, PublishedFigures(measured, controlled))
    let behind = changed.map { ComparedColumn.persons(statistics, $0) }
    var findings: [DifferencingFinding] = []
    for old in earlier {
        let oldColumns = ComparedColumn.all(statistics, old)
        for column in new {
            var same = 0
            var sums = 0
            for other in oldColumns where other.compares(with: column) {
                same += column.differences(
                    from: other, persons: rules.persons, changed: behind?[column.place])
                sums += column.sumDifferences(from: other, persons: rules.persons)
            }
            for (kind, count) in [(DifferencingFinding.Kind.same, same), (.sum, sums)]
            where count > 0 {
                let table = measured.tables[column.breakdown.table]
                findings.append(
                    DifferencingFinding(
                        table: table.name,
                        column: table.columns[column.breakdown.column].name, kind: kind,
                        figures: count))
            }
        }
    }
    return findings
}

/// A column with its figures by the name of what is counted.
private struct ComparedColumn {
    let breakdown: Breakdown
    private var figures: [[UInt8]: Figure] = [:]
    private var keys: [[[UInt8]]] = []
    private var names: [[UInt8]] = []

    private struct Figure {
        /// In billionths; nil when it was not told.
        let value: Int128?
        let persons: Int
    }

    struct Place: Hashable {
        let table: Int
        let column: Int
        let dimension: [UInt8]?
    }

    var place: Place {
        Place(
            table: breakdown.table, column: breakdown.column,
            dimension: breakdown.dimension?.name)
    }

    static func all(
        _ statistics: [StatisticPlan], _ published: PublishedFigures
    ) -> [ComparedColumn] {
        Breakdown.all(statistics).compactMap { breakdown in
            let name = statistics[breakdown.table].name
            guard let table = published.tables.first(where: { $0.name == name }),
                breakdown.column < table.columns.count
            else { return nil }
            return ComparedColumn(breakdown, table)
        }
    }

    /// By column, the persons by the name of what is counted.
    static func persons(
        _ statistics: [StatisticPlan], _ tables: [MeasuredTable]
    ) -> [Place: [[UInt8]: Int]] {
        var all: [Place: [[UInt8]: Int]] = [:]
        for breakdown in Breakdown.all(statistics) where breakdown.table < tables.count {
            let naming = CellNaming(breakdown)
            var persons: [[UInt8]: Int] = [:]
            for row in tables[breakdown.table].rows where breakdown.has(row.key) {
                let cell = row.cells[breakdown.column]
                persons[naming.name(row.key)] = cell.backing?.persons ?? cell.persons
            }
            let place = Place(
                table: breakdown.table, column: breakdown.column,
                dimension: breakdown.dimension?.name)
            all[place] = persons
        }
        return all
    }

    private init(_ breakdown: Breakdown, _ table: PublishedFigures.Table) {
        self.breakdown = breakdown
        let naming = CellNaming(breakdown)
        for row in table.rows where breakdown.has(row.key) {
            var value: Int128?
            switch row.cells[breakdown.column] {
            case .value(.integer(let number)): value = Int128(number) * Family.one
            case .value(.decimal(let number)): value = number.billionths
            case .zero: value = 0
            case .suppressed, .notMeasured: break
            }
            let name = naming.name(row.key)
            figures[name] = Figure(value: value, persons: row.persons[breakdown.column])
            keys.append(row.key)
            names.append(name)
        }
    }

    func compares(with other: ComparedColumn) -> Bool {
        breakdown.measurand == other.breakdown.measurand
    }

    /// How many figures differ from the same ones of `old` by too few persons.
    func differences(
        from old: ComparedColumn, persons least: Int, changed: [[UInt8]: Int]?
    ) -> Int {
        var found = 0
        for (name, figure) in figures {
            guard let value = figure.value, let before = old.figures[name]?.value,
                value != before
            else { continue }
            if let changed {
                let persons = changed[name] ?? 0
                if persons > 0, persons < least { found += 1 }
                continue
            }
            let persons = abs(figure.persons - (old.figures[name]?.persons ?? 0))
            if persons < least { found += 1 }
        }
        return found
    }

    /// How many figures differ by too few records from the sum of their parts in `old`, or the
    /// other way round.
    func sumDifferences(from old: ComparedColumn, persons least: Int) -> Int {
        guard breakdown.measurand.isCount else { return 0 }
        if case .distinct = breakdown.measurand { return 0 }
        let finds = { (coarse: ComparedColumn, fine: ComparedColumn) -> Int in
            guard let sums = fine.sums(over: coarse.breakdown) else { return 0 }
            let limit = Int128(least) * Family.one
            return coarse.figures.count { name, figure in
                guard let value = figure.value, let sum = sums[name], let sum else {
                    return false
                }
                let difference = abs(value - sum)
                return difference > 0 && difference < limit
            }
        }
        return finds(self, old) + finds(old, self)
    }

    /// The sums of the figures over what `coarse` is not broken down by, by name; nil in it where a
    /// part was not told. Nil when `coarse` is not coarser.
    private func sums(over coarse: Breakdown) -> [[UInt8]: Int128?]? {
        guard breakdown.part == coarse.part else { return nil }
        var columns: [Attribute: Int] = [:]
        var hasDayForMonth = false
        for attribute in coarse.columns.keys {
            if let column = breakdown.columns[attribute] {
                columns[attribute] = column
            } else if attribute == .month, let day = breakdown.columns[.day] {
                columns[.month] = day
                hasDayForMonth = true
            } else {
                return nil
            }
        }
        guard columns.count < breakdown.columns.count || hasDayForMonth else { return nil }
        let naming = CellNaming(
            Breakdown(
                table: 0, column: 0, measurand: breakdown.measurand, part: breakdown.part,
                purpose: 0, columns: columns, dimension: nil))
        var sums: [[UInt8]: Int128?] = [:]
        for (key, name) in zip(keys, names) {
            var key = key
            if hasDayForMonth, let day = columns[.month] { key[day] = Array(key[day].prefix(7)) }
            let coarser = naming.name(key)
            guard let value = figures[name]?.value, let sum = sums[coarser, default: 0] else {
                sums[coarser] = .some(nil)
                continue
            }
            sums[coarser] = sum + value
        }
        return sums
    }
}
