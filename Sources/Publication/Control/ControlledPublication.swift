package import Statistics

/// The tables of a publication after control: what may be shown to its audience.
package struct ControlledPublication: Sendable, Equatable {
    /// In the order of the statistics, without those that are unseen.
    package let tables: [ControlledTable]
    /// Unsafe figures of which no proof was found that they cannot be computed: zeros of groups of
    /// which finer tables show that they are empty, for example.
    package let unproven: Int
    /// Unsafe figures whose range was checked a second time, over the equations between all
    /// figures: other values that reach as far as they must were put into each of them, and where
    /// few enough figures hang together a linear programme found the exact range.
    package let audited: Int

    package init(tables: [ControlledTable], unproven: Int = 0, audited: Int = 0) {
        self.tables = tables
        self.unproven = unproven
        self.audited = audited
    }
}

/// A table after control.
package struct ControlledTable: Sendable, Equatable {
    /// The statistic's name.
    package let name: String
    /// The columns of the group.
    package let groupColumns: [String]
    /// The columns of figures.
    package let columns: [MeasuredColumn]
    /// In the order of the measured table.
    package let rows: [Row]
    /// The threshold of persons that the table was held to; what `<n` names.
    package let persons: Int
    /// How much of the table is not told.
    package let withheld: WithheldShare

    package init(
        name: String, groupColumns: [String], columns: [MeasuredColumn], rows: [Row],
        persons: Int, withheld: WithheldShare
    ) {
        self.name = name
        self.groupColumns = groupColumns
        self.columns = columns
        self.rows = rows
        self.persons = persons
        self.withheld = withheld
    }

    /// One row.
    package struct Row: Sendable, Equatable {
        /// The values of the group columns; UTF-8 as far as the source was.
        package let key: [[UInt8]]
        /// The figures in the order of the columns.
        package let cells: [ControlledCell]

        package init(key: [[UInt8]], cells: [ControlledCell]) {
            self.key = key
            self.cells = cells
        }
    }

    /// The same with reasons left out, for writers that tell only that a figure is suppressed.
    package var statisticTable: StatisticTable {
        StatisticTable(
            name: name, groupColumns: groupColumns, columns: columns,
            rows: rows.map { row in
                StatisticTable.Row(
                    key: row.key,
                    cells: row.cells.map { cell in
                        switch cell {
                        case .value(let value): .value(value)
                        case .zero: .zero
                        case .suppressed(.persons): .suppressed(below: persons)
                        case .suppressed: .withheld
                        case .notMeasured: .notMeasured
                        }
                    })
            })
    }
}

/// One figure after control.
package enum ControlledCell: Sendable, Equatable {
    case value(Quantity)
    /// Nothing of the kind happened, and enough people are behind the group to say so.
    case zero
    /// Not told, and not to be found out from what is.
    case suppressed(SuppressionReason)
    /// There was nothing to compute the figure from.
    case notMeasured
}

/// Why a figure is not told.
package enum SuppressionReason: String, Sendable, CaseIterable {
    /// Too few distinct persons behind it.
    case persons
    /// Too few distinct customers behind it.
    case customers
    /// One or two contributors make up too much of it.
    case dominance
    /// A zero, where the publication shows none.
    case zero
    /// It makes up all of its total, where the publication shows no such figures.
    case whole
    /// Another figure differs from it by too few.
    case difference
    /// Safe in itself; left out because a figure that is not could be computed with it.
    case complementary
    /// The same figure is left out in another table.
    case linked
}

/// How much of a table is not told.
package struct WithheldShare: Sendable, Equatable {
    /// Figures not told, and figures in all (those not measured left out).
    package let cells: Int
    package let cellsTotal: Int
    /// Records (of sessions: sessions) in rows of which no figure is told, and in all rows.
    package let records: Int64
    package let recordsTotal: Int64

    package init(cells: Int, cellsTotal: Int, records: Int64, recordsTotal: Int64) {
        self.cells = cells
        self.cellsTotal = cellsTotal
        self.records = records
        self.recordsTotal = recordsTotal
    }

    /// True when more than `percent` of the figures are not told.
    package func isAbove(percent: Int) -> Bool {
        cells.multipliedReportingOverflow(by: 100).partialValue > cellsTotal * percent
    }
}

/// Why tables cannot be published at all.
package enum ControlRefusal: Error, Sendable, Equatable {
    /// The tables do not fit the statistics: their number, columns or names.
    case shape
    /// The table hides by number of records (`of: count`), which protects nobody.
    case countsRecords(table: String)
    /// The table does not come from separable partials: nobody knows who stands behind it.
    case notSeparable(table: String)
    /// The columns that tables of one measure are grouped by have too many values together.
    case tooManyKeys
    /// A signal asked to stop; nothing is known of the tables.
    case stopped
}
