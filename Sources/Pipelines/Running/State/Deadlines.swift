internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// When something that earlier runs left had to be dealt with.
struct Deadlines {
    private let plan: Plan
    private var clock: RunClock { plan.release.clocks.runClock }

    init(_ plan: Plan) { self.plan = plan }

    /// The first instant after `last`, and not after the clock of now, at which something of
    /// `parts`, `places` or lists of quarantine became due; nil for none.
    func first(
        after last: EventTime, _ parts: [PartRecord], _ places: [StorePlace],
        _ lists: [FileRecord] = []
    ) -> EventTime? {
        all(parts, places, lists).filter { $0 > last && $0 <= clock.now }.min()
    }

    /// The first instant after the clock of now at which something becomes due; nil for none.
    func next(
        _ parts: [PartRecord], _ places: [StorePlace], _ lists: [FileRecord] = []
    ) -> EventTime? {
        all(parts, places, lists).filter { $0 > clock.now }.min()
    }

    private func all(
        _ parts: [PartRecord], _ places: [StorePlace], _ lists: [FileRecord]
    ) -> [EventTime] {
        places.compactMap(\.nextDue) + lists.compactMap { plan.deleteBy(list: $0.file) }
            + parts.flatMap { [due($0), plan.deleteBy($0)].compactMap { $0 } }
    }

    /// How many days ago `instant` was, by the calendar of the pipeline.
    func days(since instant: EventTime) -> Int {
        clock.zone.localDay(at: clock.now) - clock.zone.localDay(at: instant)
    }

    /// How late a run of now is, when the last one was at `last`. A run of each day deals on its
    /// day with what became due since midnight.
    func lateness(
        after last: EventTime, _ parts: [PartRecord], _ places: [StorePlace],
        _ lists: [FileRecord] = []
    ) -> Lateness? {
        guard let due = first(after: last, parts, places, lists) else { return nil }
        let days = days(since: due)
        return days > 0 ? Lateness(due: due, days: days) : nil
    }

    /// When the oldest readable record of a part is due by the window.
    func due(_ part: PartRecord) -> EventTime? {
        let window = plan.release.clocks.clocks[0]
        // A window that starts elsewhere says nothing of one part.
        guard window.isPlain, !window.length.isZero, let oldest = part.oldestReadable else {
            return nil
        }
        return clock.dueTime(from: oldest, window.length)
    }
}

extension StatefulRun {
    /// Refuses to judge new records by a clock of the system that stands before that of an earlier
    /// run: those written since would lie ahead of it, and lose identifiers and figures for good.
    func checkClock(_ ledger: Ledger) throws(PipelineFailure) {
        guard !plan.isClockStated, settings.takesIn || plan.store != nil else { return }
        // A commit goes by the clock of its plan, which was held against the state when the plan
        // was made; whatever was entered since is refused as a changed state.
        guard divided == nil else { return }
        let clocks = plan.release.clocks
        let believed: EventTime?
        do { believed = try ledger.latestBelievedClock() } catch {
            throw StateRegistry.failure(error)
        }
        guard let believed, believed > clocks.latestTime else { return }
        let now = dateText(clocks.runClock.now)
        throw .refused(
            "the system's clock says \(now), and an earlier run was at "
                + "\(dateText(believed)): what was written since would be taken for bad times, and "
                + "lose identifiers and figures for good. Set the clock; or, if it is right and "
                + "that run's was not, say so once with `--now \(now)`; nothing was written")
    }

    /// Refuses what `counts` says was read, where nearly all of it lies ahead of the system's clock
    /// and no earlier run has read anything: it tells nobody's clock but this one to be wrong, and
    /// all of that would lose identifiers and figures for good.
    func checkFirstClock(_ ledger: Ledger, _ counts: RecordCounts) throws(PipelineFailure) {
        guard !plan.isClockStated, counts.untimely > 0,
            counts.untimely * 10 >= (counts.read - counts.blank) * 9,
            plan.quarantine.isExceeded(quarantined: counts.untimely, read: counts.read)
        else { return }
        do {
            // What was read of a store is not among the counts of a run.
            let runs = try ledger.runs()
            guard runs.allSatisfy({ plan.store == nil && $0.run.counts.read == 0 }) else { return }
        } catch { throw StateRegistry.failure(error) }
        let now = dateText(plan.release.clocks.runClock.now)
        throw .refused(
            "the system's clock says \(now), and \(counts.untimely) of "
                + "\(counted(counts.read - counts.blank, "record")) lie further ahead of it than "
                + "`skew` allows: in this first run nothing else tells what time it is, and they "
                + "would lose identifiers and figures for good. Set the clock; or, if it is right, "
                + "say so once with `--now \(now)`; nothing was written")
    }

    /// Says how late the run is, and when its clock stands before that of an earlier one.
    func noteTime(_ ledger: Ledger) throws(PipelineFailure) {
        let now = plan.release.clocks.runClock.now
        do {
            guard let last = try ledger.runs().last(where: { $0.pipeline == plan.name }) else {
                return
            }
            var places: [StorePlace] = []
            if let store = plan.store { places = try ledger.storePlaces(store: store.name) }
            let parts = try ledger.currentParts(pipeline: plan.name)
            report.lateness = Deadlines(plan).lateness(
                after: last.run.now, parts, places, try ledger.files(.quarantine))
        } catch { throw StateRegistry.failure(error) }
        if let late = report.lateness { report.notes.append(late.sentence) }
        if let latest = plan.latestRun, latest > now {
            let sentence =
                "the clock of this run, \(dateText(now)), stands before that of an earlier one, "
                + "\(dateText(latest)): what is due is judged by the clock of now"
            // Who says what time it is means it.
            if plan.isClockStated { report.notes.append(sentence) } else { report.alarm(sentence) }
        }
    }
}
