internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
private import Synchronization

/// Notes what a pipeline reads when it is planned, besides the pipeline file: two processes that
/// take part in one run must have read the same.
final class ContextWatch: Sendable {
    private let parts = Mutex<[String]>([])

    init() {}

    /// Notes the content of a file.
    func note(_ content: [UInt8]) {
        let digest = Digest256.of(content.span).hex
        parts.withLock { $0.append(digest) }
    }

    /// Notes a static key by its name.
    func note(_ key: SecretKey) {
        let name = TokenHasher(key: key, epoch: nil).keyID.text
        parts.withLock { $0.append(name) }
    }

    /// Notes what the machine's data say of a zone: by others, days and months begin elsewhere.
    func note(_ zone: ZoneTable) { note(Array(zone.written.utf8)) }

    /// The digest of everything that decides what becomes of a record, but for the clock.
    func digest(of plan: Plan) -> Digest256 {
        let build = "sluice \(Sluice.version) rules \(Sluice.rules) form \(TaskManifest.version)"
        var texts = [build, plan.digest.hex, plan.release.zone.name]
        texts += plan.tableInputs.map(\.digest.hex)
        texts += parts.withLock { $0 }
        return Digest256.of(Array(texts.joined(separator: "\n").utf8).span)
    }
}

/// What a process that takes part in a run of many tasks works with: the plan of the tasks and the
/// plan of the pipeline, made here and proven to be the same as everywhere.
struct TaskContext {
    private(set) var folder: TaskFolder
    let tasks: TaskPlan
    private(set) var plan: Plan

    /// Reads both for the work folder at `path`.
    init(_ path: String) throws(PipelineFailure) {
        folder = try TaskFolder(path)
        tasks = try folder.plan()
        folder.listsWinners = tasks.listsWinners
        let place = try workingFolder()
        let pipeline = tasks.folder == place
            ? tasks.pipeline : anchored(tasks.pipeline, at: tasks.folder)
        let watch = ContextWatch()
        let loaded = try Sluice.loadSpecification(pipeline, now: tasks.now, watch: watch).plan
        plan = tasks.state == nil ? loaded : loaded.anchored(at: tasks.folder)
        plan.isClockStated = tasks.isClockStated
        guard watch.digest(of: plan) == tasks.context else {
            throw .refused(
                "\(pipeline) is not what the tasks were planned with: expected the same pipeline, "
                    + "tables, lists and static keys, the same version of sluice, and time zone "
                    + "data (package `tzdata`) that say the same of its zones")
        }
    }

    /// Refuses work by the clock of a plan that has had its time: identifiers that became due since
    /// would be written, and nobody would know. A plan is good on its day and the next, as what a
    /// nightly run leaves is until the next one; for other days somebody says what time it is.
    func checkDay() throws(PipelineFailure) {
        if tasks.isClockStated { return }
        let planned = plan.release.clocks.runClock
        let zone = planned.zone
        let today = zone.localDay(at: RunClock.system(zone: zone).now)
        guard today - zone.localDay(at: planned.now) > 1 else { return }
        throw .refused(
            "the tasks were planned on \(planned.date.text), and a plan without `--now` is for its "
                + "day and the next: what has become due since would be written readable; plan "
                + "anew, and remove \(folder.directory.path)")
    }

    /// The same with the attempts that count settled.
    func knowingWinners() throws(PipelineFailure) -> TaskContext {
        var context = self
        try context.folder.findWinners()
        return context
    }

    /// The same with everybody in the plan whom the registry of the state names.
    func knowingSubjects() throws(PipelineFailure) -> TaskContext {
        guard let state = tasks.state, state.namesSubjects else { return self }
        let ledger = try openState(state.path, of: plan, for: .reading(isLocking: false))
        try state.check(ledger)
        var context = self
        context.plan.release.subjects = try StateRegistry(ledger, of: plan).register(for: plan)
        return context
    }

    /// Keeps the process, from now on, to the work folder, the keys and the sources of some pieces.
    func confine(to pieces: [TaskPlan.Piece] = []) {
        let paths = pieces.map { path(of: tasks.sources[$0.source]) }
        _ = RunConfinement(partOf: plan, work: folder.directory.path, sources: paths).enter()
    }

    /// Where a process finds a source of the plan.
    func path(of source: TaskPlan.Source) -> String { anchored(source.path, at: tasks.folder) }

    /// Refuses a source that is not the one that was planned.
    func checkUnchanged(_ source: TaskPlan.Source) throws(PipelineFailure) {
        let status = try TaskCutting.status(of: path(of: source))
        guard let status else {
            throw .source(
                SourceFault(
                    .cannotOpen, source: source.path, expectation: "expected the file to be there"))
        }
        guard status.byteCount == source.byteCount,
            status.modifiedNanoseconds == source.modified
        else {
            throw .source(
                SourceFault(
                    .changedWhileReading, source: source.path,
                    expectation: "it has changed since the tasks were planned: expected a file at "
                        + "rest; plan anew"))
        }
    }
}

extension TaskPlan.State {
    /// Refuses a ledger in which anything has been entered since the plan was made: an opt-out, a
    /// hold or an erasure would not have bound in the tasks, a run may have counted their sources.
    func check(_ ledger: Ledger) throws(PipelineFailure) {
        let end: ChainEnd
        do { end = try ledger.verifyChain() } catch { throw StateRegistry.failure(error) }
        guard end.hash == chainEnd else {
            throw .refused(
                "the state in \(path) has changed since the tasks were planned (a run, an opt-out, "
                    + "a hold or the like): plan anew; nothing was written")
        }
    }
}
