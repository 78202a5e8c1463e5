internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// What stands for a subject where its value does not, under all keys that live now.
///
/// Made while the value is at hand, and kept in the ledger until the request is dealt with: from
/// the registry's hash no token could be made.
struct SubjectTokens: Sendable {
    let all: Set<SubjectToken>

    init(_ all: Set<SubjectToken>) { self.all = all }

    /// Makes the tokens of `subject` for everything that `plan` writes and counts.
    init(_ subject: SoughtSubject, _ plan: Plan, _ keys: LivingKeys) {
        var standIns = StandIns(plan, keys)
        let kind = subject.kind.subjectKind
        let slots = plan.release.slots(of: kind)
        standIns.addWritten(.record, slots, subject.spellings)
        let place: SubjectToken.Place =
            switch subject.kind {
            case .user: .person
            case .customer: .customer
            case .address: .listed
            }
        standIns.addCounted(place, slots, kind, subject.spellings)
        if subject.within != nil { standIns.addLimit(subject.withinSpellings) }
        all = standIns.made.union(SearchedRules(kind, plan).tokens)
            .union(subject.within == nil ? [] : SearchedRules(.customer, plan).tokens)
    }

    /// The tokens of a place as they stand in files.
    func texts(_ place: SubjectToken.Place) -> Set<[UInt8]> {
        Set(all.lazy.filter { $0.place == place }.map { Array($0.text.utf8) })
    }

    private func tokens(_ place: SubjectToken.Place) -> Set<Token> {
        Set(all.lazy.filter { $0.place == place }.compactMap { Token(hexText: $0.text) })
    }

    /// What leaves unpublished statistics; nil when nothing there can be told.
    ///
    /// Limited to one customer, rows that say none are reached too, as the registry has it, unless
    /// `isSure`.
    func removal(
        _ kind: SubjectKind, isLimited: Bool, isSure: Bool = false
    ) -> PartialRemoval.Entry? {
        let (persons, customers, listed) = (tokens(.person), tokens(.customer), tokens(.listed))
        switch kind {
        case .user:
            // Without the customer's token a request within one customer would reach them all.
            if persons.isEmpty || (isLimited && customers.isEmpty) { return nil }
            let reached = isSure ? customers : customers.union([.none])
            return PartialRemoval.Entry(persons: persons, customers: isLimited ? reached : [])
        case .customer:
            return customers.isEmpty ? nil : PartialRemoval.Entry(customers: customers)
        case .address: return listed.isEmpty ? nil : PartialRemoval.Entry(listed: listed)
        }
    }
}

extension TokenDomain {
    /// That of the tokens of a field in statistics.
    static func statistics(_ field: String) -> TokenDomain {
        TokenDomain(scope: "statistics", field: field)
    }
}

extension Plan {
    /// Which fields the partials of the plan have tokens of.
    var ownCountedFields: [CountedField] {
        let kinds = SubjectKind.allCases.map { ($0, release.slots(of: $0)) }
        return release.observations.tokens.flatMap { input in
            let own = kinds.filter { $0.1.contains(input.slot) }.map { Optional($0.0) }
            return (own.isEmpty ? [nil] : own).map { kind in
                CountedField(
                    statisticSet: statisticsDigest.hex, kind: kind,
                    field: release.fields.names[input.slot])
            }
        }
    }

    /// Completes the plan with the fields that the statistics of earlier forms counted.
    mutating func recallCountedFields(_ ledger: Ledger) throws(PipelineFailure) {
        do { countedFields = try ledger.countedFields() } catch {
            throw StateRegistry.failure(error)
        }
    }
}

extension ReleasePlan {
    /// The fields that name a subject of this kind.
    func slots(of kind: SubjectKind) -> [Int] {
        switch kind {
        case .user: [personSlot].compactMap { $0 }
        case .customer: [customerSlot].compactMap { $0 }
        case .address: addressSlots
        }
    }
}

extension Token {
    /// 32 lower-case hexadecimal digits.
    var hexText: String {
        var text = ByteBuffer(capacity: 32)
        text.append(tokenHex: self)
        return String(decoding: text.array(), as: UTF8.self)
    }

    /// Reads `hexText`.
    init?(hexText: String) {
        let digits = Array(hexText.utf8)
        guard digits.count == Token.digits,
            let high = UInt64(String(decoding: digits[..<16], as: UTF8.self), radix: 16),
            let low = UInt64(String(decoding: digits[16...], as: UTF8.self), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}

/// Collects what stands for values in what a pipeline writes and counts.
private struct StandIns {
    private let plan: Plan
    private let keys: LivingKeys
    private(set) var made: Set<SubjectToken> = []

    init(_ plan: Plan, _ keys: LivingKeys) {
        self.plan = plan
        self.keys = keys
    }

    /// Adds what the rules of `slots` make of a value in files.
    mutating func addWritten(
        _ place: SubjectToken.Place, _ slots: [Int], _ spellings: [[UInt8]]
    ) {
        for transform in transforms(of: slots) {
            for spelling in spellings {
                add(place, transform.standIns(for: spelling, under: keys.hashers))
            }
        }
    }

    /// Adds what statistics count in the place of a value of `slots`, under earlier plans too.
    mutating func addCounted(
        _ place: SubjectToken.Place, _ slots: [Int], _ kind: SubjectKind, _ spellings: [[UInt8]]
    ) {
        let earlier = plan.countedFields.filter { $0.kind == kind }.map { field in
            ObservationPlan.TokenInput(
                slot: -1, domain: .statistics(field.field), staticHasher: nil)
        }
        let inputs = plan.release.observations.tokens.filter { slots.contains($0.slot) }
        for input in inputs + earlier {
            for hasher in input.staticHasher.map({ [$0] }) ?? keys.hashers {
                let tokens = spellings.map { hasher.token(in: input.domain, of: $0.span) }
                made.formUnion(tokens.map { SubjectToken(place, $0.hexText) })
            }
        }
    }

    /// Adds what stands for the customer that a request is limited to.
    mutating func addLimit(_ spellings: [[UInt8]]) {
        let slots = [plan.release.customerSlot].compactMap { $0 }
        addWritten(.recordCustomer, slots, spellings)
        for transform in transforms(of: plan.release.slots(of: .customer)) {
            for spelling in spellings {
                add(.recordCustomerCopy, transform.copies(of: spelling, under: keys.hashers))
            }
        }
        addCounted(.customer, slots, .customer, spellings)
    }

    /// The transforms that outputs and the store have for `slots`.
    private func transforms(of slots: [Int]) -> [any Transform] {
        (plan.release.outputs + [plan.store?.release].compactMap { $0 }).flatMap { output in
            slots.filter { $0 < output.rules.count }.compactMap { output.rules[$0].transform }
        }
    }

    private mutating func add(_ place: SubjectToken.Place, _ texts: some Sequence<[UInt8]>) {
        for text in texts {
            made.insert(SubjectToken(place, String(decoding: text, as: UTF8.self)))
        }
    }
}
