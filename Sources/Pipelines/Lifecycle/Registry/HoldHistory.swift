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
    /// The clocks of the runs and the holds that bound in them, oldest first.
    private let runs: [(now: EventTime, holds: SubjectRegister)]
    /// Rules by which something in the part was dealt with, by their digests; those of now apart.
    private let books: [Digest256: RuleBook]
    private let rules: Digest256?
    private let current: RuleBook?

    init(
        _ part: PartRecord, output index: Int, of plan: Plan, _ registry: StateRegistry
    ) throws(PipelineFailure) {
        var runs: [(run: Int64, now: EventTime)]
        do {
            dealings = try registry.ledger.dealings(ofPart: part.id)
            runs = try registry.ledger.generations(ofPart: part.id)
            runs.append((part.run, part.writtenAt))
            if let last = plan.laterJudgement(of: part) { runs.append((last.id, last.now)) }
        } catch { throw StateRegistry.failure(error) }
        olderRuns = runs.map(\.run)
        var all: [(now: EventTime, holds: SubjectRegister)] = []
        for (run, now) in runs {
            all.append((now, try registry.holds(ofRun: run, of: plan, output: index)))
        }
        self.runs = all
        current = plan.outputs[index].rules
        rules = part.rules
        isOfOtherRules = rules != current?.digest
        let isPlain = !isOfOtherRules && dealings.allSatisfy { $0.rules == nil }
        books = isPlain ? [:] : try registry.ruleBooks()
    }

    /// True when nobody knows by which rules the part was dealt with.
    var isUnknown: Bool { rules.flatMap(book) == nil }

    private func book(_ digest: Digest256) -> RuleBook? {
        digest == current?.digest ? current : books[digest]
    }

    /// For `ReleasePlan.generations`; empty when no hold ever kept a record of the part.
    func generations(_ plan: Plan) -> [WrittenGeneration] {
        if runs.allSatisfy({ $0.holds.isEmpty }) { return [] }
        return runs.map { run in
            var generation = WrittenGeneration(
                clocks: plan.release.clocks.at(run.now), holds: run.holds)
            generation.fields = fields(plan, at: run.now)
            return generation
        }
    }

    /// When each field of the part, in slot order, was dealt with by a run whose clock stood at
    /// `now`; nil when the rules were those of now.
    func fields(_ plan: Plan, at now: EventTime) -> [ReleasePlan.FieldPast]? {
        isOfOtherRules ? past(rules, plan, at: now, exactly: nil) : nil
    }

    /// For `ReleasePlan.earlierRuns`: what is dealt with in stretches of the part.
    func earlierRuns(_ plan: Plan, at now: EventTime) -> [ReleasePlan.EarlierRun] {
        dealings.kinds.map { kind in
            let clocks = DueSet(rawValue: kind.clocks)
            if kind.rules == nil, !isOfOtherRules { return .exactly(clocks) }
            return .fieldwise(
                plan.release.clocks.at(now), knowsTables: false,
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
        return book.past(
            of: digests, now: current, settled: RunClock(now: now, zone: plan.release.zone),
            exactly: exactly)
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
