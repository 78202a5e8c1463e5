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
    private var amountsOfPersons: [UInt32: Int128] = [:]
    private var amountsOfCustomers: [UInt32: Int128] = [:]

    /// With `isSortedByPerson` the contributions of one person must come one after the other.
    init(isSortedByPerson: Bool) { self.isSortedByPerson = isSortedByPerson }

    /// Adds a contribution; 0 stands for nobody, which counts for no one but may be the largest.
    /// `key` is the record key of the person.
    mutating func add(person: UInt32, customer: UInt32, amount: Int128, key: UInt64 = 0) {
        amountsOfCustomers[customer, default: 0] &+= amount
        guard isSortedByPerson else {
            if amountsOfPersons[person] == nil { cellKey &+= key }
            amountsOfPersons[person, default: 0] &+= amount
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
        for amount in amountsOfCustomers.values { largestCustomers.add(amount) }
        for amount in amountsOfPersons.values { largest.add(amount) }
        let more = amountsOfPersons.count - (amountsOfPersons[0] == nil ? 0 : 1)
        return CellBacking(
            persons: persons + more, customers: customers, total: total,
            largestPersons: total == nil ? [] : largest.values,
            largestCustomers: total == nil ? [] : largestCustomers.values, cellKey: cellKey)
    }

    private var customers: Int {
        amountsOfCustomers.count - (amountsOfCustomers[0] == nil ? 0 : 1)
    }
}

/// The two largest numbers by magnitude.
private struct LargestTwo {
    private(set) var values: [Int128] = []

    mutating func add(_ amount: Int128) {
        let size = Int128(amount.magnitude)
        if size == 0 { return }
        let at = values.firstIndex { $0 < size } ?? values.count
        if at == 2 { return }
        values.insert(size, at: at)
        if values.count > 2 { values.removeLast() }
    }
}
