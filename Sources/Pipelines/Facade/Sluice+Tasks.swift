internal import FileSystem
internal import KeyedHashing
internal import Records

/// What `sluice task` was asked to do.
package struct TaskRequest: Sendable {
    /// The work folder of the plan.
    package var folder: String
    /// The name of the task, or its number in the plan, from 0 on.
    package var name: String
    /// Tells the attempt from others of the same process or scheduler.
    package var attempt: String?
    package var key: RunKeySource?
    /// The number of workers; nil for one: a scheduler runs as many tasks as there are processors.
    package var workers: Int?
    /// Closes to the process, for good, all that the task is not about before it reads a record.
    package var isConfined = false

    package init(folder: String, name: String) {
        self.folder = folder
        self.name = name
    }
}

/// What `sluice gc` removed.
package struct WorkRemovalReport: Sendable, Equatable {
    /// Attempts at tasks of plans that are still in use.
    package var attempts = 0
    /// Plans with everything of theirs.
    package var plans = 0
}

/// A run that is dealt out to tasks: `plan`, then every `task` somewhere, then `commit`.
extension Sluice {
    /// Deals the sources of a pipeline out to tasks.
    package static func planTasks(
        _ request: TaskPlanRequest
    ) throws(PipelineFailure) -> TaskPlanReport {
        do throws(PipelineFailure) {
            return try TaskPlanning(request: request).run()
        } catch {
            throw error.naming(pipeline: request.pipeline)
        }
    }

    /// Makes one attempt at one task. A source that cannot be reached is a failure of the storage
    /// here: another node may have it.
    package static func runTask(
        _ request: TaskRequest, observer: (any RunObserver)?
    ) throws(PipelineFailure) -> TaskReport {
        do throws(PipelineFailure) {
            return try attempt(request, observer)
        } catch {
            guard case .source(let fault) = error,
                [.cannotOpen, .cannotRead].contains(fault.code)
            else { throw error }
            throw .storage("cannot read \(fault.source) here: \(fault.expectation)")
        }
    }

    private static func attempt(
        _ request: TaskRequest, _ observer: (any RunObserver)?
    ) throws(PipelineFailure) -> TaskReport {
        do { try HashingSelfTest.run() } catch {
            throw .internalFault("the hash functions do not give the published values")
        }
        let label = try label(request.attempt)
        let context = try TaskContext(request.folder)
        guard let task = context.tasks.task(request.name) else {
            throw .usage("no such task in \(request.folder): expected the name of one of its plan, "
                + "or its number from 0 on")
        }
        let keys = try TaskKeys(context.plan, request.key, expecting: context.tasks.key)
        defer { keys.release() }
        let knowing = try context.knowingSubjects()
        if request.isConfined { context.confine(to: task.pieces) }
        let attempt = TaskAttempt(
            context: knowing, task: task, label: label, workers: try workers(request.workers ?? 1),
            observer: observer)
        return try attempt.run(keys)
    }

    /// A name that no other attempt has: schedulers count attempts anew in every application.
    private static func label(_ attempt: String?) throws(PipelineFailure) -> String {
        let unique = "\(TemporaryName.run)\(UInt64.random(in: .min ... .max))"
        guard let attempt else { return unique }
        let isName = attempt.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard isName, (1...64).contains(attempt.utf8.count) else {
            throw .usage("--attempt: expected up to 64 letters, digits, - and _")
        }
        return "\(unique).\(attempt)"
    }

    /// Makes one attempt to merge what all tasks counted of the tokens in a bucket; optional.
    /// `isConfined` is as in `TaskRequest`.
    package static func mergeTasks(
        folder: String, bucket: Int, attempt: String? = nil, isConfined: Bool = false
    ) throws(PipelineFailure) -> TaskReport {
        let label = try label(attempt)
        let context = try TaskContext(folder)
        if isConfined { context.confine() }
        return try TaskMerge(context: context, bucket: bucket, label: label).run()
    }

    /// Makes the outputs of the run of what its tasks published; nil when that was done before.
    /// `isConfined` is as in `TaskRequest`.
    package static func commitTasks(
        folder: String, isConfined: Bool = false
    ) throws(PipelineFailure) -> RunReport? {
        let started = nanosecondsNow()
        let context = try TaskContext(folder)
        var commit = TaskCommit(context: context, isConfined: isConfined)
        var report: RunReport?
        do throws(PipelineFailure) { report = try commit.run() } catch {
            throw error.naming(pipeline: context.tasks.pipeline)
        }
        report?.elapsedSeconds = Double(nanosecondsNow() - started) / 1e9
        return report
    }

    /// Removes dead attempts and idle plans from a folder of work; `age` is an ISO 8601 duration.
    package static func collectWork(
        _ path: String, olderThan age: String, isConfined: Bool = false
    ) throws(PipelineFailure) -> WorkRemovalReport {
        guard let length = CalendarDuration(text: age) else {
            throw .usage("--older-than: expected a duration such as P1D or PT6H")
        }
        let clock = RunClock.system(zone: .utc)
        let removal = try WorkRemoval(path, before: clock.cutOff(length))
        if isConfined {
            var places = Confinement.Places()
            places.written = [path]
            _ = Confinement.enter(places)
        }
        return try removal.run()
    }
}

extension PipelineFailure {
    /// The same, with the file `pipeline` that names the tables which cannot be trusted.
    func naming(pipeline: String) -> PipelineFailure {
        guard case .tables(let faults, _) = self else { return self }
        return .tables(faults, file: pipeline)
    }
}
