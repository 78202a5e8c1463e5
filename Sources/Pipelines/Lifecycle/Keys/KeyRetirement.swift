internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Destroys keys that no record can need any more, and keeps the ledger's account of it.
///
/// Order: tombstone, erasure of the file, row and event of the ledger. After a crash in between the
/// key is dead, and the next run of any pipeline of the store finishes the erasure, the next run of
/// each state enters the row.
struct KeyRetirement {
    let store: KeyStore
    let zone: ZoneTable
    /// The clock of the run.
    let now: EventTime
    /// Who does it: the name of the run or command.
    let who: String
    let own: (path: String, ledger: Ledger)?

    /// What became of the keys of a store.
    struct Outcome {
        /// Destroyed by this call.
        var destroyed: [Tombstone] = []
        /// Destroyed earlier or elsewhere, and new to this ledger.
        var learned: [Tombstone] = []
        /// Keys whose last record must have been aged out and which live on, and why.
        var closing: [(key: KeyID, reasons: [KeyReason])] = []
    }

    /// Destroys every key of a pipeline's store that may die, where it has one, and the aggregates
    /// that nobody needs any more; nil as `retireAll`, or without a store.
    static func retire(
        _ plan: Plan, _ ledger: Ledger, statePath: String, now: EventTime, who: String
    ) throws(PipelineFailure) -> Outcome? {
        var outcome: Outcome?
        if let access = KeyStoreAccess(plan: plan), try isPresent(access.path) {
            let retirement = KeyRetirement(
                store: try access.open(creating: false), zone: plan.release.zone, now: now,
                who: who, own: (registeredPath(statePath), ledger))
            outcome = try retirement.retireAll()
        }
        try PartialRetirement(ledger: ledger, now: now).run()
        return outcome
    }

    /// Destroys every key that may die; nil when another run is at work on the store and nothing
    /// was looked at. The caller has let go of the keys it used.
    func retireAll() throws(PipelineFailure) -> Outcome? {
        guard let lock = try lock() else { return nil }
        defer { _ = lock }
        var outcome = Outcome()
        let users = try KeyUsers(store: store, now: now, own: own).ask()
        for listing in try epochs() {
            switch listing.state {
            case .destroyed(let tombstone):
                if try enter(tombstone) { outcome.learned.append(tombstone) }
            case .alive: try retire(listing.keyID, users, &outcome)
            }
        }
        return outcome
    }

    private func retire(
        _ key: KeyID, _ users: [KeyUser], _ outcome: inout Outcome
    ) throws(PipelineFailure) {
        guard let month = key.epoch?.month else { return }
        let verdict = verdict(month, key, users)
        if verdict.mayDie {
            outcome.destroyed.append(try destroy(month, reason: Tombstone.agedOut))
        } else if verdict.lastDue <= now {
            try close(key)
            outcome.closing.append((key, verdict.reasons))
        }
    }

    func verdict(_ month: CalendarMonth, _ key: KeyID, _ users: [KeyUser]) -> KeyVerdict {
        KeyVerdict(month: month, keyID: key.text, now: now, zone: zone, users: users)
    }

    /// Destroys the key of `month`; whether it may be done has been decided.
    func destroy(
        _ month: CalendarMonth, reason: String
    ) throws(PipelineFailure) -> Tombstone {
        let tombstone: Tombstone
        do {
            tombstone = try store.destroy(month, run: who, now: now, reason: reason)
        } catch { throw .keys("\(error)") }
        try enter(tombstone)
        return tombstone
    }

    /// Keeps runs out of the store; nil while one is at work.
    func lock() throws(PipelineFailure) -> FileLockBox? {
        do throws(KeyFault) {
            return FileLockBox(try store.lockForDestruction())
        } catch {
            if case .file(let fault) = error, fault.cause == .busyLock { return nil }
            throw .keys("\(error)")
        }
    }

    func epochs() throws(PipelineFailure) -> [EpochListing] {
        do { return try store.epochs() } catch { throw .keys("\(error)") }
    }

    private func close(_ key: KeyID) throws(PipelineFailure) {
        do { try own?.ledger.closeKey(key, time: now) } catch { throw failure(error) }
    }

    @discardableResult
    func enter(_ tombstone: Tombstone) throws(PipelineFailure) -> Bool {
        do { return try own?.ledger.enterDestruction(tombstone, time: now) ?? false } catch {
            throw failure(error)
        }
    }

    private func failure(_ fault: LedgerFault) -> PipelineFailure {
        .writing(fault)
    }
}

/// A lock that lasts as long as somebody holds the box.
final class FileLockBox {
    private let lock: FileLock

    init(_ lock: consuming FileLock) { self.lock = lock }
}
