internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// The registry of a state: who is held, erased, restricted or has opted out, with the key under
/// which they are hashed.
///
/// A ledger with entries whose key is lost, or is another one, is a fault: the registry would
/// recognise nobody, and everything that binds would be silently gone.
struct StateRegistry {
    let ledger: Ledger
    /// Nil while the registry has no key, and so no entry that needs one.
    let hasher: SubjectHasher?
    /// What the run at hand is going to enter with its commit: it binds in that run already.
    var entering = OptOutChanges()
    /// The holds of earlier runs as far as they were asked for: which they were never changes, and
    /// all parts that a run wrote ask for the same.
    private let earlierHolds = EarlierHolds()

    /// Opens the registry of a ledger of `plan`, whose key-encryption key seals the registry's key;
    /// `creating` makes that key on first need.
    init(
        _ ledger: Ledger, of plan: Plan, creating: Bool = false
    ) throws(PipelineFailure) {
        self.ledger = ledger
        let known: RegistryKeyRecord?
        do { known = try ledger.registryKey() } catch { throw Self.failure(error) }
        let path = ledger.directory.path(of: RegistryKey.fileName)
        let isAsked = creating || known != nil
        let isThere = isAsked ? true : try isPresent(path)
        let found: SubjectHasher?
        do throws(KeyFault) {
            // A state without a registry asks for no key-encryption key.
            found =
                isThere
                ? try RegistryKey.hasher(
                    in: ledger.directory, creatingIfMissing: creating && known == nil,
                    wrapping: try plan.loadWrapping()) : nil
        } catch { throw .keys("\(error)") }
        if let known {
            guard let found else {
                throw .keys("\(path) is missing: without it nobody in the registry is recognised")
            }
            guard known.fingerprint == found.fingerprint else {
                throw .keys("\(path) is not the key under which the registry was made")
            }
        } else if let found, creating {
            let record = RegistryKeyRecord(id: found.keyID, fingerprint: found.fingerprint)
            let now = plan.release.clocks.runClock.now
            do { try ledger.note(registryKey: record, time: now) } catch {
                throw Self.failure(error)
            }
        }
        hasher = found
    }

    /// Everybody whom a run of `plan` has to know; `readsOnly` leaves the opt-outs out, which bind
    /// what is written and not what lies there. `standIns` are texts by which stored records of one
    /// output are told besides.
    func register(
        for plan: Plan, readsOnly: Bool = false, adding standIns: [OptOutRemoval.StandIn] = []
    ) throws(PipelineFailure) -> SubjectRegister {
        let now = plan.release.clocks.runClock.now
        var rules: [SubjectRegister.Rule] = []
        let holds: [HoldRecord]
        var optOuts: [OptOutRecord]
        do {
            holds = try ledger.bindingHolds(at: now)
            optOuts = readsOnly ? [] : try allOptOuts()
            rules += try ledger.erasures().map(Self.rule)
            rules += try ledger.restrictions().filter(\.isInForce).map(Self.rule)
        } catch { throw Self.failure(error) }
        if let sentence = Self.namingLostPurposes(optOuts, plan) {
            let fault = SettingFault(sentence, at: .none, path: "purposes")
            throw .faults([fault], file: plan.filesRead.first ?? plan.name)
        }
        optOuts.removeAll { !$0.concerns(now) }
        rules += try Self.rules(of: holds)
        for (index, optOut) in optOuts.enumerated() {
            rules.append(Self.rule(of: optOut, index, plan.purposes))
        }
        for (index, standIn) in standIns.enumerated() {
            rules.append(
                SubjectRegister.Rule(
                    .subject(standIn.match), within: standIn.within, from: standIn.from,
                    until: standIn.until,
                    effect: .optedOut(standIn.effect, entry: optOuts.count + index)))
        }
        let binds = optOuts.contains { $0.holds(at: now) } && plan.missingCustomer == .optedOut
        let missing = binds
            ? OptOutEffect(purposes: plan.purposes.optedOutByDefault, categories: .all) : []
        let register = SubjectRegister(
            rules: rules, holds: holds.map { Self.hold($0, plan) },
            optOutEntries: optOuts.map(\.id) + standIns.map(\.optOut), hasher: hasher,
            missingCustomer: missing)
        try Self.check(register, plan)
        return register
    }

