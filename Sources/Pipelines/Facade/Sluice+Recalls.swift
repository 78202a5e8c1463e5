internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// One thing that a recipient has to give back, in words.
package struct RecallListing: Sendable, Equatable {
    package let id: Int64
    package let recipient: String
    package let output: String
    package let purpose: String
    /// `opt-out 3`, `opt-out list` or `erasure 1`.
    package let cause: String
    /// The delivered file as its terms name it, with its digest and the number of its records.
    package let file: String
    package let sha256: String
    package let records: Int64
    /// What has taken its place; empty when nothing has.
    package let successor: String
    package let successorSHA256: String
    /// RFC 3339, UTC.
    package let raised: String
    /// Empty while the recall is open.
    package let answered: String
    package let answeredBy: String
}

extension Sluice {
    /// What recipients have to give back: deliveries made before an opt-out or erasure that
    /// concerns them.
    ///
    /// `isConfined` closes to the process, for good, all that is not the pipeline's own.
    package static func recalls(
        pipeline: String, now: String? = nil, isConfined: Bool = false
    ) throws(PipelineFailure) -> [RecallListing] {
        let work = try RecallWork(pipeline: pipeline, now: now)
        guard try hasLedger(work.statePath) else { return [] }
        return try work.list(work.open(isConfined: isConfined))
    }

    /// Notes that recall `id` was answered: the recipient says that the file is gone.
    package static func answerRecall(
        pipeline: String, id: Int64, by who: String, now: String? = nil, isConfined: Bool = false
    ) throws(PipelineFailure) -> RecallListing {
        let work = try RecallWork(pipeline: pipeline, now: now)
        let ledger = try work.open(isConfined: isConfined)
        try work.answer(id, who, ledger)
        guard let listing = try work.list(ledger).first(where: { $0.id == id }) else {
            throw .internalFault("a recall that was just answered is not there")
        }
        return listing
    }
}

/// The recalls of one state.
private struct RecallWork {
    let plan: Plan
    let statePath: String

    init(pipeline: String, now: String?) throws(PipelineFailure) {
        let plan = try Sluice.loadPlan(pipeline, now: now)
        guard let state = plan.state else {
            throw .usage(
                "\(pipeline) has no `state`: without it nobody knows what was delivered")
        }
        let folder = try workingFolder()
        self.plan = plan.anchored(at: folder)
        statePath = anchored(state, at: folder)
    }

    func open(isConfined: Bool) throws(PipelineFailure) -> Ledger {
        let ledger = try openState(statePath, of: plan)
        if isConfined { _ = RunConfinement(plan, ledger, readsSources: false).enter() }
        return ledger
    }

    func list(_ ledger: Ledger) throws(PipelineFailure) -> [RecallListing] {
        do { return try ledger.recalls().map(listing) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
    }

    func answer(_ id: Int64, _ who: String, _ ledger: Ledger) throws(PipelineFailure) {
        do {
            try ledger.answerRecall(id, by: who, time: plan.release.clocks.runClock.now)
        } catch {
            if case .refused(let sentence) = error { throw .usage("--id \(id): \(sentence)") }
            throw .writing(error)
        }
    }

    private func listing(_ record: RecallRecord) -> RecallListing {
        let output = plan.outputs.first { $0.name == record.output }
        func name(_ path: String) -> String {
            output?.nameBesideTerms(path) ?? splitPath(path).name
        }
        let cause: String
        switch record.cause {
        case .optOut(let id): cause = "opt-out \(id)"
        case .listedOptOut: cause = "opt-out list"
        case .erasure(let id): cause = "erasure \(id)"
        }
        return RecallListing(
            id: record.id, recipient: record.recipient, output: record.output,
            purpose: record.purpose, cause: cause, file: name(record.path),
            sha256: record.content.digest.hex, records: record.records,
            successor: record.successor.map { name($0.path) } ?? "",
            successorSHA256: record.successor.map { $0.content.digest.hex } ?? "",
            raised: dateText(record.raised), answered: record.answered.map(dateText) ?? "",
            answeredBy: record.answeredBy ?? "")
    }
}
