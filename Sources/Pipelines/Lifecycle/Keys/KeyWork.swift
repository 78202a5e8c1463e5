internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// What the `keys` commands do: one object for one command.
struct KeyWork {
    private let plan: Plan
    private let store: KeyStore
    private let zone: ZoneTable
    private let now: EventTime
    private let own: (path: String, ledger: Ledger)?
    private let retirement: KeyRetirement

    /// Opens the key store, which must be there, and the state, if the pipeline has one: with its
    /// lock when the command changes something, else to look only. `state` is one that is looked at
    /// though nobody may have registered it.
    init(
        _ request: KeysRequest, command: String, changes: Bool, state: String? = nil
    ) throws(PipelineFailure) {
        let plan = try Sluice.loadPlan(request.pipeline, now: request.now)
            .anchored(at: try workingFolder())
        guard plan.keyStore != nil else {
            throw .usage("\(request.pipeline) uses no month keys: there is no key store to look at")
        }
        try self.init(plan, command: command, changes: changes)
        guard request.isConfined else { return }
        let files = state.map { ["\($0)/\(Ledger.fileName)"] } ?? []
        _ = RunConfinement(plan, own?.ledger, reading: files, readsSources: false).enter()
    }

    /// The same for a plan with absolute paths that uses month keys.
    init(_ plan: Plan, command: String, changes: Bool) throws(PipelineFailure) {
        self.plan = plan
        guard let access = KeyStoreAccess(plan: plan) else {
            throw .usage("\(plan.name) uses no month keys: there is no key store to look at")
        }
        store = try access.open(creating: false)
        zone = plan.release.zone
        now = plan.release.clocks.runClock.now
        own = try Self.state(of: plan, for: changes ? .changing : .reading(isLocking: false))
        retirement = KeyRetirement(store: store, zone: zone, now: now, who: command, own: own)
    }

    /// Nil for a state that no run has made yet.
    private static func state(
        of plan: Plan, for use: StateUse
    ) throws(PipelineFailure) -> (path: String, ledger: Ledger)? {
        guard let path = plan.state.map(registeredPath), try hasLedger(path) else { return nil }
        return (path, try openState(path, of: plan, for: use))
    }

    /// Everybody who uses the store; the pipeline of this command at least.
    private func users() throws(PipelineFailure) -> [KeyUser] {
        let users = try KeyUsers(store: store, now: now, own: own).ask()
        let use = KeyUse(pipelines: [
            KeyUse.Pipeline(name: plan.name, needs: plan.keyNeeds, lastRun: nil)
        ])
        return users + [KeyUser(place: "the pipeline \(plan.name)", answer: .uses(use))]
    }

    // MARK: List

    func list() throws(PipelineFailure) -> KeyListReport {
        var report = KeyListReport()
        report.pipeline = plan.name
        report.store = store.path
        report.zone = store.zone
        report.isWrapped = store.isWrapped
        report.erasedAgainKeys = store.erasedAgain.map(\.text)
        let users = try users()
        report.users = users.dropLast().map { user in
            switch user.answer {
            case .uses: KeyListReport.User(place: user.place, fault: "")
            case .busy: KeyListReport.User(place: user.place, fault: "a run is at work on it")
            case .none(let why): KeyListReport.User(place: user.place, fault: why)
            }
        }
        var records: [String: KeyRecord] = [:]
        for record in try ledgerKeys() { records[record.id] = record }
        for listing in try retirement.epochs() {
            report.keys.append(entry(listing, records[listing.keyID.text], users))
            records[listing.keyID.text] = nil
        }
        let missing = records.values.filter { record in
            record.zone?.utf8.elementsEqual(store.zone.utf8) == true
                && record.state != .destroyed
        }
        report.keys += missing.map(missingEntry)
        report.keys.sort { ($0.month, $0.keyID) < ($1.month, $1.keyID) }
        return report
    }

    private func ledgerKeys() throws(PipelineFailure) -> [KeyRecord] {
        do { return try own?.ledger.keys() ?? [] } catch { throw StateRegistry.failure(error) }
    }

    private func entry(
        _ listing: EpochListing, _ record: KeyRecord?, _ users: [KeyUser]
    ) -> KeyListReport.Entry {
        let month = listing.keyID.epoch?.month ?? CalendarMonth(index: 0)
        var entry = KeyListReport.Entry(
            month: month.text, keyID: listing.keyID.text, fingerprint: listing.fingerprint.text,
            state: .active)
        switch listing.state {
        case .destroyed(let tombstone):
            entry.state = .destroyed
            entry.since = dateText(tombstone.time)
            entry.sinceDay = day(tombstone.time)
            entry.run = tombstone.run
            entry.method = tombstone.method
            entry.reason = tombstone.reason
        case .alive:
            let verdict = retirement.verdict(month, listing.keyID, users)
            let isClosing = verdict.lastDue <= now
            entry.state = isClosing ? .closing : .active
            let since = isClosing ? record?.closing : record?.firstUsed
            entry.since = since.map(dateText) ?? ""
            entry.sinceDay = since.map(day) ?? ""
            entry.run = record?.firstRun ?? ""
            entry.codes = verdict.reasons.map(\.code)
            entry.reasons = verdict.reasons.map(\.sentence)
            let end = max(verdict.end, verdict.retryAt ?? verdict.end)
            entry.mayDieFrom = dateText(end)
            entry.mayDieDay = day(end)
        }
        return entry
    }

