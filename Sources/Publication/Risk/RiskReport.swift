import KeyedHashing

/// What a survey found: the figures for the report, and how to make the rows safe.
package struct RiskReport: Sendable {
    package let plan: RiskPlan
    /// The figures of each level of the ladder; the first are those of the rows as they are.
    package let levels: [RiskFigures]
    /// Rows that name nobody.
    package let namelessRows: Int64
    /// What to do to the rows; nil when no level reaches what was asked for.
    package let release: RowRelease?
    /// The figures after that.
    package let after: RiskFigures?

    /// What to do to the rows, or a fault: then nothing may be released.
    package func demandedRelease() throws(RiskFault) -> RowRelease {
        guard let release else { throw RiskFault(.outOfReach) }
        return release
    }

    /// The rows removed at the level chosen; nil when there is none.
    package var removedRows: Int64? { release.map { levels[$0.level].rowsBelow } }
}

/// Makes rows safe: coarser up to a level of the ladder, and without those whose class is still too
/// small. Only for the rows that were surveyed: others may fall in other classes.
package struct RowRelease: Sendable {
    private let plan: RiskPlan
    private let hasher: HMACSHA256
    /// How many steps of the ladder are taken.
    package let level: Int
    /// Ascending.
    private let removedClasses: [UInt64]

    init(plan: RiskPlan, hasher: HMACSHA256, level: Int, removedClasses: [UInt64]) {
        self.plan = plan
        self.hasher = hasher
        self.level = level
        self.removedClasses = removedClasses
    }

    /// How many classes are removed.
    package var removedClassCount: Int { removedClasses.count }

    /// The quasi-identifiers as they may be released; nil when the row is removed.
    package func released(_ row: [[UInt8]]) -> [[UInt8]]? {
        let coarser = plan.values(row, level: level)
        return isRemoved(RowClass.hash(coarser, hasher)) ? nil : coarser
    }

    private func isRemoved(_ hash: UInt64) -> Bool {
        var low = 0
        var high = removedClasses.count
        while low < high {
            let middle = (low + high) / 2
            if removedClasses[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low < removedClasses.count && removedClasses[low] == hash
    }
}
