internal import Anonymization
internal import FileSystem
internal import Ledger
internal import Records
internal import Statistics

/// The published work of all tasks of a plan, given to the sinks of a run in the order of the
/// sources: for them it is as if one task had read everything.
final class TaskReplay: TakenRecords {
    /// The published work of one task.
    struct Work {
        let task: TaskPlan.Task
        let folder: Directory
        let manifest: TaskManifest

        /// What its statistics counted.
        func partial() throws(PipelineFailure) -> any SpillFile {
            try folder.partial(of: manifest.partialBytes)
        }
    }

    private let context: TaskContext
    private let storage: any SpillStorage
    private let work: [Work]
    private(set) var tally: RecordTally
    private(set) var finishedSources: [ChunkSource.Finished]
    private(set) var optOutMatches: OptOutMatches?
    private(set) var refusedMonths: Set<CalendarMonth> = []

    private var plan: Plan { context.plan }

    /// Opens the work of every task; work that is missing, or does not fit together, is a failure.
    /// `storage` takes aggregates that outgrow their memory.
    init(_ context: TaskContext, storage: any SpillStorage) throws(PipelineFailure) {
        self.context = context
        self.storage = storage
        work = try Self.published(context, context.tasks.tasks.indices)
        tally = RecordTally(sources: context.tasks.sources.count, plan: context.plan)
        finishedSources = context.tasks.sources.map {
            ChunkSource.Finished(name: $0.path, plainBytes: 0, content: nil, records: 0..<0)
        }
        let proof = TaskProof(context.tasks, work.map(\.manifest))
        try proof.check()
        if context.plan.needsEqualColumns { try proof.checkColumns() }
    }

    /// The work of some of the tasks; missing work is a failure.
    static func published(
        _ context: TaskContext, _ tasks: Range<Int>
    ) throws(PipelineFailure) -> [Work] {
        var work: [Work] = []
        var missing: [String] = []
        for task in context.tasks.tasks[tasks] {
            guard let folder = try context.folder.published(task.name) else {
                missing.append(task.name)
                continue
            }
            let manifest = try context.folder.manifest(in: folder)
            work.append(Work(task: task, folder: folder, manifest: manifest))
        }
        guard let first = missing.first else { return work }
        throw .refused(
            "the work of \(missing.count) of \(counted(tasks.count, "task")) is not "
                + "there, first of \(first): expected all tasks to be done; nothing was written")
    }

    /// The columns that the first source named.
    var firstColumns: [String]? { TaskProof(context.tasks, work.map(\.manifest)).firstColumns }

    /// Gives all of it to `sink` and `quarantine`.
    func run(
        into sink: any OutputSink, _ quarantine: (any QuarantineSink)?
    ) throws(PipelineFailure) {
        var matches = OptOutMatches(count: plan.optOutList.entries.count)
        for entry in work {
            if Interruption.isRequested { throw .interrupted(signal: Interruption.signal ?? 15) }
            try replay(entry, into: sink, quarantine)
            for (piece, done) in zip(entry.task.pieces, entry.manifest.pieces) {
                tally.add(done.counts, source: piece.source)
                let isWhole = piece.range == nil
                finishedSources[piece.source].plainBytes =
                    isWhole ? done.plainBytes : done.records.upperBound
            }
            for number in entry.manifest.optOuts { matches.insert(number) }
            refusedMonths.formUnion(entry.manifest.refusedMonths)
        }
        optOutMatches = matches
        tally.leaveOut(try sink.finish())
        try tally.checkConservation()
    }

