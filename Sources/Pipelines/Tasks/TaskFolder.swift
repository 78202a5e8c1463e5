internal import FileSystem
internal import Ledger
internal import Records

/// The folder of one plan of tasks, which all processes that take part share.
///
/// | name | what |
/// |---|---|
/// | `plan.json` | the plan (`TaskPlan`) |
/// | `_tmp.NAME.RUN.ATTEMPT` | what an attempt has so far; seen by nobody else |
/// | `NAME` | the published work of a task or a merge: of several attempts the first |
/// | `_SUCCESS.json` | the run is complete |
///
/// Attempts lie beside what they become: a confined process may rename within a folder only.
/// Published work holds tokens, readable records that outputs may show and lines set aside: 0700
/// like a state, and removed when the run is complete.
struct TaskFolder {
    static let planName = "plan.json"
    static let successName = "_SUCCESS.json"
    static let attemptStart = "_tmp."
    static let lockName = "lock"
    /// The longest plan in bytes: some millions of tasks.
    private static let planBytesMax = 1 << 30

    let directory: Directory

    /// Opens the folder at `path`; with `creating` a missing one is made.
    init(_ path: String, creating: Bool = false) throws(PipelineFailure) {
        do {
            directory = try Directory.privateDirectory(
                path, creating: creating, closedToReaders: true)
        } catch { throw .storage("cannot open the work folder", error) }
    }

    /// The plan.
    func plan() throws(PipelineFailure) -> TaskPlan {
        guard let json = try json(Self.planName, limitBytes: Self.planBytesMax) else {
            throw .usage("\(directory.path): expected a folder that `sluice plan` made")
        }
        guard let plan = TaskPlan(json) else { throw damaged(Self.planName) }
        return plan
    }

    /// The content of a file; nil when there is none.
    func json(
        _ name: String, limitBytes: Int = 1 << 26
    ) throws(PipelineFailure) -> CanonicalJSON? {
        try Self.json(name, in: directory, limitBytes: limitBytes)
    }

    static func json(
        _ name: String, in directory: Directory, limitBytes: Int = 1 << 26
    ) throws(PipelineFailure) -> CanonicalJSON? {
        let content: [UInt8]
        do {
            if try directory.status(of: name) == nil { return nil }
            content = try directory.content(of: name, limitBytes: limitBytes)
        } catch { throw .storage("cannot read the work folder", error) }
        guard let json = CanonicalJSON(parsing: content) else {
            throw .storage("\(directory.path(of: name)) is not what was written there")
        }
        return json
    }

    /// Writes a file, complete and durable, in the place of what has the name.
    func write(_ json: CanonicalJSON, as name: String) throws(PipelineFailure) {
        do { try DurableFile.durablyReplace(name, in: directory, with: json.bytes.span) } catch {
            throw .storage("cannot write the work folder", error)
        }
    }

    /// Writes a file, complete and durable, unless there is one of the name: of several that want to
    /// the first does.
    func writeOnce(_ json: CanonicalJSON, as name: String) throws(PipelineFailure) {
        do throws(FileFault) {
            let own = "\(name).\(TemporaryName.run)\(UInt32.random(in: .min ... .max))"
            let file = try directory.creating(own)
            try file.writeAll(json.bytes.span)
            try file.synchronize()
            try file.close()
            do throws(FileFault) { try directory.link(own, to: name) } catch {
                if try directory.status(of: name) == nil { throw error }
            }
            _ = try directory.remove(own)
            try directory.synchronize()
        } catch { throw .storage("cannot write the work folder", error) }
    }

    func damaged(_ name: String) -> PipelineFailure {
        .storage("\(directory.path(of: name)) is not what was written there")
    }

    /// True when the run was committed.
    func isComplete() throws(PipelineFailure) -> Bool {
        try json(Self.successName) != nil
    }

    // MARK: Published work

    /// The folder of what was published under `name`; nil when nothing was.
    func published(_ name: String) throws(PipelineFailure) -> Directory? {
        do {
            return try directory.status(of: name) == nil ? nil : try directory.folder(name)
        } catch { throw .storage("cannot read the work folder", error) }
    }

    /// Begins an attempt at `name`; `label` tells attempts of one process apart.
    func attempt(_ name: String, label: String) throws(PipelineFailure) -> TaskAttemptFolder {
        do {
            let own = "\(Self.attemptStart)\(name).\(label)"
            return TaskAttemptFolder(
                name: name, label: label, content: try directory.makingFolder(own), own: own,
                plan: directory)
        } catch { throw .storage("cannot write the work folder", error) }
    }

    /// Removes published work and what attempts left behind; the plan and the mark of success stay.
    func clear() throws(PipelineFailure) {
        do {
            for name in try directory.names() where Self.isWork(name) {
                try directory.removeFolder(name)
            }
            try directory.synchronize()
        } catch { throw .storage("cannot clear the work folder", error) }
    }

    private static func isWork(_ name: String) -> Bool {
        [attemptStart, "task-", "merge-"].contains { name.utf8.starts(with: $0.utf8) }
    }
}

/// The private folder of one attempt, gone with it unless it is published.
final class TaskAttemptFolder {
    /// What the attempt is at.
    let name: String
    /// Tells the attempt from others at the same.
    let label: String
    /// Takes the files of the attempt.
    let content: Directory
    private let own: String
    /// The folder of the plan.
    private let plan: Directory
    private var isEnded = false

    init(name: String, label: String, content: Directory, own: String, plan: Directory) {
        self.name = name
        self.label = label
        self.content = content
        self.own = own
        self.plan = plan
    }

    deinit { abandon() }

    /// Writes a file of the attempt, durably.
    func write(_ json: CanonicalJSON, as fileName: String) throws(PipelineFailure) {
        do {
            let file = try content.creating(fileName)
            try file.writeAll(json.bytes.span)
            try file.synchronize()
            try file.close()
        } catch { throw .storage("cannot write an attempt", error) }
    }

    /// Gives the attempt, whose files are durable, its name. Another one that was faster keeps it.
    func publish() throws(PipelineFailure) {
        do {
            try content.synchronize()
            try plan.publishFolder(own, as: name)
        } catch { throw .storage("cannot publish an attempt", error) }
        abandon()
    }

    /// Removes what was not published.
    func abandon() {
        if isEnded { return }
        isEnded = true
        _ = try? plan.removeFolder(own)
    }
}
