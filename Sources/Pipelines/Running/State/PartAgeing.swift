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
        let expired: [PartRecord]
        do { expired = try ledger.parts(toDeleteBy: clocks.runClock.now) } catch {
            throw failure(error)
        }
        for part in expired { try expire(part) }
        // A clock that starts elsewhere, or has lengths of its own, may run out for any record.
        let latestCutOff =
            clocks.clocks.allSatisfy(\.isPlain)
            ? clocks.cutOffs.max() ?? clocks.windowCutOff : EventTime(milliseconds: .max)
        try checkStranded(latestCutOff)
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
            owner.report.notes.append(
                "parts with due records that are not there any more: \(gone); nothing is left in "
                    + "them to be aged, and `sluice verify` names them")
        }
    }

    private func isLeft(_ part: PartRecord, _ expired: [PartRecord]) -> Bool {
        !expired.contains { $0.id == part.id } && !owner.changes.ends(part.id)
    }

    /// Parts that other rules were applied to: those of now may ask for more, whatever is due.
    private func partsOfOtherRules(output index: Int) throws(PipelineFailure) -> [PartRecord] {
        guard let rules = plan.outputs[index].rules else { return [] }
        do {
            return try ledger.parts(
                ofOtherRulesThan: rules.digest, output: plan.outputs[index].name)
        } catch { throw failure(error) }
    }

    private func lookAgain(_ part: PartRecord, output index: Int) throws(PipelineFailure) {
        let history = try HoldHistory(part, output: index, of: plan, registry)
        // What is in another format waits until something in it is due.
        guard history.hasFormat, try !isTakenAway(part) else { return }
        try age(part, output: index)
    }

    /// True for a part that was taken out of a folder which is there; without the folder, its disk
    /// may be missing.
    private func isTakenAway(_ part: PartRecord) throws(PipelineFailure) -> Bool {
        if try isPresent(part.path) { return false }
        return try isPresent(splitPath(part.path).directory)
    }

    private func age(_ part: PartRecord, output index: Int) throws(PipelineFailure) {
        guard try !isTakenAway(part) else {
            gone += 1
            return
        }
        let history = try HoldHistory(part, output: index, of: plan, registry)
        let ageing = plan.ageing(index, part, history)
        let read = try rewriting.rewriteIfReadable(
            part, under: ageing, history, staysIf: { $0.isUntouched })
        // One file does not keep what is due in all others.
        guard let counts = read else { return }
        owner.report.heldRecords += counts.outputs[0].held
        if counts.isUntouched {
            if let rules = plan.outputs[index].rules, history.isOfOtherRules {
                owner.changes.lookedAt.append((part.id, owner.changes.note(rules)))
            }
            return
        }
        owner.report.agedParts += 1
        owner.report.ageing.add(
            counts, ageing.release.fields.names, of: part.output)
        owner.report.agedRecords += counts.outputs[0].anonymised + counts.outputs[0].droppedTotal
    }

    /// Deletes a part whose time has come, but for the records that a hold binds.
    private func expire(_ part: PartRecord) throws(PipelineFailure) {
        let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(part.output.utf8) }
        guard !plan.release.subjects.holds.isEmpty, let index else {
            // Whose records are in the part of an output that is gone cannot be read any more.
            guard plan.release.subjects.holds.isEmpty else {
                owner.report.heldParts += 1
                return
            }
            owner.report.agedParts += 1
            owner.report.expiredParts += 1
            owner.report.ageing.add(expired: Int(part.records), of: part.output)
            return rewriting.remove(part)
        }
        let history = try HoldHistory(part, output: index, of: plan, registry)
        var kept = plan.ageing(index, part, history)
        kept.release.keepsOnlyHeld = true
        let read = try rewriting.rewriteIfReadable(
            part, under: kept, history, staysIf: { $0.isUntouched })
        guard let counts = read else { return }
        owner.report.heldRecords += counts.outputs[0].held
        if counts.outputs[0].held > 0 { owner.report.heldParts += 1 }
        if counts.isUntouched { return }
        owner.report.agedParts += 1
        owner.report.ageing.add(counts, [], of: part.output, isExpired: true)
        if counts.outputs[0].held == 0 { owner.report.expiredParts += 1 }
    }

    /// Readable parts of an output that the pipeline no longer has could never be aged.
    private func checkStranded(_ cutOff: EventTime) throws(PipelineFailure) {
        let due: [PartRecord]
        do { due = try ledger.parts(dueBefore: cutOff, pipeline: plan.name) } catch {
            throw failure(error)
        }
        let names = Set(plan.outputs.map(\.name))
        guard let part = due.first(where: { !names.contains($0.output) }) else { return }
        throw .storage(
            "\(part.path) holds identifiers that are due, but the pipeline has no output "
                + "`\(part.output)` any more: expected that output, so that its rules age it")
    }

    private func failure(_ fault: LedgerFault) -> PipelineFailure {
        .storage("cannot read the ledger: \(fault.description)")
    }
}
