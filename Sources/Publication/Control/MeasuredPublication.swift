package import Statistics

/// What is to be published: all tables of one closed period, as measured.
///
/// All of them go through control together, because what one hides another may tell.
package struct MeasuredPublication: Sendable {
    /// What was counted; says which figures of different tables add up to each other.
    package let statistics: [StatisticPlan]
    /// The tables of `statistics`, in the same order, from partials that are separable: only
    /// those know who stands behind each figure.
    package let tables: [MeasuredTable]
    /// Which values of group columns are parts of values of other group columns, as far as the
    /// tables do not show it by having both columns. Days are known to be parts of months.
    package let hierarchies: [ValueHierarchy]
    /// By table, the figures that an earlier publication told as they are now: an attacker knows
    /// them, so that leaving them out protects nothing. Empty when there was none.
    package let toldBefore: [Set<FigurePlace>]
    /// Tables that nobody is shown: they were measured because they say which values of one column
    /// are parts of which values of another, so that figures by the one can be held against figures
    /// by the other.
    package let unseen: Set<Int>
    /// Those of `unseen` in which any value that a condition names might have stood beside any
    /// other: that a row is not there, nobody knows.
    package let spanning: Set<Int>
    /// Those of `unseen` that were counted for the sake of conditions: nobody is shown a column
    /// that adds up to one of their cells, but by subtraction.
    package let ofParts: Set<Int>
    /// By table a number: tables of one number leave out the same records, whoever opted out of a
    /// purpose or of a category.
    package let groups: [Int]

    package init(
        statistics: [StatisticPlan], tables: [MeasuredTable], hierarchies: [ValueHierarchy] = [],
        toldBefore: [Set<FigurePlace>] = [], unseen: Set<Int> = [],
        spanning: Set<Int> = [], ofParts: Set<Int> = [], groups: [Int]? = nil
    ) {
        self.statistics = statistics
        self.tables = tables
        self.hierarchies = hierarchies
        self.toldBefore = toldBefore
        self.unseen = unseen
        self.spanning = spanning
        self.ofParts = ofParts
        self.groups = groups ?? statistics.map(\.purposeIndex)
    }
}

/// Where a figure stands in a table.
package struct FigurePlace: Sendable, Hashable {
    /// The indices of its row and its column.
    package let row: Int
    package let column: Int

    package init(row: Int, column: Int) {
        self.row = row
        self.column = column
    }
}

/// Each value of one text input belongs to one value of another: versions to their family.
package struct ValueHierarchy: Sendable, Equatable {
    /// The text input with the finer values.
    package let finer: Int
    /// The text input with the coarser values.
    package let coarser: Int
    /// The coarser value of each finer one; a value that is missing belongs to the empty text.
    package let coarserOf: [[UInt8]: [UInt8]]

    package init(finer: Int, coarser: Int, coarserOf: [[UInt8]: [UInt8]]) {
        self.finer = finer
        self.coarser = coarser
        self.coarserOf = coarserOf
    }
}
