internal import Anonymization
internal import Ledger
internal import Records

/// Proves that no deadline passed without a run.
struct RunProof {
    private let owner: Verification
    private let known: KnownFiles

    init(_ owner: Verification, _ known: KnownFiles) {
        self.owner = owner
        self.known = known
    }

    func run() {
        let runs = known.runs.filter { $0.pipeline == owner.plan.name }
        guard let last = runs.last else {
            owner.report.notes.append("no run of this pipeline stands in the ledger")
            return
        }
        checkDeadlines(last.run)
        for (before, after) in zip(runs, runs.dropFirst()) where after.run.now < before.run.now {
            owner.report.notes.append(
                "the clock of run \(after.run.id) stood before that of run \(before.run.id)")
        }
        if runs.contains(where: { $0.run.now > owner.clock.now }) {
            owner.report.notes.append(
                "a run has a later clock than this verification: what is due is judged by the "
                    + "clock of now")
        }
    }

    /// The earliest instant at which something had to be done and the last run was before it.
    private func checkDeadlines(_ last: RunRecord) {
        var missed: EventTime?
        for part in known.currentParts where part.pipeline == owner.plan.name {
            for deadline in [deadline(part.part), part.part.deleteBy] {
                guard let deadline, deadline <= owner.clock.now, deadline > last.now else {
                    continue
                }
                missed = min(missed ?? deadline, deadline)
            }
        }
        guard let missed else { return }
        let zone = owner.clock.zone
        let late = zone.localDay(at: owner.clock.now) - zone.localDay(at: missed)
        owner.find(
            .missedRun, "run \(last.id)",
            "is the last, of \(dateText(last.now)); something was due on "
                + "\(CivilDate(daysSince1970: zone.localDay(at: missed)).text), "
                + (late == 0 ? "today" : "\(counted(late, "day")) ago")
                + ", and no run dealt with it")
    }

    /// When the oldest readable record of a part is due by the window.
    private func deadline(_ part: PartRecord) -> EventTime? {
        let clock = owner.plan.release.clocks.clocks[0]
        // A window that starts elsewhere says nothing of one part.
        guard clock.isPlain else { return nil }
        let window = clock.length
        guard let oldest = part.oldestReadable, !window.isZero else { return nil }
        return owner.clock.dueTime(from: oldest, window)
    }
}
