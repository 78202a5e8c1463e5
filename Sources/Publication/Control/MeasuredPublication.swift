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

    package init(
        statistics: [StatisticPlan], tables: [MeasuredTable], hierarchies: [ValueHierarchy] = []
    ) {
        self.statistics = statistics
        self.tables = tables
        self.hierarchies = hierarchies
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
