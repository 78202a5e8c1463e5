internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Opt-outs of the registry whose day was ahead when they were entered. Until then their records
/// are used; the first run behind it takes them out, by the tokens that were made while the value
/// was at hand.
struct AwaitedOptOuts {
    private let plan: Plan
    private let hasher: SubjectHasher?
    /// Those whose day has come, with what stands for their subjects.
    private var due: [(record: OptOutRecord, tokens: SubjectTokens)] = []
    /// Those that this run takes out of what is stored; others only stay open.
    var takenOut: Set<Int64> { Set(due.map(\.record.id)) }
    /// What the commit of a run that carries them out enters.
    private(set) var changes = AwaitedOptOutChanges()
    /// What a run has to say of them.
    private(set) var notes: [String] = []

    init(_ registry: StateRegistry, _ plan: Plan) throws(PipelineFailure) {
        self.plan = plan
        hasher = registry.hasher
        changes.pipeline = plan.name
        let awaited: [AwaitedOptOut]
        let records: [OptOutRecord]
        do {
            awaited = try registry.ledger.awaitedOptOuts(pipeline: plan.name)
            records = awaited.isEmpty ? [] : try registry.ledger.optOuts()
        } catch { throw StateRegistry.failure(error) }
        if awaited.isEmpty { return }
        let living = Set(try LivingKeys(plan).living.map(\.text))
        var search = try UnsearchedOptOuts(plan, registry)
        var ended = 0
        let now = plan.release.clocks.runClock.now
        for one in awaited {
            guard let record = records.first(where: { $0.id == one.optOut }),
                !record.isOver(at: now)
            else {
                changes.lookedAt[one.optOut] = []
                continue
            }
            guard record.entry.effective <= now else { continue }
            if one.left == nil { due.append((record, SubjectTokens(one.tokens))) }
            let left = Self.left(one, living)
            changes.lookedAt[one.optOut] = left
            // Files that could be searched were, in the commit that left it open.
            let unsearched = Self.unsearched(record, one, &search, plan)
            if unsearched > 0 {
                changes.unsearched[one.optOut] = unsearched
                notes.append(Self.note(record.id, unsearched: unsearched))
            } else if one.unsearched > 0 {
                ended += 1
            }
            if !left.isEmpty { notes.append(Self.note(record.id, left)) }
        }
        if !due.isEmpty {
            notes.append("opt-outs whose day has come, taken out of what is stored: \(due.count)")
        }
        if ended > 0 {
            notes.append(
                "opt-outs that are wholly carried out now, with every stored file searched or "
                    + "deleted: \(ended)")
        }
    }

    /// In how many parts an opt-out cannot be looked for by what was kept of it.
    private static func unsearched(
        _ record: OptOutRecord, _ awaited: AwaitedOptOut, _ search: inout UnsearchedOptOuts,
        _ plan: Plan
    ) -> Int {
        // One that only waits for months of later keys has no tokens any more.
        let isKept = awaited.left == nil || awaited.unsearched > 0
        guard isKept, plan.bars(OptOutEffect(record.entry.scopes, plan.purposes)) else { return 0 }
        return search.count(
            record.entry.subject.kind, isLimited: record.entry.within != nil, by: awaited.tokens)
    }

    private static func note(_ id: Int64, unsearched: Int) -> String {
        "opt-out \(id) stays open: " + UnsearchedWords.parts(unsearched, isErasure: false)
    }

    /// The months with living keys under which nothing could be searched for an opt-out.
    private static func left(_ awaited: AwaitedOptOut, _ living: Set<String>) -> Set<String> {
        (awaited.left ?? living.subtracting(awaited.months)).intersection(living)
    }

    /// For each month in which somebody may be counted whose opt-out has begun, by the numbers of
    /// those: what they bar is looked for under every key but that one.
    static func unsearchedMonths(
        _ ledger: Ledger, _ plan: Plan
    ) throws(PipelineFailure) -> [String: [Int64]] {
        var months: [String: [Int64]] = [:]
        do {
            let awaited = try ledger.awaitedOptOuts(pipeline: plan.name)
            if awaited.isEmpty { return [:] }
            let living = Set(try LivingKeys(plan).living.map(\.text))
            let now = plan.release.clocks.runClock.now
            let records = try ledger.optOuts().filter {
                $0.entry.effective <= now && !$0.isOver(at: now)
                    && plan.counts(OptOutEffect($0.entry.scopes, plan.purposes))
            }
            for one in awaited where records.contains(where: { $0.id == one.optOut }) {
                for month in left(one, living) { months[month, default: []].append(one.optOut) }
            }
            return months
        } catch let fault as LedgerFault { throw StateRegistry.failure(fault) }
        catch let failure as PipelineFailure { throw failure }
        catch { throw .internalFault("an error without a name") }
    }

