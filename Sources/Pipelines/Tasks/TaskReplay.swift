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

        /// What its statistics counted of the tokens in a bucket.
        func partial(_ bucket: Int) throws(PipelineFailure) -> any SpillFile {
            try TaskPartials.open(bucket, of: manifest.partials, in: folder)
        }

        /// Gives its blocks to `sink`, and what it set aside to `quarantine` and `tally`; `source`
        /// tells the number and the name of the source of a piece.
        func replay(
            _ plan: Plan, into sink: any OutputSink, _ quarantine: (any QuarantineSink)?,
            _ tally: inout RecordTally,
            source: (TaskPlan.Piece) -> (number: Int, name: String)
        ) throws(PipelineFailure) {
            let reader = try TaskLogReader(in: folder, manifest.log)
            try reader.forEach { piece, output, block throws(PipelineFailure) in
                guard plan.outputs.indices.contains(output), task.pieces.indices.contains(piece)
                else { throw reader.damaged }
                let number = source(task.pieces[piece]).number
                block.header = block.header.map {
                    SourceHeader(source: number, number: $0.number, bytes: $0.bytes)
                }
                sink.begin(source: number)
                try sink.write(block, output: output)
            } setAside: { piece, record, line throws(PipelineFailure) in
                guard task.pieces.indices.contains(piece) else { throw reader.damaged }
                let (number, name) = source(task.pieces[piece])
                let numbered = tally.setAside([record], source: number)
                try quarantine?.add(numbered, in: line, at: record.byteOffset, named: name)
            }
        }
    }

    private let context: TaskContext
    private let storage: any SpillStorage
    private let work: [Work]
    private(set) var tally: RecordTally
    private(set) var finishedSources: [ChunkSource.Finished]
    private(set) var optOutMatches: OptOutMatches?
    private(set) var refusedMonths: Set<CalendarMonth> = []
    private(set) var readMonths: Set<CalendarMonth> = []

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
            try entry.replay(plan, into: sink, quarantine, &tally) { piece in
                (piece.source, context.tasks.sources[piece.source].path)
            }
            for (piece, done) in zip(entry.task.pieces, entry.manifest.pieces) {
                tally.add(done.counts, source: piece.source)
                let isWhole = piece.range == nil
                finishedSources[piece.source].plainBytes =
                    isWhole ? done.plainBytes : done.records.upperBound
            }
            for number in entry.manifest.optOuts { matches.insert(number) }
            refusedMonths.formUnion(entry.manifest.refusedMonths)
            readMonths.formUnion(entry.manifest.readMonths)
        }
        optOutMatches = matches
        tally.leaveOut(try sink.finish())
        try tally.checkConservation()
    }

    func measuredTables() throws(PipelineFailure) -> [MeasuredTable]? {
        guard !plan.statistics.statistics.isEmpty else { return nil }
        var files: [any SpillFile] = []
        for bucket in 0..<context.tasks.buckets {
            if let merged = try TaskMerge.partial(bucket, of: context) {
                files.append(merged)
            } else {
                for entry in work { files.append(try entry.partial(bucket)) }
            }
        }
        do {
            return try Partials(files, plan: plan.statistics, storage: storage).tables()
        } catch {
            throw .storage("cannot merge the aggregates of the tasks", error)
        }
    }
}
