internal import Anonymization
internal import FileSystem
internal import Ledger
internal import Records
internal import Statistics

/// Ends a run that was dealt out to tasks: what they published becomes the outputs, tables and
/// lists of the run, by the same code, and so with the same bytes, as on one machine.
///
/// Compressed outputs are compressed here: a gzip file of a run is one member, and its bytes may
/// not tell how the sources were cut. Done again after a crash it writes the same once more.
struct TaskCommit {
    private(set) var context: TaskContext
    /// Closes all other places to the process before it reads what the tasks published.
    let isConfined: Bool

    /// The report; nil when the run was complete before.
    mutating func run() throws(PipelineFailure) -> RunReport? {
        let lock = try CommitLock(context.folder.directory)
        defer { withExtendedLifetime(lock) {} }
        if try context.folder.isComplete() {
            do throws(PipelineFailure) { try settle() } catch { throw error.behind(Self.done) }
            try TaskCompletion(folder: context.folder, tasks: context.tasks).check()
            do throws(PipelineFailure) { try context.folder.clear() } catch {
                throw error.behind(Self.done)
            }
            return nil
        }
        context = try context.knowingWinners()
        let report = if let state = context.tasks.state { try enter(state) } else { try publish() }
        do throws(PipelineFailure) {
            try context.folder.write(success(report), as: TaskFolder.successName)
            try context.folder.clear()
        } catch { throw error.behind(Self.done) }
        return report
    }

    /// What stands as soon as the run is entered, or its files have their names.
    private static let done = "the outputs of the run are in place"

    /// Settles what a commit that was killed behind its mark of success left open in the ledger:
    /// until then nobody may read the state. A state that is gone, moved or in use is not the
    /// matter of a run that is complete.
    private func settle() throws(PipelineFailure) {
        guard let state = context.tasks.state else { return }
        do { _ = try Ledger.openForReading(stateDirectory: state.path) } catch {
            guard case .notRecovered = error else { return }
            let ledger = try openState(state.path, of: context.plan)
            return try RunRecovery(ledger: ledger, plan: context.plan).finishEarlierRuns()
        }
        // The seal of the ledger comes last, and may have failed: whoever lets go of it seals it.
        if case .missing? = try? Ledger.sealState(stateDirectory: state.path) {
            _ = try? openState(state.path, of: context.plan)
        }
    }

    /// Enters the run into its state; nil when a commit that was killed did that before.
    private func enter(_ state: TaskPlan.State) throws(PipelineFailure) -> RunReport? {
        let plan = context.plan
        let ledger = try openState(state.path, of: plan)
        if try isEntered(in: ledger) {
            do throws(PipelineFailure) {
                try RunRecovery(ledger: ledger, plan: plan).finishEarlierRuns()
                // Those that the commit which was killed would have destroyed at its end.
                _ = try KeyRetirement.retire(
                    plan, ledger, statePath: state.path, now: plan.release.clocks.runClock.now,
                    who: "commit")
            } catch { throw error.behind("the run is entered in the ledger") }
            return nil
        }
        try context.checkDay()
        try state.check(ledger)
        let sources = try DividedSources(
            context, from: state,
            storage: DirectorySpillStorage(directory: context.folder.directory))
        try context.folder.listWinners()
        var settings = RunSettings()
        settings.isConfined = isConfined
        settings.writes = [context.folder.directory.path]
        return try StatefulRun(
            plan: plan, statePath: state.path, request: settings, observer: nil, ledger: ledger,
            divided: sources
        ).run()
    }

    private func isEntered(in ledger: Ledger) throws(PipelineFailure) -> Bool {
        do { return try ledger.runs().contains { $0.run.name == context.tasks.name } } catch {
            throw StateRegistry.failure(error)
        }
    }

    private func publish() throws(PipelineFailure) -> RunReport {
        try context.checkDay()
        let plan = context.plan
        try RunLeftovers(plan: plan).remove()
        let confinement =
            isConfined
            ? RunConfinement(plan, sources: [], writes: [context.folder.directory.path]).enter()
            : ""
        let replay = try TaskReplay(
            context, storage: DirectorySpillStorage(directory: context.folder.directory))
        try context.folder.listWinners()
        let commit = try PlainCommit(
            plan: plan, paths: context.tasks.sources.map(context.path(of:)), isDryRun: false,
            run: context.tasks.name
        ) { replay.firstColumns }
        do throws(PipelineFailure) {
            try replay.run(into: commit.sink, commit.quarantine)
            var report = try commit.complete(replay)
            report.confinement = confinement
            return report
        } catch {
            commit.abandon()
            throw error
        }
    }

    /// What the mark of success says: which plan, the counts of the run if they are at hand, and
    /// without state what the run has made.
    private func success(_ report: RunReport?) -> CanonicalJSON {
        let files = report?.committedFiles.map { $0.written(from: context.tasks.folder) }
        return .object([
            ("plan", .text(context.tasks.name)),
            ("counts", report?.totals.written ?? .null),
            ("tasks", .integer(Int64(context.tasks.tasks.count))),
            ("results", context.tasks.state == nil ? .array(files ?? []) : .null),
        ])
    }
}

/// Keeps other commits of the same tasks out for as long as it lives.
final class CommitLock {
    private let lock: FileLock

    init(_ folder: Directory) throws(PipelineFailure) {
        do { lock = try FileLock.acquire(TaskFolder.lockName, in: folder) } catch {
            if error.cause == .busyLock { throw .busy("another commit of these tasks is at work") }
            throw .storage("cannot lock the work folder", error)
        }
    }
}