    /// All opt-outs as they are once `entering` is entered.
    private func allOptOuts() throws(LedgerFault) -> [OptOutRecord] {
        let known = try ledger.optOuts().map { record -> OptOutRecord in
            guard let date = entering.ended[record.id] else { return record }
            var entry = record.entry
            entry.withdrawn = max(entry.effective, date)
            return OptOutRecord(id: record.id, entry: entry)
        }
        return known + entering.added
    }

    /// The holds that bound in an earlier run, for reading a part of output `index` again.
    func holds(
        ofRun run: Int64, of plan: Plan, output index: Int
    ) throws(PipelineFailure) -> SubjectRegister {
        let holds = try earlierHolds.ofRun(run, ledger)
        guard !holds.isEmpty else { return .empty }
        let name = plan.outputs[index].name
        return SubjectRegister(
            rules: try Self.rules(of: holds),
            holds: holds.map { hold in
                let isNamed = hold.hold.outputs.contains { $0.utf8.elementsEqual(name.utf8) }
                return SubjectRegister.Hold(
                    id: hold.id,
                    shownIn: isNamed && plan.release.outputs[index].showsWindow ? 1 : 0)
            },
            hasher: hasher)
    }

    /// The rules by which parts were dealt with, by their digests.
    func ruleBooks() throws(PipelineFailure) -> [Digest256: RuleBook] {
        do { return try ledger.fieldRules().compactMapValues { RuleBook(text: $0) } } catch {
            throw Self.failure(error)
        }
    }

    // MARK: Rules

    private static func hold(_ record: HoldRecord, _ plan: Plan) -> SubjectRegister.Hold {
        var shownIn: UInt64 = 0
        // Only an output that may show readable data anyway may go on doing so.
        for (index, output) in plan.release.outputs.enumerated().prefix(64)
        where output.showsWindow
            && record.hold.outputs.contains(where: { $0.utf8.elementsEqual(output.name.utf8) })
        {
            shownIn |= 1 << UInt64(index)
        }
        return SubjectRegister.Hold(id: record.id, shownIn: shownIn)
    }

    private static func rules(
        of holds: [HoldRecord]
    ) throws(PipelineFailure) -> [SubjectRegister.Rule] {
        var rules: [SubjectRegister.Rule] = []
        for (index, record) in holds.enumerated() {
            for subject in record.hold.subjects {
                let match: SubjectRegister.Match
                switch subject.match {
                case .subject(let hash): match = .subject(hash)
                case .everybody: match = .everybody
                case .network(let text):
                    do { match = .network(try AddressNetwork(text: text)) } catch {
                        throw .storage("a hold in the ledger names no network that can be read")
                    }
                }
                rules.append(
                    SubjectRegister.Rule(
                        match, from: subject.from, until: subject.until, effect: .held(index)))
            }
        }
        return rules
    }

    private static func rule(_ erasure: ErasureRecord) -> SubjectRegister.Rule {
        SubjectRegister.Rule(
            .subject(erasure.request.subject), within: erasure.request.within,
            until: erasure.until, effect: .erased)
    }

    private static func rule(_ restriction: RestrictionRecord) -> SubjectRegister.Rule {
        SubjectRegister.Rule(
            .subject(restriction.request.subject), within: restriction.request.within,
            effect: .restricted)
    }

    private static func rule(
        of optOut: OptOutRecord, _ index: Int, _ purposes: PurposeTable
    ) -> SubjectRegister.Rule {
        let entry = optOut.entry
        let isByEvent = entry.basis == .event
        return SubjectRegister.Rule(
            .subject(entry.subject), within: entry.within,
            from: isByEvent ? entry.effective : nil, until: isByEvent ? entry.withdrawn : nil,
            effect: .optedOut(OptOutEffect(entry.scopes, purposes), entry: index))
    }

    /// What is wrong with opt-outs for a purpose that the pipeline does not have any more: they
    /// would bind nothing, and a new name for a purpose must end no opt-out. Nil when none is.
    static func namingLostPurposes(_ optOuts: [OptOutRecord], _ plan: Plan) -> String? {
        let now = plan.release.clocks.runClock.now
        let binding = optOuts.filter { !$0.isOver(at: now) && !$0.bindsNothing }
        func isLost(_ scope: NewOptOut.Scope) -> Bool {
            scope.purpose != "*" && plan.purposes[scope.purpose] == nil
        }
        let scopes = binding.flatMap(\.entry.scopes)
        guard let purpose = scopes.first(where: isLost)?.purpose else { return nil }
        let lost = binding.filter { $0.entry.scopes.contains { $0.purpose == purpose } }
        return "the registry has opt-outs from `\(purpose)` (\(numbers(lost))), a purpose that the "
            + "pipeline does not have any more: they would bind nothing, so that no run goes on. "
            + "Put the name back among `purposes`" + waysOut(of: lost, from: purpose)
    }

