package import KeyedHashing
package import Records

/// Who is held, erased, restricted or has opted out, compiled from the ledger's rows for one run.
///
/// Immutable; shared by all workers. Holds no identifier: customers, users and single addresses are
/// keyed hashes, networks are ranges. What is empty costs nothing per record.
package struct SubjectRegister: Sendable {
    /// Whose records a rule reaches.
    package enum Match: Sendable, Equatable {
        case subject(SubjectHash)
        case network(AddressNetwork)
        case everybody
    }

    /// What a rule does to them.
    package enum Effect: Sendable, Equatable {
        /// The index in `holds`.
        case held(Int)
        case erased
        case restricted
        /// What is barred, and the index in `optOutEntries`.
        case optedOut(OptOutEffect, entry: Int)
    }

    /// One rule: who, what, and between which event times.
    package struct Rule: Sendable, Equatable {
        package var match: Match
        /// The only customer whose records the rule reaches; records without a customer are reached
        /// too, in doubt.
        package var within: Digest256?
        /// The first event time that is reached; nil: from the beginning.
        package var from: EventTime?
        /// Events of this time and later are not reached; nil: all are.
        package var until: EventTime?
        package var effect: Effect

        package init(
            _ match: Match, within: Digest256? = nil, from: EventTime? = nil,
            until: EventTime? = nil, effect: Effect
        ) {
            self.match = match
            self.within = within
            self.from = from
            self.until = until
            self.effect = effect
        }
    }

    /// A hold that binds in the run.
    package struct Hold: Sendable, Equatable {
        /// The number in the ledger.
        package let id: Int64
        /// The outputs, by their place in the plan, that may show its records readable.
        package let shownIn: UInt64

        package init(id: Int64, shownIn: UInt64 = 0) {
            self.id = id
            self.shownIn = shownIn
        }
    }

    /// A rule as it is looked up.
    struct CompiledRule: Sendable {
        let from: Int64
        let until: Int64
        /// The number of the only customer reached, or -1.
        let within: Int32
        let effect: Effect
    }

    /// The holds that bind.
    package let holds: [Hold]
    /// The numbers in the ledger of the opt-outs in force.
    package let optOutEntries: [Int64]
    /// True when no record can be reached.
    package let isEmpty: Bool
    /// True when a rule can only be found by the customer of a record.
    package var asksForCustomers: Bool { hasCustomers }
    /// True when a rule can only be found by the user of a record.
    package var asksForUsers: Bool { hasUsers }
    /// True when a rule can only be found by the addresses in a record.
    package let asksForAddresses: Bool

    /// What is barred for a record without a customer.
    let missingCustomer: OptOutEffect
    let hasher: SubjectHasher?
    let rules: [CompiledRule]
    let everybody: [Int32]
    let networks: [(network: AddressNetwork, rule: Int32)]
    /// The numbers of the subjects that rules name, by kind.
    let numbers: [SubjectHash: Int32]
    /// The rules of each subject, by its number.
    let rulesOfSubject: [[Int32]]
    let hasCustomers: Bool
    let hasUsers: Bool
    let hasAddressHashes: Bool

    /// A register of nobody.
    package static let empty = SubjectRegister(rules: [], hasher: nil)

    /// Compiles `rules`. `hasher` makes the hashes in them; without one no subject is found.
    ///
    /// `missingCustomer` is what is barred for a record that does not say whose it is.
    package init(
        rules: [Rule], holds: [Hold] = [], optOutEntries: [Int64] = [], hasher: SubjectHasher?,
        missingCustomer: OptOutEffect = []
    ) {
        var numbers: [SubjectHash: Int32] = [:]
        var lists: [[Int32]] = []
        func number(_ hash: SubjectHash) -> Int {
            if let known = numbers[hash] { return Int(known) }
            numbers[hash] = Int32(lists.count)
            lists.append([])
            return lists.count - 1
        }
        var compiled: [CompiledRule] = []
        var everybody: [Int32] = []
        var networks: [(network: AddressNetwork, rule: Int32)] = []
        for (index, rule) in rules.enumerated() {
            let limit = rule.within.map { number(SubjectHash(kind: .customer, digest: $0)) }
            compiled.append(
                CompiledRule(
                    from: rule.from?.milliseconds ?? .min,
                    until: rule.until?.milliseconds ?? .max, within: Int32(limit ?? -1),
                    effect: rule.effect))
            switch rule.match {
            case .subject(let hash): lists[number(hash)].append(Int32(index))
            case .network(let network): networks.append((network, Int32(index)))
            case .everybody: everybody.append(Int32(index))
            }
        }
        self.holds = holds
        self.optOutEntries = optOutEntries
        self.missingCustomer = missingCustomer
        self.hasher = hasher
        self.rules = compiled
        self.everybody = everybody
        self.networks = networks
        self.numbers = numbers
        rulesOfSubject = lists
        isEmpty = rules.isEmpty && missingCustomer.isEmpty
        hasCustomers = numbers.keys.contains { $0.kind == .customer }
        hasUsers = numbers.keys.contains { $0.kind == .user }
        hasAddressHashes = numbers.keys.contains { $0.kind == .address }
        asksForAddresses = hasAddressHashes || !networks.isEmpty
    }
}

/// Which holds and opt-outs of a register some record matched; one set per worker, merged at the
/// end of a run.
package struct SubjectMatches: Sendable, Equatable {
    private var holdFlags: [Bool]
    private var optOutFlags: [Bool]

    /// No match yet in `register`.
    package init(_ register: SubjectRegister) {
        holdFlags = Array(repeating: false, count: register.holds.count)
        optOutFlags = Array(repeating: false, count: register.optOutEntries.count)
    }

    /// Adds what another worker matched in the same register.
    package mutating func merge(_ other: SubjectMatches) {
        for index in holdFlags.indices where other.holdFlags[index] { holdFlags[index] = true }
        for index in optOutFlags.indices where other.optOutFlags[index] {
            optOutFlags[index] = true
        }
    }

    /// The places in `holds` and in `optOutEntries` of the register that some record matched.
    package var places: (holds: [Int], optOuts: [Int]) {
        (
            holdFlags.indices.filter { holdFlags[$0] },
            optOutFlags.indices.filter { optOutFlags[$0] }
        )
    }

    /// Adds what `places` told elsewhere; places that the register does not have are passed over.
    package mutating func insert(holds: [Int], optOuts: [Int]) {
        for index in holds where holdFlags.indices.contains(index) { holdFlags[index] = true }
        for index in optOuts where optOutFlags.indices.contains(index) { optOutFlags[index] = true }
    }

    mutating func insert(hold index: Int) { holdFlags[index] = true }
    mutating func insert(optOut index: Int) { optOutFlags[index] = true }

    /// The numbers of the holds that some record matched.
    package func holds(of register: SubjectRegister) -> [Int64] {
        holdFlags.indices.filter { holdFlags[$0] }.map { register.holds[$0].id }
    }

    /// The numbers of the opt-outs that some record matched.
    package func optOuts(of register: SubjectRegister) -> [Int64] {
        optOutFlags.indices.filter { optOutFlags[$0] }.map { register.optOutEntries[$0] }
    }

    /// The numbers of the opt-outs in force that no record matched.
    package func unmatchedOptOuts(of register: SubjectRegister) -> [Int64] {
        optOutFlags.indices.filter { !optOutFlags[$0] }.map { register.optOutEntries[$0] }
    }
}