    private func replay(
        _ entry: Work, into sink: any OutputSink, _ quarantine: (any QuarantineSink)?
    ) throws(PipelineFailure) {
        let task = entry.task
        let reader = try TaskLogReader(in: entry.folder, entry.manifest.log)
        try reader.forEach { piece, output, block throws(PipelineFailure) in
            guard plan.outputs.indices.contains(output) else { throw reader.damaged }
            let source = try source(piece, task, reader)
            block.header = block.header.map {
                SourceHeader(source: source, number: $0.number, bytes: $0.bytes)
            }
            sink.begin(source: source)
            try sink.write(block, output: output)
        } setAside: { piece, record, line throws(PipelineFailure) in
            let source = try source(piece, task, reader)
            let numbered = tally.setAside([record], source: source)
            try quarantine?.add(
                numbered, in: line, at: record.byteOffset,
                named: context.tasks.sources[source].path)
        }
    }

    private func source(
        _ piece: Int, _ task: TaskPlan.Task, _ reader: TaskLogReader
    ) throws(PipelineFailure) -> Int {
        guard task.pieces.indices.contains(piece) else { throw reader.damaged }
        return task.pieces[piece].source
    }

    func measuredTables() throws(PipelineFailure) -> [MeasuredTable]? {
        guard !plan.statistics.statistics.isEmpty else { return nil }
        var files = try TaskMerge.partials(of: context) ?? []
        if files.isEmpty {
            files = try work.map { work throws(PipelineFailure) in try work.partial() }
        }
        do {
            return try Partials(files, plan: plan.statistics, storage: storage).tables()
        } catch {
            throw .storage("cannot merge the aggregates of the tasks: \(error.code.rawValue)")
        }
    }
}

/// Proves from what the tasks say of themselves that they fit together: all of one plan, with the
/// same keys, every record in one of them.
struct TaskProof {
    private let tasks: TaskPlan
    private let manifests: [TaskManifest]

    init(_ tasks: TaskPlan, _ manifests: [TaskManifest]) {
        self.tasks = tasks
        self.manifests = manifests
    }

    func check() throws(PipelineFailure) {
        for (task, manifest) in zip(tasks.tasks, manifests) {
            guard manifest.task == task.name, manifest.plan == tasks.name,
                manifest.pieces.count == task.pieces.count
            else { throw .refused("\(task.name) was published for another plan") }
        }
        try checkKeys()
        try checkBorders()
    }

    /// One key for each epoch: tokens of two would take one person for two.
    func checkKeys() throws(PipelineFailure) {
        var known: [Substring: String] = [:]
        for key in manifests.flatMap(\.keys) {
            let epoch = TaskManifest.epoch(ofKey: key)
            guard known[epoch] == nil || known[epoch] == key else {
                throw .keys(
                    "the tasks did not all have the same key for \(epoch): expected one key store, "
                        + "or one key of the run, for all of them; plan anew")
            }
            known[epoch] = key
        }
    }

    /// The columns that the first source with a header named.
    var firstColumns: [String]? {
        for manifest in manifests {
            for piece in manifest.pieces { if let columns = piece.columns { return columns } }
        }
        return nil
    }

    /// One header for all sources: rows are copied under that of the first one.
    func checkColumns() throws(PipelineFailure) {
        guard let first = firstColumns else { return }
        for (task, manifest) in zip(tasks.tasks, manifests) {
            for (piece, done) in zip(task.pieces, manifest.pieces) {
                guard let columns = done.columns else { continue }
                do {
                    try ChunkSource.compare(columns, with: first, tasks.sources[piece.source].path)
                } catch { throw .source(error) }
            }
        }
    }

    /// Where the records of one range end those of the next one begin.
    private func checkBorders() throws(PipelineFailure) {
        var ends = [Int?](repeating: nil, count: tasks.sources.count)
        for (task, manifest) in zip(tasks.tasks, manifests) {
            for (piece, done) in zip(task.pieces, manifest.pieces) where piece.range != nil {
                if let end = ends[piece.source], end != done.records.lowerBound {
                    throw .internalFault("two ranges of a source do not meet")
                }
                ends[piece.source] = done.records.upperBound
            }
        }
        for (source, end) in zip(tasks.sources, ends) {
            guard let end, end != source.byteCount else { continue }
            throw .internalFault("the ranges of a source do not reach its end")
        }
    }
}
