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
        tellLate(runs)
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
        let deadlines = Deadlines(owner.plan)
        let parts = known.currentParts.filter { $0.pipeline == owner.plan.name }.map(\.part)
        guard let missed = deadlines.first(after: last.now, parts, known.places) else { return }
        let zone = owner.clock.zone
        let late = deadlines.days(since: missed)
        owner.find(
            .missedRun, "run \(last.id)",
            "is the last, of \(dateText(last.now)); something was due on "
                + "\(CivilDate(daysSince1970: zone.localDay(at: missed)).text), "
                + (late == 0 ? "today" : "\(counted(late, "day")) ago")
                + ", and no run dealt with it")
    }

    /// What earlier runs found when they were late.
    private func tellLate(_ runs: [RunHistory]) {
        for history in runs {
            guard let days = history.details.first(where: { $0.code == RunCodes.late })?.count
            else { continue }
            owner.report.notes.append(
                "run \(history.run.id), of \(dateText(history.run.now)), was late: something had "
                    + "waited \(counted(Int(days), "day")) to be dealt with")
        }
    }
}
