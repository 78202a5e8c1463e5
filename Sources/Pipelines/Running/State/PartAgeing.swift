internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records
internal import Statistics

/// Ages out what earlier runs wrote: parts with records that have become due are rewritten, expired
/// parts are deleted.
///
/// A part is read back with the format it was written in. Only the fields that became due since it
/// was written change; everything else is copied byte for byte. The new part takes the place of the
/// old one in the same commit.
final class PartAgeing {
    private unowned let owner: StatefulRun
    private let ledger: Ledger
    private let registry: StateRegistry
    private let rewriting: PartRewriting
    /// Parts with due records whose file somebody has taken away.
    private var gone = 0

    private var plan: Plan { owner.plan }

    init(_ owner: StatefulRun, registry: StateRegistry, keys: RunRing?) {
        self.owner = owner
        self.registry = registry
        ledger = registry.ledger
        rewriting = PartRewriting(
            keys: keys, workers: owner.settings.workers, isDryRun: owner.settings.isDryRun,
            changes: owner.changes)
    }

    func abandon() { rewriting.abandon() }

    func run() throws(PipelineFailure) {
        let clocks = plan.release.clocks
        let expired = try expiredParts()
        for part in expired { try expire(part) }
        // A clock that starts elsewhere, or has lengths of its own, may run out for any record.
        let latestCutOff =
            clocks.clocks.allSatisfy(\.isPlain)
            ? clocks.cutOffs.max() ?? clocks.windowCutOff : EventTime(milliseconds: .max)
        try noteStranded(latestCutOff)
        for index in plan.outputs.indices {
            let due: [PartRecord]
            do {
                due = try ledger.parts(
                    dueBefore: latestCutOff, output: plan.outputs[index].name)
            } catch { throw failure(error) }
            // What was rewritten for a person's request was aged with it.
            for part in due where isLeft(part, expired) { try age(part, output: index) }
            let dueParts = Set(due.map(\.id))
            for part in try partsOfOtherRules(output: index)
            where !dueParts.contains(part.id) && isLeft(part, expired) {
                try lookAgain(part, output: index)
            }
        }
        if gone > 0 {
            owner.report.alarm(
                "parts with due records that are not there and could not be aged: \(gone); `sluice "
                    + "verify` names them")
        }
    }

    /// Forgets, when somebody says so, parts whose files are gone for good: until then requests and
    /// keys wait for them, because a disk may be missing.
    func forgetMissing() throws(PipelineFailure) {
        guard let output = owner.settings.forgetsMissing else { return }
        var forgotten = 0
        let all: [PartRecord]
        do { all = try ledger.currentParts(pipeline: plan.name) } catch { throw failure(error) }
        let parts = all.filter { $0.output.utf8.elementsEqual(output.utf8) }
        let isQuarantine = output.utf8.elementsEqual("quarantine".utf8)
        let isOutput = plan.outputs.contains { $0.name.utf8.elementsEqual(output.utf8) }
        guard !parts.isEmpty || isOutput || isQuarantine else {
            throw .usage(
                "--forget-missing: expected the name of an output, or `quarantine`")
        }
        for part in parts where !owner.changes.ends(part.id) {
            if try isPresent(part.path) { continue }
            try forget(part)
            forgotten += 1
        }
        let lists = isQuarantine ? try owner.forgetMissingLists(ledger) : 0
        guard forgotten + lists > 0 else { return }
        guard plan.release.subjects.holds.isEmpty else {
            throw .refused(
                "--forget-missing: a hold may bind records of "
                    + "\(counted(forgotten + lists, "file")) that are not there: expected them "
                    + "back, or the hold released")
        }
        for (files, word) in [(forgotten, "stored file"), (lists, "list")] where files > 0 {
            owner.report.alarm(
                "\(output): \(counted(files, word)) that are not there forgotten; any that comes "
                    + "back is removed")
        }
    }

    /// Ends a part; its file goes, and one on a disk that is missing when that is back
    /// (`RestoredParts`).
    private func forget(_ part: PartRecord) throws(PipelineFailure) {
        if try isPresent(splitPath(part.path).directory) { return rewriting.remove(part) }
        owner.changes.removedParts.append(part.id)
    }

    /// The parts whose time has come.
    private func expiredParts() throws(PipelineFailure) -> [PartRecord] {
        let now = plan.release.clocks.runClock.now
        let parts: [PartRecord]
        do { parts = try ledger.currentParts(pipeline: plan.name) } catch { throw failure(error) }
        var expired: [PartRecord] = []
        for part in parts where !owner.changes.ends(part.id) {
            let known = try dated(part)
            if plan.deleteBy(known).map({ $0 <= now }) ?? false { expired.append(known) }
        }
        return expired
    }

