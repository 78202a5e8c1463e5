internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// How the commands and runs of a pipeline get at its key store.
struct KeyStoreAccess {
    let plan: Plan
    /// The directory of the store.
    let path: String

    /// Nil when the pipeline uses no month keys.
    init?(plan: Plan) {
        guard let path = plan.keyStore else { return nil }
        self.plan = plan
        self.path = path
    }

    /// Opens the store, makes it with `creating` when it is missing.
    func open(creating: Bool) throws(PipelineFailure) -> KeyStore {
        do throws(KeyFault) {
            return try KeyStore.open(
                path: path, zone: plan.release.zone.name, creatingIfMissing: creating,
                wrapping: try plan.loadWrapping())
        } catch { throw .keys("\(error)") }
    }

    /// The keys for a run. A dry run makes nothing, neither keys nor the store; with `reading` a
    /// month without a key is a fault.
    ///
    /// The state's ledger knows which keys earlier runs used; `statePath` is registered with the
    /// store before the first token is made, so that no destruction overlooks it.
    func ring(
        isDryRun: Bool, reading: Bool = false, ledger: Ledger? = nil, statePath: String? = nil
    ) throws(PipelineFailure) -> RunRing {
        let creating = !isDryRun && !reading
        let isThere = isDryRun ? try isPresent(path) : true
        let store = isThere ? try open(creating: creating) : nil
        let expected = try store.map { store throws(PipelineFailure) in
            try expectedKeys(ledger, zone: store.zone)
        }
        do throws(KeyFault) {
            let ring = try RunRing(
                store: store, creating: creating, reading: reading, expected: expected ?? [:])
            if let statePath, !isDryRun { try store?.register(statePath: statePath) }
            return ring
        } catch {
            if case .file(let fault) = error, fault.cause == .busyLock {
                throw .busy("keys of \(path) are being destroyed")
            }
            throw .keys("\(error)")
        }
    }

    private func expectedKeys(
        _ ledger: Ledger?, zone: String
    ) throws(PipelineFailure) -> [CalendarMonth: String] {
        guard let ledger else { return [:] }
        let records: [KeyRecord]
        do { records = try ledger.keys() } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        var expected: [CalendarMonth: String] = [:]
        for record in records where record.state != .destroyed && record.firstRun != nil {
            guard let month = record.month, record.zone?.utf8.elementsEqual(zone.utf8) == true
            else { continue }
            expected[month] = record.id
        }
        return expected
    }
}

extension Plan {
    /// The key-encryption key of the pipeline, if it has one: seals the keys of its store.
    func loadWrapping() throws(KeyFault) -> WrappingKey? { try keyWrapping?.key() }
}

/// An absolute path without `.` and `..`, so that a folder is registered under one spelling.
func registeredPath(_ path: String) -> String { PlanningWorld.simplified(path) }
