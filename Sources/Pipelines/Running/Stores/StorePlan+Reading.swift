internal import Anonymization
internal import LogFormats
internal import Records
internal import Statistics

/// What was done before to a stretch of a store's file.
enum StoreDealing: Equatable {
    /// Everything that was due under the clock of a run.
    case settled(EventTime)
    /// The fields of these clocks and no others.
    case exactly(DueSet)
    /// Under other rules, nil when nobody knows which: at the clock of a run what was due then, or
    /// the fields of exactly these of their clocks.
    case otherRules(RuleBook?, EventTime, DueSet?)
    /// What is remembered of each line: the tables by which it was judged are not known any more.
    case byLine
}

extension Plan {
    /// The plan for ageing one file of `store` in place, whose header names `columns`.
    ///
    /// `dealings` say what was done before to known stretches, which name them by index; `lines`
    /// knows lines beside them. Opt-outs
    /// are about uses, not about what a store may keep; they are left out.
    func inPlace(
        _ store: StorePlan, columns: [String]?, dealings: [StoreDealing] = [],
        lines: (any LineMemory)? = nil
    ) -> Plan {
        var plan = self
        var output = store.release
        var names = release.fields.names
        // In a table an unnamed column can only be emptied by its name.
        if !output.keepsUnnamed, format.quoteRule == .ifPresent {
            for column in columns ?? [] where !names.contains(column) {
                names.append(column)
                output.rules.append(Anonymization.FieldRule(transform: nil))
            }
        }
        plan.outputs = [store.output]
        plan.statistics = StatisticsPlan(
            textInputs: [], tokenInputCount: 0, personInput: nil, customerInput: nil,
            statistics: [])
        plan.tables = []
        plan.release.fields = DeclaredFields(
            names: names, needsOutline: output.syntax == .json && !output.keepsUnnamed)
        plan.release.outputs = [output]
        plan.release.observations = ObservationPlan()
        plan.release.derived = []
        plan.release.optOuts = .none(now: release.clocks.runClock.now)
        plan.release.isStored = true
        plan.release.isInPlace = true
        plan.release.clocks = clocksOfStored
        plan.release.earlierRuns = dealings.map { earlierRun($0, store, names.count) }
        plan.release.lines = lines
        // What was due by a table cannot be told later: it is noted of each remembered line.
        plan.release.notesAll = lines != nil && asksTables && store.output.remembersLines
        plan.release.watchedClocks = output.rules.reduce(
            into: output.keepsUnnamed ? [] : DueSet(rawValue: 1)
        ) { $0.formUnion($1.clock) }
        plan.release.watchedClocks.formUnion(release.deleteClocks)
        return plan
    }

    private func earlierRun(
        _ dealing: StoreDealing, _ store: StorePlan, _ slotCount: Int
    ) -> ReleasePlan.EarlierRun {
        func clocks(_ now: EventTime, _ rules: RuleBook? = nil) -> ClockSet {
            release.clocks.moved(
                to: rules?.clock(at: now, zone: release.zone)
                    ?? RunClock(now: now, zone: release.zone))
        }
        switch dealing {
        case .settled(let now):
            return .under(clocks(now), knowsTables: now == tablesRun?.now)
        case .exactly(let due): return .exactly(due)
        case .otherRules(let rules, let now, let exactly):
            var past =
                store.fieldRules.flatMap { current in
                    rules?.past(
                        of: store.ruleDigests, now: current,
                        settled: clocks(now, rules).runClock, exactly: exactly)
                } ?? []
            while past.count < slotCount { past.append(.never) }
            let knowsTables = exactly != nil || now == tablesRun?.now
            return .fieldwise(clocks(now, rules), knowsTables: knowsTables, past)
        case .byLine: return .byLine
        }
    }

    /// True when something in a store may become due with no change of its files: what a reference
    /// table says can change any day.
    var asksTables: Bool {
        release.clocks.clocks.contains { clock in
            clock.sources.contains { if case .table = $0 { true } else { false } }
        }
    }
}
