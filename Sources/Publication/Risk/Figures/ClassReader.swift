private import Glibc

/// One class of rows with equal quasi-identifiers.
struct ClassSummary: Equatable {
    /// The hash of the quasi-identifiers.
    let hash: UInt64
    var rows: Int64
    /// Distinct persons.
    var persons: Int64
    /// The sensitive column, when there is one.
    var values: ClassValues?
}

/// The values of the sensitive column in one class.
struct ClassValues: Equatable {
    /// How many different ones there are.
    var different: Int64 = 0
    /// e to the entropy of the rows that have a value.
    var effective = 1.0
}

/// Reads classes one by one from sorted pairs of class and person and, where there is a sensitive
/// column, of class and value.
struct ClassReader {
    private var persons: PairCursor
    private var values: PairCursor?

    init(persons: SortedPairs, values: SortedPairs?) throws(RiskFault) {
        self.persons = try persons.cursor()
        if let values { self.values = try values.cursor() }
    }

    /// The next class, or nil behind the last one.
    mutating func next() throws(RiskFault) -> ClassSummary? {
        guard let first = persons.head else { return nil }
        var summary = ClassSummary(hash: first.first, rows: 0, persons: 0, values: nil)
        while let pair = persons.head, pair.first == summary.hash {
            summary.rows += Int64(clamping: pair.count)
            if pair.second != 0 { summary.persons += 1 }
            try persons.step()
        }
        summary.values = try valuesOfClass(summary.hash)
        return summary
    }

    private mutating func valuesOfClass(_ hash: UInt64) throws(RiskFault) -> ClassValues? {
        guard var cursor = values else { return nil }
        values = nil
        var found = ClassValues()
        var rows = 0.0
        var weighted = 0.0
        while let pair = cursor.head, pair.first == hash {
            found.different += 1
            let count = Double(pair.count)
            rows += count
            weighted += count * log(count)
            try cursor.step()
        }
        if rows > 0 { found.effective = exp(log(rows) - weighted / rows) }
        values = cursor
        return found
    }
}
