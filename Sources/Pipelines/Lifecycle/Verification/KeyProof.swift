internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Proves that the key store holds the keys that it should, that destroyed ones are gone for good,
/// and that none lives longer than its records can need it.
struct KeyProof {
    private let owner: Verification
    private let ledger: Ledger

    init(_ owner: Verification, _ ledger: Ledger) {
        self.owner = owner
        self.ledger = ledger
    }

    func run() throws(PipelineFailure) {
        let used: [KeyRecord]
        do { used = try ledger.keys() } catch {
            owner.find(.ledger, Ledger.fileName, "its keys cannot be read")
            return
        }
        guard let path = owner.plan.keyStore else { return }
        guard try isPresent(path) else {
            if !used.isEmpty { owner.find(.missing, path, "is not there: expected the key store") }
            return
        }
        let store: KeyStoreInspection
        do throws(KeyFault) {
            let wrapping = try owner.plan.loadWrapping()
            store = try KeyStore.inspect(path: path, wrapping: wrapping)
        } catch {
            owner.find(.key, path, "\(error)")
            return
        }
        for (file, sentence) in store.faults { owner.find(.key, "\(path)/\(file)", sentence) }
        if let zone = store.zone, zone != owner.plan.release.zone.name {
            owner.find(.key, path, "declares another zone than the pipeline")
        }
        for record in used { check(record, store, path) }
        owner.count("keys that are what they were", store.epochs.count)
        owner.report.evidence.keys = try lives(store).map { listing, reasons in
            Evidence.Key(listing, reasons: reasons)
        }
    }

    /// Why each living key lives; one that nothing needs any more is a finding.
    private func lives(
        _ inspection: KeyStoreInspection
    ) throws(PipelineFailure) -> [(EpochListing, [String])] {
        guard let store = inspection.store else { return [] }
        let clock = owner.clock
        let own = KeyUse(pipelines: [
            KeyUse.Pipeline(name: owner.plan.name, needs: owner.plan.keyNeeds, lastRun: nil)
        ])
        let users =
            try KeyUsers(
                store: store, now: clock.now, own: (registeredPath(owner.statePath), ledger)
            ).ask() + [KeyUser(place: "the pipeline \(owner.plan.name)", answer: .uses(own))]
        return inspection.epochs.map { listing in
            guard case .alive = listing.state, let month = listing.keyID.epoch?.month else {
                return (listing, [])
            }
            let verdict = KeyVerdict(
                month: month, keyID: listing.keyID.text, now: clock.now, zone: clock.zone,
                users: users)
            judge(listing.keyID.text, verdict)
            return (listing, verdict.reasons.map(\.sentence))
        }
    }

    /// A key that only waits for somebody to do what is overdue should be dead.
    private func judge(_ key: String, _ verdict: KeyVerdict) {
        guard verdict.end <= owner.clock.now else { return }
        let hasOnlyPlainClocks = owner.plan.release.clocks.clocks.allSatisfy(\.isPlain)
        let isOverdue = verdict.reasons.allSatisfy { reason in
            switch reason {
            case .notRunSince, .unreachable: true
            // Under a clock that starts elsewhere a record may be readable for years.
            case .readableRecords: hasOnlyPlainClocks
            case .inWindow, .grace, .unpublished, .unfinishedRun, .held, .busy: false
            }
        }
        guard isOverdue else { return }
        let why = verdict.reasons.first.map { ", but \($0.sentence)" } ?? ": run the pipeline"
        owner.find(.key, key, "could have been destroyed since \(dateText(verdict.end))\(why)")
    }

    private func check(_ record: KeyRecord, _ store: KeyStoreInspection, _ path: String) {
        guard record.month != nil else { return }
        guard let found = store.epochs.first(where: { $0.keyID.text == record.id }) else {
            owner.find(
                .key, record.id,
                "is known to the ledger and not in the key store: expected it alive or destroyed")
            return
        }
        if found.fingerprint.text != record.fingerprint {
            owner.find(.key, record.id, "is not the key that the ledger knows by this name")
        }
        switch (found.state, record.isDestroyed) {
        case (.alive, true):
            owner.find(.key, record.id, "was destroyed by the ledger's account and is alive")
        case (.destroyed, false):
            owner.report.notes.append(
                "\(record.id) is destroyed in the key store, and the next run notes it in the "
                    + "ledger")
        default: break
        }
    }
}
