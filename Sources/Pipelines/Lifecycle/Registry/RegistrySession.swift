internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// What every command about the registry begins with: the plan, the state's ledger and the clock.
struct RegistrySession {
    let plan: Plan
    let ledger: Ledger
    /// The clock of the command.
    var now: EventTime { plan.release.clocks.runClock.now }

    /// Opens the state of a pipeline file; `creating` makes a state that was never used. Nil when
    /// there is none and nothing is to be made.
    ///
    /// `isConfined` closes to the process, for good, all but the places of the pipeline and the
    /// files to read.
    init?(
        pipeline: String, now: String?, creating: Bool, isConfined: Bool,
        reading files: [String] = []
    ) throws(PipelineFailure) {
        let loaded = try Sluice.loadPlan(pipeline, now: now)
        guard let state = loaded.state else {
            throw .usage(
                "the pipeline has no `state`: expected one, because a registry is kept there")
        }
        let folder = try workingFolder()
        var plan = loaded.anchored(at: folder)
        let path = anchored(state, at: folder)
        plan.state = path
        guard creating ? true : try isPresent(path) else { return nil }
        ledger = try openState(path, of: plan)
        // First: what a killed run owes may lie where this command has no business.
        try RunRecovery(ledger: ledger, plan: plan).finishEarlierRuns()
        try plan.recallCountedFields(ledger)
        self.plan = plan
        if isConfined { _ = RunConfinement(plan, ledger, reading: files).enter() }
    }

    /// The instant that a date (its start in the pipeline's zone) or an RFC 3339 time means.
    func time(_ text: String, _ flag: String) throws(PipelineFailure) -> EventTime {
        guard let clock = RunClock(text: text, zone: plan.release.zone) else {
            throw .usage("\(flag): expected a date (2026-04-15) or an RFC 3339 time")
        }
        return clock.now
    }

    /// The day of an instant in the pipeline's zone, or the instant itself where it is not the
    /// start of a day.
    func text(_ time: EventTime) -> String {
        let zone = plan.release.zone
        let day = zone.localDay(at: time)
        return zone.startOfDay(day) == time
            ? CivilDate(daysSince1970: day).text : dateText(time)
    }
}

/// Refuses a text that could not be printed or kept: empty, longer than a line, control characters.
func checkedText(_ text: String, _ flag: String) throws(PipelineFailure) -> String {
    guard !text.utf8.isEmpty, text.utf8.count <= 1000,
        text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }), text.utf8.contains(where: { $0 > 0x20 })
    else {
        throw .usage("\(flag): expected one line of 1 to 1000 bytes without control characters")
    }
    return text
}
