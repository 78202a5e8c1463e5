internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records
internal import Statistics

extension Plan {
    /// The plan for reading a part of output `index` again with the format it was written in, and
    /// ageing it: what became due since the part was written changes, nothing else.
    ///
    /// Opt-outs, holds and whatever else the release plan asks are as in `self` where noted: the
    /// list of opt-outs is left out, because it bound when the part was written and ageing is not
    /// its removal.
    ///
    /// `wasHeld` says of a past run whether holds bound in it, which leave columns in the file. So
    /// does a correction of field `corrected` where that is no column any more.
    func ageing(
        _ index: Int, _ part: PartRecord, _ history: HoldHistory, wasHeld: Bool? = nil,
        corrected: String? = nil
    ) throws(PipelineFailure) -> Plan {
        let isHeld = wasHeld ?? !release.subjects.holds.isEmpty
        // Where nothing is readable, a hold keeps nothing that a rule takes from all records.
        let isReadable = release.outputs[index].showsWindow || part.oldestReadable != nil
        let isCorrected = corrected.map { outputs[index].columns?.contains($0) == false } ?? false
        let columns = try StoredColumns(
            of: part, self, output: index, history,
            keepingWithdrawn: (isHeld || isCorrected) && isReadable)
        var aged = stored(index, columns)
        aged.release.optOuts = .none(now: release.clocks.runClock.now)
        aged.release.storedDay = part.day
        if tablesRun != nil, let judge = part.judgement {
            aged.release.tablesBefore = tablesOfRuns[judge.run] ?? []
        }
        // What was dealt with is then unknown, and everything due is transformed.
        if history.isUnknown { return aged }
        let settled = laterJudgement(of: part)?.now ?? part.writtenAt
        aged.release.writtenUnder = history.clocks(aged, at: settled)
        aged.release.writtenFields = history.fields(aged, at: settled)
        aged.release.generations = history.generations(aged)
        aged.release.earlierRuns = history.earlierRuns(aged, at: settled)
        if history.isOfOtherRules || history.isMixed {
            aged.release.notesAll = true
            // By rules of now under which nothing may be readable, everything is due.
            aged.release.outputs[0].showsWindow = release.outputs[index].showsWindow
            return aged
        }
        // What an output changes at any age was changed when the part was written; all of it, where
        // nothing is readable in the window.
        let showsWindow = release.outputs[index].showsWindow
        if !showsWindow {
            aged.release.outputs[0].keepsUnnamed = true
            aged.release.outputs[0].readableClock = []
            aged.release.fields = DeclaredFields(
                names: aged.release.fields.names, needsOutline: false)
        }
        let own = outputs[index].columns?.count ?? .max
        for slot in aged.release.outputs[0].rules.indices where slot < own {
            let rule = aged.release.outputs[0].rules[slot]
            guard rule.appliesAlways || rule.isBarred || !showsWindow else { continue }
            aged.release.outputs[0].rules[slot].appliesAlways = false
            aged.release.outputs[0].rules[slot].isBarred = false
            aged.release.outputs[0].rules[slot].transform = Keep()
        }
        return aged
    }

    /// The run that judged `part` after the one that wrote it; nil when none did.
    ///
    /// Where reference tables are remembered, the last run judged every part in which something was
    /// readable, rewritten or not: by the tables that are remembered, and by its own clock, even
    /// one that was set back. What it found dealt with beyond that clock it noted with the part. A
    /// part in which nothing was readable it did not read: there a later clock counts. Of a part
    /// that the last run could not judge, the same goes for the one that did. Where a run under
    /// other rules has looked at it, nobody knows under which the last one did: of what was not
    /// noted then, only the run that wrote the part tells.
    func laterJudgement(of part: PartRecord) -> PartJudgement? {
        guard let tablesRun, !part.wasLookedAt else { return nil }
        let last = part.judgement ?? PartJudgement(run: tablesRun.id, now: tablesRun.now)
        guard last.run > part.run else { return nil }
        // Where no clock reads a table, only what is before the cut-off is looked at.
        let isRead = part.oldestReadable != nil && !release.clocks.clocks.allSatisfy(\.isPlain)
        return isRead || last.now > part.writtenAt ? last : nil
    }

