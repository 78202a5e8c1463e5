package import Records

/// Which opt-outs an output counts.
package enum OptOutBasis: String, Sendable, CaseIterable {
    /// Those in force on the day of the run, for records of any age.
    case use
    /// Those that were in force at the time of the event.
    case event
}

/// How a record without a customer identifier is taken.
package enum MissingCustomer: String, Sendable, CaseIterable {
    /// As if its customer had opted out of everything but security and compliance.
    case optedOut = "opted-out"
    /// As if there were no opt-out for it.
    case allowed
}

/// What the opt-outs say of one record, under either basis.
package struct OptOutAnswer: Sendable, Equatable {
    /// What is barred today.
    package var use: OptOutEffect
    /// What was barred when the event happened.
    package var event: OptOutEffect

    /// Nothing is barred.
    package static let nothing = OptOutAnswer(use: [], event: [])

    @inlinable package init(use: OptOutEffect, event: OptOutEffect) {
        self.use = use
        self.event = event
    }

    /// What is barred under `basis`.
    @inlinable package func effect(_ basis: OptOutBasis) -> OptOutEffect {
        basis == .use ? use : event
    }
}

/// The entries of an `OptOutList` that some record's customer or person matched; one set per
/// worker, merged at the end of a run.
package struct OptOutMatches: Sendable, Equatable {
    private var words: [UInt64]

    /// No match yet in a list of `count` entries.
    package init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

    /// Adds what another worker matched in the same list.
    package mutating func merge(_ other: OptOutMatches) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// Notes that entry `entry` of the list was matched.
    package mutating func insert(_ entry: Int) { words[entry >> 6] |= 1 << UInt64(entry & 63) }

    /// True when entry `entry` of the list was matched.
    package func contains(_ entry: Int) -> Bool { words[entry >> 6] >> UInt64(entry & 63) & 1 == 1 }

    /// The lines of the entries of `list` that were never matched.
    package func unmatchedLines(of list: OptOutList) -> [Int] {
        list.entries.indices.filter { !contains($0) }.map { list.entries[$0].line }
    }
}

