private import CSystem

/// How many files a process holds open: the one place that decides it.
package enum OpenFileLimit {
    /// The most files that one run keeps open to write to; the others are closed and opened again
    /// when more comes for them.
    package static let writtenMax = 256

    /// The fewest: below, each block would mean an open and a close.
    package static let writtenMin = 4

    /// The files that a run may keep open to write to. Each may take another descriptor for its
    /// folder, and the rest is for the sources, the ledger, the keys and what is spilled.
    package static var written: Int {
        let allowed = Int(clamping: csystem_open_files())
        return max(writtenMin, min(writtenMax, allowed / 8))
    }

    /// Takes all that the system allows this process.
    static func raise() { _ = csystem_raise_open_files() }
}
