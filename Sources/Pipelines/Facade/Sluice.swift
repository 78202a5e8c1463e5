internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Publication
package import Records
internal import Statistics

/// What the command line, and other programmes of this package, can ask Sluice to do.
package enum Sluice {
    /// The version of the tool.
    package static let version = "0.1.0"

    /// Counts the changes in what becomes of a record: of the tasks of one run all must have the
    /// same number, because not every build has a version of its own. A test of the results of all
    /// rules (`RulesNumberTests`) says when it has to be raised.
    package static let rules = 4

    /// Runs a pipeline file.
    package static func run(
        _ request: RunRequest, observer: (any RunObserver)?
    ) throws(PipelineFailure) -> RunReport {
        var (specification, plan) = try loadSpecification(request.pipeline, now: request.now)
        if !request.sources.isEmpty { plan.sources = request.sources }
        let places = ResultPlaces(plan, of: specification, at: try workingFolder())
        if plan.readsSources { try places.check(sources: request.sources) }
        if let metrics = request.metrics, !request.isDryRun {
            try places.check(file: metrics, "--metrics")
            try MetricsFile.check(metrics)
        }
        if request.reportsOnStandardOutput, !request.isDryRun { try checkStandardOutput(plan) }
        if request.forgetsMissing != nil, plan.state == nil {
            throw .usage("--forget-missing: without `state` nothing is remembered of files")
        }
        if !request.sources.isEmpty, !plan.readsSources {
            throw .usage(
                "sources on the command line: the pipeline has nothing but a store, expected none")
        }
        if request.confirmation != nil, plan.store == nil {
            throw .usage("--confirm: the pipeline has no store whose changes it could confirm")
        }
        do throws(PipelineFailure) {
            var report = try run(plan, settings(request), observer: observer)
            guard request.metrics != nil, !request.isDryRun else { return report }
            do throws(PipelineFailure) { report.status = try statusIfAny(plan) } catch {
                throw error.behind("the run is done and stands")
            }
            return report
        } catch {
            throw error.naming(pipeline: request.pipeline)
        }
    }

    /// Nil for a pipeline without state, or that has not run yet.
    private static func statusIfAny(_ plan: Plan) throws(PipelineFailure) -> StatusReport? {
        let plan = plan.anchored(at: try workingFolder())
        guard let state = plan.state, try hasLedger(state) else { return nil }
        return try StatusWork(plan, state: state).run()
    }

    private static func run(
        _ plan: Plan, _ settings: RunSettings, observer: (any RunObserver)?,
        opened: ByteSource? = nil
    ) throws(PipelineFailure) -> RunReport {
        let started = nanosecondsNow()
        var report = try runUntimed(plan, settings, observer: observer, opened: opened)
        let elapsed = nanosecondsNow() - started
        report.elapsedSeconds = Double(elapsed) / 1e9
        report.workers = settings.workers
        report.stages.add(.commit, nanoseconds: elapsed - report.taskNanoseconds)
        if LockedMemory.wasRefused {
            report.notes.append(
                "not all keys could be locked in memory and may have been swapped out: expected a "
                    + "higher limit of locked memory (`ulimit -l`, `LimitMEMLOCK=`)")
        }
        return report
    }

    private static func runUntimed(
        _ plan: Plan, _ settings: RunSettings, observer: (any RunObserver)?, opened: ByteSource?
    ) throws(PipelineFailure) -> RunReport {
        do { try HashingSelfTest.run() } catch {
            throw .internalFault("the hash functions do not give the published values")
        }
        guard let state = plan.state, settings.isDryRun ? try isPresent(state) : true else {
            if let store = plan.store { return try firstLook(plan, store, settings, observer) }
            return try PlainRun(
                plan: plan, request: settings, observer: observer, opened: opened
            ).run()
        }
        let folder = try workingFolder()
        var report = try StatefulRun(
            plan: plan.anchored(at: folder), statePath: anchored(state, at: folder),
            request: settings, observer: observer
        ).run()
        for index in report.files.indices {
            report.files[index].path = seen(report.files[index].path, from: folder)
        }
        for index in (report.store?.files ?? []).indices {
            let path = registeredPath(report.store?.files[index].path ?? "")
            report.store?.files[index].path = seen(path, from: folder)
        }
        return report
    }

    /// A path below the folder that people are in as they would write it.
    static func seen(_ path: String, from folder: String) -> String {
        let start = Array("\(folder)/".utf8)
        guard path.utf8.starts(with: start) else { return path }
        return String(decoding: path.utf8.dropFirst(start.count), as: UTF8.self)
    }

    static func checkClock(_ now: String?) throws(PipelineFailure) {
        guard let now, RunClock(text: now, zone: .utc) == nil else { return }
        throw .usage("--now: expected a date such as 2026-04-15, or an RFC 3339 time")
    }

    /// A report and records on one stream would be told apart by nobody.
    private static func checkStandardOutput(_ plan: Plan) throws(PipelineFailure) {
        guard let taken = plan.resultOnStandardOutput else { return }
        throw .usage(
            "--json: the report goes to standard output, and so does `\(taken)`: expected a "
                + "file as its path, or no --json")
    }

    /// A dry run before the first run: there is no state yet, and none is made.
    private static func firstLook(
        _ plan: Plan, _ store: StorePlan, _ settings: RunSettings,
        _ observer: (any RunObserver)?
    ) throws(PipelineFailure) -> RunReport {
        var report = RunReport()
        if plan.readsSources {
            report = try PlainRun(plan: plan, request: settings, observer: observer).run()
        } else {
            prepare(&report, plan, isDryRun: true)
        }
        let ageing = StoreAgeing(
            store, plan: plan, settings: settings, ledger: nil, keys: nil,
            changes: PendingChanges(mark: plan.mark), quarantine: nil)
        try ageing.look(sources: [:])
        report.store = ageing.report
        report.noteTimes(plan, ageing.quarantined, "in store `\(store.name)`")
        return report
    }

    private static func settings(_ request: RunRequest) throws(PipelineFailure) -> RunSettings {
        var settings = RunSettings()
        settings.workers = try workers(request.workers)
        settings.isDryRun = request.isDryRun
        settings.forgetsMissing = request.forgetsMissing
        settings.expectedBytes = request.expectedBytes
        settings.expectedSHA256 = request.expectedSHA256
        settings.endOfInputIsComplete = request.endOfInputIsComplete
        settings.confirmation = request.confirmation
        settings.isConfined = request.isConfined
        settings.writes = request.metrics.map { [splitPath($0).directory] } ?? []
        return settings
    }

    static func workers(_ asked: Int?) throws(PipelineFailure) -> Int {
        guard let asked else { return min(processorCount(), WorkerLimits.standardMax) }
        guard (1...WorkerLimits.askedMax).contains(asked) else {
            throw .usage("--workers: expected a number from 1 to \(WorkerLimits.askedMax)")
        }
        return asked
    }

    /// Runs flags over standard input, to standard output.
    package static func filter(
        _ request: FilterRequest, observer: (any RunObserver)?
    ) throws(PipelineFailure) -> RunReport {
        try checkClock(request.now)
        var request = request
        let recognised = try RecognisedInput(&request)
        let faults = Faults()
        let pipeline = FilterPipeline(request)
        try pipeline.check()
        let context = DecodingContext(faults: faults, known: knownNames)
        let world = Self.world(folder: "", now: request.now)
        guard let specification = PipelineSpecification.decode(pipeline.setting, context),
            let plan = Planner.plan(
                specification, digest: Digest256.of([UInt8]().span), world: world,
                faults: faults),
            // A flag with a fault must not fall back to a default in silence.
            faults.isEmpty
        else { throw .faults(faults.sorted, file: "filter") }
        var settings = RunSettings()
        settings.workers = try workers(request.workers)
        settings.isConfined = request.isConfined
        // Flags on a pipe are not a pipeline that will come again.
        settings.registersNeeds = false
        var report = try run(plan, settings, observer: observer, opened: recognised?.source)
        if let recognised { report.notes.append(recognised.note) }
        return report
    }

    /// The faults of a pipeline file; empty when it can run.
    package static func check(pipeline: String) throws(PipelineFailure) -> [SettingFault] {
        try checkAndNote(pipeline: PipelineFile(pipeline)).faults
    }

    /// As `check`, with what is no fault and may surprise, in sentences.
    package static func checkAndNote(
        pipeline: PipelineFile
    ) throws(PipelineFailure) -> (faults: [SettingFault], notes: [String]) {
        do throws(PipelineFailure) {
            let plan = try loadSpecification(pipeline).plan
            return (plan.overlaps, plan.notes)
        } catch {
            switch error {
            case .faults(let faults, _), .tables(let faults, _): return (faults, [])
            default: throw error
            }
        }
    }

    /// What the compiled plan does with each field, for each output.
    package static func explain(
        pipeline: PipelineFile, asJSON: Bool
    ) throws(PipelineFailure) -> String {
        let loaded = try loadSpecification(pipeline)
        let explanation = Explanation(loaded.plan, loaded.specification)
        return asJSON ? explanation.json : explanation.text
    }

    /// The compiled plan as a flowchart in the language of Mermaid.
    package static func diagram(pipeline: PipelineFile) throws(PipelineFailure) -> String {
        let loaded = try loadSpecification(pipeline)
        return PlanDiagram(loaded.plan, loaded.specification).text
    }

    /// Runs the tests that a pipeline file carries.
    package static func test(pipeline: PipelineFile) throws(PipelineFailure) -> TestReport {
        try PipelineTests(pipeline).run()
    }

    /// The reference of the pipeline file, in Markdown.
    package static func referenceMarkdown() -> String {
        pipelineReferenceMarkdown(
            transforms: TransformCatalogue.all,
            formats: FormatCatalogue.all.map {
                CatalogueEntry(
                    name: $0.name, summary: $0.summary, shorthand: nil, options: $0.options)
            },
            measures: MeasureCatalogue.all.map {
                CatalogueEntry(
                    name: $0.name, summary: $0.summary, shorthand: $0.shorthand,
                    options: $0.options)
            },
            publications: PublicationCatalogue.all.map {
                CatalogueEntry(name: $0.name, summary: $0.summary)
            })
    }
}

extension Plan {
    /// The name of a result that goes to standard output; nil when none does.
    var resultOnStandardOutput: String? {
        let outputs = outputs.map { ($0.name, $0.path) }
        let tables = tables.flatMap { table in table.paths.map { (table.name, $0.path) } }
        return (outputs + tables).first { $0.1.isStandardOutput }?.0
    }
}