/// An opt-out list made ready for one run: finds what bars a record in about one memory access when
/// nothing does. Immutable; shared by all workers.
///
/// Identifiers are compared byte for byte in canonical form (`CanonicalSubject`).
/// Entries of one customer or person add up.
package final class OptOutIndex: Sendable {
    /// One rule behind an identifier. Nothing in it is counted: workers that count one reference
    /// wait for each other.
    private struct Rule: Sendable, BitwiseCopyable {
        let entry: Int
        /// For a rule behind a person: where the only customer whose records it reaches stands in
        /// `limits`; `limitLength` is -1 without one.
        let limitStart: Int
        let limitLength: Int
        let scope: OptOutEffect
        let holdsNow: Bool
        let effective: EventTime
        let withdrawn: EventTime
    }

    /// The rules behind the identifiers of one table: of the one with the number `i` those from
    /// `starts[i]` to `starts[i + 1]`.
    private struct RuleRows: Sendable {
        let rules: [Rule]
        let starts: [Int]

        init(_ rows: [[Rule]]) {
            rules = rows.flatMap { $0 }
            starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        }
    }

    private let customers: ByteKeyTable
    private let persons: ByteKeyTable
    private let customerRules: RuleRows
    private let personRules: RuleRows
    /// The customers that rules behind persons are limited to, one after the other.
    private let limits: [UInt8]
    private let missing: OptOutAnswer

    /// The number of entries of the list, for `OptOutMatches`.
    package let entryCount: Int

    /// True when no record can be barred: no entries, and missing customers are allowed.
    package let isEmpty: Bool

    /// Prepares `list` for a run at `now`.
    ///
    /// Pass `.optedOut` for `missingCustomer` when the pipeline declares which field identifies the
    /// customer, unless it says otherwise; without such a field there is nothing that could be
    /// missing, and `.allowed` is right.
    package init(
        _ list: OptOutList,
        now: EventTime,
        purposes: PurposeTable,
        missingCustomer: MissingCustomer
    ) {
        var customers = ByteKeyTable.Builder()
        var persons = ByteKeyTable.Builder()
        var customerRules: [[Rule]] = []
        var personRules: [[Rule]] = []
        var limits: [UInt8] = []
        for (index, entry) in list.entries.enumerated() {
            let limit = entry.person == nil ? nil : entry.customer
            let rule = Rule(
                entry: index,
                limitStart: limits.count,
                limitLength: limit?.count ?? -1,
                scope: entry.scope,
                holdsNow: entry.holds(at: now),
                effective: entry.effective,
                withdrawn: entry.withdrawn ?? EventTime(milliseconds: .max)
            )
            limits += limit ?? []
            if let person = entry.person {
                Self.add(rule, persons.number(of: person), &personRules)
            } else if let customer = entry.customer {
                Self.add(rule, customers.number(of: customer), &customerRules)
            }
        }
        self.customers = customers.finish()
        self.persons = persons.finish()
        self.customerRules = RuleRows(customerRules)
        self.personRules = RuleRows(personRules)
        self.limits = limits
        entryCount = list.entries.count
        isEmpty = list.entries.isEmpty && missingCustomer == .allowed
        let all = OptOutEffect(purposes: purposes.optedOutByDefault, categories: .all)
        missing =
            missingCustomer == .optedOut ? OptOutAnswer(use: all, event: all) : .nothing
    }

    private static func add(_ rule: Rule, _ number: Int, _ rules: inout [[Rule]]) {
        if number == rules.count { rules.append([]) }
        rules[number].append(rule)
    }

    /// What may not be done with a record of this customer and person.
    ///
    /// An empty identifier is a missing one. Without `eventTime` each entry counts as in force at
    /// the event. A person's entry that is limited to one customer also reaches records whose
    /// customer is missing: in doubt the objection holds. Allocates nothing for usual identifiers.
    package func answer(
        customer: Span<UInt8>,
        person: Span<UInt8>,
        eventTime: EventTime?,
        matches: inout OptOutMatches
    ) -> OptOutAnswer {
        var answer = customer.isEmpty ? missing : .nothing
        if !customer.isEmpty, let number = Self.number(of: customer, customers) {
            for index in customerRules.starts[number]..<customerRules.starts[number + 1] {
                apply(customerRules.rules[index], eventTime, &answer, &matches)
            }
        }
        if !person.isEmpty, let number = Self.number(of: person, persons) {
            for index in personRules.starts[number]..<personRules.starts[number + 1]
            where reaches(personRules.rules[index], customer) {
                apply(personRules.rules[index], eventTime, &answer, &matches)
            }
        }
        return answer
    }

    /// The number of an identifier by its bytes, or else by its other name.
    private static func number(of identifier: Span<UInt8>, _ table: ByteKeyTable) -> Int? {
        if let number = table.number(of: identifier) { return number }
        return CanonicalSubject.otherName(of: identifier).flatMap { table.number(of: $0.span) }
    }

    private func apply(
        _ rule: Rule,
        _ eventTime: EventTime?,
        _ answer: inout OptOutAnswer,
        _ matches: inout OptOutMatches
    ) {
        matches.insert(rule.entry)
        if rule.holdsNow { answer.use.formUnion(rule.scope) }
        let heldThen =
            eventTime.map { rule.effective <= $0 && $0 < rule.withdrawn } ?? true
        if heldThen { answer.event.formUnion(rule.scope) }
    }

    private func reaches(_ rule: Rule, _ customer: Span<UInt8>) -> Bool {
        guard rule.limitLength >= 0, !customer.isEmpty else { return true }
        return isLimit(of: rule, customer)
            || CanonicalSubject.otherName(of: customer).map { isLimit(of: rule, $0.span) } ?? false
    }

    private func isLimit(of rule: Rule, _ customer: Span<UInt8>) -> Bool {
        guard rule.limitLength == customer.count else { return false }
        return customer.indices.allSatisfy { limits[rule.limitStart + $0] == customer[$0] }
    }
}
