/// Who acts in a workload, and in how long a time.
package struct Population: Sendable {
    /// Each of them has `usersOfCustomer` users.
    package var customers: Int
    /// The days up to 15 April 2026 over which the events are spread.
    package var days: Int
    /// True when all customers are equally busy; else few are large and many small, as in life.
    package var isEven: Bool

    package static let usersOfCustomer = 30

    package init(customers: Int = 2000, days: Int = 90, isEven: Bool = false) {
        self.customers = customers
        self.days = days
        self.isEven = isEven
    }

    /// Room for `persons` users, all equally busy.
    package static func ofPersons(_ persons: Int) -> Population {
        let customers = (persons + usersOfCustomer - 1) / usersOfCustomer
        return Population(customers: customers, isEven: true)
    }
}
