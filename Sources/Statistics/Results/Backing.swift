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
    package let largestPersons: [Int128]
    /// The largest contributions of customers to `total`, likewise.
    package let largestCustomers: [Int128]
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
        self.largestPersons = largestPersons
        self.largestCustomers = largestCustomers
        self.cellKey = cellKey
    }
}
