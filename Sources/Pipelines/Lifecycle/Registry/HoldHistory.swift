internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// What was done to the records of a stored part.
///
/// A run leaves held records as they are and ages the others of the same part. Once the hold ends,
/// the held ones have to be aged as of the run before, the others not again: so the runs that left
/// records are remembered with the part, and each run remembers which holds bound in it. What is
/// dealt with in a held record is noted from the first run on that met the hold: the fields of one
/// record may age by several clocks, and what a reference table said is known of the last run only.
///
/// The rules may have been others then: each part names those by which it was dealt with, and what
/// was done to a field stays done as long as its own rule is what it was.
struct HoldHistory {
    /// What the successor of the part keeps on record if it holds records again.
    let olderRuns: [Int64]
    /// What is dealt with in those records of the part of which it was noted.
    let dealings: [PartDealing]
    /// True when the part was dealt with by other rules than those of now, and those are known.
    let isOfOtherRules: Bool
    /// True when the rules are those of now, and others dealt with some of the part's records, in
    /// an output that shows nothing readable: what a hold kept is not as those of now have it.
    let isMixed: Bool
    /// The runs and the holds that bound in them, oldest first.
    private let runs: [(run: PartGeneration, holds: SubjectRegister)]
    /// Rules by which something in the part was dealt with, by their digests; those of now apart.
    private let books: [Digest256: RuleBook]
    private let rules: Digest256?
    private let current: RuleBook?
    private let currentNames: [Digest256]
    private let wasLookedAt: Bool
    /// Since when something in the part is readable; nil: nothing is.
    private let oldest: EventTime?

    init(
        _ part: PartRecord, output index: Int, of plan: Plan, _ registry: StateRegistry
    ) throws(PipelineFailure) {
        var runs: [PartGeneration]
        do {
            dealings = try registry.ledger.dealings(ofPart: part.id)
            runs = try registry.ledger.generations(ofPart: part.id)
        } catch { throw StateRegistry.failure(error) }
        let written = PartGeneration(run: part.run, now: part.writtenAt, rules: part.rules)
        runs.append(written)
        if let last = plan.laterJudgement(of: part) {
            runs.append(PartGeneration(run: last.run, now: last.now, rules: part.rules))
        }
        olderRuns = runs.map(\.run)
        var all: [(run: PartGeneration, holds: SubjectRegister)] = []
        for run in runs {
            all.append((run, try registry.holds(ofRun: run.run, of: plan, output: index)))
        }
        self.runs = all
        current = plan.outputs[index].rules
        currentNames = plan.outputs[index].ruleNames
        rules = part.rules
        wasLookedAt = part.wasLookedAt
        oldest = part.oldestReadable
        isOfOtherRules =
            part.rules.map { !plan.outputs[index].hasRules($0) }
            ?? (plan.outputs[index].rules != nil)
        let isPlain =
            !isOfOtherRules && dealings.allSatisfy { $0.rules == nil }
            && runs.allSatisfy { $0.rules == part.rules }
        isMixed = !isPlain && !isOfOtherRules && !plan.release.outputs[index].showsWindow
        books = isPlain ? [:] : try registry.ruleBooks()
    }

    /// True when nobody knows by which rules the part was dealt with.
    var isUnknown: Bool { rules.flatMap(book) == nil }

    private func isCurrent(_ digest: Digest256) -> Bool { currentNames.contains(digest) }

    private func book(_ digest: Digest256) -> RuleBook? {
        isCurrent(digest) ? current : books[digest]
    }

    /// The clocks of `plan` as they stood in a run at `now` that dealt with the part.
    func clocks(_ plan: Plan, at now: EventTime) -> ClockSet {
        plan.release.clocks.moved(to: clock(rules, plan, at: now))
    }

    private func clock(_ rules: Digest256?, _ plan: Plan, at now: EventTime) -> RunClock {
        let zone = plan.release.zone
        return rules.flatMap(book)?.clock(at: now, zone: zone) ?? RunClock(now: now, zone: zone)
    }

    /// For `ReleasePlan.generations`; empty when no hold ever kept a record of the part.
    func generations(_ plan: Plan) -> [WrittenGeneration] {
        if runs.allSatisfy({ $0.holds.isEmpty }) { return [] }
        return runs.map { run, holds in
            // Each by its own rules: those of now may have had more to do then, or less.
            let clock = clock(run.rules, plan, at: run.now)
            var generation = WrittenGeneration(
                clocks: plan.release.clocks.moved(to: clock), holds: holds)
            generation.fields = fields(run.rules, plan, at: run.now)
            return generation
        }
    }

