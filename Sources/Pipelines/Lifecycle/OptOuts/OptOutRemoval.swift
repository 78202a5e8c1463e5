internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// What leaves figures that were not published, and stored outputs, because somebody opted out.
///
/// Made while the value is at hand: its tokens under every key that lives. What was counted or
/// written under a key that is gone cannot be attributed any more.
struct OptOutRemoval {
    /// One opt-out with its value.
    struct Sought {
        /// The number in the registry; for a line of the pipeline's list its number in the list,
        /// below 0.
        var optOut: Int64
        let subject: SoughtSubject
        let effect: OptOutEffect
        /// Set when the time of the event decides: the first that is reached, and the first that is
        /// not any more.
        var from: EventTime?
        var until: EventTime?
        let isByEvent: Bool
        /// What stood for the subject under earlier rules, as far as it was kept.
        var kept: Set<SubjectToken> = []
        /// The names of the only `OptOutTargets` that it is sought in; nil: all.
        var targets: Set<String>?

        func isSought(in target: String) -> Bool { targets?.contains(target) ?? true }

        /// Everything that stands for the subject, and by which rules.
        func tokens(_ plan: Plan, _ keys: LivingKeys) -> SubjectTokens {
            SubjectTokens(SubjectTokens(subject, plan, keys).all.union(kept))
        }
    }

    /// What deliveries are asked for.
    struct Reach {
        let optOut: Int64
        let kind: SubjectKind
        /// True when only records of one customer are meant.
        let isLimited: Bool
        let effect: OptOutEffect
        /// As in `Sought`.
        var targets: Set<String>?

        /// What a recall for its sake says.
        var cause: RecallCause { optOut > 0 ? .optOut(optOut) : .listedOptOut }
    }

    /// By what a stored record of an output is told, and what is barred for it.
    struct StandIn {
        /// The number of the opt-out, as in `Sought`.
        let optOut: Int64
        let match: SubjectHash
        let within: Digest256?
        let from: EventTime?
        let until: EventTime?
        let effect: OptOutEffect
    }

    /// The opt-outs themselves.
    private(set) var sought: [Reach]
    /// For each statistic of the plan whose rows leave it.
    private(set) var counted: [[PartialRemoval.Entry]]
    /// What is sought in what earlier statistics counted, whose purposes nobody knows any more.
    private(set) var countedBefore: [PartialRemoval.Entry]
    /// For each output of the plan.
    private(set) var standIns: [[StandIn]]
    /// The numbers among those of `standIns` that stand for what holds kept of earlier opt-outs,
    /// and what a recall for their sake says.
    private(set) var kept: [Int64: RecallCause] = [:]
    /// The names of outputs that the pipeline does not have any more, and in which holds kept
    /// something of them.
    private var keptInLost: Set<String> = []
    /// How many stored files cannot be searched for one of them.
    var unsearched = 0

    var isEmpty: Bool {
        counted.allSatisfy(\.isEmpty) && standIns.allSatisfy(\.isEmpty)
    }

    init(_ sought: [Sought], _ plan: Plan, _ keys: LivingKeys, _ hasher: SubjectHasher) {
        let release = plan.release
        var counted = plan.release.observations.statistics.map { _ in [PartialRemoval.Entry]() }
        var countedBefore: [PartialRemoval.Entry] = []
        var standIns = release.outputs.map { _ in [StandIn]() }
        for one in sought {
            let kind = one.subject.kind.subjectKind
            // Rows of figures do not tell when within a month their events were.
            let entry =
                one.isByEvent
                ? nil
                : one.tokens(plan, keys).removal(kind, isLimited: one.subject.within != nil)
            if let entry, one.targets == nil { countedBefore.append(entry) }
            for (index, reader) in release.observations.statistics.enumerated()
            where one.isSought(in: OptOutTargets.name(ofStatistic: plan.tables[index].name)) {
                let barred = one.effect.categories(barredFor: reader.purpose)
                guard let entry, reader.isOut(barred, release.dropsOptedOutRecords) else {
                    continue
                }
                counted[index].append(entry)
            }
            for (index, output) in release.outputs.enumerated()
            where !one.effect.categories(barredFor: output.purpose).isEmpty
                && one.isSought(in: OptOutTargets.name(ofOutput: output.name))
            {
                standIns[index] += Self.standIns(one, kind, output, release, keys, hasher)
            }
        }
        self.sought = sought.map {
            Reach(
                optOut: $0.optOut, kind: $0.subject.kind.subjectKind,
                isLimited: $0.subject.within != nil, effect: $0.effect, targets: $0.targets)
        }
        self.counted = counted
        self.countedBefore = countedBefore
        self.standIns = standIns
    }

