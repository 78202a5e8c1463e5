internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// Makes the plan of the tasks of a run, or finds the one that was made for the same run before: a
/// job that is submitted again goes on where the first one was killed.
struct TaskPlanning {
    let request: TaskPlanRequest

    func run() throws(PipelineFailure) -> TaskPlanReport {
        let watch = ContextWatch()
        var (specification, plan) = try Sluice.loadSpecification(
            request.pipeline, now: request.now, watch: watch)
        if !request.sources.isEmpty { plan.sources = request.sources }
        try check(plan)
        let place = try workingFolder()
        let places = ResultPlaces(plan, of: specification, at: place)
        try places.check(sources: request.sources)
        try places.check(folder: request.work, "--work")
        if plan.state != nil { plan = plan.anchored(at: place) }
        let cutting = TaskCutting(plan: plan, rangeBytes: request.rangeBytes)
        let paths = try resolveSources(plan.sources)
        guard paths != ["-"] else {
            throw .usage("standard input cannot be dealt out to tasks: expected files")
        }
        let key = try TaskKeys.passing(plan, request.key)?.keyID.text
        if plan.state == nil { try prepareKeys(plan) }
        // A state says itself what else its run is about.
        if request.isConfined, plan.state == nil {
            _ = RunConfinement(plan, sources: paths, writes: [request.work]).enter()
        }
        let (sources, state) = try survey(plan, cutting, paths)
        // Keys may lie in the state, which has a ledger first: without one they would be what is
        // left of a lost one.
        if state != nil { try prepareKeys(plan) }
        var tasks = TaskPlan(
            name: "", pipeline: request.pipeline, folder: place,
            now: request.now ?? dateText(plan.release.clocks.runClock.now),
            isClockStated: request.now != nil,
            context: watch.digest(of: plan), key: key, state: state,
            listsWinners: request.listsWinners, buckets: request.buckets, sources: sources,
            tasks: try cutting.tasks(sources, in: place))
        tasks.name = name(of: tasks, day: plan.release.clocks.runClock.date)
        return try write(tasks, to: "\(anchored(request.work, at: place))/\(tasks.name)")
    }

    /// Writes the plan into the folder at `path`, or finds it there.
    private func write(
        _ tasks: TaskPlan, to path: String
    ) throws(PipelineFailure) -> TaskPlanReport {
        var folder = try TaskFolder(path, creating: true)
        folder.listsWinners = request.listsWinners
        try folder.removeLeftovers()
        try folder.writeOnce(tasks.written, as: TaskFolder.planName)
        let found = try folder.plan()
        return TaskPlanReport(
            folder: path, found,
            isComplete: try TaskCompletion(folder: folder, tasks: found).proveOrReopen())
    }

    /// Refuses what only one machine can do.
    private func check(_ plan: Plan) throws(PipelineFailure) {
        guard request.rangeBytes > 0 else {
            throw .usage("--range-bytes: expected a number of bytes above 0")
        }
        guard (1...TokenBuckets.countMax).contains(request.buckets) else {
            throw .usage("--buckets: expected a number from 1 to \(TokenBuckets.countMax)")
        }
        guard request.buckets == 1 || plan.state == nil && !plan.statistics.statistics.isEmpty
        else {
            throw .usage(
                "--buckets: the pipeline has no statistics to be merged, or a state, which keeps "
                    + "what was counted in each source apart: expected none")
        }
        guard plan.readsSources else {
            throw .usage("the pipeline reads no sources: there is nothing to be dealt out")
        }
        if let name = plan.resultOnStandardOutput {
            throw .usage(
                "`\(name)` goes to standard output: expected a file, so that it can appear as a "
                    + "whole")
        }
    }

    /// The sources at `paths`, which do not change meanwhile, with what is new in them.
    private func survey(
        _ plan: Plan, _ cutting: TaskCutting, _ paths: [String]
    ) throws(PipelineFailure) -> (sources: [TaskPlan.Source], state: TaskPlan.State?) {
        var sources = try cutting.sources(paths)
        let state = try survey(plan, &sources)
        guard try cutting.sources(paths).map(\.modified) == sources.map(\.modified) else {
            throw .source(
                SourceFault(
                    .changedWhileReading, source: paths.first ?? "",
                    expectation: "sources changed while they were planned: expected files at rest"))
        }
        return (sources, state)
    }

