internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// A file that a commit without state has made, as the mark of success keeps it: no ledger does.
struct CommittedFile: Sendable, Equatable {
    /// Of a disclosure the template: its paths name somebody.
    var path: String
    var content: ContentIdentity
    var isDisclosed = false
    /// When the file of a disclosure has to go, and is missed no more; nil for never.
    var until: EventTime?
}

/// Whether a run that has its mark of success is complete: what it made may be gone since, or of
/// another run, and a job that is submitted again would end well without its results.
struct TaskCompletion {
    let folder: TaskFolder
    let tasks: TaskPlan

    /// True when the run is complete. Where it only says so, the mark is taken away, and the work
    /// begins anew.
    func proveOrReopen() throws(PipelineFailure) -> Bool {
        guard try folder.isComplete() else { return false }
        if try firstLost() == nil { return true }
        let lock = try CommitLock(folder.directory)
        defer { withExtendedLifetime(lock) {} }
        guard try folder.isComplete() else { return false }
        if try firstLost() == nil { return true }
        try folder.removeMark()
        return false
    }

    /// Refuses to call a run complete that is not.
    func check() throws(PipelineFailure) {
        guard let lost = try firstLost() else { return }
        throw .refused(
            "\(lost) is not what this run left there: expected it as it was; to make it again, "
                + "plan again, which begins anew, or put it back; nothing was written")
    }

    /// The first place that is not as the run left it; nil when all are.
    private func firstLost() throws(PipelineFailure) -> String? {
        if let state = tasks.state { return try isUnknown(in: state) ? state.path : nil }
        guard let results = try folder.json(TaskFolder.successName)?["results"]?.asArray else {
            return folder.directory.path(of: TaskFolder.successName)
        }
        let files = results.compactMap { CommittedFile($0) }
        guard files.count == results.count else { throw folder.damaged(TaskFolder.successName) }
        for file in files where !file.isDisclosed {
            if try content(of: file.path, ifLong: file.content.byteCount) != file.content {
                return file.path
            }
        }
        return try firstLost(disclosed: files.filter(\.isDisclosed))
    }

    /// True when the ledger does not know the run: it was brought back out of a backup, or is
    /// another one. A state that is gone, in use or not settled says nothing of the run.
    private func isUnknown(in state: TaskPlan.State) throws(PipelineFailure) -> Bool {
        guard let ledger = try? Ledger.openForReading(stateDirectory: state.path) else {
            return false
        }
        do { return try !ledger.runs().contains { $0.run.name == tasks.name } } catch {
            throw StateRegistry.failure(error)
        }
    }

    /// The template of the first file of a disclosure that is not there, whatever its name.
    private func firstLost(disclosed files: [CommittedFile]) throws(PipelineFailure) -> String? {
        let now = RunClock.system(zone: .utc).now
        for (path, own) in Dictionary(grouping: files, by: \.path).sorted(by: { $0.key < $1.key }) {
            guard let template = PathTemplate(path) else { return path }
            var there: [ContentIdentity: Int] = [:]
            for found in try presentFiles(at: template) {
                if let content = try content(of: found) { there[content, default: 0] += 1 }
            }
            for file in own {
                if let count = there[file.content], count > 0 {
                    there[file.content] = count - 1
                } else if file.until.map({ $0 > now }) ?? true {
                    return path
                }
            }
        }
        return nil
    }

    /// What lies at `path`; nil when nothing does, or it is not as long as asked for.
    private func content(
        of path: String, ifLong byteCount: Int? = nil
    ) throws(PipelineFailure) -> ContentIdentity? {
        guard let status = try presentStatus(of: path), status.kind == .regular,
            byteCount == nil || status.byteCount == byteCount
        else { return nil }
        do { return try ContentIdentity.ofFile(path) } catch {
            throw .storage("cannot read a result", error)
        }
    }
}

extension CommittedFile {
    /// The written form; a relative path is seen from `folder`.
    func written(from folder: String) -> CanonicalJSON {
        .object([
            ("path", .text(anchored(path, at: folder))),
            ("bytes", .integer(Int64(content.byteCount))), ("sha256", .text(content.digest.hex)),
            ("disclosed", .boolean(isDisclosed)),
            ("until", until.map { .integer($0.milliseconds) } ?? .null),
        ])
    }

    /// Reads the written form; nil for anything else.
    init?(_ json: CanonicalJSON) {
        guard let path = json["path"]?.asText, let byteCount = json["bytes"]?.asInteger,
            let digest = json["sha256"]?.asText.flatMap(Digest256.init(hex:)),
            let disclosed = json["disclosed"]
        else { return nil }
        self.path = path
        content = ContentIdentity(digest: digest, byteCount: byteCount)
        isDisclosed = disclosed.asBoolean == true
        until = json["until"]?.asInteger.map { EventTime(milliseconds: Int64($0)) }
    }
}
