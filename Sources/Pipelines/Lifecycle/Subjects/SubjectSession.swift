internal import Anonymization
internal import FileSystem
internal import Ledger
internal import LogFormats
internal import Records

/// What every request about a subject begins with: the plan, the ledger, the keys.
struct SubjectSession {
    let subject: SoughtSubject
    let specification: PipelineSpecification
    let plan: Plan
    /// Nil for a pipeline without state.
    let ledger: Ledger?
    let keys: LivingKeys

    /// What was done, as the ledger's events call it.
    enum Deed: String { case exported = "subject-exported" }

    /// Opens what the pipeline has; what killed runs still owe is finished first.
    init(_ request: SubjectRequest, _ subject: SoughtSubject) throws(PipelineFailure) {
        self.subject = subject
        let loaded = try Sluice.loadSpecification(request.pipeline, now: request.now)
        specification = loaded.specification
        guard let state = loaded.plan.state else {
            plan = loaded.plan
            ledger = nil
            keys = try LivingKeys(plan)
            return
        }
        let folder = try workingFolder()
        var anchoredPlan = loaded.plan.anchored(at: folder)
        anchoredPlan.state = anchored(state, at: folder)
        plan = anchoredPlan
        ledger = try Self.open(anchored(state, at: folder), plan)
        keys = try LivingKeys(plan)
    }

    private static func open(_ path: String, _ plan: Plan) throws(PipelineFailure) -> Ledger? {
        // Nothing was ever run: there is nothing to find, and a question makes no state.
        guard isPresent(path) else { return nil }
        let ledger: Ledger
        do { ledger = try Ledger.open(stateDirectory: path) } catch {
            if error == .busy {
                throw .busy("another run is at work on the state in \(path)")
            }
            throw .storage("cannot open the state in \(path): \(error.description)")
        }
        try RunRecovery(ledger: ledger, plan: plan).finishEarlierRuns()
        return ledger
    }

    /// Where the subject's records may be.
    func places() throws(PipelineFailure) -> SubjectPlaces {
        try SubjectPlaces(plan, specification, subject, keys: keys, ledger: ledger)
    }

    /// Enters what was done into the chain of events: when, of what kind, in what role; neither who
    /// it is about nor a reference that could lead there.
    func record(_ deed: Deed, _ details: SubjectDetails) throws(PipelineFailure) {
        guard let ledger else { return }
        do {
            try ledger.append(
                event: deed.rawValue,
                [
                    "kind": .text(subject.kind.rawValue), "role": .text(details.role.rawValue),
                    "pipeline": .text(plan.name),
                ], time: currentTime())
        } catch {
            throw .storage("cannot write the ledger: \(error.description)")
        }
    }
}