    private static func note(_ id: Int64, _ months: Set<String>) -> String {
        let list = months.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return "opt-out \(id) has come into force, but what was counted or written before under "
            + "the keys of \(list.joined(separator: ", ")), which are younger than the entry, may "
            + "still hold its subject: enter it again, with the same date, to take that out too"
    }

    /// `removal` with what is due added to it.
    func joined(to removal: OptOutRemoval?) throws(PipelineFailure) -> OptOutRemoval? {
        guard let hasher, !due.isEmpty else { return removal }
        var joined: OptOutRemoval
        if let removal { joined = removal } else {
            joined = OptOutRemoval([], plan, try LivingKeys(plan), hasher)
        }
        for (record, tokens) in due { joined.add(record, tokens, plan, hasher) }
        return joined
    }

    /// True when something of an opt-out is kept until its day.
    private static func waits(_ record: OptOutRecord, _ plan: Plan) -> Bool {
        let entry = record.entry
        let isEver = entry.withdrawn.map { entry.effective < $0 } ?? true
        return entry.basis == .use && isEver
            && plan.release.clocks.runClock.now < entry.effective
    }

    /// Makes the keys of the months up to the day of each: without them there would be no tokens
    /// for what is counted in those months.
    static func prepareKeys(_ optOuts: [OptOutRecord], _ plan: Plan) throws(PipelineFailure) {
        let last = optOuts.filter { waits($0, plan) }.map(\.entry.effective).max()
        if let last { try KeyStoreAccess(plan: plan)?.prepare(until: last) }
    }

    /// What a command keeps of `optOuts`, whose values it has, until their day, and what of earlier
    /// ones is done with it.
    static func changes(
        _ optOuts: [(subject: OptOutSubject, record: OptOutRecord)], _ plan: Plan,
        _ keys: LivingKeys
    ) -> AwaitedOptOutChanges {
        let now = plan.release.clocks.runClock.now
        var changes = AwaitedOptOutChanges()
        changes.pipeline = plan.name
        for (subject, record) in optOuts {
            if record.entry.effective <= now { changes.lookedAt[record.id] = [] }
            guard waits(record, plan),
                let one = SoughtSubject(customer: subject.customer, user: subject.user)
            else { continue }
            changes.kept.append(
                AwaitedOptOut(
                    optOut: record.id, tokens: SubjectTokens(one, plan, keys).all,
                    months: Set(keys.living.map(\.text))))
        }
        return changes
    }

    /// What a command says of those that it keeps.
    static let limit =
        "until the day of an opt-out that lies ahead its records are used; the first run on it or "
        + "after it takes out what was counted and written until then, by the keys that there are "
        + "now, and says for which months it asks to enter the opt-out again"
}

extension AwaitedOptOutChanges {
    /// Keeps an opt-out open, whose value is at hand, where files cannot be searched for it.
    mutating func keep(
        _ one: OptOutRemoval.Sought, _ unsearched: Int, _ plan: Plan, _ keys: LivingKeys
    ) {
        // One whose day is ahead is kept anyhow, and looked at on it.
        guard unsearched > 0, !kept.contains(where: { $0.optOut == one.optOut }) else { return }
        lookedAt[one.optOut] = []
        self.unsearched[one.optOut] = unsearched
        kept.append(
            AwaitedOptOut(
                optOut: one.optOut, tokens: one.tokens(plan, keys).all,
                months: Set(keys.living.map(\.text))))
    }

    /// Keeps an opt-out, whose value is at hand, for the next run to carry out.
    mutating func keepWhole(_ one: OptOutRemoval.Sought, _ plan: Plan, _ keys: LivingKeys) {
        lookedAt[one.optOut] = nil
        unsearched[one.optOut] = nil
        guard !kept.contains(where: { $0.optOut == one.optOut }) else { return }
        kept.append(
            AwaitedOptOut(
                optOut: one.optOut, tokens: one.tokens(plan, keys).all,
                months: Set(keys.living.map(\.text))))
    }
}
