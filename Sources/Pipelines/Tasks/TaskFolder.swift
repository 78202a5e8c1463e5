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
/// | `winners.json` | in a folder that cannot rename folders: the attempts that count |
/// | `_SUCCESS.json` | the run is complete |
///
/// Where a folder cannot get its name in one step (object stores), attempts keep their names; one
/// whose manifest is there, and whose files are as long as it says, is published. Of several the
/// commit takes one, and one file says which: equal input and equal keys make equal work, so it
/// does not matter which. Such a folder needs nothing but files that appear whole when closed.
///
/// Attempts lie beside what they become: a confined process may rename within a folder only.
/// Published work holds tokens, readable records that outputs may show and lines set aside: 0700
/// like a state, and removed when the run is complete.
struct TaskFolder {
    /// How the folders of plans are called.
    static let nameStart = "plan-"
    static let planName = "plan.json"
    static let successName = "_SUCCESS.json"
    static let attemptStart = "_tmp."
    static let lockName = "lock"
    static let winnersName = "winners.json"
    /// The longest plan in bytes: some millions of tasks.
    private static let planBytesMax = 1 << 30

    let directory: Directory
    /// True when attempts keep their names.
    var listsWinners = false
    /// The attempts that count, by what they are at; nil: not settled.
    private var winners: [String: String]?

    /// Opens the folder at `path`; with `creating` a missing one is made.
    init(_ path: String, creating: Bool = false) throws(PipelineFailure) {
        do {
            directory = try Directory.privateDirectory(
                path, creating: creating, closedToReaders: true)
        } catch { throw .storage("cannot open the work folder", error) }
    }

    /// The open folder of a plan that can be read, or of one that cannot.
    init(_ directory: Directory) {
        self.directory = directory
        listsWinners = (try? plan())?.listsWinners ?? false
    }

    /// The plan.
    func plan() throws(PipelineFailure) -> TaskPlan {
        guard let json = try json(Self.planName, limitBytes: Self.planBytesMax) else {
            throw .usage("\(directory.path): expected a folder that `sluice plan` made")
        }
        guard json["version"]?.asInteger == TaskPlan.version else {
            throw madeElsewhere(directory.path(of: Self.planName))
        }
        guard let plan = TaskPlan(json) else { throw damaged(Self.planName) }
        return plan
    }

    /// What another version of sluice wrote at `path`: nothing ends that but to begin anew.
    func madeElsewhere(_ path: String) -> PipelineFailure {
        .refused(
            "\(path) was made by another version of sluice: have the same version everywhere, "
                + "remove \(directory.path), and plan anew")
    }

    /// The content of a file; nil when there is none.
    func json(
        _ name: String, limitBytes: Int = 1 << 26
    ) throws(PipelineFailure) -> CanonicalJSON? {
        // What is cut off was being written by somebody who died.
        if listsWinners, try !isReadable(name, limitBytes: limitBytes) { return nil }
        return try Self.json(name, in: directory, limitBytes: limitBytes)
    }

    private func isReadable(_ name: String, limitBytes: Int) throws(PipelineFailure) -> Bool {
        do {
            if try directory.status(of: name) == nil { return false }
            let content = try directory.content(of: name, limitBytes: limitBytes)
            return CanonicalJSON(parsing: content) != nil
        } catch { throw .storage("cannot read the work folder", error) }
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
        if listsWinners { return try put(json, as: name) }
        do { try DurableFile.durablyReplace(name, in: directory, with: json.bytes.span) } catch {
            throw .storage("cannot write the work folder", error)
        }
    }

    /// Writes a file, complete and durable, unless there is one of the name: of several that want
    /// to the first does.
    func writeOnce(_ json: CanonicalJSON, as name: String) throws(PipelineFailure) {
        if listsWinners {
            if try self.json(name, limitBytes: Self.planBytesMax) == nil { try put(json, as: name) }
            return
        }
        do throws(FileFault) {
            _ = try DurableFile.makeOnce(name, in: directory, with: json.bytes.span)
        } catch { throw .storage("cannot write the work folder", error) }
    }

    /// Removes what processes that were killed left of single files; attempts that died stay, as
    /// only age tells them from those that are at work on another node (`WorkRemoval`).
    func removeLeftovers() throws(PipelineFailure) {
        do { try DurableFile.removeLeftovers(in: directory) } catch {
            throw .storage("cannot clear the work folder", error)
        }
    }

    /// Writes a file without renaming or linking one, which the folder cannot do: whoever reads it
    /// takes one that is cut off for none.
    private func put(_ json: CanonicalJSON, as name: String) throws(PipelineFailure) {
        do throws(FileFault) {
            _ = try directory.remove(name)
            let file = try directory.creating(name)
            try file.writeAll(json.bytes.span)
            try file.synchronize()
            try file.close()
            try directory.synchronize()
        } catch { throw .storage("cannot write the work folder", error) }
    }

    func damaged(_ name: String) -> PipelineFailure {
        .storage("\(directory.path(of: name)) is not what was written there")
    }

    /// True when the run was committed; whether its results are still there it does not say
    /// (`TaskCompletion`).
    func isComplete() throws(PipelineFailure) -> Bool {
        try json(Self.successName) != nil
    }

