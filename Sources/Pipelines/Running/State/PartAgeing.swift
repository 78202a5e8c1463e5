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
    private let rewriting: PartRewriting

    private var plan: Plan { owner.plan }

    init(_ owner: StatefulRun, ledger: Ledger, keys: RunRing?) {
        self.owner = owner
        self.ledger = ledger
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
        for part in expired {
            owner.report.agedParts += 1
            rewriting.remove(part)
        }
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
            for part in due where !expired.contains(where: { $0.id == part.id }) {
                let counts = try rewriting.rewrite(part, under: plan.ageing(index, part)) {
                    $0.isUntouched
                }
                if counts.isUntouched { continue }
                owner.report.agedParts += 1
                owner.report.agedRecords +=
                    counts.outputs[0].anonymised + counts.outputs[0].droppedTotal
            }
        }
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
