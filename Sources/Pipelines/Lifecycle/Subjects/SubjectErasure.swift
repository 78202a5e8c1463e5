internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Erases a subject from everything that a pipeline stores.
///
/// With state: the erasure is entered, with its tokens, and from then on every run leaves the
/// subject's records out; then a run without sources takes them out of what is stored, in one
/// commit. Killed in between, the next run carries on. Without state the files that lie there are
/// rewritten, and nothing is remembered.
struct SubjectErasure {
    private let request: SubjectEraseRequest
    private let subject: SoughtSubject
    private let details: SubjectDetails

    init(_ request: SubjectEraseRequest) throws(PipelineFailure) {
        self.request = request
        subject = try SoughtSubject(request.subject)
        details = try SubjectDetails(request.subject, subject)
    }

    func run() throws(PipelineFailure) -> SubjectChangeReport {
        let session = try SubjectSession(
            request.subject, subject, creating: !request.isDryRun)
        if request.rewritesSources { try SourceErasure(plan: session.plan).check() }
        if request.isStoreSearched, session.plan.state == nil || request.isDryRun {
            throw .usage("--store-searched: expected a pipeline with `state`, and no --dry-run")
        }
        let search = try session.places()
        let sources = search.places.filter { $0.kind == .source }.flatMap(\.files)
        let sourceFolders =
            sources.map { splitPath($0).directory } + RunConfinement.sourceFolders(of: session.plan)
        session.confine(
            reading: search.places.flatMap(\.filesRead),
            writing: request.rewritesSources ? sourceFolders : [])
        var report = SubjectChangeReport()
        report.pipeline = session.plan.name
        report.isDryRun = request.isDryRun
        report.isRemembered = true
        report.limits = search.limits
        let until = try until(session)
        if session.statePath == nil {
            guard until == nil else { throw .usage("--until needs a pipeline with `state`") }
            try LooseErasure(plan: session.plan, isDryRun: request.isDryRun)
                .run(search.places, &report)
        } else {
            try erase(session, until, &report)
        }
        do { try listInputs(session, search.places, &report) } catch {
            throw request.isDryRun ? error : error.behind("what can be erased is erased")
        }
        return report
    }

    private func until(_ session: SubjectSession) throws(PipelineFailure) -> EventTime? {
        guard let text = request.until else { return nil }
        guard let clock = RunClock(text: text, zone: session.plan.release.zone) else {
            throw .usage("--until: expected a date (2026-04-15) or an RFC 3339 time")
        }
        return clock.now
    }

    // MARK: With state

    private func erase(
        _ session: SubjectSession, _ until: EventTime?, _ report: inout SubjectChangeReport
    ) throws(PipelineFailure) {
        let tokens = SubjectTokens(subject, session.plan, session.keys)
        // Nothing was ever run: there is nothing to look through.
        guard let ledger = session.ledger, let statePath = session.statePath else { return }
        let entered = request.isDryRun ? nil : try enter(session, ledger, tokens, until)
        let run = StatefulRun(
            plan: session.plan, statePath: statePath, request: settings(tokens, until),
            observer: nil, ledger: ledger)
        let outcome: RunReport
        do throws(PipelineFailure) { outcome = try run.run() } catch {
            guard entered != nil else { throw error }
            throw error.behind(Self.isEntered)
        }
        guard let work = run.subjects else { return }
        if let sources = run.sources { try tell(sources.report, in: &report) }
        tell(work, in: &report)
        if let unread = outcome.store?.keptUnreadable, unread > 0 {
            report.limits.append(
                "\(counted(unread, "line")) of the store cannot be read and stay as they are: "
                    + "nobody can tell whose they are; look whether they are the subject's.")
        }
        guard let index = work.index(ofErasure: entered) else { return }
        tell(work, ofErasureAt: index, session.plan, in: &report)
    }

    /// How the run that carries an erasure out, or only tries it, goes.
    private func settings(_ tokens: SubjectTokens, _ until: EventTime?) -> RunSettings {
        var settings = RunSettings()
        settings.command = "erase"
        settings.takesIn = false
        settings.workers = min(processorCount(), 16)
        settings.isDryRun = request.isDryRun
        settings.rewritesSources = request.rewritesSources
        settings.confirmation = request.confirmation
        if request.isDryRun { settings.order = .tryErasure(subject, tokens, until: until) }
        return settings
    }

    /// Says what changed in what is stored, for whichever request.
    private func tell(_ work: SubjectRewriting, in report: inout SubjectChangeReport) {
        report.parts = work.parts
        report.partialRows = work.partialRows
        report.undecidedRows = work.undecidedRows
        report.quarantineLines = work.quarantineLines
        report.limits += work.limits
    }

