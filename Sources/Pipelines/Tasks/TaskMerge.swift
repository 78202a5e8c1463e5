internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// Merges what the statistics of all tasks counted of the tokens in one bucket into one partial,
/// published like the work of a task, so that many machines take a share of the merging. The commit
/// merges what is left; the tables do not depend on who merged what.
struct TaskMerge {
    let context: TaskContext
    /// Which of the buckets of the plan; 0-based.
    let bucket: Int
    /// Tells the attempt from others at the same bucket.
    let label: String

    /// How the names of all merges begin.
    static let nameStart = "bucket-"
    private static let version = 2

    /// The name of a merge.
    static func name(_ bucket: Int) -> String { "\(nameStart)\(bucket)" }

    func run() throws(PipelineFailure) -> TaskReport {
        let name = Self.name(bucket)
        guard (0..<context.tasks.buckets).contains(bucket) else {
            throw .usage("no such bucket: expected a number from 0 on below that of `--buckets`")
        }
        guard !context.plan.statistics.statistics.isEmpty, context.tasks.state == nil else {
            throw .usage(
                "there is nothing to be merged: the pipeline has no statistics, or a state, which "
                    + "keeps what was counted in each source apart")
        }
        if try context.folder.isComplete() { return TaskReport(task: name) }
        if try context.folder.published(name) != nil { return TaskReport(task: name) }
        let work = try TaskReplay.published(context, context.tasks.tasks.indices)
        try TaskProof(context.tasks, work.map(\.manifest)).checkKeys()
        let folder = try context.folder.attempt(name, label: label)
        let files = try work.map { work throws(PipelineFailure) in try work.partial(bucket) }
        let lengths = try TaskPartials.merge(
            files, plan: context.plan.statistics, in: folder.content)
        let manifest = CanonicalJSON.object([
            ("version", .integer(Int64(Self.version))), ("plan", .text(context.tasks.name)),
            ("attempt", .text(label)), ("partials", .partials(lengths)),
        ])
        try folder.write(manifest, as: TaskManifest.fileName)
        guard try context.folder.publish(folder) else { return TaskReport(task: name) }
        return TaskReport(
            merge: name, work.map(\.manifest), isCommitted: try publishedAttempt(name) == label)
    }

    /// Which attempt published the merge.
    private func publishedAttempt(_ name: String) throws(PipelineFailure) -> String? {
        guard let folder = try context.folder.published(name) else { return nil }
        return try TaskFolder.json(TaskManifest.fileName, in: folder)?["attempt"]?.asText
    }

    /// The merge of a bucket, if it was published.
    static func partial(
        _ bucket: Int, of context: TaskContext
    ) throws(PipelineFailure) -> (any SpillFile)? {
        let name = name(bucket)
        guard let folder = try context.folder.published(name) else { return nil }
        guard let manifest = try TaskFolder.json(TaskManifest.fileName, in: folder),
            manifest["plan"]?.asText == context.tasks.name, let lengths = manifest.partialLengths
        else { throw .refused("\(name) was published for another plan") }
        return try TaskPartials.open(0, of: lengths, in: folder)
    }
}