    /// Finds what is new in `sources`, for a pipeline with state; nil for one without.
    private func survey(
        _ plan: Plan, _ sources: inout [TaskPlan.Source]
    ) throws(PipelineFailure) -> TaskPlan.State? {
        guard let state = plan.state else { return nil }
        var settings = RunSettings()
        settings.isConfined = request.isConfined
        settings.writes = [request.work]
        let run = StatefulRun(plan: plan, statePath: state, request: settings, observer: nil)
        let start = try run.survey(sources.map(\.path))
        for (index, found) in start.sources.enumerated() {
            sources[index].end = found.end
            if found.isKnown { continue }
            sources[index].taken = found.taskName(stream: plan.stream)
            sources[index].known = found.scanned.known.map(\.range)
        }
        return TaskPlan.State(
            path: state, chainEnd: start.chainEnd, namesSubjects: start.namesSubjects)
    }

    /// Makes the month keys that tasks only read.
    private func prepareKeys(_ plan: Plan) throws(PipelineFailure) {
        guard let access = KeyStoreAccess(plan: plan) else { return }
        let clocks = plan.release.clocks
        var first: CalendarMonth
        if let text = request.firstMonth {
            guard let month = CalendarMonth(text: text) else {
                throw .usage("--first-month: expected a month such as 2026-03")
            }
            first = month
        } else {
            let length = clocks.clocks[0].length
            let back = length.isZero ? CalendarDuration(months: 1, days: 0) : length
            let date = clocks.runClock.date.subtracting(back)
            first = CalendarMonth(year: date.year, month: date.month)
        }
        try access.prepare(from: first)
    }

    /// Names the plan by everything that decides what its tasks do. Without `--now` that is the
    /// day: the first plan of a day has its clock, and those of the same work on that day find it.
    private func name(of tasks: TaskPlan, day: CivilDate) -> String {
        var text = "\(tasks.pipeline)\n\(tasks.folder)\n\(request.now ?? day.text)\n"
        text += "\(tasks.context.hex)\n\(tasks.key ?? "")\n"
        text += "\(tasks.state?.chainEnd.hex ?? "") \(tasks.listsWinners) \(tasks.buckets)\n"
        for source in tasks.sources {
            text += "\(source.modified) \(source.taken?.hex ?? "") \(source.rangesEnd)\n"
        }
        for task in tasks.tasks { text += "\(task.name)\n" }
        return "\(TaskFolder.nameStart)\(Digest256.of(Array(text.utf8).span).hex.prefix(32))"
    }
}

/// What `sluice plan` was asked to do.
package struct TaskPlanRequest: Sendable {
    /// The pipeline file.
    package var pipeline: String
    /// Sources that take the place of the pipeline's own. Empty: its own.
    package var sources: [String] = []
    /// The folder of all work; each plan has a folder of its own in it.
    package var work: String
    /// The run's clock: a date or RFC 3339 time; nil for the system's.
    package var now: String?
    /// The least length of a range of a file, in bytes.
    package var rangeBytes = TaskPlanRequest.rangeBytesStandard
    /// The key of the run, for a pipeline whose statistics need one.
    package var key: RunKeySource?
    /// The first month (`yyyy-MM`) that events may be of: months since then get their keys. Nil:
    /// the month in which the window begins, or the last month without a window.
    package var firstMonth: String?
    /// True for a work folder that cannot give a folder its name in one step, as object stores.
    package var listsWinners = false
    /// How many buckets of tokens `reduce` merges apart what the tasks count (1...256).
    package var buckets = 1
    /// Closes to the process, for good, all that the plan is not about before it reads a record.
    package var isConfined = false

    /// The least length of a range unless told otherwise.
    package static let rangeBytesStandard = TaskCutting.rangeBytesStandard

    package init(pipeline: String, work: String) {
        self.pipeline = pipeline
        self.work = work
    }
}

/// The plan of the tasks of a run.
package struct TaskPlanReport: Sendable {
    /// One task.
    package struct Task: Sendable {
        package let name: String
        /// The path of its first source.
        package let source: String
        /// How many files it reads, whole or in part.
        package let files: Int
        /// The range of a file of which others read the rest; nil: whole files.
        package let range: Range<Int>?
        /// As they lie on disk.
        package let bytes: Int
    }

    /// The work folder of the plan, absolute.
    package let folder: String
    package let name: String
    /// The clock of the run.
    package let now: String
    /// In the order of their records in the sources.
    package let tasks: [Task]
    /// How many buckets `reduce` may merge.
    package let buckets: Int
    /// True when the run was committed before: nothing is left to do.
    package let isComplete: Bool

    init(folder: String, _ plan: TaskPlan, isComplete: Bool) {
        self.folder = folder
        self.isComplete = isComplete
        name = plan.name
        now = plan.now
        buckets = plan.buckets
        tasks = plan.tasks.map { task in
            Task(
                name: task.name,
                source: task.pieces.first.map { plan.sources[$0.source].path } ?? "",
                files: task.pieces.count, range: task.pieces.first?.range,
                bytes: plan.byteCount(of: task))
        }
    }
}