    /// `removal`, or nothing, and what holds kept of earlier opt-outs and is to go now.
    init(_ removal: OptOutRemoval?, adding held: [HeldOptOut], _ plan: Plan) {
        sought = removal?.sought ?? []
        counted = removal?.counted ?? plan.release.observations.statistics.map { _ in [] }
        countedBefore = removal?.countedBefore ?? []
        unsearched = removal?.unsearched ?? 0
        var standIns = removal?.standIns ?? plan.release.outputs.map { _ in [] }
        for (index, entry) in held.enumerated() {
            let place = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(entry.output.utf8) }
            guard let place else {
                keptInLost.insert(entry.output)
                continue
            }
            // A line of the list has no number; those of the list of today are small.
            let number = entry.optOut ?? .min + Int64(index)
            kept[number] = entry.optOut.map { .optOut($0) } ?? .listedOptOut
            standIns[place].append(
                StandIn(
                    optOut: number, match: entry.match, within: entry.within, from: entry.from,
                    until: entry.until, effect: OptOutEffect(entry.scopes, plan.purposes)))
        }
        self.standIns = standIns
    }

    /// True when it may be about records of `part`, whose output the pipeline does not have any
    /// more: by what that was for, and in doubt.
    func reaches(lost part: PartRecord, _ plan: Plan) -> Bool {
        if keptInLost.contains(part.output) { return true }
        let target = OptOutTargets.name(ofOutput: part.output)
        let purpose = plan.purposes[part.purpose]
        return sought.contains { one in
            guard one.targets?.contains(target) ?? true else { return false }
            return purpose.map { !one.effect.categories(barredFor: $0).isEmpty } ?? true
        }
    }

    /// Adds an opt-out whose day has come, by its hash and by what was kept of its value.
    mutating func add(
        _ record: OptOutRecord, _ tokens: SubjectTokens, _ plan: Plan, _ hasher: SubjectHasher
    ) {
        let subject = record.entry.subject
        let effect = OptOutEffect(record.entry.scopes, plan.purposes)
        let isByEvent = record.entry.basis == .event
        let entry =
            isByEvent
            ? nil : tokens.removal(subject.kind, isLimited: record.entry.within != nil)
        if let entry, !effect.isEmpty { countedBefore.append(entry) }
        for (index, reader) in plan.release.observations.statistics.enumerated() {
            let barred = effect.categories(barredFor: reader.purpose)
            guard let entry, reader.isOut(barred, plan.release.dropsOptedOutRecords) else {
                continue
            }
            counted[index].append(entry)
        }
        let matches =
            [subject]
            + tokens.texts(.record).compactMap { hasher.hash(subject.kind, writtenAs: $0.span) }
        let customers = tokens.texts(.recordCustomer).union(tokens.texts(.recordCustomerCopy))
        let limits: [Digest256?] = record.entry.within.map { within in
            [within]
                + customers.compactMap {
                    hasher.hash(.customer, writtenAs: $0.span)?.digest
                }
        } ?? [nil]
        for (index, output) in plan.release.outputs.enumerated()
        where !effect.categories(barredFor: output.purpose).isEmpty {
            standIns[index] += matches.flatMap { match in
                limits.map {
                    StandIn(
                        optOut: record.id, match: match, within: $0,
                        from: isByEvent ? record.entry.effective : nil,
                        until: isByEvent ? record.entry.withdrawn : nil, effect: effect)
                }
            }
        }
        sought.append(
            Reach(
                optOut: record.id, kind: subject.kind, isLimited: record.entry.within != nil,
                effect: effect))
    }

    private static func standIns(
        _ one: Sought, _ kind: SubjectKind, _ output: OutputReleasePlan, _ release: ReleasePlan,
        _ keys: LivingKeys, _ hasher: SubjectHasher
    ) -> [StandIn] {
        let before = SubjectTokens(one.kept)
        let texts =
            texts(one.subject.spellings, kind, output, release, keys) + before.texts(.record)
        var limits: [Digest256?] = [nil]
        if one.subject.within != nil {
            let spellings = one.subject.withinSpellings
            let customers = Self.texts(spellings, .customer, output, release, keys)
            // In doubt the objection holds.
            let copies = release.slots(of: .customer).filter { $0 < output.rules.count }
                .flatMap { slot in
                    spellings.flatMap { spelling in
                        output.rules[slot].transform?.copies(of: spelling, under: keys.hashers)
                            ?? []
                    }
                }
            let earlier =
                before.texts(.recordCustomer).union(before.texts(.recordCustomerCopy))
            limits = (customers + copies + earlier).compactMap { text in
                hasher.hash(.customer, writtenAs: text.span)?.digest
            }
        }
        return texts.compactMap { hasher.hash(kind, writtenAs: $0.span) }.flatMap { hash in
            limits.map {
                StandIn(
                    optOut: one.optOut, match: hash, within: $0, from: one.from,
                    until: one.until, effect: one.effect)
            }
        }
    }

    /// The value, and every text that stands for it in the output under a key that lives.
    private static func texts(
        _ spellings: [[UInt8]], _ kind: SubjectKind, _ output: OutputReleasePlan,
        _ release: ReleasePlan, _ keys: LivingKeys
    ) -> [[UInt8]] {
        var texts = Set(spellings)
        for slot in release.slots(of: kind) {
            guard let transform = output.rules[slot].transform else { continue }
            for spelling in spellings {
                texts.formUnion(transform.standIns(for: spelling, under: keys.hashers))
            }
        }
        return texts.sorted { $0.lexicographicallyPrecedes($1) }
    }
}

