internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// A run with state: takes in what is new, ages out what an earlier run wrote, and commits outputs,
/// partials, tables and ledger rows together.
///
/// Order of work: finish what a killed run still owes; one task for each new source; rewrite the
/// parts that hold due records; delete expired ones; make everything durable under temporary names;
/// one ledger transaction (the point of no return); renames; done. A run killed before the
/// transaction has changed nothing, one killed after it is finished by the next.
final class StatefulRun {
    /// Completed with what the state remembers, and with its registry, once it is open.
    private(set) var plan: Plan
    let settings: RunSettings
    let observer: (any RunObserver)?
    private let statePath: String
    private var runName = ""
    var report = RunReport()
    /// What was made durable, and what the commit will say of it.
    let changes: PendingChanges
    /// True from the moment on at which the ledger may know of the prepared files.
    private var mayBeCommitted = false
    /// True from the moment on at which it does.
    private var isCommitted = false
    /// The list of what is set aside; nil in a dry run.
    let quarantine: QuarantineFile?
    private var optOutMatches: OptOutMatches?
    private var subjectMatches: SubjectMatches?
    private let opened: Ledger?
    /// What tasks elsewhere have read for the run; nil: it reads its sources itself.
    let divided: DividedSources?
    /// What is done for opt-outs; nil before the requests are opened.
    private var optOuts: DueOptOuts?
    /// What is done for requests of persons.
    private(set) var subjects: SubjectRewriting?
    /// What is done to the sources for them.
    private(set) var sources: StoreAgeing?

    /// `ledger` is that of the state when the caller has it open.
    init(
        plan: Plan, statePath: String, request: RunSettings, observer: (any RunObserver)?,
        ledger: Ledger? = nil, divided: DividedSources? = nil
    ) {
        opened = ledger
        self.divided = divided
        self.plan = plan
        self.statePath = statePath
        changes = PendingChanges(mark: plan.mark)
        settings = request
        self.observer = observer
        quarantine = request.isDryRun ? nil : QuarantineFile(plan: plan)
    }

    /// Opens the state, finishes what killed runs owe, and completes the plan with what the state
    /// remembers.
    private func open() throws(PipelineFailure) -> (ledger: Ledger, registry: StateRegistry) {
        let ledger = if let opened { opened } else { try openState(statePath, of: plan) }
        if !settings.isDryRun {
            try RunRecovery(ledger: ledger, plan: plan).finishEarlierRuns()
        }
        plan = try TableMemory(ledger: ledger, plan: plan).recalled()
        try OptOutListMemory(ledger: ledger, plan: plan).check()
        do { plan.latestRun = try ledger.latestClock() } catch {
            throw StateRegistry.failure(error)
        }
        try checkClock(ledger)
        try plan.recallCountedFields(ledger)
        prepare(&report, plan, isDryRun: settings.isDryRun)
        try noteTime(ledger)
        try noteChangedStatistics(ledger)
        return (ledger, try openRegistry(ledger))
    }

    /// What the tasks of a run have to know of its state, and what is new in the files at `paths`.
    /// Everything that a run would enter before it reads its sources is entered now.
    func survey(_ paths: [String]) throws(PipelineFailure) -> RunStart {
        let (ledger, _) = try open()
        let keys = try openKeys(ledger)
        defer { keys?.release() }
        if settings.isConfined { try confine(to: paths, ledger, keys) }
        let intake = SourceIntake(self, ledger: ledger, keys: keys)
        let sources = try SourceSurvey(intake, paths, ends: .whereSettled).survey()
        do {
            return RunStart(
                sources: sources, chainEnd: try ledger.verifyChain().hash,
                namesSubjects: !plan.release.subjects.isEmpty)
        } catch { throw StateRegistry.failure(error) }
    }

