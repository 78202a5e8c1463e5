import KeyedHashing

/// Persons or customers behind a cell, as far as thresholds ask.
enum ContributorSet: Equatable {
    /// All of them, sorted.
    case all([Token])
    /// At least as many as the threshold.
    case enough

    /// Both together, or `enough` at `limit`.
    func union(_ other: ContributorSet, limit: Int) -> ContributorSet {
        guard case .all(let left) = self, case .all(let right) = other else { return .enough }
        var both = left
        for token in right where !left.contains(token) { both.append(token) }
        if both.count >= limit { return .enough }
        both.sort()
        return .all(both)
    }
}

/// A row of counters of a partial, without its lists.
struct PartialRow {
    var key: [UInt32] = []
    var cells: [Int64] = []
    /// Persons and customers of each contributor set, in turn.
    var contributors: [ContributorSet] = []
}

/// Takes the content of a partial in its canonical order.
///
/// First all texts and tokens in ascending order (they are numbered from 1 as they come; 0 is the
/// empty text, no token), then for each statistic its rows in the order of their keys, each with
/// its lists, then the intervals of each of its sessions measures in the order of keys and times.
protocol PartialSink {
    mutating func text(_ text: [UInt8]) throws(PartialFault)
    mutating func token(_ token: Token) throws(PartialFault)
    mutating func endDictionary() throws(PartialFault)
    mutating func beginRow(_ row: PartialRow) throws(PartialFault)
    mutating func listedToken(_ number: UInt32) throws(PartialFault)
    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault)
    mutating func endList() throws(PartialFault)
    mutating func endRows() throws(PartialFault)
    mutating func interval(_ key: [UInt32], _ interval: SessionInterval) throws(PartialFault)
    mutating func endIntervals() throws(PartialFault)
}
