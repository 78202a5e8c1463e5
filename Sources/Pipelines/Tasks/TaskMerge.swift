internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// Merges what the statistics of several tasks counted into one partial, published like the work of
/// a task, so that many machines take a share of the merging. The commit merges what is left; the
/// tables do not depend on who merged what.
struct TaskMerge {
    let context: TaskContext
    /// Which of the groups that the tasks are divided into, in their order; 0-based.
    let group: Int
    let groups: Int
    /// Tells the attempt from others at the same group.
    let label: String

    private static let version = 1

    /// The name of a merge.
    static func name(_ group: Int, of groups: Int) -> String { "merge-\(group)-of-\(groups)" }

    /// The indices of the tasks of a group.
    static func members(_ group: Int, of groups: Int, count: Int) -> Range<Int> {
        group * count / groups..<(group + 1) * count / groups
    }

    func run() throws(PipelineFailure) -> TaskReport {
        let name = Self.name(group, of: groups)
        guard groups >= 1, groups <= max(context.tasks.tasks.count, 1), (0..<groups).contains(group)
        else {
            throw .usage(
                "--group, --groups: expected a group from 0 on, and at most as many as there are "
                    + "tasks")
        }
        guard !context.plan.statistics.statistics.isEmpty, context.tasks.state == nil else {
            throw .usage(
                "there is nothing to be merged: the pipeline has no statistics, or a state, which "
                    + "keeps what was counted in each source apart")
        }
        if try context.folder.isComplete() { return TaskReport(task: name) }
        if try context.folder.published(name) != nil { return TaskReport(task: name) }
        let work = try TaskReplay.published(
            context, Self.members(group, of: groups, count: context.tasks.tasks.count))
        try TaskProof(context.tasks, work.map(\.manifest)).checkKeys()
        let folder = try context.folder.attempt(name, label: label)
        let bytes = try merge(work, in: folder.content)
        let manifest = CanonicalJSON.object([
            ("version", .integer(Int64(Self.version))), ("plan", .text(context.tasks.name)),
            ("attempt", .text(label)), ("partial", .integer(Int64(bytes))),
        ])
        try folder.write(manifest, as: TaskManifest.fileName)
        if try context.folder.isComplete() { return TaskReport(task: name) }
        try folder.publish()
        return TaskReport(
            merge: name, work.map(\.manifest), isCommitted: try publishedAttempt(name) == label)
    }

    /// Which attempt published the merge.
    private func publishedAttempt(_ name: String) throws(PipelineFailure) -> String? {
        guard let folder = try context.folder.published(name) else { return nil }
        return try TaskFolder.json(TaskManifest.fileName, in: folder)?["attempt"]?.asText
    }

    private func merge(
        _ work: [TaskReplay.Work], in folder: Directory
    ) throws(PipelineFailure) -> Int {
        let files = try work.map { work throws(PipelineFailure) in try work.partial() }
        do {
            let file = OpenSpillFile(try folder.creating(TaskAttempt.partialName))
            try Partials(
                files, plan: context.plan.statistics,
                storage: DirectorySpillStorage(directory: folder)
            ).merge(into: file)
            try file.synchronize()
            return file.count
        } catch let fault as FileFault {
            throw .storage("cannot write merged aggregates", fault)
        } catch let fault as PartialFault {
            throw .storage("cannot merge the aggregates of the tasks: \(fault.code.rawValue)")
        } catch {
            throw .internalFault("aggregates were refused without a reason")
        }
    }

    /// The merged partials of all groups, when there are any that together have every task once;
    /// nil otherwise.
    static func partials(
        of context: TaskContext
    ) throws(PipelineFailure) -> [any SpillFile]? {
        let names: Set<String>
        do { names = try context.folder.publishedNames() } catch {
            throw .storage("cannot read the work folder", error)
        }
        let counts = Set(
            names.compactMap { name -> Int? in
                let parts = name.split(separator: "-")
                guard parts.count == 4, parts[0] == "merge", parts[2] == "of" else { return nil }
                return Int(parts[3])
            })
        for groups in counts.sorted() {
            guard (0..<groups).allSatisfy({ names.contains(name($0, of: groups)) }) else {
                continue
            }
            return try (0..<groups).map { group throws(PipelineFailure) in
                try partial(name(group, of: groups), of: context)
            }
        }
        return nil
    }

    private static func partial(
        _ name: String, of context: TaskContext
    ) throws(PipelineFailure) -> any SpillFile {
        guard let folder = try context.folder.published(name),
            let manifest = try TaskFolder.json(TaskManifest.fileName, in: folder),
            manifest["plan"]?.asText == context.tasks.name
        else { throw .refused("\(name) was published for another plan") }
        return try folder.partial(of: manifest["partial"]?.asInteger)
    }
}

extension Directory {
    /// The partial in a folder of published work, which is to be so many bytes long.
    func partial(of byteCount: Int?) throws(PipelineFailure) -> any SpillFile {
        let file = try StoredFile(path(of: TaskAttempt.partialName))
        guard file.count == byteCount else {
            throw .storage("the aggregates of a task are not what was written there")
        }
        return file
    }
}