    /// `part` with the day of its newest event. The ledger did not always note that, and `expires`
    /// may be another one than when the part was written: then its file tells, once.
    private func dated(_ part: PartRecord) throws(PipelineFailure) -> PartRecord {
        let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(part.output.utf8) }
        guard part.newestDay == nil, part.plan != plan.digest, let index,
            plan.outputs[index].expires != nil, try isPresent(part.path),
            let day = plan.readNewestDay(part, output: index)
        else { return part }
        owner.changes.newestDays.append((part.id, day))
        return part.with(newestDay: day)
    }

    private func isLeft(_ part: PartRecord, _ expired: [PartRecord]) -> Bool {
        !expired.contains { $0.id == part.id } && !owner.changes.ends(part.id)
    }

    /// Parts that other rules were applied to: those of now may ask for more, whatever is due.
    private func partsOfOtherRules(output index: Int) throws(PipelineFailure) -> [PartRecord] {
        let output = plan.outputs[index]
        if output.rules == nil { return [] }
        do {
            return try ledger.parts(ofOtherRulesThan: output.ruleNames, output: output.name)
        } catch { throw failure(error) }
    }

    private func lookAgain(_ part: PartRecord, output index: Int) throws(PipelineFailure) {
        let history = try HoldHistory(part, output: index, of: plan, registry)
        // What is in another format waits until something in it is due.
        guard history.hasFormat else { return }
        guard try !isTakenAway(part, plan) else { return noteUnjudged(part) }
        try age(part, output: index)
    }

    private func age(_ part: PartRecord, output index: Int) throws(PipelineFailure) {
        guard try !isTakenAway(part, plan) else {
            gone += 1
            return noteUnjudged(part)
        }
        let history = try HoldHistory(part, output: index, of: plan, registry)
        let ageing = try plan.ageing(index, part, history)
        let read = try rewriting.rewriteIfReadable(
            part, under: ageing, history, staysIf: { $0.isUntouched })
        // One file does not keep what is due in all others.
        guard let outcome = read else { return noteUnjudged(part) }
        let counts = outcome.counts
        owner.report.heldRecords += counts.outputs[0].held
        if counts.isUntouched {
            if outcome.isNoted { noteJudged(part, output: index, history) }
            return
        }
        owner.report.agedParts += 1
        owner.report.ageing.add(
            counts, ageing.release.fields.names, of: part.output)
        owner.report.agedRecords += counts.outputs[0].anonymised + counts.outputs[0].droppedTotal
    }

    /// Notes that this run has judged a part that stays as it is.
    private func noteJudged(_ part: PartRecord, output index: Int, _ history: HoldHistory) {
        if part.judgement != nil { owner.changes.judgedAgain.append(part.id) }
        if history.isOfOtherRules, let rules = plan.outputs[index].rules {
            owner.changes.lookedAt.append((part.id, owner.changes.note(rules)))
        }
    }

    /// Notes that this run has not judged a part, though runs behind it would take it that it has:
    /// what became due today would count as dealt with. The part waits with what the last run knew
    /// that judged it (`TableMemory`). What a look under other rules found is noted with the part.
    private func noteUnjudged(_ part: PartRecord) {
        guard !plan.tableInputs.isEmpty, part.judgement == nil, !part.wasLookedAt else { return }
        let last = max(part.run, plan.tablesRun?.id ?? part.run)
        owner.changes.unjudged.append((part.id, last))
    }

    /// Notes that a part which somebody took away waits with no tables any more, when its output is
    /// lost, too. Should both come back, nobody knows what tables had dealt with: it is then judged
    /// by the run that wrote it.
    private func endWaiting(_ part: PartRecord) {
        if part.judgement != nil { owner.changes.judgedAgain.append(part.id) }
        guard !plan.tableInputs.isEmpty, !part.wasLookedAt, let rules = part.rules else { return }
        owner.changes.lookedAt.append((part.id, rules))
    }

    /// Deletes a part whose time has come, but for the records that a hold binds.
    private func expire(_ part: PartRecord) throws(PipelineFailure) {
        let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(part.output.utf8) }
        // Of what is not there nobody knows whether a hold binds it, until it is back.
        let isReadable = index == nil ? false : try isPresent(part.path)
        guard !plan.release.subjects.holds.isEmpty, isReadable, let index else {
            guard plan.release.subjects.holds.isEmpty else {
                owner.report.heldParts += 1
                return noteUnjudged(part)
            }
            owner.report.agedParts += 1
            owner.report.expiredParts += 1
            owner.report.ageing.add(expired: Int(part.records), of: part.output)
            return try forget(part)
        }
        let history = try HoldHistory(part, output: index, of: plan, registry)
        var kept = try plan.ageing(index, part, history)
        kept.release.keepsOnlyHeld = true
        let read = try rewriting.rewriteIfReadable(
            part, under: kept, history, staysIf: { $0.isUntouched })
        guard let counts = read?.counts else { return noteUnjudged(part) }
        owner.report.heldRecords += counts.outputs[0].held
        if counts.outputs[0].held > 0 { owner.report.heldParts += 1 }
        if counts.isUntouched { return }
        owner.report.agedParts += 1
        owner.report.ageing.add(counts, [], of: part.output, isExpired: true)
        if counts.outputs[0].held == 0 { owner.report.expiredParts += 1 }
    }

    /// Readable parts of an output that the pipeline no longer has cannot be aged: the run fails
    /// for their sake once everything else is done.
    private func noteStranded(_ cutOff: EventTime) throws(PipelineFailure) {
        let due: [PartRecord]
        do { due = try ledger.parts(dueBefore: cutOff, pipeline: plan.name) } catch {
            throw failure(error)
        }
        let names = Set(plan.outputs.map(\.name))
        for part in due where !names.contains(part.output) {
            if owner.changes.ends(part.id) { continue }
            guard try !isTakenAway(part, plan) else {
                endWaiting(part)
                continue
            }
            noteUnjudged(part)
            owner.changes.noteUnreadable(
                UnreadablePart(ofLostOutput: part, isThere: try isPresent(part.path)))
        }
    }

    private func failure(_ fault: LedgerFault) -> PipelineFailure {
        .storage("cannot read the ledger: \(fault.description)")
    }
}
