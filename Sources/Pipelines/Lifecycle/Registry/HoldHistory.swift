internal import Anonymization
internal import Ledger
internal import Records

/// What was done to the records of a stored part.
///
/// A run leaves held records as they are and ages the others of the same part. Once the hold ends,
/// the held ones have to be aged as of the run before, the others not again: so the runs that left
/// records are remembered with the part, and each run remembers which holds bound in it. What is
/// dealt with in a held record is noted from the first run on that met the hold: the fields of one
/// record may age by several clocks, and what a reference table said is known of the last run only.
struct HoldHistory {
    /// What the successor of the part keeps on record if it holds records again.
    let olderRuns: [Int64]
    /// What is dealt with in those records of the part of which it was noted.
    let dealings: [PartDealing]
    /// The clocks of the runs and the holds that bound in them, oldest first.
    private let runs: [(now: EventTime, holds: SubjectRegister)]

    init(
        _ part: PartRecord, output index: Int, of plan: Plan, _ registry: StateRegistry
    ) throws(PipelineFailure) {
        var runs: [(run: Int64, now: EventTime)]
        do {
            dealings = try registry.ledger.dealings(ofPart: part.id)
            runs = try registry.ledger.generations(ofPart: part.id)
            runs.append((part.run, part.writtenAt))
            // Where reference tables are remembered, the last run judged every part, rewritten or
            // not.
            if let asOf = plan.tablesAsOf, asOf > part.writtenAt,
                let last = try registry.ledger.lastRun(pipeline: plan.name), last.id != part.run
            {
                runs.append((last.id, asOf))
            }
        } catch { throw StateRegistry.failure(error) }
        olderRuns = runs.map(\.run)
        var all: [(now: EventTime, holds: SubjectRegister)] = []
        for (run, now) in runs {
            all.append((now, try registry.holds(ofRun: run, of: plan, output: index)))
        }
        self.runs = all
    }

    /// For `ReleasePlan.generations`; empty when no hold ever kept a record of the part.
    func generations(_ clocks: ClockSet) -> [WrittenGeneration] {
        if runs.allSatisfy({ $0.holds.isEmpty }) { return [] }
        return runs.map { WrittenGeneration(clocks: clocks.at($0.now), holds: $0.holds) }
    }
}
