private import CSystem
private import Glibc

/// A lock that lasts as long as its owner; the system releases it when the process dies.
///
/// The lock is on an open file (flock), so two locks of one process exclude each other too. The
/// lock file stays: removing it would let two processes lock two files of one name.
package struct FileLock: ~Copyable, Sendable {
    /// Whether others may hold the lock at the same time.
    package enum Sharing: Sendable { case exclusive, shared }

    private let file: FileDescriptor

    private init(file: consuming FileDescriptor) { self.file = file }

    /// Closing the file would not do: a child process has it open, too, from its making until it
    /// runs another programme, and the lock belongs to both.
    deinit { _ = csystem_flock(file.number, LOCK_UN) }

    /// Locks the file `name` of `directory` and creates it (0600) when it is missing.
    ///
    /// A lock held elsewhere is the fault `busy-lock`, at once or after `waitingSeconds`.
    package static func acquire(
        _ name: String, in directory: Directory, _ sharing: Sharing = .exclusive,
        waitingSeconds: Int = 0
    ) throws(FileFault) -> FileLock {
        let file = try directory.openingOrCreating(name)
        let operation = (sharing == .exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB
        var attemptsLeft = waitingSeconds * attemptsPerSecond
        while csystem_flock(file.number, operation) != 0 {
            let failure = errno
            if failure == EINTR, !Interruption.isRequested { continue }
            guard failure == EWOULDBLOCK else {
                throw FileFault(.lock, errno: failure, path: file.path)
            }
            guard attemptsLeft > 0, !Interruption.isRequested else {
                throw FileFault(.lock, .busyLock, path: file.path)
            }
            attemptsLeft -= 1
            _ = usleep(useconds_t(1_000_000 / attemptsPerSecond))
        }
        return FileLock(file: file)
    }

    private static let attemptsPerSecond = 20
}
