import FileSystem
import Foundation
import Glibc
import Pipelines
import TestSupport

/// A folder in which a history happens to three pipelines: `p.yaml` with outputs, and figures that
/// are published; `a.yaml` that keeps a trail and ages the raw log in place, and whose keys come
/// back out of backups; and `w.yaml` that shows names for as long as accounts are open and trials
/// run, and whose keys are sealed.
final class HistoryWorld {
    let path: String
    let users: [String]
    var accounts: [String: HistoryAccount] = [:]
    /// Copies of all keys that were ever seen in the store of the archive, by file name.
    var keyBackup: [String: Data] = [:]
    /// What lies in the outputs, and what lay there before.
    var outputBackup = HistoryBackup()
    /// The credential of the third pipeline.
    let wrappingKey = "kek-\(UUID().uuidString)"
    /// How often it was changed.
    var keyChanges = 0
    /// What went wrong in a deed.
    var complaints: [String] = []
    /// How often something was killed, and how often that left work for the next run.
    private(set) var kills = 0
    private(set) var unfinished = 0
    /// How often an undisturbed command changes something in the file system, by its first words.
    private var changes: [String: Int] = [:]

    static let pipelines = ["p", "a", "w"]
    static let keyFolders = pipelines.map { "keys-\($0)" }
    static let stateFolders = pipelines.map { "state-\($0)" }

    init(users: [String]) throws {
        self.users = users
        let memory = "/dev/shm"
        let place = FileManager.default.isWritableFile(atPath: memory)
            ? memory : FileManager.default.temporaryDirectory.path
        path = "\(place)/sluice-history-\(UUID().uuidString)/w"
        for folder in ["in", "archive"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(folder)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        try write("p.yaml", Self.pipeline)
        try write("a.yaml", Self.archive)
        try write(
            "w.yaml", Self.accounts.replacingOccurrences(of: "WRAPPING-KEY", with: wrappingKey))
        try write("opt-outs.csv", "customer,purposes,effective_date\n")
        try writeAccounts()
        try makeTrials()
        try makeCredentials()
    }

    deinit {
        removeCredentials()
        try? FileManager.default.removeItem(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    /// Copies everything to a folder that stays, and says where.
    func keep() throws {
        let kept = "\(FileManager.default.temporaryDirectory.path)/kept-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: path, toPath: kept)
        StandardError.write("the world is kept in \(kept)\n")
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    // MARK: A day

    /// Brings the day's files.
    func feed(_ day: HistoryDay) throws {
        for addition in day.additions {
            for folder in ["in", "archive"] {
                let file = "\(path)/\(folder)/\(addition.file)"
                let old = (try? Data(contentsOf: URL(fileURLWithPath: file))) ?? Data()
                try (old + Data(addition.text.utf8)).write(to: URL(fileURLWithPath: file))
            }
        }
        for copy in day.copies {
            for folder in ["in", "archive"] {
                // What a store holds for nobody any more is gone.
                guard FileManager.default.fileExists(atPath: "\(path)/\(folder)/\(copy.from)")
                else { continue }
                try FileManager.default.copyItem(
                    atPath: "\(path)/\(folder)/\(copy.from)",
                    toPath: "\(path)/\(folder)/\(copy.to)")
            }
        }
    }

    // MARK: Runs

    /// Runs all pipelines to the end.
    func run(_ clock: HistoryDate) throws {
        for name in Self.pipelines {
            var request = RunRequest(pipeline: "\(path)/\(name).yaml")
            request.now = clock.text
            request.workers = 1
            do throws(PipelineFailure) { _ = try Sluice.run(request, observer: nil) } catch {
                // Today's file cannot always be made again out of what came back in its place: an
                // erasure by tokens can be done only once. Then it says to put today's file back.
                guard case .storage = error, try outputBackup.putBack(in: path) else {
                    throw error
                }
                _ = try Sluice.run(request, observer: nil)
            }
        }
        for name in try keyFiles("keys-a")
        where name.hasSuffix(".key") && keyBackup[name] == nil {
            keyBackup[name] = try Data(contentsOf: URL(fileURLWithPath: "\(path)/keys-a/\(name)"))
        }
        try outputBackup.take(from: path)
    }

    func keyFiles(_ folder: String) throws -> [String] {
        let root = "\(path)/\(folder)"
        guard FileManager.default.fileExists(atPath: root) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: root)
    }

    func isThere(_ file: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(file)")
    }

    /// Starts `sluice` and kills it behind one of the changes that it makes to files, so that most
    /// kills come in mid-work; true when it was killed in time.
    @discardableResult
    func kill(
        _ arguments: [String], _ random: inout SeededGenerator
    ) throws -> Bool {
        let command = arguments.prefix(3).joined(separator: " ")
        // Not known at first; later about as many as the last that came to its end.
        let target = Int.random(in: 1...(changes[command] ?? 120), using: &random)
        let events = try FileEvents(below: path)
        let process = try SluiceProcess(
            arguments, in: path, through: ["CREDENTIALS_DIRECTORY=\(Credentials.folder)"])
        let isKilled = events.wait(for: target) { process.hasEnded }
        if isKilled { process.signal(SIGKILL) }
        guard try process.finish().status == 137 else {
            changes[command] = max(1, events.count)
            return false
        }
        kills += 1
        if try isUnfinished() { unfinished += 1 }
        return true
    }

    /// True when a state is not sealed, or temporary files lie somewhere.
    private func isUnfinished() throws -> Bool {
        for state in Self.stateFolders
        where isThere("\(state)/ledger.sqlite") && !isThere("\(state)/ledger.seal") {
            return true
        }
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String }
        return names?.contains { $0.hasSuffix(".tmp") } ?? false
    }

    func runArguments(_ pipeline: String, _ clock: HistoryDate) -> [String] {
        ["run", pipeline, "--now", clock.text, "--workers", "1", "-q"]
    }
}
