internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// `sluice keys rewrap`: seals the keys that a pipeline uses by the key-encryption key that its
/// `wrapped_by` names now.
struct KeySealing {
    private let plan: Plan
    private let statePath: String?
    private let isConfined: Bool

    init(_ request: KeysRequest) throws(PipelineFailure) {
        let folder = try workingFolder()
        let loaded = try Sluice.loadPlan(request.pipeline, now: request.now)
        plan = loaded.anchored(at: folder)
        statePath = loaded.state.map { registeredPath(anchored($0, at: folder)) }
        isConfined = request.isConfined
    }

    private static func present(_ path: String?) throws(PipelineFailure) -> String? {
        guard let path else { return nil }
        return try isPresent(path) ? path : nil
    }

    /// `source` is where the key-encryption key comes from that sealed them; nil: they are plain.
    func run(from source: WrappingKeySource?) throws(PipelineFailure) -> KeyRewrapReport {
        let store = try Self.present(plan.keyStore)
        let state = try Self.present(statePath)
        guard store != nil || state != nil else {
            throw .usage("the pipeline has no keys yet: its first run seals those that it makes")
        }
        let ledger = try state.map { path throws(PipelineFailure) in
            try openState(path, of: plan)
        }
        let new: WrappingKey?
        let outcome: KeyRewrapping.Outcome
        do throws(KeyFault) {
            let old = try source.map { source throws(KeyFault) in try WrappingKey.load(source) }
            new = try plan.loadWrapping()
            if isConfined { confine(store, ledger) }
            var work = KeyRewrapping(from: old, to: new)
            outcome = try work.run(storeAt: store, states: state.map { [$0] } ?? [])
        } catch {
            if case .file(let fault) = error, fault.cause == .busyLock {
                throw .busy("another run uses the keys in \(store ?? "")")
            }
            throw .keys("\(error)")
        }
        try note(outcome, new, ledger)
        return KeyRewrapReport(
            store: store ?? "", keys: outcome.keys, registries: outcome.registries,
            isSealed: new != nil, wasSealed: source != nil)
    }

    /// Closes all else: the registry keys of all states that use the store are replaced, too. What
    /// the store cannot tell stays closed, and the work says why.
    private func confine(_ store: String?, _ ledger: Ledger?) {
        let states = store.flatMap { try? KeyRewrapping.registeredStates(ofStoreAt: $0) } ?? []
        // In place of one that is missing the folder above it would be open.
        let present = states.filter { (try? FileStatus.of($0))?.kind == .directory }
        _ = RunConfinement(plan, ledger, writing: present, readsSources: false).enter()
    }

    private func note(
        _ outcome: KeyRewrapping.Outcome, _ new: WrappingKey?, _ ledger: Ledger?
    ) throws(PipelineFailure) {
        do {
            try ledger?.append(
                event: "keys-rewrapped",
                [
                    "keys": .integer(Int64(outcome.keys)),
                    "registries": .integer(Int64(outcome.registries)),
                    "wrapped_by": .text(new?.fingerprint.text ?? "none"),
                ], time: plan.release.clocks.runClock.now)
        } catch { throw .writing(error) }
    }
}
