internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records

/// What every request about a subject begins with: the plan, the ledger, the keys.
struct SubjectSession {
    let subject: SoughtSubject
    /// The folder of the pipeline file.
    private let folder: String
    let specification: PipelineSpecification
    let plan: Plan
    /// The state folder; nil for a pipeline without state.
    let statePath: String?
    /// Nil for a pipeline without state, and for one that never ran unless it was to be made.
    let ledger: Ledger?
    let keys: LivingKeys
    private let isConfined: Bool

    /// The clock of the request.
    var now: EventTime { plan.release.clocks.runClock.now }

    /// Opens what the pipeline has; what killed runs still owe is finished first. With `creating`
    /// the state of a pipeline that never ran is made, to remember the request.
    init(
        _ request: SubjectRequest, _ subject: SoughtSubject, creating: Bool = false
    ) throws(PipelineFailure) {
        self.subject = subject
        isConfined = request.isConfined
        folder = splitPath(request.pipeline).directory
        let loaded = try Sluice.loadSpecification(request.pipeline, now: request.now)
        specification = loaded.specification
        guard let state = loaded.plan.state else {
            plan = loaded.plan
            statePath = nil
            ledger = nil
            keys = try LivingKeys(plan)
            return
        }
        let folder = try workingFolder()
        let path = anchored(state, at: folder)
        var anchoredPlan = loaded.plan.anchored(at: folder)
        anchoredPlan.state = path
        statePath = path
        // Nothing was ever run: there is nothing to find, and a question makes no state.
        let isThere = creating ? true : try isPresent(path)
        let opened = isThere ? try Self.open(path, anchoredPlan) : nil
        if let opened { try anchoredPlan.recallCountedFields(opened) }
        ledger = opened
        plan = anchoredPlan
        keys = try LivingKeys(plan)
    }

    private static func open(_ path: String, _ plan: Plan) throws(PipelineFailure) -> Ledger {
        let ledger = try openState(path, of: plan)
        try RunRecovery(ledger: ledger, plan: plan).finishEarlierRuns()
        return ledger
    }

    /// Closes to the process, where that was asked for, all but the places of the pipeline, files
    /// to read and folders to write to.
    func confine(reading files: [String] = [], writing folders: [String] = []) {
        guard isConfined else { return }
        _ = RunConfinement(plan, ledger, reading: files, writing: folders).enter()
    }

    /// Where the subject's records may be.
    func places() throws(PipelineFailure) -> SubjectPlaces {
        try SubjectPlaces(plan, specification, subject, keys: keys, ledger: ledger, folder: folder)
    }

    /// The request as the ledger knows it, under the registry's key, which is made on first need.
    func personRequest(
        _ details: SubjectDetails, _ registry: StateRegistry
    ) throws(PipelineFailure) -> PersonRequest {
        guard let hasher = registry.hasher else {
            throw .keys("the registry has no key")
        }
        return PersonRequest(
            subject: hasher.hash(subject.kind.subjectKind, subject.canonical.span),
            within: subject.within.map { hasher.hash(.customer, $0.span).digest },
            role: details.consent.map { .processor(consent: $0) } ?? .controller,
            identityCheck: details.identityCheck)
    }

    /// Enters that the request was answered: who it is about as a keyed hash, and in the chain of
    /// events not even that.
    func note(
        _ action: SubjectRequestRecord.Action, _ details: SubjectDetails
    ) throws(PipelineFailure) {
        guard let ledger else { return }
        let registry = try StateRegistry(ledger, of: plan, creating: true)
        let request = try personRequest(details, registry)
        do { try ledger.note(action, request, by: details.requestedBy, time: now) } catch {
            throw StateRegistry.failure(error)
        }
    }

    /// A pipeline without state could not remember the request.
    func requireLedger(_ what: String) throws(PipelineFailure) -> Ledger {
        guard let ledger else {
            throw .usage(
                "\(what) has to be remembered, and the pipeline has no `state`: expected a "
                    + "pipeline with one")
        }
        return ledger
    }
}
