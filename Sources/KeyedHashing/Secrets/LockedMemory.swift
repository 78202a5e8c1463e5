private import Glibc
private import Synchronization

/// What keeps pages with secrets out of swap space and out of core dumps.
package enum LockedMemory {
    private static let refused = Atomic<Bool>(false)

    /// True once the system has refused to lock a page with a secret: there was no room under the
    /// limit of locked memory (RLIMIT_MEMLOCK), and the page may be swapped out.
    package static var wasRefused: Bool { refused.load(ordering: .relaxed) }

    /// Locks `count` bytes, which are whole pages, and leaves them out of dumps. A lock that is
    /// refused stops nobody: the secret is then still wiped and undumped.
    static func protect(_ start: UnsafeMutableRawPointer, count: Int) {
        if unsafe mlock(start, count) != 0 { refused.store(true, ordering: .relaxed) }
        _ = unsafe madvise(start, count, MADV_DONTDUMP)
    }
}