    func run() throws(PipelineFailure) -> RunReport {
        let (ledger, registry) = try open()
        try divided?.state.check(ledger)
        let keys = try openKeys(ledger)
        defer { keys?.release() }
        try RestoredParts(self, registry: registry, keys: keys).run()
        let intake = SourceIntake(self, ledger: ledger, keys: keys)
        let ageing = PartAgeing(self, registry: registry, keys: keys)
        let subjects = try openRequests(registry, keys)
        let store = plan.store.map {
            StoreAgeing(
                $0, plan: plan, settings: settings, ledger: ledger, keys: keys, changes: changes,
                quarantine: quarantine, subjects: subjects)
        }
        do throws(PipelineFailure) {
            let takesIn = plan.readsSources && settings.takesIn
            let paths = takesIn ? try sourcePaths() : []
            if settings.isConfined { try confine(to: paths, ledger, keys) }
            if takesIn { try intake.run(paths, names: divided?.names) }
            try keys?.check()
            try checkQuarantine(plan, report)
            try checkFirstClock(ledger, report.totals)
            report.noteTimes(plan)
            report.noteChangedSources()
            noteUnmatched()
            try ageing.forgetMissing()
            try subjects.run()
            try ageing.run()
            try checkLists(ledger)
            for lost in try LostOutput.all(ledger, plan, leaving: changes) {
                report.alarm(lost.words)
            }
            try keys?.check()
            let tables = try intake.tables()
            try age(store, intake, ledger)
            try rewriteSources(intake, ledger, subjects)
            subjects.tell(in: &report)
            try keys?.check()
            if settings.isDryRun {
                intake.abandon()
                subjects.abandon()
                ageing.abandon()
                try changes.checkReadable(left: subjects.leftWords)
                return report
            }
            try commit(ledger, intake, store, tables, keys)
            if sources != nil { try note(SourceErasure.ended, ledger) }
            try TableFiles.show(tables)
            try finishKeys(ledger, keys)
            try changes.checkReadable(left: subjects.leftWords)
            return report
        } catch {
            if !mayBeCommitted { abandon(intake, ageing, store) }
            throw isCommitted ? error.behind("the run is entered in the ledger") : error
        }
    }

    /// Removes everything that was prepared for a commit that does not come.
    private func abandon(_ intake: SourceIntake, _ ageing: PartAgeing, _ store: StoreAgeing?) {
        intake.abandon()
        subjects?.abandon()
        ageing.abandon()
        store?.abandon()
        sources?.abandon()
        quarantine?.abandon()
        changes.discard()
    }

    private func sourcePaths() throws(PipelineFailure) -> [String] {
        if let divided { return divided.paths }
        return try resolveSources(plan.sources)
    }

    /// Closes to the process what the run is not about.
    private func confine(
        to sources: [String], _ ledger: Ledger, _ keys: RunRing?
    ) throws(PipelineFailure) {
        var confinement = RunConfinement(plan, sources: sources, writes: settings.writes)
        try confinement.add(ledger, keys: keys)
        report.confinement = confinement.enter()
    }

    /// Looks at the store and, unless this is a dry run, rewrites what may be rewritten.
    private func age(
        _ store: StoreAgeing?, _ intake: SourceIntake, _ ledger: Ledger
    ) throws(PipelineFailure) {
        guard let store else { return }
        let isCommand = plan.readsSources && !settings.takesIn
        let awaited = isCommand ? try intake.surveyOnly() : []
        try store.look(sources: intake.contents, awaited: awaited)
        report.store = store.report
        try checkFirstClock(ledger, store.quarantined)
        report.noteTimes(plan, store.quarantined, "in store `\(store.report.name)`")
        if let words = passedOverWords(store.report.passedOver) { report.notes.append(words) }
        for words in store.report.doubts { report.alarm(words) }
        if settings.isDryRun { return }
        try store.checkPermission()
        try store.rewrite()
        if store.groupless > 0 {
            report.alarm(
                "files of the store that could not keep their group, which may not read them any "
                    + "more: \(store.groupless); the user of the run has to be in that group")
        }
    }

    /// Takes erased subjects out of the sources, where a command says so.
    private func rewriteSources(
        _ intake: SourceIntake, _ ledger: Ledger, _ subjects: SubjectRewriting
    ) throws(PipelineFailure) {
        guard settings.rewritesSources else { return }
        let sources = try SourceErasure(plan: plan).ageing(
            settings, ledger, changes, subjects)
        self.sources = sources
        let awaited = try intake.surveyOnly()
        try sources.look(sources: intake.contents, awaited: awaited)
        report.erasedFromSources = sources.report.removed
        if settings.isDryRun || sources.pending.isEmpty { return }
        try SourceErasure.checkPermission(sources, settings)
        try note(SourceErasure.begun, ledger)
        try sources.rewrite()
    }

    private func note(_ event: String, _ ledger: Ledger) throws(PipelineFailure) {
        do { try ledger.append(event: event, [:], time: plan.release.clocks.runClock.now) } catch {
            throw StateRegistry.failure(error)
        }
    }

