private import CSystem
private import Glibc

/// A file that appears under its name complete and durable, or not at all.
///
/// The content goes to a temporary name in the same directory. `commit` does all that is left to
/// do; a run that must publish many files at once calls `prepare` on each, writes its own commit
/// record, and then calls `publish` for all of them:
///
///     begin -> write ... -> commit                            one file
///     begin -> write ... -> prepare -> record -> publish      many files
///
/// A file that is neither committed nor prepared is removed when its owner lets go. One owner, one
/// thread at a time.
///
/// A writer of more files than a process may hold open calls `suspend` on those that wait; `write`
/// opens them again.
package final class DurableFile {
    private enum State { case writing, ready, ended }

    /// The path of the directory in which the file will appear.
    package let folder: String
    /// The directory; nil while the file is suspended.
    private var openDirectory: Directory?
    private let directoryIdentity: FileIdentity
    private let fileIdentity: FileIdentity
    /// The name under which it will appear.
    package let finalName: String
    /// The name it has until then.
    package let temporaryName: String
    /// The number of bytes written.
    package private(set) var byteCount = 0

    private var file: FileDescriptor?
    private var state = State.writing

    private init(
        directory: Directory, directoryIdentity: FileIdentity, fileIdentity: FileIdentity,
        finalName: String, temporaryName: String, file: consuming FileDescriptor
    ) {
        folder = directory.path
        openDirectory = directory
        self.directoryIdentity = directoryIdentity
        self.fileIdentity = fileIdentity
        self.finalName = finalName
        self.temporaryName = temporaryName
        self.file = consume file
    }

    deinit { if state != .ended { abandon() } }

    /// Begins a file that will be called `finalName` and have the permissions `mode`, whatever the
    /// umask.
    ///
    /// Refused is a name that belongs to a symbolic link, to anything else but a regular file, or
    /// to another user's file, unless `forOthers`: the superuser may then put a file in its place
    /// that stays that user's (`follow`).
    package static func begin(
        in directory: Directory, named finalName: String, mode: UInt32 = 0o600,
        mark: WriterMark = .none, forOthers: Bool = false
    ) throws(FileFault) -> DurableFile {
        try checkTarget(finalName, in: directory, forOthers: forOthers)
        let temporaryName = TemporaryName.make(for: finalName, mark)
        let file = try directory.creating(temporaryName, mode: 0o600)
        let identities: (directory: FileIdentity, file: FileIdentity)
        do {
            identities = (try directory.status().identity, try file.status().identity)
        } catch {
            _ = try? directory.remove(temporaryName)
            throw error
        }
        // Tells the clean-up of another run that this one is alive.
        _ = csystem_flock(file.number, LOCK_SH | LOCK_NB)
        let permitted = mode == 0o600 || fchmod(file.number, mode) == 0
        let failure = errno
        let durable = DurableFile(
            directory: directory, directoryIdentity: identities.directory,
            fileIdentity: identities.file, finalName: finalName, temporaryName: temporaryName,
            file: file)
        guard permitted else {
            throw FileFault(.create, errno: failure, path: directory.path(of: finalName))
        }
        return durable
    }

    /// Appends `bytes`; nothing is buffered, so callers pass large blocks.
    ///
    /// After a fault the file is given up.
    package func write(_ bytes: Span<UInt8>) throws(FileFault) {
        guard state == .writing else { throw alreadyClosed(.write) }
        do {
            try resume()
            try file?.writeAll(bytes)
        } catch {
            abandon()
            throw error
        }
        byteCount += bytes.count
    }

    /// Closes the file for a while, and its directory with it; nothing of it is lost, but it is not
    /// told from a leftover any more.
    package func suspend() throws(FileFault) {
        guard state == .writing, let open = file.take() else { return }
        openDirectory = nil
        do { try open.close() } catch {
            abandon()
            throw error
        }
    }

    /// True while the file is open.
    package var isOpen: Bool { file != nil }

    /// Opens a suspended file again; one that is not what was written there is a fault.
    private func resume() throws(FileFault) {
        if file != nil { return }
        let again = try directory.appending(temporaryName)
        let status = try again.status()
        guard status.identity == fileIdentity, status.byteCount == byteCount else {
            throw FileFault(.open, errno: ESTALE, path: "\(folder)/\(finalName)")
        }
        _ = csystem_flock(again.number, LOCK_SH | LOCK_NB)
        file = consume again
    }

    /// The directory in which the file will appear.
    package var directory: Directory {
        get throws(FileFault) {
            if let openDirectory { return openDirectory }
            let again = try Directory.open(folder)
            guard try again.status().identity == directoryIdentity else {
                throw FileFault(.open, errno: ESTALE, path: folder)
            }
            openDirectory = again
            return again
        }
    }

    /// What was written so far, to be read from its beginning; nothing can be written any more.
    package func content() throws(FileFault) -> FileDescriptor {
        try suspend()
        return try directory.reading(temporaryName)
    }

    /// Gives the file the owner, group, permissions and times of the file that it will replace.
    ///
    /// To be called behind the last `write`. Permissions are never wider than those of `status`:
    /// where the group cannot be kept it gets none, and the answer is false. Another user's file
    /// can be followed by the superuser only (`EPERM`).
    @discardableResult
    package func follow(_ status: FileStatus) throws(FileFault) -> Bool {
        guard state == .writing else { throw alreadyClosed(.write) }
        try resume()
        guard let number = file?.number else { throw alreadyClosed(.write) }
        var mode = status.permissions & 0o777
        var keepsGroup = true
        // What is right already is not asked for: some services may not change owners at all.
        if try !isOwned(as: status, number), fchown(number, status.owner, status.group) != 0 {
            guard status.owner == geteuid() else { throw failed(errno) }
            keepsGroup = mode & 0o070 == 0
            mode &= ~0o070
        }
        guard fchmod(number, mode) == 0 else { throw failed(errno) }
        let times = [status.accessedNanoseconds, status.modifiedNanoseconds].map { time in
            let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
            return rest < 0
                ? timespec(tv_sec: Int(seconds) - 1, tv_nsec: Int(rest) + 1_000_000_000)
                : timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
        }
        guard unsafe futimens(number, times) == 0 else { throw failed(errno) }
        return keepsGroup
    }

    private func isOwned(as status: FileStatus, _ number: Int32) throws(FileFault) -> Bool {
        var raw = stat()
        guard unsafe fstat(number, &raw) == 0 else { throw failed(errno) }
        return raw.st_uid == status.owner && raw.st_gid == status.group
    }

    private func failed(_ number: Int32) -> FileFault {
        abandon()
        return FileFault(.create, errno: number, path: "\(folder)/\(finalName)")
    }

    /// Makes the content durable and closes the file; no more can be written.
    ///
    /// After a fault the file is given up and must be made anew: a second attempt at fsync could
    /// report success for lost pages.
    package func finish() throws(FileFault) {
        if state == .ready { return }
        guard state == .writing else { throw alreadyClosed(.synchronize) }
        do throws(FileFault) {
            try resume()
            guard let open = file.take() else { throw alreadyClosed(.synchronize) }
            try open.synchronize()
            try open.close()
        } catch {
            abandon()
            throw error
        }
        state = .ready
    }

    /// Makes the file appear under its name, durable; replaces what was there.
    ///
    /// A fault `not-durable` means that the file is in place; any other that nothing has changed.
    package func commit() throws(FileFault) {
        try finish()
        do {
            try Self.rename(prepared(), in: directory, redo: false)
        } catch {
            abandon()
            throw error
        }
        state = .ended
        try Self.settle(directory, naming: finalName)
    }

    /// Makes the content durable under its temporary name and hands over the responsibility for it:
    /// from now on only `publish`, `discard` or the clean-up of leftovers remove it.
    ///
    /// With `settlingDirectory` false the caller synchronizes the directory itself, once for many
    /// files, before it writes its commit record.
    package func prepare(settlingDirectory: Bool = true) throws(FileFault) -> PreparedFile {
        try finish()
        if settlingDirectory {
            do {
                try directory.synchronize()
            } catch {
                abandon()
                throw error
            }
        }
        state = .ended
        openDirectory = nil
        return prepared()
    }

    /// Gives the file up: nothing of it stays. Does nothing after `commit` or `prepare`.
    package func abandon() {
        guard state != .ended else { return }
        state = .ended
        file = nil
        // It may be full of identifiers: one more attempt, before it is left to the next run.
        if let place = try? directory, (try? place.remove(temporaryName)) == nil {
            _ = try? place.remove(temporaryName)
        }
        openDirectory = nil
    }

    private func prepared() -> PreparedFile {
        PreparedFile(temporaryName: temporaryName, finalName: finalName, byteCount: byteCount)
    }

    private func alreadyClosed(_ operation: FileFault.Operation) -> FileFault {
        FileFault(operation, .alreadyClosed, path: "\(folder)/\(finalName)")
    }
}
