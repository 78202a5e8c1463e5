package import Statistics

/// A table after suppression: what may be shown, as far as its own rules go.
package struct StatisticTable: Sendable, Equatable {
    /// The statistic's name.
    package let name: String
    /// The columns of the group.
    package let groupColumns: [String]
    /// The columns of figures.
    package let columns: [MeasuredColumn]
    /// Sorted by the bytes of the keys.
    package let rows: [Row]

    /// One row.
    package struct Row: Sendable, Equatable {
        /// The values of the group columns; UTF-8 as far as the source was.
        package let key: [[UInt8]]
        /// The figures in the order of the columns.
        package let cells: [Cell]

        package init(key: [[UInt8]], cells: [Cell]) {
            self.key = key
            self.cells = cells
        }
    }

    /// One figure. The ways of not being a positive number look different in every format.
    package enum Cell: Sendable, Equatable {
        case value(Quantity)
        /// Nothing of the kind happened, and enough people are behind the group to say so.
        case zero
        /// Too few stand behind it; the number is the threshold.
        case suppressed(below: Int)
        /// Left out for another reason: because of who contributes to it, or because a figure that
        /// is suppressed could be computed with it. It may be large.
        case withheld
        /// There was nothing to compute the figure from.
        case notMeasured
    }

    package init(
        name: String, groupColumns: [String], columns: [MeasuredColumn], rows: [Row]
    ) {
        self.name = name
        self.groupColumns = groupColumns
        self.columns = columns
        self.rows = rows
    }
}
