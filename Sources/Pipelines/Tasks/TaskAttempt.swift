internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// One attempt at one task: reads its pieces itself, writes what comes of them into a private
/// folder, and gives that the name of the task in one step. Of several attempts, at the same time
/// or late, the first one to get there is the one that counts; equal input and equal keys make
/// equal work, so it does not matter which.
struct TaskAttempt {
    let context: TaskContext
    let task: TaskPlan.Task
    /// Tells the attempt from others at the same task.
    let label: String
    let workers: Int
    let observer: (any RunObserver)?

    private var plan: Plan { context.plan }

    /// What is to be read: sources as they are named in the plan, and where.
    private var inputs: [ChunkSource.SourceInput] {
        task.pieces.map { piece in
            let source = context.tasks.sources[piece.source]
            return ChunkSource.SourceInput(
                path: context.path(of: source),
                stretches: source.known.map {
                    ChunkSource.SourceInput.Stretch(range: $0, use: .skip)
                }, range: piece.range, end: piece.range == nil ? source.end : nil)
        }
    }

    /// True when no record comes behind those of the task in what is read as one: with state a
    /// source, else all of them.
    private var endsRun: Bool {
        guard let last = task.pieces.last else { return true }
        let isLast = last.source == context.tasks.sources.count - 1
        let end = last.range.map { $0.upperBound == context.tasks.sources[last.source].rangesEnd }
        return (isLast || plan.state != nil) && end ?? true
    }

    func run(_ keys: TaskKeys) throws(PipelineFailure) -> TaskReport {
        if try context.folder.isComplete() { return TaskReport(task: task.name) }
        if let earlier = try publishedManifest() { return try late(earlier) }
        try context.checkDay()
        try checkSources()
        let folder = try context.folder.attempt(task.name, label: label)
        let inputs = inputs
        let source = ChunkSource(
            inputs, plan: plan, digesting: false, endsRun: endsRun, workers: workers)
        let log = try TaskLogWriter(in: folder.content, plan: plan)
        let run = TaskRun(
            plan: plan, inputs: inputs, source: source, sink: log, observer: observer,
            quarantineSink: log)
        try run.run(
            workers: workers, keyRing: keys.ring,
            storage: DirectorySpillStorage(directory: folder.content))
        try keys.check()
        let partials = try writePartials(of: run, keys, in: folder.content)
        let manifest = manifest(of: run, keys, log: try log.end(), partials: partials)
        try checkSources()
        try folder.write(manifest.written, as: TaskManifest.fileName)
        return try publish(folder, manifest)
    }

    /// Publishes the work, unless the run is complete.
    private func publish(
        _ folder: TaskAttemptFolder, _ manifest: TaskManifest
    ) throws(PipelineFailure) -> TaskReport {
        guard try context.folder.publish(folder) else { return TaskReport(task: task.name) }
        guard let published = try publishedManifest() else {
            throw .storage("the work of \(task.name) was taken away")
        }
        return TaskReport(task: task.name, manifest, isCommitted: published.attempt == label)
    }

    private func checkSources() throws(PipelineFailure) {
        for piece in task.pieces {
            try context.checkUnchanged(context.tasks.sources[piece.source])
        }
    }

    private func publishedManifest() throws(PipelineFailure) -> TaskManifest? {
        try context.folder.published(task.name).map { folder throws(PipelineFailure) in
            try context.folder.manifest(in: folder)
        }
    }

    /// Another attempt was there first.
    private func late(
        _ earlier: TaskManifest
    ) throws(PipelineFailure) -> TaskReport {
        guard earlier.plan == context.tasks.name else {
            throw .refused("\(task.name) was published for another plan")
        }
        return TaskReport(task: task.name, earlier, isCommitted: false)
    }

    /// Writes what the statistics counted; no partial without statistics.
    private func writePartials(
        of run: TaskRun, _ keys: TaskKeys, in folder: Directory
    ) throws(PipelineFailure) -> [Int] {
        guard let aggregator = try run.takeAggregator() else { return [] }
        let header = PartialHeader(
            planDigest: plan.statisticsDigest.bytes, keys: keys.references)
        return try TaskPartials.write(
            aggregator, header, plan: plan.statistics, buckets: context.tasks.buckets, in: folder)
    }

    private func manifest(
        of run: TaskRun, _ keys: TaskKeys, log: ContentIdentity, partials: [Int]
    ) -> TaskManifest {
        let pieces = zip(run.finishedSources, run.counts).map { finished, counts in
            TaskManifest.Piece(
                counts: counts, records: finished.records, plainBytes: finished.plainBytes,
                columns: finished.columns)
        }
        let matches = run.optOutMatches
        let subjects = run.subjectMatches?.places
        return TaskManifest(
            task: task.name, attempt: label, plan: context.tasks.name, keys: keys.names,
            pieces: pieces, log: log, partials: partials,
            refusedMonths: run.refusedMonths.sorted(), readMonths: run.readMonths.sorted(),
            optOuts: plan.optOutList.entries.indices.filter { matches?.contains($0) ?? false },
            registryHolds: subjects?.holds ?? [], registryOptOuts: subjects?.optOuts ?? [])
    }
}

extension TaskFolder {
    /// The manifest of published work.
    func manifest(in folder: Directory) throws(PipelineFailure) -> TaskManifest {
        guard let json = try Self.json(TaskManifest.fileName, in: folder) else {
            throw .storage("\(folder.path) holds no whole work of a task")
        }
        guard json["version"]?.asInteger == TaskManifest.version else {
            throw madeElsewhere(folder.path)
        }
        guard let manifest = TaskManifest(json) else {
            throw .storage("\(folder.path) holds no whole work of a task")
        }
        return manifest
    }
}

/// What became of one attempt, in numbers and names.
package struct TaskReport: Sendable {
    package let task: String
    /// False when another attempt had published the work before.
    package let isCommitted: Bool
    package let records: Int
    package let quarantined: Int
    /// The plain bytes of the records.
    package let bytes: Int

    /// An attempt that came when the run was complete.
    init(task: String) {
        self.task = task
        isCommitted = false
        records = 0
        quarantined = 0
        bytes = 0
    }

    init(task: String, _ manifest: TaskManifest, isCommitted: Bool) {
        self.init(merge: task, [manifest], isCommitted: isCommitted)
    }

    /// An attempt at a merge of what several tasks counted.
    init(merge name: String, _ manifests: [TaskManifest], isCommitted: Bool) {
        task = name
        self.isCommitted = isCommitted
        let pieces = manifests.flatMap(\.pieces)
        records = pieces.reduce(0) { $0 + $1.counts.read }
        quarantined = pieces.reduce(0) { $0 + $1.counts.quarantinedTotal }
        bytes = pieces.reduce(0) { $0 + $1.records.count }
    }
}
