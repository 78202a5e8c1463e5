/// A set that only needs to be known up to a limit.
struct CappedSet {
    private var members: [UInt32] = []
    private let limit: Int
    /// True when it has as many members as are asked for.
    private(set) var isFull: Bool

    /// An empty set; with a limit of 0 nothing is asked for.
    init(limit: Int) {
        self.limit = limit
        isFull = limit == 0
    }

    /// The number of members, at most the limit.
    var count: Int { isFull ? limit : members.count }

    /// Adds a member; 0 stands for nobody.
    mutating func insert(_ member: UInt32) {
        if isFull || member == 0 || members.contains(member) { return }
        members.append(member)
        if members.count >= limit {
            isFull = true
            members = []
        }
    }

    /// Adds the members of `other`, which has the same limit.
    mutating func merge(_ other: CappedSet) {
        if other.isFull { isFull = true }
        for member in other.members { insert(member) }
    }

    /// Takes the number of members of a set of a partial, which is alone in its row.
    mutating func take(_ set: ContributorSet) {
        switch set {
        case .enough: isFull = true
        case .all(let tokens): members = tokens.indices.map { UInt32($0) + 1 }
        }
    }
}

/// Who stands behind a figure: persons and customers, each up to its threshold.
struct Evidence {
    var persons: CappedSet
    var customers: CappedSet

    /// True when nobody further can matter.
    var isFull: Bool { persons.isFull && customers.isFull }

    init(_ layout: StatisticLayout) {
        persons = CappedSet(limit: layout.personsMax)
        customers = CappedSet(limit: layout.customersMax)
    }

    /// Adds those behind another figure of the same layout.
    mutating func merge(_ other: Evidence) {
        persons.merge(other.persons)
        customers.merge(other.customers)
    }
}
