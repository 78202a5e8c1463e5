internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// What tasks have read for a run with state: its commit takes each source from their published
/// work, and does everything else as a run on one machine.
struct DividedSources {
    private let context: TaskContext
    /// The state as it was when the tasks were planned.
    let state: TaskPlan.State
    private let storage: any SpillStorage
    /// The work on each source that is not known, by its number, in the order of its records.
    private let work: [Int: [TaskReplay.Work]]

    /// Opens the work of every task; work that is missing, or does not fit together, is a failure.
    /// `storage` takes merged aggregates.
    init(
        _ context: TaskContext, from state: TaskPlan.State, storage: any SpillStorage
    ) throws(PipelineFailure) {
        self.context = context
        self.state = state
        self.storage = storage
        let published = try TaskReplay.published(context, context.tasks.tasks.indices)
        try TaskProof(context.tasks, published.map(\.manifest)).check()
        work = Dictionary(grouping: published) { $0.task.pieces.first?.source ?? -1 }
    }

    /// The files of all sources, known ones too.
    var paths: [String] { context.tasks.sources.map(context.path(of:)) }
    /// Where they end in their plain bytes; nil: where the file ends.
    var ends: [Int?] { context.tasks.sources.map(\.end) }
    /// What messages and lists call them.
    var names: [String] { context.tasks.sources.map(\.path) }
    /// What the ledger calls the run: one name for one plan, so that it is entered once.
    var runName: String { context.tasks.name }

    /// The work on a source that has something new; `plan` and `keys` are those of the commit.
    func work(
        on found: SourceSurvey.Source, named name: String, _ plan: Plan, _ keys: RunRing?
    ) throws(PipelineFailure) -> any SourceWork {
        let taken = found.taskName(stream: plan.stream)
        let number = context.tasks.sources.indices.first {
            context.tasks.sources[$0].taken == taken
                && context.path(of: context.tasks.sources[$0]).utf8.elementsEqual(found.path.utf8)
        }
        guard let number, let work = work[number] else {
            throw .source(
                SourceFault(
                    .changedWhileReading, source: name,
                    expectation: "it has changed since the tasks were planned: expected a file at "
                        + "rest; plan anew"))
        }
        return DividedSource(plan, work, name: name, keys: keys, storage: storage)
    }
}

/// One source that tasks have read.
final class DividedSource: SourceWork {
    private let plan: Plan
    private let work: [TaskReplay.Work]
    private let name: String
    private let keys: RunRing?
    private let storage: any SpillStorage

    init(
        _ plan: Plan, _ work: [TaskReplay.Work], name: String, keys: RunRing?,
        storage: any SpillStorage
    ) {
        self.plan = plan
        self.work = work
        self.name = name
        self.keys = keys
        self.storage = storage
    }

    var columns: [String]? {
        for entry in work {
            if let columns = entry.manifest.pieces.first?.columns { return columns }
        }
        return nil
    }

    func run(
        into sink: any OutputSink, _ quarantine: QuarantineFile?
    ) throws(PipelineFailure) -> TakenSource {
        var tally = RecordTally(sources: 1, plan: plan)
        var optOuts = OptOutMatches(count: plan.optOutList.entries.count)
        var subjects = SubjectMatches(plan.release.subjects)
        var refused: Set<CalendarMonth> = []
        for entry in work {
            if Interruption.isRequested { throw .interrupted(signal: Interruption.signal ?? 15) }
            try takeKeys(entry.manifest)
            try entry.replay(plan, into: sink, quarantine, &tally) { _ in (0, name) }
            for piece in entry.manifest.pieces { tally.add(piece.counts, source: 0) }
            for number in entry.manifest.optOuts { optOuts.insert(number) }
            subjects.insert(
                holds: entry.manifest.registryHolds, optOuts: entry.manifest.registryOptOuts)
            refused.formUnion(entry.manifest.refusedMonths)
        }
        tally.leaveOut(try sink.finish())
        try tally.checkConservation()
        return TakenSource(
            counts: tally.counts[0], quarantine: tally.quarantine, optOutMatches: optOuts,
            subjectMatches: subjects, refusedMonths: refused, partial: try partial())
    }

    /// Asks for the keys that the tasks used, as a run that read the records would have: they are
    /// the same ones, or the tokens are not those of the key store.
    private func takeKeys(_ manifest: TaskManifest) throws(PipelineFailure) {
        for name in manifest.keys {
            let epoch = TaskManifest.epoch(ofKey: name)
            guard let keys, let month = CalendarMonth(text: String(epoch.prefix(7))) else {
                throw .keys("a task used a key that the pipeline does not have: plan anew")
            }
            let found = keys.hasher(for: month)?.keyID.text
            try keys.check()
            guard found ?? "\(epoch)/\(TaskManifest.goneKey)" == name else {
                throw .keys(
                    "the key of \(month.text) is not the one that the tasks had: plan anew")
            }
        }
    }

    private func partial() throws(PipelineFailure) -> (any SpillFile)? {
        guard !plan.statistics.statistics.isEmpty else { return nil }
        let files = try work.map { entry throws(PipelineFailure) in try entry.partial(0) }
        if files.count == 1 { return files[0] }
        do {
            let file = try storage.makeFile()
            try Partials(files, plan: plan.statistics, storage: storage).merge(into: file)
            return file
        } catch {
            throw .storage("cannot merge the aggregates of the tasks")
        }
    }
}
