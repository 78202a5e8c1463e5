/// What is asked of rows that leave the house.
package struct RiskPlan: Sendable, Equatable {
    /// The columns that outsiders may know.
    package let quasiIdentifiers: [String]
    /// What may be made coarser, in the order in which it is tried; level n is its first n steps.
    package let ladder: [LadderStep]
    /// The fewest persons that a class of equal rows may have.
    package let persons: Int64
    /// The fewest different values of the sensitive column in a class; nil when none is declared.
    package let values: Int64?
    /// The largest share of rows that may be removed instead of made coarser; below 1.
    package let removedShare: Ratio
    /// The memory for all levels together, in bytes; what is more is put aside.
    package let memoryBytes: Int
    /// The most classes that may be removed: they are kept in memory, eight bytes each.
    package let removedClassesMax: Int

    /// 64 MiB.
    package static let memoryBytesStandard = 1 << 26
    /// Two million: 16 MiB.
    package static let removedClassesStandard = 1 << 21

    package init(
        quasiIdentifiers: [String], ladder: [LadderStep] = [], persons: Int64,
        values: Int64? = nil, removedShare: Ratio = .zero,
        memoryBytes: Int = RiskPlan.memoryBytesStandard,
        removedClassesMax: Int = RiskPlan.removedClassesStandard
    ) throws(RiskFault) {
        let sorters = (ladder.count + 1) * (values == nil ? 1 : 2)
        let isLadderSound = ladder.allSatisfy { quasiIdentifiers.indices.contains($0.column) }
        guard !quasiIdentifiers.isEmpty, isLadderSound, persons >= 1, values ?? 1 >= 1,
            removedShare < Ratio(whole: 1), removedClassesMax >= 0,
            memoryBytes / sorters >= PairSorter.memoryBytesMin
        else { throw RiskFault(.badPlan) }
        self.quasiIdentifiers = quasiIdentifiers
        self.ladder = ladder
        self.persons = persons
        self.values = values
        self.removedShare = removedShare
        self.memoryBytes = memoryBytes
        self.removedClassesMax = removedClassesMax
    }

    /// The number of levels: one more than the ladder has steps.
    package var levelCount: Int { ladder.count + 1 }

    /// The values of a row at `level`.
    package func values(_ row: [[UInt8]], level: Int) -> [[UInt8]] {
        var row = row
        for step in ladder.prefix(level) {
            row[step.column] = step.change.applied(to: row[step.column])
        }
        return row
    }
}
