internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Opt-outs that a hold kept from being carried out in stored records: once one of the holds of
/// then binds no more, the next run goes over those records again.
struct HeldOptOuts {
    /// What is to be taken out; nil while every hold still binds.
    let due: [HeldOptOut]?

    init(_ ledger: Ledger, _ plan: Plan) throws(PipelineFailure) {
        let now = plan.release.clocks.runClock.now
        do {
            let (entries, runs) = try ledger.heldOptOuts(pipeline: plan.name)
            let binding = Set(try ledger.bindingHolds(at: now).map(\.id))
            var hasEnded = false
            for run in runs where !hasEnded {
                hasEnded = try ledger.holds(ofRun: run).contains { !binding.contains($0.id) }
            }
            guard hasEnded else {
                due = nil
                return
            }
            let withdrawn = Set(
                try ledger.optOuts().filter { $0.isOver(at: now) }.map(\.id))
            due = entries.filter { entry in entry.optOut.map { !withdrawn.contains($0) } ?? true }
        } catch { throw StateRegistry.failure(error) }
    }

    /// What the ledger is to remember of a stand-in whose records a hold keeps.
    static func entry(
        _ standIn: OptOutRemoval.StandIn, output: String, _ plan: Plan
    ) -> HeldOptOut {
        HeldOptOut(
            output: output, optOut: standIn.optOut > 0 ? standIn.optOut : nil,
            match: standIn.match, within: standIn.within, from: standIn.from,
            until: standIn.until,
            scopes: OptOutMaking.scopes(standIn.effect, plan.purposes))
    }
}

extension OptOutRecord {
    /// True when it was withdrawn by `time`; one that goes by the time of the event still reaches
    /// the events before.
    func isOver(at time: EventTime) -> Bool {
        entry.basis == .use && entry.withdrawn.map { $0 <= time } ?? false
    }
}