    /// What else than the old name ends a refusal, in the order in which it can be done: nothing
    /// can be entered before the name is back. Nothing ends an entry by the time of the event for
    /// the events before its withdrawal.
    private static func waysOut(of lost: [OptOutRecord], from purpose: String) -> String {
        let staying = lost.filter { $0.entry.basis == .event }
        if staying.allSatisfy({ $0.entry.withdrawn != nil }), staying.count == lost.count {
            return ", and leave it there: they are withdrawn, and go on binding the events before"
        }
        return ", or `opt-out withdraw` those that are over. Where the purpose is only called "
            + "otherwise now: put `\(purpose)` back first, beside the new name; enter them again "
            + "for the new name with `opt-out add`; withdraw the old ones; then take `\(purpose)` "
            + "out"
            + (staying.isEmpty
                ? ""
                : ". For \(numbers(staying)) it has to stay: entered with `--basis event`, they "
                    + "bind the events before their withdrawal for ever")
    }

    private static func numbers(_ records: [OptOutRecord]) -> String {
        records.map(\.id).sorted().map(String.init).joined(separator: ", ")
    }

    /// An entry that the pipeline could never find in a record would bind nothing.
    private static func check(
        _ register: SubjectRegister, _ plan: Plan
    ) throws(PipelineFailure) {
        let missing: [(Bool, String)] = [
            (register.asksForCustomers && plan.release.customerSlot == nil, "customer"),
            (register.asksForUsers && plan.release.personSlot == nil, "user"),
            (register.asksForAddresses && plan.release.addressSlots.isEmpty, "address"),
        ]
        guard let (_, kind) = missing.first(where: \.0) else { return }
        let fault = SettingFault(
            "the registry has entries that are found by `identity.\(kind)`, which the pipeline "
                + "does not name: expected it, so that they bind", at: .none)
        throw .faults([fault], file: plan.filesRead.first ?? plan.name)
    }

    static func failure(_ fault: LedgerFault) -> PipelineFailure {
        switch fault {
        case .busy, .notDurable: .writing(fault)
        default: .storage("cannot use the ledger: \(fault.description)")
        }
    }
}

/// The holds that bound in runs, each read once.
private final class EarlierHolds {
    private var known: [Int64: [HoldRecord]] = [:]

    func ofRun(_ run: Int64, _ ledger: Ledger) throws(PipelineFailure) -> [HoldRecord] {
        if let holds = known[run] { return holds }
        do {
            let holds = try ledger.holds(ofRun: run)
            known[run] = holds
            return holds
        } catch { throw StateRegistry.failure(error) }
    }
}

extension OptOutRecord {
    /// True when it was withdrawn before its first day: it reaches no use and no event.
    fileprivate var bindsNothing: Bool { entry.withdrawn.map { $0 <= entry.effective } ?? false }

    /// True when a run at `now` has to know it: in force, or decided by the time of the event.
    fileprivate func concerns(_ now: EventTime) -> Bool {
        holds(at: now) || (entry.basis == .event && entry.effective <= now)
    }
}

extension OptOutEffect {
    /// What the words of an entry mean in a pipeline. A purpose that it does not have bars nothing:
    /// no run goes on with such an entry in force (`StateRegistry.namingLostPurposes`).
    init(_ scopes: [NewOptOut.Scope], _ purposes: PurposeTable) {
        var effect: OptOutEffect = []
        for scope in scopes {
            let named: PurposeSet =
                scope.purpose == "*"
                ? purposes.optedOutByDefault
                : purposes[scope.purpose].map { PurposeSet($0) } ?? []
            let categories: CategorySet =
                scope.category == "*"
                ? .all : Category(rawValue: scope.category).map { CategorySet($0) } ?? .all
            effect.formUnion(OptOutEffect(purposes: named, categories: categories))
        }
        self = effect
    }
}
