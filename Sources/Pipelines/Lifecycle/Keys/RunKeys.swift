internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// What a run does about the keys of its store when its files have their names.
struct RunKeys {
    let plan: Plan
    let ring: RunRing
    let ledger: Ledger
    let statePath: String
    let runName: String

    /// Destroys what may die and tells the report.
    func finish(_ report: inout RunReport) throws(PipelineFailure) {
        ring.release()
        guard let store = ring.store else { return }
        try tellErasedAgain(store, &report)
        let retirement = KeyRetirement(
            store: store, zone: plan.release.zone, now: plan.release.clocks.runClock.now,
            who: runName, own: (statePath, ledger))
        let outcome = try retirement.retireAll()
        guard let outcome else {
            report.notes.append(
                "another run uses the key store: keys that may die are left to the next run")
            return
        }
        report.destroyedKeys = outcome.destroyed.map(DestroyedKey.init)
        report.closingKeys = outcome.closing.map { key, reasons in
            ClosingKey(
                month: key.epoch?.month.text ?? "", keyID: key.text,
                reasons: reasons.map(\.sentence))
        }
        for tombstone in outcome.learned {
            report.notes.append(
                "the key of \(tombstone.keyID.epoch?.month.text ?? "") was destroyed by "
                    + "\(tombstone.run) at \(dateText(tombstone.time)): entered in the ledger")
        }
    }

    /// A key file beside a tombstone came back, or was left by a killed destruction.
    private func tellErasedAgain(
        _ store: KeyStore, _ report: inout RunReport
    ) throws(PipelineFailure) {
        report.erasedAgainKeys = store.erasedAgain.map(\.text)
        guard !store.erasedAgain.isEmpty else { return }
        do {
            try ledger.append(
                event: "key-erased-again",
                ["months": .array(store.erasedAgain.map { .text($0.text) })],
                time: plan.release.clocks.runClock.now)
        } catch { throw .writing(error) }
    }
}

/// A key that a run destroyed.
package struct DestroyedKey: Sendable, Equatable {
    /// `yyyy-MM`.
    package let month: String
    package let keyID: String
    package let fingerprint: String
    package let method: String

    package init(month: String, keyID: String, fingerprint: String, method: String) {
        self.month = month
        self.keyID = keyID
        self.fingerprint = fingerprint
        self.method = method
    }

    init(_ tombstone: Tombstone) {
        self.init(
            month: tombstone.keyID.epoch?.month.text ?? "", keyID: tombstone.keyID.text,
            fingerprint: tombstone.fingerprint.text, method: tombstone.method)
    }
}

/// A key whose last record must have been aged out and which lives on.
package struct ClosingKey: Sendable, Equatable {
    /// `yyyy-MM`.
    package let month: String
    package let keyID: String
    /// Sentences without a full stop.
    package let reasons: [String]

    package init(month: String, keyID: String, reasons: [String]) {
        self.month = month
        self.keyID = keyID
        self.reasons = reasons
    }
}
