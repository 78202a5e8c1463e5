internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Finds the deliveries that opt-outs call back, once their records were looked for in what is
/// stored.
///
/// Called back is what held records that an opt-out took out, and what nobody can tell any more:
/// the delivered file is not what is stored now, the output does not say whose its records are,
/// or may not have when the file was written, or a key that made its tokens is gone. A delivery
/// that was searched without finding anybody stays.
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
        let headers = try headers(of: open)
        for delivery in open {
            let reaching = removal.sought.filter { reaches($0, delivery) }
            guard let first = reaching.first else { continue }
            if let optOuts = optOutsOfPart[delivery.part] {
                let cause = reaching.first { optOuts.contains($0.optOut) } ?? first
                outcome.deliveries.append((cause.cause, delivery.id))
            } else if let untold = reaching.first(where: {
                !isTold($0, delivery, headers[delivery.part])
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

    /// The columns that the delivered files name themselves, by their parts: they may have been
    /// others than now. None where nobody knows which they were.
    private func headers(
        of open: [OpenDelivery]
    ) throws(PipelineFailure) -> [Int64: [String]] {
        let delivered = Set(open.lazy.filter(\.isCurrent).map(\.part))
        if delivered.isEmpty { return [:] }
        let parts: [PartRecord]
        do { parts = try ledger.currentParts(pipeline: plan.name) } catch {
            throw StateRegistry.failure(error)
        }
        let written = try WrittenColumns(ledger, plan)
        var headers: [Int64: [String]] = [:]
        for part in parts where delivered.contains(part.id) {
            let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(part.output.utf8) }
            guard let index else { continue }
            var header: [String]?
            if plan.outputs[index].columns != nil, try isPresent(part.path) {
                // Of what cannot be read nobody can tell.
                do { header = try plan.header(of: part, output: index) } catch { header = [] }
            }
            let areUnknown = written.areUnknown(
                of: part, output: index, hasHeader: header != nil)
            headers[part.id] = areUnknown ? [] : header
        }
        return headers
    }

    private func isTold(
        _ one: OptOutRemoval.Reach, _ delivery: OpenDelivery, _ columns: [String]?
    ) -> Bool {
        guard delivery.isCurrent else { return false }
        let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(delivery.output.utf8) }
        guard let index else { return false }
        switch plan.telling(one.kind, inOutput: index, columns: columns) {
        case .always: return true
        case .whileKeysLive: return !delivery.hasLostKeys
        case .never: return false
        }
    }
}

/// How the records of an output tell, at any age, whose they are.
enum Telling {
    case always
    /// By tokens of month keys.
    case whileKeysLive
    case never
}

extension Plan {
    /// How output `index` tells the identity of this kind, in a file of the columns `named`; nil:
    /// of those of now.
    func telling(
        _ kind: SubjectKind, inOutput index: Int, columns named: [String]? = nil
    ) -> Telling {
        let names = release.fields.names
        let columns = named ?? outputs[index].columns
        var telling = Telling.never
        for slot in release.slots(of: kind) {
            let isThere =
                columns?.contains { $0.utf8.elementsEqual(names[slot].utf8) } ?? true
            guard isThere, let transform = release.outputs[index].rules[slot].transform else {
                continue
            }
            if transform is Keep { return .always }
            guard transform.keepsIdentity else { continue }
            if transform.dependence == .value { return .always }
            telling = .whileKeysLive
        }
        return telling
    }
}
