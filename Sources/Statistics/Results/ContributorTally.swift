/// Counts who stands behind one figure, exactly, and keeps the largest contributions.
///
/// When persons come sorted nothing is kept of those that have passed; customers take one number
/// each for as long as the group is open.
struct ContributorTally {
    private let isSortedByPerson: Bool
    private var person: UInt32 = 0
    private var personAmount: Int128 = 0
    private var hasPerson = false
    private var cellKey: UInt64 = 0
    private var persons = 0
    private var largest = LargestTwo()
    private var amountsOfPersons = AmountTable()
    private var amountsOfCustomers = AmountTable()

    /// With `isSortedByPerson` the contributions of one person must come one after the other.
    init(isSortedByPerson: Bool) { self.isSortedByPerson = isSortedByPerson }

    /// Adds a contribution; 0 stands for nobody, which counts for no one but may be the largest.
    /// `key` is the record key of the person.
    mutating func add(person: UInt32, customer: UInt32, amount: Int128, key: UInt64 = 0) {
        _ = amountsOfCustomers.add(amount, of: customer)
        guard isSortedByPerson else {
            if amountsOfPersons.add(amount, of: person) { cellKey &+= key }
            return
        }
        if hasPerson, person == self.person {
            personAmount &+= amount
            return
        }
        closePerson()
        hasPerson = true
        cellKey &+= key
        self.person = person
        personAmount = amount
    }

    private mutating func closePerson() {
        guard hasPerson else { return }
        if person != 0 { persons += 1 }
        largest.add(personAmount)
        hasPerson = false
    }

    /// What stands behind a figure that adds up to `total` billionths.
    mutating func backing(total: Int128?) -> CellBacking {
        closePerson()
        var largestCustomers = LargestTwo()
        amountsOfCustomers.forEach { largestCustomers.add($0) }
        var largestPersons = largest
        amountsOfPersons.forEach { largestPersons.add($0) }
        return CellBacking(
            persons: persons + amountsOfPersons.countOfSome,
            customers: amountsOfCustomers.countOfSome, total: total,
            largestPersons: total == nil ? [] : largestPersons.values,
            largestCustomers: total == nil ? [] : largestCustomers.values, cellKey: cellKey)
    }
}

/// The two largest numbers by magnitude.
private struct LargestTwo {
    private var first: Int128 = 0
    private var second: Int128 = 0

    /// Those that are not zero, descending.
    var values: [Int128] { first == 0 ? [] : second == 0 ? [first] : [first, second] }

    mutating func add(_ amount: Int128) {
        let size = Int128(amount.magnitude)
        if size > first {
            second = first
            first = size
        } else if size > second {
            second = size
        }
    }
}
