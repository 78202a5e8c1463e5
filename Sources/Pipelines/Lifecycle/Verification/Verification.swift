internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Proves, or disproves, what a pipeline with state promises: by reading the outputs back, and not
/// by believing the ledger.
///
/// Nothing is changed. The state's lock is held, so no run is at work meanwhile. Whatever is wrong
/// becomes a finding and the work goes on; only what makes it impossible to look is a failure.
final class Verification {
    private(set) var plan: Plan
    let specification: PipelineSpecification
    let statePath: String
    var report = VerificationReport()
    /// Where the evidence goes, when the process is to be kept to what verifying is about; or nil.
    var confinedWriting: [String]?

    /// `plan` has absolute paths, as in a run.
    init(plan: Plan, specification: PipelineSpecification, statePath: String) {
        self.plan = plan
        self.specification = specification
        self.statePath = statePath
    }

    var clock: RunClock { plan.release.clocks.runClock }

    func run() throws(PipelineFailure) -> VerificationReport {
        report.pipeline = plan.name
        report.now = dateText(clock.now)
        report.cutOff = dateText(plan.release.clocks.windowCutOff)
        guard try hasLedger(statePath) else {
            throw .storage("\(statePath) holds no ledger: the pipeline has not run yet")
        }
        // Without it nobody could look; what is wrong with the keys themselves are findings.
        do { _ = try plan.loadWrapping() } catch { throw .keys("\(error)") }
        let isSealed = try checkSeal()
        guard let ledger = try openLedger(isSealed) else { return report }
        // Rows that break the rules of their tables cannot be taken for what they should say.
        do { try ledger.verifyDatabase() } catch {
            find(.ledger, Ledger.fileName, "breaks the rules of its own tables")
            return report
        }
        try refuseOtherPipelines(ledger, at: statePath, plan)
        do {
            let known = try KnownFiles(ledger, store: plan.store)
            if let confinedWriting {
                // What earlier runs left, and somebody may have put back.
                let parts = known.parts.map(\.part.path)
                _ = RunConfinement(plan, ledger, reading: parts, writing: confinedWriting).enter()
            }
            plan.latestRun = known.runs.map(\.run.now).max()
            try openRegistry(ledger)
            for note in try WidenedOptOuts(ledger, plan).notes {
                find(.unfinished, "opt-outs", note)
            }
            if let lost = StateRegistry.namingLostPurposes(try ledger.optOuts(), plan) {
                find(.unfinished, "opt-outs", lost)
            }
            LedgerProof(self, ledger, known).run()
            try FileProof(self, known).run()
            try ContentProof(self, known).run()
            try KeyProof(self, ledger).run()
            RunProof(self, known).run()
            PublicationProof(self, ledger, known).run()
            report.evidence = try Evidence(ledger, known, self)
        } catch let failure as PipelineFailure {
            throw failure
        } catch let fault as LedgerFault {
            guard !isSealed else {
                throw .storage("cannot read the ledger: \(fault.description)")
            }
            find(.ledger, Ledger.fileName, "cannot be read to its end: \(fault.description)")
        } catch {
            throw .internalFault("an error without a name")
        }
        return report
    }

    /// Puts everybody who is held or erased into the plan; a registry without its key is a finding.
    private func openRegistry(_ ledger: Ledger) throws(PipelineFailure) {
        do throws(PipelineFailure) {
            let registry = try StateRegistry(ledger, of: plan)
            plan.release.subjects = try registry.register(for: plan, readsOnly: true)
        } catch {
            guard case .keys(let sentence) = error else { throw error }
            find(.key, "registry.key", "\(sentence); nobody who is held or erased is recognised")
        }
    }

    /// The evidence may not lie where only known files may lie.
    func checkReportFolder(_ folder: String) throws(PipelineFailure) {
        let taken = [statePath] + [plan.keyStore].compactMap { $0 }
            + plan.outputs.map { splitPath($0.path.text).directory }
        let shape = PathShape(file: folder)
        guard taken.contains(where: { PathShape(allBelow: $0).meets(shape) }) else { return }
        throw .usage("--report: found a folder of state or outputs, expected one of its own")
    }

    func find(_ kind: VerificationFinding.Kind, _ place: String, _ sentence: String) {
        report.findings.append(VerificationFinding(kind, place, sentence))
    }

    func count(_ name: String, _ count: Int) {
        report.checks.append(VerificationReport.Check(name: name, count: count))
    }

    /// Holds the bytes of the ledger against its seal; false when it cannot be trusted.
    private func checkSeal() throws(PipelineFailure) -> Bool {
        let state: SealState
        do { state = try Ledger.sealState(stateDirectory: statePath) } catch {
            throw .storage("cannot read the state in \(statePath): \(error.description)")
        }
        switch state {
        case .fits: return true
        case .missing:
            find(
                .unfinished, Ledger.fileName,
                "has no seal: the last run was killed, or the seal was taken away; the next run "
                    + "seals it again")
        case .damaged:
            find(.ledger, "ledger.seal", "is not what was written: expected the seal of the ledger")
        case .differs:
            find(
                .ledger, Ledger.fileName,
                "is not what the last run left: its bytes do not fit its seal")
        }
        return false
    }

    private func openLedger(_ isSealed: Bool) throws(PipelineFailure) -> Ledger? {
        do {
            return try Ledger.openForReading(stateDirectory: statePath)
        } catch {
            if case .damaged = error, !isSealed {
                find(
                    .ledger, Ledger.fileName,
                    "is no ledger any more: nothing else could be looked at; restore the state")
                return nil
            }
            throw .opening(stateIn: statePath, error)
        }
    }
}

/// Every file that the ledger knows, read once.
struct KnownFiles {
    let runs: [RunHistory]
    let parts: [PartHistory]
    let partials: [PartialHistory]
    let files: [FileRecord]
    /// Where lists of quarantine lay that had to go.
    let formerLists: [String]
    let owed: [OwedPublication]
    let lists: [InputList]
    let publications: [PublicationRecord]
    let published: [NewPublication.PublicationFile]
    /// What the last run left in the store of the pipeline.
    let places: [StorePlace]

    init(_ ledger: Ledger, store: StorePlan?) throws(LedgerFault) {
        runs = try ledger.runs()
        parts = try ledger.partHistory()
        partials = try ledger.partialHistory()
        files = try ledger.files()
        formerLists = try ledger.formerLists()
        owed = try ledger.pendingPublications()
        lists = try ledger.inputLists()
        publications = try ledger.publications()
        published = try ledger.files()
        if let store { places = try ledger.storePlaces(store: store.name) } else { places = [] }
    }

    var currentParts: [PartHistory] { parts.filter { $0.state == .current } }
}