    /// Takes the mark of success away, durably: the work begins anew.
    func removeMark() throws(PipelineFailure) {
        do {
            _ = try directory.remove(Self.successName)
            try directory.synchronize()
        } catch { throw .storage("cannot write the work folder", error) }
    }

    // MARK: Published work

    /// The folder of what was published under `name`; nil when nothing was.
    func published(_ name: String) throws(PipelineFailure) -> Directory? {
        do throws(FileFault) {
            guard listsWinners else {
                return try directory.status(of: name) == nil ? nil : try directory.folder(name)
            }
            guard let own = try winner(name) else { return nil }
            return try directory.folder(own)
        } catch { throw .storage("cannot read the work folder", error) }
    }

    /// Begins an attempt at `name`; `label` tells attempts of one process apart.
    func attempt(_ name: String, label: String) throws(PipelineFailure) -> TaskAttemptFolder {
        do {
            let own = "\(Self.attemptStart)\(name).\(label)"
            return TaskAttemptFolder(
                name: name, label: label, content: try directory.makingFolder(own), own: own,
                plan: directory, keepsName: listsWinners)
        } catch { throw .storage("cannot write the work folder", error) }
    }

    /// Publishes an attempt; false when the run is complete: then nobody would ever take it away.
    /// What was published just when the run became complete is taken away here.
    func publish(_ attempt: TaskAttemptFolder) throws(PipelineFailure) -> Bool {
        if try isComplete() { return false }
        try attempt.publish()
        guard try isComplete() else { return true }
        try clear()
        return false
    }

    /// Removes published work and what attempts left behind; the plan and the mark of success stay.
    func clear() throws(PipelineFailure) {
        do {
            for name in try directory.names() where Self.isWork(name) {
                try directory.removeFolder(name)
            }
            // Such as a mark of success that was never finished.
            try DurableFile.removeLeftovers(in: directory)
            try directory.synchronize()
        } catch { throw .storage("cannot clear the work folder", error) }
    }

    private static func isWork(_ name: String) -> Bool {
        [attemptStart, "task-", TaskMerge.nameStart].contains { name.utf8.starts(with: $0.utf8) }
            || name.utf8.elementsEqual(winnersName.utf8)
    }
}

/// Folders that cannot give a folder its name in one step.
extension TaskFolder {
    /// What the attempt in the folder `own` is at; nil for anything but an attempt.
    static func work(of own: String) -> String? {
        guard own.utf8.starts(with: attemptStart.utf8) else { return nil }
        return own.dropFirst(attemptStart.utf8.count).split(separator: ".").first.map(String.init)
    }

    /// The attempt that counts at `name`, as far as is known; nil: none is published.
    private func winner(_ name: String) throws(FileFault) -> String? {
        if let winners { return winners[name] }
        for own in try directory.names().sorted() where Self.work(of: own) == name {
            if try isWhole(own) { return own }
        }
        return nil
    }

    /// True for an attempt whose manifest is there, and whose files are as long as it says.
    func isWhole(_ own: String) throws(FileFault) -> Bool {
        guard try directory.status(of: own)?.kind == .directory else { return false }
        let folder = try directory.folder(own)
        guard try folder.status(of: TaskManifest.fileName) != nil,
            let json = CanonicalJSON(
                parsing: try folder.content(of: TaskManifest.fileName, limitBytes: 1 << 26))
        else { return false }
        var files = (json.partialLengths ?? []).enumerated().map {
            (name: TaskPartials.name($0.offset), byteCount: $0.element)
        }
        if let count = json["log"]?["bytes"]?.asInteger { files.append((TaskLog.fileName, count)) }
        for file in files {
            guard try folder.status(of: file.name)?.byteCount == file.byteCount else {
                return false
            }
        }
        return true
    }

    /// Settles which attempts count: those of the list, or the first whole ones by their names.
    mutating func findWinners() throws(PipelineFailure) {
        guard listsWinners else { return }
        if let list = try json(Self.winnersName)?.asObject {
            winners = Dictionary(
                list.compactMap { member in member.value.asText.map { (member.name, $0) } },
                uniquingKeysWith: { first, _ in first })
            return
        }
        var found: [String: String] = [:]
        do throws(FileFault) {
            for own in try directory.names().sorted() {
                if let name = Self.work(of: own), found[name] == nil, try isWhole(own) {
                    found[name] = own
                }
            }
        } catch { throw .storage("cannot read the work folder", error) }
        winners = found
    }

    /// Writes down which attempts count, before anything is made of them.
    func listWinners() throws(PipelineFailure) {
        guard let winners else { return }
        let members = winners.sorted { $0.key < $1.key }.map { name, own in
            (name: name, value: CanonicalJSON.text(own))
        }
        try write(.object(members), as: Self.winnersName)
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
    /// True when the attempt is published under the name it has.
    private let keepsName: Bool
    private var isEnded = false

    init(
        name: String, label: String, content: Directory, own: String, plan: Directory,
        keepsName: Bool
    ) {
        self.name = name
        self.label = label
        self.content = content
        self.own = own
        self.plan = plan
        self.keepsName = keepsName
    }

    deinit { abandon() }

    /// Writes a file of the attempt, durably. It needs no name of its own until then: the whole
    /// folder gets the name that counts in one step.
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
            if keepsName {
                isEnded = true
                return try plan.synchronize()
            }
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
