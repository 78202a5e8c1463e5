internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Finds the deliveries that opt-outs call back, once their records were looked for in what is
/// stored.
///
/// Called back is what held records that an opt-out took out, and what nobody can tell any more:
/// the delivered file is not what is stored now, the output does not say whose its records are,
/// or did not, or otherwise, when the file was written, or a key that made its tokens is gone. A
/// delivery that was searched without finding anybody stays.
struct OptOutRecalls {
    /// What is called back.
    struct Outcome {
        var deliveries: [(cause: RecallCause, delivery: Int64)] = []
        /// How many of them because nobody can tell any more whose records they hold.
        var untold = 0
    }

    let ledger: Ledger
    let plan: Plan

    /// `barred` are the parts that are rewritten, or held, with the opt-outs that they are about;
    /// none where records that say nobody were changed.
    func find(
        _ removal: OptOutRemoval, _ barred: [(part: Int64, optOuts: Set<Int64>)]
    ) throws(PipelineFailure) -> Outcome {
        var outcome = Outcome()
        if removal.sought.isEmpty { return outcome }
        let now = plan.release.clocks.runClock.now
        let open: [OpenDelivery]
        do { open = try ledger.openDeliveries(at: now) } catch {
            throw StateRegistry.failure(error)
        }
        var optOutsOfPart: [Int64: Set<Int64>] = [:]
        for (part, optOuts) in barred { optOutsOfPart[part, default: []].formUnion(optOuts) }
        let telling = try telling(in: open)
        for delivery in open {
            let reaching = removal.sought.filter { reaches($0, delivery) }
            guard let first = reaching.first else { continue }
            if let optOuts = optOutsOfPart[delivery.part] {
                let cause = reaching.first { optOuts.contains($0.optOut) } ?? first
                outcome.deliveries.append((cause.cause, delivery.id))
            } else if let untold = reaching.first(where: {
                !isTold($0, delivery, telling[delivery.part] ?? [:])
            }) {
                outcome.deliveries.append((untold.cause, delivery.id))
                outcome.untold += 1
            }
        }
        return outcome
    }

    /// True when the opt-out bars the purpose of the delivery; one that the pipeline does not know
    /// any more, in doubt.
    private func reaches(_ one: OptOutRemoval.Reach, _ delivery: OpenDelivery) -> Bool {
        let target = OptOutTargets.name(ofOutput: delivery.output)
        if let targets = one.targets, !targets.contains(target) { return false }
        guard let purpose = plan.purposes[delivery.purpose] else { return true }
        return !one.effect.categories(barredFor: purpose).isEmpty
    }

    /// By the parts that were delivered the rules by which their records tell whose they are: of
    /// the columns that a file names itself, which may have been others than now, and none that was
    /// another one when it was written. None where nobody knows.
    private func telling(
        in open: [OpenDelivery]
    ) throws(PipelineFailure) -> [Int64: [Int: any Transform]] {
        let delivered = Set(open.lazy.filter(\.isCurrent).map(\.part))
        if delivered.isEmpty { return [:] }
        let parts: [PartRecord]
        do { parts = try ledger.currentParts(pipeline: plan.name) } catch {
            throw StateRegistry.failure(error)
        }
        let written = try WrittenColumns(ledger, plan)
        var telling: [Int64: [Int: any Transform]] = [:]
        for part in parts where delivered.contains(part.id) {
            let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(part.output.utf8) }
            guard let index else { continue }
            var header: [String]?
            if try isPresent(part.path) {
                // Of what cannot be read nobody can tell.
                do { header = try plan.header(of: part, output: index) } catch { header = [] }
            }
            if written.areUnknown(of: part, output: index, hasHeader: header != nil) { continue }
            telling[part.id] = plan.telling(inOutput: index, columns: header)
                .filter { written.tells($0.key, of: part, output: index) }
        }
        return telling
    }

    /// True when everything that may stand for somebody in the delivered file is known: by
    /// `transforms`, the rules of its slots.
    private func isTold(
        _ one: OptOutRemoval.Reach, _ delivery: OpenDelivery, _ transforms: [Int: any Transform]
    ) -> Bool {
        plan.release.slots(of: one.kind).contains { slot in
            guard let transform = transforms[slot] else { return false }
            return transform.dependence == .value || !delivery.hasLostKeys
        }
    }
}

extension Plan {
    /// By which rules a file of output `index` tells, at any age, whose its records are: by the
    /// slots of the identities that are among the columns `named`; nil: among those of now.
    func telling(
        inOutput index: Int, columns named: [String]?
    ) -> [Int: any Transform] {
        let columns = named ?? outputs[index].columns
        var telling: [Int: any Transform] = [:]
        for slot in [release.customerSlot, release.personSlot].compactMap(\.self) {
            let name = release.fields.names[slot]
            let isThere = columns?.contains { $0.utf8.elementsEqual(name.utf8) } ?? true
            let rule = release.outputs[index].rules[slot]
            guard isThere, !rule.isBarred, let transform = rule.transform,
                transform.keepsIdentity
            else { continue }
            telling[slot] = transform
        }
        return telling
    }
}
