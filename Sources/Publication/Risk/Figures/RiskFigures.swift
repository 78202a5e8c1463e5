/// How far persons hide among each other in released rows: the figures of a report.
///
/// A class is all rows with equal quasi-identifiers. Rows that name nobody are in a class without
/// adding a person to it. Figures of different months don't compose: two classes of many persons
/// may have one in common.
package struct RiskFigures: Sendable, Equatable {
    /// All rows.
    package internal(set) var rows: Int64 = 0
    /// All classes.
    package internal(set) var classes: Int64 = 0
    /// Pairs of a class and a person in it.
    package internal(set) var memberships: Int64 = 0
    /// The fewest persons of a class: the k of k-anonymity. Nil without rows.
    package internal(set) var fewestPersons: Int64?
    /// Classes of one person or none, and their rows: uniqueness.
    package internal(set) var uniqueClasses: Int64 = 0
    package internal(set) var uniqueRows: Int64 = 0
    /// Classes by their number of persons, 0 to 19; the last is for 20 and more.
    package internal(set) var classesByPersons = [Int64](repeating: 0, count: 21)
    /// Classes below a demand (persons or values), and their rows.
    package internal(set) var classesBelow: Int64 = 0
    package internal(set) var rowsBelow: Int64 = 0
    /// About the sensitive column; nil when none is declared.
    package internal(set) var diversity: DiversityFigures?

    /// The risk that somebody looked for is found, at worst: 1 / k. Nil without rows; 1 for k = 0.
    package var prosecutorRisk: Double? { fewestPersons.map { 1 / Double(max($0, 1)) } }

    /// The share of persons found if all are looked for in all their classes: classes of somebody
    /// by memberships. Nil when no row names anybody.
    package var marketerRisk: Double? {
        memberships > 0 ? Double(classes - classesByPersons[0]) / Double(memberships) : nil
    }

    /// Takes in one class; `isBelow` when it falls short of a demand.
    mutating func add(_ summary: ClassSummary, isBelow: Bool) {
        rows += summary.rows
        classes += 1
        memberships += summary.persons
        fewestPersons = min(fewestPersons ?? .max, summary.persons)
        classesByPersons[Int(min(summary.persons, 20))] += 1
        if summary.persons <= 1 {
            uniqueClasses += 1
            uniqueRows += summary.rows
        }
        if isBelow {
            classesBelow += 1
            rowsBelow += summary.rows
        }
        if let values = summary.values {
            diversity = (diversity ?? DiversityFigures()).adding(values)
        }
    }
}

/// How much the classes tell about the sensitive column.
package struct DiversityFigures: Sendable, Equatable {
    /// The fewest different values in a class: the l of distinct l-diversity.
    package internal(set) var fewestValues: Int64 = .max
    /// The least entropy of a class as a number of equally frequent values, e^H: the l of entropy
    /// l-diversity.
    package internal(set) var leastEffectiveValues = Double.infinity
    /// Classes with one value only: who is in one is known to have it.
    package internal(set) var uniformClasses: Int64 = 0

    func adding(_ values: ClassValues) -> DiversityFigures {
        var sum = self
        sum.fewestValues = min(fewestValues, values.different)
        sum.leastEffectiveValues = min(leastEffectiveValues, values.effective)
        if values.different <= 1 { sum.uniformClasses += 1 }
        return sum
    }
}