    /// The plan for reading an output's own files: its format, its rules by name, nothing else.
    ///
    /// `columns` are those of a file, which may be of an earlier version of the pipeline file: in
    /// another order, fewer, or more of them.
    func stored(_ index: Int, _ columns: StoredColumns? = nil) -> Plan {
        var plan = self
        let (names, output, digests) = ownFields(ofOutput: index, columns)
        plan.outputs = [outputs[index]]
        if let written = columns?.written {
            plan.outputs[0].columns = written
            plan.outputs[0].writer = outputs[index].format.columnWriter(columns: written)
        }
        plan.mayLackColumns = true
        plan.outputs[0].ruleDigests = digests
        plan.statistics = StatisticsPlan(
            textInputs: [], tokenInputCount: 0, personInput: nil, customerInput: nil,
            statistics: [])
        plan.tables = []
        plan.format = outputs[index].format
        plan.encoding = .utf8
        plan.limits = .ofOwnFiles
        plan.pathDate = nil
        plan.release.fields = DeclaredFields(
            names: names,
            needsOutline: output.mode == .spliced && output.syntax == .json
                && !output.keepsUnnamed)
        plan.release.outputs = [output]
        plan.release.observations = ObservationPlan()
        plan.release.derived = []
        plan.release.datesBySource = false
        plan.release.clocks = clocksOfStored
        plan.release.moveSlots(from: release.fields.names, to: names)
        plan.release.isStored = true
        plan.release.lostSlots = lostSlots(ofOutput: index, names, output.rules)
        // Who is not named where nobody is named is not missing.
        let telling = telling(inOutput: index, columns: columns?.named)
        plan.release.missingCustomerBinds =
            release.customerSlot.map { telling[$0] != nil } ?? false
        return plan
    }

    /// The fields that an output's own files have, its rules for them and the digests of these.
    private func ownFields(
        ofOutput index: Int, _ stored: StoredColumns?
    ) -> (names: [String], output: OutputReleasePlan, digests: [Digest256]) {
        var output = release.outputs[index]
        // It may have lost its safeguards since: what it holds is still readable.
        output.showsWindow = true
        // Derived members were written with the record; they are fields like others now.
        var names = release.fields.names
        for (derived, _) in output.appended {
            names.append(release.derived[derived].name)
            output.rules.append(Anonymization.FieldRule(transform: Keep()))
        }
        output.appended = []
        // Derived values have no rule that could be another one: they stay.
        let none = Digest256.of([UInt8]().span)
        var digests = outputs[index].ruleDigests
        while digests.count < names.count { digests.append(none) }
        guard let own = outputs[index].columns else { return (names, output, digests) }
        let columns = stored?.read ?? own
        // What is no column any more goes with what is due, whatever becomes of unnamed fields.
        output.keepsUnnamed = false
        output.rules = columns.map { column in
            var rule = Self.rule(column, output, names)
            if !own.contains(column) { rule.transform = nil }
            return rule
        }
        output.columns = (stored?.written ?? own).map { .slot(columns.firstIndex(of: $0) ?? 0) }
        // No run that knew such a column had it go.
        digests = columns.map { column in
            guard own.contains(column) else { return none }
            return names.firstIndex(of: column).map { digests[$0] } ?? none
        }
        return (columns, output, digests)
    }

    /// Of the fields `names` of an output's own files those in which a record that says nothing may
    /// have said something when it was read: what is none of its columns, and what no record of the
    /// output has as it was. Where nobody knows of a length of its own, a record is not deleted by
    /// that of all others.
    private func lostSlots(
        ofOutput index: Int, _ names: [String], _ rules: [Anonymization.FieldRule]
    ) -> Set<Int> {
        let own = outputs[index].columns
        let showsWindow = release.outputs[index].showsWindow
        let lost = names.indices.filter { slot in
            if let own, !own.contains(names[slot]) { return true }
            guard slot < rules.count, !(rules[slot].transform is Keep) else { return false }
            return rules[slot].appliesAlways || rules[slot].isBarred || !showsWindow
        }
        return Set(lost)
    }

    /// The clocks for records that a run may have written whose clock was ahead of this one's: a
    /// clock that is set back makes no stored record one of the future.
    var clocksOfStored: ClockSet {
        latestRun.map { release.clocks.trusting(runOf: $0) } ?? release.clocks
    }

    private static func rule(
        _ column: String, _ output: OutputReleasePlan, _ names: [String]
    ) -> Anonymization.FieldRule {
        guard let slot = names.firstIndex(of: column), slot < output.rules.count else {
            return Anonymization.FieldRule(transform: Keep())
        }
        return output.rules[slot]
    }
}

extension ReleasePlan {
    /// Looks for the time, for persons and for addresses where `names` has the fields that `former`
    /// had in other places, or has no more.
    fileprivate mutating func moveSlots(from former: [String], to names: [String]) {
        func moved(_ slot: Int?) -> Int? { slot.flatMap { names.firstIndex(of: former[$0]) } }
        timeSlot = moved(timeSlot)
        timeOfDaySlot = moved(timeOfDaySlot)
        customerSlot = moved(customerSlot)
        personSlot = moved(personSlot)
        clocks = clocks.moved(moved)
        addressSlots = addressSlots.compactMap(moved)
    }
}

extension OptOutIndex {
    /// Nobody has opted out.
    static func none(now: EventTime) -> OptOutIndex {
        OptOutIndex(
            OptOutList(entries: []), now: now, purposes: .standard, missingCustomer: .allowed)
    }
}
