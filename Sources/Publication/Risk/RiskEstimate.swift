package import KeyedHashing

/// Estimates how unique rows are in memory that does not depend on their number: a KHyperLogLog of
/// their classes. It says nothing for sure of any one row; what must hold needs a `RiskSurvey`.
package struct RiskEstimate: Sendable {
    private let hasher: HMACSHA256
    private var sketch = KHyperLogLog()
    /// All rows, and those that name nobody.
    package private(set) var rows: Int64 = 0
    package private(set) var namelessRows: Int64 = 0

    package init(key: HMACSHA256) { hasher = key }

    /// Adds a released row by its quasi-identifiers and whose it is (`Token.none`: nobody's).
    package mutating func add(_ row: [[UInt8]], person: Token) {
        rows += 1
        if person == .none { namelessRows += 1 }
        sketch.add(class: RowClass.hash(row, hasher), person: person.high)
    }

    /// About how many classes there are.
    package var classes: Int64 { Int64(sketch.classes.rounded()) }

    /// About how many classes there are by their number of persons, 0 to 19; the last is for more.
    package var classesByPersons: [Int64] {
        sketch.distribution(upTo: 19).map { Int64(($0 * sketch.classes).rounded()) }
    }

    /// About how many rows are in classes of at most `persons` persons.
    package func rows(inClassesOf persons: Int64) -> Int64 {
        Int64(((sketch.rowShare(withAtMost: persons) ?? 0) * Double(rows)).rounded())
    }
}
