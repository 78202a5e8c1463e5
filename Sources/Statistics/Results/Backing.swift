/// Who stands behind a row, exactly: what publication control asks.
package struct RowBacking: Sendable, Equatable {
    /// Distinct persons and customers.
    package let persons: Int
    package let customers: Int

    package init(persons: Int, customers: Int) {
        self.persons = persons
        self.customers = customers
    }
}

/// Who stands behind a figure, exactly: what publication control asks.
///
/// As sensitive as the partials it comes from: it names the largest contributions.
package struct CellBacking: Sendable, Equatable {
    /// Distinct persons and customers.
    package let persons: Int
    package let customers: Int
    /// What adds up over groups, in billionths: the count, the sum, the sum that a mean was made
    /// of, the milliseconds of all sessions. Nil for distinct counts and percentiles.
    package let total: Int128?
    /// The largest contributions of persons to `total` by magnitude, descending, two at most.
    package var largestPersons: [Int128] { largestOfPersons.values }
    /// The largest contributions of customers to `total`, likewise.
    package var largestCustomers: [Int128] { largestOfCustomers.values }
    // Not in lists: a publication may have millions of figures.
    private let largestOfPersons: UpToTwo
    private let largestOfCustomers: UpToTwo
    /// The sum modulo 2^64 of the record keys of the persons; 0 unless the tables were made with
    /// record keys.
    package let cellKey: UInt64

    package init(
        persons: Int, customers: Int, total: Int128?, largestPersons: [Int128] = [],
        largestCustomers: [Int128] = [], cellKey: UInt64 = 0
    ) {
        self.persons = persons
        self.customers = customers
        self.total = total
        largestOfPersons = UpToTwo(largestPersons)
        largestOfCustomers = UpToTwo(largestCustomers)
        self.cellKey = cellKey
    }
}

/// No, one or two numbers.
private struct UpToTwo: Sendable, Equatable {
    private let first: Int128
    private let second: Int128
    private let count: Int8

    init(_ values: [Int128]) {
        first = values.first ?? 0
        second = values.dropFirst().first ?? 0
        count = Int8(clamping: min(values.count, 2))
    }

    var values: [Int128] { count == 0 ? [] : count == 1 ? [first] : [first, second] }
}