    /// Imports the file of holds and puts everybody whom the run has to know into its plan.
    private func openRegistry(_ ledger: Ledger) throws(PipelineFailure) -> StateRegistry {
        let now = plan.release.clocks.runClock.now
        if let file = plan.holds {
            let work = HoldImport(plan: plan, ledger: ledger, isDryRun: settings.isDryRun)
            report.notes += try work.run(file: file)
        }
        // A list of opt-outs is matched with what is stored by the hashes of the registry.
        var registry = try StateRegistry(
            ledger, of: plan,
            creating: !settings.isDryRun && !plan.optOutList.entries.isEmpty)
        registry.entering = settings.optOuts
        plan.release.subjects = try registry.register(for: plan)
        do {
            report.bindingHolds = try ledger.bindingHolds(at: now).map(\.name)
        } catch { throw StateRegistry.failure(error) }
        return registry
    }

    /// The erasures that are not done yet, and what a command asks for.
    private func openRequests(
        _ registry: StateRegistry, _ keys: RunRing?
    ) throws(PipelineFailure) -> SubjectRewriting {
        let now = plan.release.clocks.runClock.now
        let optOuts =
            settings.appliesList
            ? try DueOptOuts(registry, plan) : try DueOptOuts(of: settings, registry, plan)
        self.optOuts = optOuts
        report.notes += optOuts.notes
        for sentence in optOuts.alarms { report.alarm(sentence) }
        let order = settings.order ?? optOuts.removal.map { .removeOptedOut($0) }
        let work = try SubjectWork(registry, now: now, order)
        let rewriting = SubjectRewriting(self, registry, work, keys: keys)
        subjects = rewriting
        return rewriting
    }

    /// Adds what the records of a source matched of the opt-outs and the registry.
    func addMatches(of source: TakenSource) {
        if let matches = source.optOutMatches {
            optOutMatches?.merge(matches)
            optOutMatches = optOutMatches ?? matches
        }
        if let matches = source.subjectMatches {
            subjectMatches?.merge(matches)
            subjectMatches = subjectMatches ?? matches
        }
    }

    private func noteUnmatched() {
        report.unmatchedOptOuts = optOutMatches?.unmatchedLines(of: plan.optOutList) ?? []
        report.unmatchedRegistryOptOuts =
            subjectMatches?.unmatchedOptOuts(of: plan.release.subjects) ?? []
    }

    /// Says which months were counted under other statistics: they are in no table of today. What
    /// is published waits for somebody; of other tables it is said once.
    private func noteChangedStatistics(_ ledger: Ledger) throws(PipelineFailure) {
        guard !plan.statistics.statistics.isEmpty else { return }
        let digest = plan.statisticsDigest.hex
        let months: [CalendarMonth]
        do {
            let isCounted = try ledger.hasCounted(statisticSet: digest)
            guard plan.publish != nil || !isCounted else { return }
            let changed = try ledger.changedPartials(pipeline: plan.name, statisticSet: digest)
            months = Set(
                changed.filter { !$0.statisticSet.utf8.elementsEqual(digest.utf8) }.map(\.month)
            ).sorted()
        } catch { throw StateRegistry.failure(error) }
        guard !months.isEmpty else { return }
        report.alarm(
            "counted under other statistics than those of today, and in none of their tables: "
                + "\(months.map(\.text).joined(separator: ", ")); only the pipeline as it was "
                + (plan.publish == nil ? "shows" : "publishes") + " them")
    }

    private func openKeys(_ ledger: Ledger) throws(PipelineFailure) -> RunRing? {
        try KeyStoreAccess(plan: plan)?.ring(
            isDryRun: settings.isDryRun, ledger: ledger, statePath: registeredPath(statePath))
    }

    /// Destroys the keys that nothing needs any more.
    private func finishKeys(_ ledger: Ledger, _ keys: RunRing?) throws(PipelineFailure) {
        guard let keys else { return }
        guard settings.retiresKeys else { return keys.release() }
        let work = RunKeys(
            plan: plan, ring: keys, ledger: ledger, statePath: registeredPath(statePath),
            runName: runName)
        try work.finish(&report)
        try PartialRetirement(ledger: ledger, now: plan.release.clocks.runClock.now).run()
    }

    // MARK: Commit