    private func missingEntry(_ record: KeyRecord) -> KeyListReport.Entry {
        var entry = KeyListReport.Entry(
            month: record.month?.text ?? "", keyID: record.id,
            fingerprint: record.fingerprint, state: .missing)
        entry.since = record.firstUsed.map(dateText) ?? ""
        entry.sinceDay = record.firstUsed.map(day) ?? ""
        entry.run = record.firstRun ?? ""
        entry.reasons = [
            "earlier runs used it and its file is gone without a record: restore it, or record "
                + "that it is gone with `sluice keys destroy`"
        ]
        entry.codes = ["missing"]
        return entry
    }

    /// The day of an instant where the store counts months.
    private func day(_ time: EventTime) -> String {
        CivilDate(daysSince1970: zone.localDay(at: time)).text
    }

    // MARK: Destroy

    func destroy(_ text: String, _ reason: String?) throws(PipelineFailure) -> KeyDestroyReport {
        guard let month = CalendarMonth(text: text) else {
            throw .usage("--month: expected a month such as 2026-03")
        }
        let reason = reason ?? "by hand"
        guard let lock = try retirement.lock() else {
            throw .busy("another run uses the keys in \(store.path)")
        }
        defer { _ = lock }
        let listing = try retirement.epochs().first { $0.keyID.epoch?.month == month }
        switch listing?.state {
        case .destroyed(let tombstone):
            try retirement.enter(tombstone)
            return report(tombstone, wasDestroyed: true)
        case .alive:
            if let key = listing?.keyID { try refuse(month, key.text) }
            return report(try retirement.destroy(month, reason: reason), wasDestroyed: false)
        case nil: return report(try recordLoss(month, reason), wasDestroyed: false)
        }
    }

    /// Says why the key may not die, if it may not.
    private func refuse(_ month: CalendarMonth, _ key: String) throws(PipelineFailure) {
        let verdict = KeyVerdict(
            month: month, keyID: key, now: now, zone: zone, users: try users())
        guard !verdict.mayDie else { return }
        let retry = verdict.retryAt.map { "; try again at \(dateText($0))" } ?? ""
        throw .refused(
            "the key of \(month.text) may not be destroyed: "
                + verdict.reasons.map(\.sentence).joined(separator: "; ") + retry)
    }

    /// A key that runs of this state used and whose file is gone gets its record now.
    private func recordLoss(
        _ month: CalendarMonth, _ reason: String
    ) throws(PipelineFailure) -> Tombstone {
        let record = try ledgerKeys().first {
            $0.month == month && $0.state != .destroyed
                && $0.zone?.utf8.elementsEqual(store.zone.utf8) == true
        }
        guard let record, let number = UInt64(record.id.suffix(16), radix: 16),
            let fingerprint = Digest256(hex: record.fingerprint)
        else {
            throw .keys(
                "neither the key store nor the ledger has a living key for \(month.text): nothing "
                    + "is left to destroy; `sluice keys list` shows those there are")
        }
        var tombstone = Tombstone(
            keyID: KeyID(epoch: store.epoch(of: month), number: number),
            fingerprint: KeyFingerprint(digest: fingerprint), time: now,
            run: retirement.who, method: KeyStore.methodOfLost, reason: reason)
        do { tombstone = try store.recordLoss(tombstone) } catch { throw .keys("\(error)") }
        try retirement.enter(tombstone)
        return tombstone
    }

    private func report(_ tombstone: Tombstone, wasDestroyed: Bool) -> KeyDestroyReport {
        KeyDestroyReport(
            key: DestroyedKey(tombstone), time: dateText(tombstone.time), run: tombstone.run,
            reason: tombstone.reason, wasDestroyed: wasDestroyed)
    }

    // MARK: Forget

    func forget(_ state: String) throws(PipelineFailure) -> KeyForgetReport {
        let path = registeredPath(anchored(state, at: try workingFolder()))
        guard let lock = try retirement.lock() else {
            throw .busy("another run uses the keys in \(store.path)")
        }
        defer { _ = lock }
        try refuseForgetting(path)
        let wasKnown: Bool
        do {
            wasKnown = try store.unregister(statePath: path, by: retirement.who, now: now)
        } catch { throw .keys("\(error)") }
        guard wasKnown else {
            throw .usage("--state: \(path) is not registered with \(store.path)")
        }
        try record(path)
        return KeyForgetReport(state: path, store: store.path)
    }

    /// Throws while the state needs keys, or is there and cannot tell whether it does.
    private func refuseForgetting(_ path: String) throws(PipelineFailure) {
        guard try hasLedger(path) else { return }
        switch KeyUsers.ask(path, now: now, own: own) {
        case .uses(let use):
            guard use.stillNeedsKeys else { return }
            throw .refused(
                "the state in \(path) is there and still needs keys: expected a folder that is "
                    + "gone for good")
        case .busy: throw .busy("another run is at work on the state in \(path)")
        case .none(let why):
            throw .storage(
                "the state in \(path) is there and cannot tell whether it needs keys: \(why); "
                    + "expected one that can be read, or a folder that is gone for good")
        }
    }

    /// The ledger keeps that a state was forgotten; its path may tell names and stays out.
    private func record(_ path: String) throws(PipelineFailure) {
        do {
            try own?.ledger.append(
                event: "state-forgotten",
                ["state": .text(Digest256.of(Array(path.utf8).span).hex)], time: now)
        } catch { throw .writing(error) }
    }
}

extension KeyUse {
    /// True while something in the state could need a key: pipelines that ran lately are not
    /// enough, readable records, aggregates and unfinished runs are.
    fileprivate var stillNeedsKeys: Bool {
        !livePartials.isEmpty || pendingPublications > 0 || !oldestReadable.isEmpty
            || !holds.isEmpty
    }
}
