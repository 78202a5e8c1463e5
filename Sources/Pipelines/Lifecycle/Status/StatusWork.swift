internal import Anonymization
internal import FileSystem
internal import Ledger
internal import Records

/// What `sluice status` does: one look at the ledger and the key store.
struct StatusWork {
    private let plan: Plan
    private let ledger: Ledger

    init(_ request: StatusRequest) throws(PipelineFailure) {
        let folder = try workingFolder()
        let loaded = try Sluice.loadSpecification(request.pipeline, now: request.now)
        if let metrics = request.metrics {
            try ResultPlaces(loaded.plan, of: loaded.specification, at: folder)
                .check(file: metrics, "--metrics")
            try MetricsFile.check(metrics)
        }
        let plan = loaded.plan.anchored(at: folder)
        guard let state = plan.state else {
            throw .usage(
                "\(request.pipeline) has no `state`: without it nothing is remembered that could "
                    + "be told")
        }
        guard try hasLedger(state) else {
            throw .storage("\(state) holds no ledger: the pipeline has not run yet")
        }
        try self.init(plan, state: state)
        guard request.isConfined else { return }
        let folders = request.metrics.map { [splitPath($0).directory] } ?? []
        _ = RunConfinement(plan, ledger, writing: folders, readsSources: false).enter()
    }

    /// For a plan with absolute paths; `state` holds a ledger.
    init(_ plan: Plan, state: String) throws(PipelineFailure) {
        self.plan = plan
        ledger = try openState(state, of: plan, for: .reading(isLocking: false))
    }

    private var now: EventTime { plan.release.clocks.runClock.now }

    private func moment(_ time: EventTime) -> StatusReport.Moment {
        let zone = plan.release.zone
        return StatusReport.Moment(
            time: time, text: dateText(time, in: zone),
            day: CivilDate(daysSince1970: zone.localDay(at: time)).text)
    }

    func run() throws(PipelineFailure) -> StatusReport {
        var report = StatusReport(pipeline: plan.name, now: moment(now))
        do {
            try tellRuns(&report)
            try tellRegistry(&report)
        } catch { throw StateRegistry.failure(error) }
        report.lostOutputs = try LostOutput.all(ledger, plan).map {
            StatusReport.LostOutput(name: $0.name, files: $0.files, missing: $0.missing)
        }
        report.changedLists = try changedLists()
        if let publish = plan.publish {
            let books = try PublicationBooks(plan, publish, ledger)
            report.unpublished = try books.open.map { month throws(PipelineFailure) in
                StatusReport.Unpublished(
                    month: month.text, closing: moment(books.closing(month)),
                    isDue: books.closing(month) <= now, waitsFor: try waitsFor(month, books))
            }
        }
        if KeyStoreAccess(plan: plan) != nil { report.keys = try keys() }
        return report
    }

    private func changedLists() throws(PipelineFailure) -> [String] {
        let lists: [FileRecord]
        do { lists = try ledger.files(.quarantine) } catch { throw StateRegistry.failure(error) }
        var changed: [String] = []
        for list in lists.map(\.file) where try plan.isChanged(list: list) {
            changed.append(list.path)
        }
        return changed
    }

    private func waitsFor(
        _ month: CalendarMonth, _ books: PublicationBooks
    ) throws(PipelineFailure) -> String? {
        do throws(PipelineFailure) { try books.checkKnown(month) } catch {
            guard case .refused(let sentence) = error else { throw error }
            return sentence
        }
        return nil
    }

    private func tellRuns(_ report: inout StatusReport) throws(LedgerFault) {
        let parts = try ledger.currentParts(pipeline: plan.name)
        let places = try plan.store.map { store throws(LedgerFault) in
            try ledger.storePlaces(store: store.name)
        } ?? []
        let deadlines = Deadlines(plan)
        let lists = try ledger.files(.quarantine)
        func listsEnded(by time: EventTime) -> Int {
            lists.count { plan.deleteBy(list: $0.file).map { $0 <= time } ?? false }
        }
        if let last = try ledger.lastRun(pipeline: plan.name) {
            report.lastRun = StatusReport.Run(
                id: last.id, command: last.command, clock: moment(last.now),
                finished: moment(last.finished),
                read: last.counts.read, quarantined: last.counts.quarantined)
            report.lateness = deadlines.lateness(after: last.now, parts, places, lists)
            if try ledger.bindingHolds(at: now).isEmpty {
                report.overdue = parts.count { part in
                    [deadlines.due(part), plan.deleteBy(part)].contains { time in
                        time.map { $0 <= last.now } ?? false
                    }
                }
            }
            // No hold keeps a list.
            report.overdue += listsEnded(by: last.now)
        }
        report.due.parts = parts.filter { deadlines.due($0).map { $0 <= now } ?? false }.count
        report.due.expired = parts.filter { plan.deleteBy($0).map { $0 <= now } ?? false }.count
        report.due.expired += listsEnded(by: now)
        report.due.storeFiles = places.filter { $0.nextDue.map { $0 <= now } ?? false }.count
        report.nextDue = deadlines.next(parts, places, lists).map(moment)
        report.readable = plan.outputs.compactMap { output in
            let readable = parts.filter { $0.output == output.name && $0.oldestReadable != nil }
            guard let oldest = readable.compactMap(\.oldestReadable).min() else { return nil }
            return StatusReport.Readable(
                output: output.name, files: readable.count, oldest: moment(oldest),
                due: readable.compactMap(deadlines.due).min().map(moment))
        }
        report.owedFiles = try ledger.pendingPublications().count
    }

    private func tellRegistry(_ report: inout StatusReport) throws(LedgerFault) {
        report.bindingHolds = try ledger.bindingHolds(at: now).map(\.name)
        let optOuts = try ledger.optOuts()
        report.optOutsInForce = optOuts.filter { $0.holds(at: now) }.count
        report.refusal = StateRegistry.namingLostPurposes(optOuts, plan)
        let open = try ledger.erasures().filter { $0.done == nil }
        report.erasuresOpen = open.count
        report.erasuresBlocked = open.filter { $0.blockedBy != nil }.count
        report.restrictionsInForce = try ledger.restrictions().filter { $0.lifted == nil }.count
        report.recallsOpen = try ledger.recalls().filter { $0.answered == nil }.count
    }

    /// A store that no run has made yet has no keys.
    private func keys() throws(PipelineFailure) -> StatusReport.Keys {
        var keys = StatusReport.Keys()
        guard let path = plan.keyStore, try isPresent(path) else { return keys }
        for entry in try KeyWork(plan, command: "status", changes: false).list().keys {
            switch entry.state {
            case .active: keys.active += 1
            case .closing: keys.closing += 1
            case .destroyed: keys.destroyed += 1
            case .missing: keys.missing += 1
            }
            guard entry.state == .active || entry.state == .closing else { continue }
            let next = StatusReport.Keys.Next(
                month: entry.month, from: entry.mayDieFrom, day: entry.mayDieDay)
            if keys.next.map({ next.from < $0.from }) ?? true { keys.next = next }
        }
        return keys
    }
}