    private func commit(
        _ ledger: Ledger, _ intake: SourceIntake, _ store: StoreAgeing?,
        _ tables: [TableFiles.File], _ keys: RunRing?
    ) throws(PipelineFailure) {
        try prepareFiles(of: tables)
        try keepQuarantine(ledger)
        try writeTerms(ledger)
        // A process may run several times: the time tells its runs apart.
        runName = divided?.runName ?? "\(TemporaryName.run)-\(intake.started.milliseconds)"
        let commit = try makeCommit(ledger, intake, store, keys)
        mayBeCommitted = true
        let run: Int64
        do { run = try ledger.commitRun(commit) } catch {
            throw .writing(error)
        }
        isCommitted = true
        // A run that owes nothing is published by its commit.
        if changes.publications.isEmpty { return }
        try RunRecovery(ledger: ledger, plan: plan).publish(
            run: run, changes.publications, redo: false)
    }

    /// Makes the files of tables durable under temporary names.
    private func prepareFiles(of tables: [TableFiles.File]) throws(PipelineFailure) {
        for entry in try TableFiles.prepare(tables, sources: [], in: changes.folders) {
            let content = ContentIdentity(
                digest: Digest256.of(entry.file.bytes.span), byteCount: entry.file.bytes.count)
            changes.owe(
                entry.prepared, in: entry.folder,
                as: NewFile(
                    kind: .table, name: entry.file.table, path: entry.file.path, content: content))
            report.addTables([entry.file])
        }
    }

    /// What the run enters in the ledger.
    private func makeCommit(
        _ ledger: Ledger, _ intake: SourceIntake, _ store: StoreAgeing?, _ keys: RunRing?
    ) throws(PipelineFailure) -> RunCommit {
        var commit = RunCommit(
            name: runName, pipeline: plan.name, command: settings.command, plan: plan.digest,
            started: intake.started, finished: currentTime(),
            now: plan.release.clocks.runClock.now,
            cutoff: plan.release.clocks.statedCutOff, counts: runCounts())
        commit.isClockStated = plan.isClockStated
        commit.sources = intake.sources + (store?.counted ?? []) + (sources?.counted ?? [])
        commit.store = store?.commit
        commit.tasks = intake.tasks
        commit.keys = (keys?.used ?? []).map { UsedKey(id: $0.id, fingerprint: $0.fingerprint) }
        commit.keyNeeds = plan.keyStore == nil ? nil : plan.keyNeeds
        commit.holds = plan.release.subjects.holds.map(\.id)
        let tables = TableMemory(ledger: ledger, plan: plan)
        commit.inputLists = try tables.remember(changes)
        commit.forgottenTables = try tables.forget(changes)
        commit.parts = changes.parts
        commit.removedParts = changes.removedParts
        commit.dealings = changes.dealings
        commit.readable = changes.readable
        commit.newestDays = changes.newestDays
        commit.lookedAt = changes.lookedAt
        commit.unjudged = changes.unjudged
        commit.judgedAgain = changes.judgedAgain
        commit.ruleTexts = changes.ruleTexts
        commit.partials = intake.partials
        commit.countedFields = intake.partials.isEmpty ? [] : plan.ownCountedFields
        commit.replacedPartials = subjects?.replacedPartials ?? []
        commit.givenUpPartials = (subjects?.givenUp ?? []).map(\.id)
        commit.finishedErasures = subjects?.finished ?? []
        commit.blockedErasures = subjects?.blocked ?? []
        commit.awaitingErasures = subjects?.awaiting
        commit.outdatedStoreSearches = subjects?.outdatedStoreSearches ?? []
        commit.files = changes.files
        commit.removedFiles = changes.removedFiles
        commit.shared = plan.outputs.filter { $0.termsPath != nil }
            .map { ($0.name, $0.sharedWith, $0.purpose) }
        commit.recalls = changes.recalls
        commit.recalledDeliveries = changes.recalledDeliveries
        commit.optOuts = settings.optOuts
        try optOuts?.remember(
            in: &commit, kept: subjects?.heldOptOuts ?? [],
            leavesSome: subjects?.leavesOptOuts == true)
        commit.measurements = report.risks.map(RowMeasurement.init)
        commit.publications = changes.publications
        return commit
    }
}

/// What a run with state starts from.
struct RunStart {
    /// What is known of each source, and what is new in it.
    let sources: [SourceSurvey.Source]
    /// The end of the ledger's chain of events.
    let chainEnd: Digest256
    /// False when the registry names nobody.
    let namesSubjects: Bool
}

/// The system's clock, for the start and the end of a run.
func currentTime() -> EventTime { RunClock.system(zone: .utc).now }