    /// Says what became of the subject's records, and what of them stays.
    private func tell(
        _ work: SubjectRewriting, ofErasureAt index: Int, _ plan: Plan,
        in report: inout SubjectChangeReport
    ) {
        report.records = work.tallies[index].erased
        report.undecided = work.tallies[index].undecided
        report.held = work.tallies[index].held
        let structured = work.tallies[index].structured
        if structured > 0, !plan.tables.isEmpty {
            report.limits.append(
                "\(counted(structured, "record")) that \(structured == 1 ? "names" : "name") the "
                    + "subject in an array or an object were counted for nobody: figures that "
                    + "count records have them still, and nothing tells them apart there.")
        }
        if let hold = work.blockingHold(index) {
            report.blockedBy = hold.name
            report.retry = hold.hold.end.map { dateText($0, in: plan.release.zone) }
        }
    }

    /// Says what was done to sources, and why some were left alone.
    private func tell(
        _ sources: StoreReport, in report: inout SubjectChangeReport
    ) throws(PipelineFailure) {
        let folder = try workingFolder()
        report.sources = sources.files.filter { $0.removed > 0 }.map {
            SubjectChangeReport.Input(
                path: Sluice.seen($0.path, from: folder), records: $0.removed)
        }
        report.token = sources.token
        if !sources.busy.isEmpty {
            report.limits.append(
                "\(counted(sources.busy.count, "source")) may still be written to, or hold what no "
                    + "run has taken in, and were left alone: run the pipeline, and ask again.")
        }
        let unread = sources.files.reduce(0) { $0 + $1.unreadable }
        if unread > 0 {
            report.limits.append(
                "\(counted(unread, "line")) of sources cannot be read or have no time, and stay as "
                    + "they are: nobody can tell whose they are.")
        }
    }

    /// Enters the erasure, or finds it when it was entered before and is not done.
    private func enter(
        _ session: SubjectSession, _ ledger: Ledger, _ tokens: SubjectTokens,
        _ until: EventTime?
    ) throws(PipelineFailure) -> Int64 {
        let registry = try StateRegistry(ledger, of: session.plan, creating: true)
        // Where every run is refused, none could carry out what would stand in the ledger.
        _ = try registry.register(for: session.plan)
        let person = try session.personRequest(details, registry)
        let limits = try PartSearch(session.plan, registry).storeLimits(
            person.subject.kind, isLimited: person.within != nil, session.plan)
        var entered: Int64?
        do {
            let known = try ledger.erasures().first {
                $0.done == nil && $0.request.subject == person.subject
                    && $0.request.within == person.within && $0.until == until
            }
            let id: Int64
            if let known {
                id = known.id
                try ledger.add(tokens.all, toErasure: id)
            } else {
                id = try ledger.requestErasure(
                    person, until: until, tokens: tokens.all, time: session.now)
            }
            entered = id
            if request.isStoreSearched {
                try ledger.noteStoreSearched(
                    forErasure: id, limits: limits, time: session.now)
            }
            try ledger.note(.erase, person, by: details.requestedBy, time: session.now)
            return id
        } catch {
            let failure = StateRegistry.failure(error)
            throw entered == nil ? failure : failure.behind(Self.isEntered)
        }
    }

    /// What stands already when something fails behind it.
    private static let isEntered = "the erasure is entered, and the next run carries it out"

    // MARK: Inputs

    /// Sources and reference tables belong to the operator: what still holds the subject, and would
    /// after a dry run, is named.
    private func listInputs(
        _ session: SubjectSession, _ places: [SubjectPlace],
        _ report: inout SubjectChangeReport
    ) throws(PipelineFailure) {
        let folder = try workingFolder()
        let tried = report.isDryRun ? report.sources.map(\.path) : []
        for place in places where place.kind == .table {
            let counts = try SubjectScan(plan: session.plan, place: place).run { _ in }
            guard counts.records > 0, let file = place.files.first else { continue }
            report.inputs.append(
                SubjectChangeReport.Input(path: file, records: counts.records))
            report.limits.append(
                "The row of table \(place.name) is the operator's: once it is taken away, the "
                    + "clocks that look the subject up there count as run out.")
        }
        for place in places where place.kind == .source {
            for file in place.files
            where !tried.contains(Sluice.seen(anchored(file, at: folder), from: folder)) {
                var one = place
                one.files = [file]
                let counts = try SubjectScan(plan: session.plan, place: one).run { _ in }
                let records = counts.records + counts.undecided
                guard records > 0 else { continue }
                report.inputs.append(SubjectChangeReport.Input(path: file, records: records))
            }
        }
    }
}