    /// When each field of the part, in slot order, was dealt with by the run whose clock stood at
    /// `now`; nil when the rules were those of now, and its tables are known.
    func fields(_ plan: Plan, at now: EventTime) -> [ReleasePlan.FieldPast]? {
        isOfOtherRules || isMixed || wasLookedAt ? past(rules, plan, at: now, exactly: nil) : nil
    }

    /// The same of a run under `rules`. Of one whose rules nobody knows it is known what had been
    /// readable by then; the rest counts as readable.
    private func fields(
        _ rules: Digest256?, _ plan: Plan, at now: EventTime
    ) -> [ReleasePlan.FieldPast]? {
        guard let rules, book(rules) != nil else {
            let past = ReleasePlan.FieldPast.never.or(
                before: oldest ?? EventTime(milliseconds: .max))
            return plan.outputs[0].ruleDigests.map { _ in past }
        }
        if !wasLookedAt, !isMixed, isCurrent(rules) { return nil }
        return past(rules, plan, at: now, exactly: nil)
    }

    /// For `ReleasePlan.earlierRuns`: what is dealt with in stretches of the part.
    func earlierRuns(_ plan: Plan, at now: EventTime) -> [ReleasePlan.EarlierRun] {
        dealings.kinds.map { kind in
            let clocks = DueSet(rawValue: kind.clocks)
            if kind.rules == nil, !isOfOtherRules, !isMixed { return .exactly(clocks) }
            let clock = clock(kind.rules ?? rules, plan, at: now)
            return .fieldwise(
                plan.release.clocks.moved(to: clock), knowsTables: false,
                past(kind.rules ?? rules, plan, at: now, exactly: clocks))
        }
    }

    private func past(
        _ rules: Digest256?, _ plan: Plan, at now: EventTime, exactly: DueSet?
    ) -> [ReleasePlan.FieldPast] {
        let digests = plan.outputs[0].ruleDigests
        guard let current, let book = rules.flatMap(book) else {
            return digests.map { _ in .never }
        }
        // What a hold keeps readable, and what is to be deleted, hides since when the rest is.
        let tellsAll =
            runs.allSatisfy { $0.holds.isEmpty } && plan.release.outputs[0].watchedDeletes.isEmpty
        let past = book.past(
            of: digests, now: current, settled: clock(rules, plan, at: now), exactly: exactly,
            oldest: oldest ?? EventTime(milliseconds: .max), tellsAll: tellsAll)
        guard wasLookedAt else { return past }
        // What the tables said is known of the last run, which is not the one that wrote the part.
        let unknown = plan.release.clocks.readingTables
        return past.map { $0.without(unknown) }
    }

    /// True when rules of now were never applied to something in the part, or rules were that are
    /// none of now: what is not due yet has to be looked at again when it is.
    var leavesRulesOpen: Bool {
        guard isOfOtherRules, let current else { return false }
        return ([rules] + dealings.map { $0.rules ?? rules }).contains { rules in
            guard let book = rules.flatMap(book) else { return true }
            return Set(book.fields.keys) != Set(current.fields.keys)
                || book.keepsUnnamed != current.keepsUnnamed
        }
    }

    /// True when a run may have written records of the part with other columns than those of now.
    var hadOtherColumns: Bool {
        runs.contains { run, _ in
            guard let book = run.rules.flatMap(book) else { return true }
            return book.columns != current?.columns
        }
    }

    /// True when holds bound in `run`, which is one of the part's.
    func wasHeld(in run: Int64) -> Bool {
        runs.contains { $0.run.run == run && !$0.holds.isEmpty }
    }

    /// True when the part can be read with the format that its output has now.
    var hasFormat: Bool { isUnknown || rules.flatMap(book)?.format == current?.format }

    /// A part can be read only with the format it was written in.
    func checkFormat(of part: PartRecord) throws(PipelineFailure) {
        if hasFormat { return }
        throw .storage(
            "\(part.path) was written in another format than output `\(part.output)` has now: "
                + "expected that format until its parts have aged or are deleted, or another name "
                + "for the output in the new one")
    }
}

extension ClockSet {
    /// The clocks that read tables.
    fileprivate var readingTables: DueSet {
        clocks.enumerated().reduce(into: []) { set, clock in
            let reads = clock.element.sources.contains { source in
                if case .table = source { true } else { false }
            }
            if reads { set.formUnion(DueSet(rawValue: 1 << UInt64(clock.offset))) }
        }
    }
}

extension ReleasePlan.FieldPast {
    /// The same where nobody knows whether `clocks` had run out.
    fileprivate func without(_ clocks: DueSet) -> Self {
        switch self {
        case .never, .always, .before: self
        case .under(let known):
            known.isSubset(of: clocks) ? .never : .under(known.subtracting(clocks))
        case .either(let known, let instant):
            known.isSubset(of: clocks)
                ? .before(instant) : .either(known.subtracting(clocks), before: instant)
        }
    }
}
