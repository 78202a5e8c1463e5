internal import FileSystem
internal import Ledger
internal import Records

/// Removes what nobody will use any more of the folder of all work: attempts that died, and plans
/// that nothing has happened to for as long.
///
/// Only age tells a dead attempt from one that is still at work on another node, so the age has to
/// be longer than any attempt takes.
struct WorkRemoval {
    let directory: Directory
    /// What was last written to before goes, nanoseconds since 1970 UTC.
    let before: Int64

    init(_ path: String, before: EventTime) throws(PipelineFailure) {
        do {
            directory = try Directory.privateDirectory(
                path, creating: false, closedToReaders: true)
        } catch { throw .storage("cannot open the folder of all work", error) }
        let (nanoseconds, isOver) = before.milliseconds.multipliedReportingOverflow(by: 1_000_000)
        self.before = isOver ? .max : nanoseconds
    }

    func run() throws(PipelineFailure) -> WorkRemovalReport {
        var tally = WorkRemovalReport()
        do throws(FileFault) {
            for name in try directory.names()
            where name.utf8.starts(with: TaskFolder.nameStart.utf8) {
                if try removePlan(name) {
                    tally.plans += 1
                } else {
                    tally.attempts += try removeAttempts(of: try directory.folder(name))
                }
            }
            try directory.synchronize()
        } catch { throw .storage("cannot clear the folder of all work", error) }
        return tally
    }

    /// Removes a plan to which nothing was written for long; false where there is none, or somebody
    /// commits it. Its lock is held until it is gone: no commit begins meanwhile.
    private func removePlan(_ name: String) throws(FileFault) -> Bool {
        guard try newestChange(of: name, in: directory, depth: 2) < before else { return false }
        do throws(FileFault) {
            let lock = try FileLock.acquire(TaskFolder.lockName, in: try directory.folder(name))
            defer { withExtendedLifetime(lock) {} }
            return try directory.removeFolder(name)
        } catch {
            if error.cause == .busyLock { return false }
            throw error
        }
    }

    private func removeAttempts(of plan: Directory) throws(FileFault) -> Int {
        var count = 0
        let folder = TaskFolder(plan)
        for name in try plan.names() where TaskFolder.work(of: name) != nil {
            guard try newestChange(of: name, in: plan, depth: 1) < before else { continue }
            // An attempt that keeps its name may be the one that counts.
            if folder.listsWinners, try folder.isWhole(name) { continue }
            if try plan.removeFolder(name) { count += 1 }
        }
        return count
    }

    /// When something in the folder or file was last written, down to `depth` folders below; what
    /// goes away meanwhile does not count.
    private func newestChange(
        of name: String, in folder: Directory, depth: Int
    ) throws(FileFault) -> Int64 {
        guard let status = try folder.status(of: name) else { return .max }
        var newest = status.modifiedNanoseconds
        if status.kind == .directory, depth > 0 {
            let inner = try folder.folder(name)
            for content in try inner.names() {
                let change = try newestChange(of: content, in: inner, depth: depth - 1)
                if change != .max { newest = max(newest, change) }
            }
        }
        return newest
    }
}