extension Plan {
    /// True when a statistic may not count somebody for whom `effect` is in force.
    func counts(_ effect: OptOutEffect) -> Bool {
        release.observations.statistics.contains { reader in
            reader.isOut(
                effect.categories(barredFor: reader.purpose), release.dropsOptedOutRecords)
        }
    }
}

extension ObservationPlan.Reader {
    /// True when the statistic may not count a record for which `barred` may not be used.
    fileprivate func isOut(_ barred: CategorySet, _ dropsRecords: Bool) -> Bool {
        if barred.isEmpty { return false }
        return dropsRecords || barred == .all || !barred.isDisjoint(with: categories)
    }
}

extension OptOutRemoval.Sought {
    /// The line of a list; nil when it is over, or cannot be told from text.
    init?(_ line: OptOutEntry, isByEvent: Bool, now: EventTime) {
        if let withdrawn = line.withdrawn, withdrawn <= now, !isByEvent { return nil }
        let customer = line.customer.flatMap { String(validating: $0, as: UTF8.self) }
        let person = line.person.flatMap { String(validating: $0, as: UTF8.self) }
        guard line.customer == nil || customer != nil, line.person == nil || person != nil,
            let subject = SoughtSubject(customer: customer, user: person)
        else { return nil }
        self.init(
            optOut: -Int64(line.line), subject: subject, effect: line.scope,
            from: isByEvent ? line.effective : nil, until: isByEvent ? line.withdrawn : nil,
            isByEvent: isByEvent)
    }
}

extension SoughtSubject {
    /// A customer, a user, or a user in one customer's records; nil without a value.
    init?(customer: String?, user: String?) {
        var request: SubjectRequest
        if let user {
            request = SubjectRequest(pipeline: "", kind: .user, value: user)
            request.withinCustomer = customer
        } else if let customer {
            request = SubjectRequest(pipeline: "", kind: .customer, value: customer)
        } else {
            return nil
        }
        guard let subject = try? SoughtSubject(request) else { return nil }
        self = subject
    }
}
