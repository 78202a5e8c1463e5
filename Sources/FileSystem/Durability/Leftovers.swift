private import CSystem
private import Glibc

extension DurableFile {
    /// Removes what killed runs left in `directory` and returns how many files that were.
    ///
    /// A leftover has the form of our temporary names, is a regular file of `owner`, was not made
    /// by this process, is not locked by a process that still writes it, and is not in `kept` (the
    /// prepared files of a commit record that is still to be redone). A power cut can leave such a
    /// file full of identifiers, so every run that owns the directory calls this first.
    @discardableResult
    package static func removeLeftovers(
        in directory: Directory, ownedBy owner: UInt32 = geteuid(), except kept: Set<String> = []
    ) throws(FileFault) -> Int {
        let own = Array(TemporaryName.run.utf8)
        let keptBytes = Set(kept.map { Array($0.utf8) })
        var removed = 0
        for bytes in try directory.nameBytes() {
            guard let run = TemporaryName.run(of: bytes), run != own, !keptBytes.contains(bytes),
                let name = String(validating: bytes, as: UTF8.self),
                let status = try directory.status(of: name),
                status.kind == .regular, status.owner == owner,
                try !isBeingWritten(name, in: directory)
            else { continue }
            if try directory.remove(name) { removed += 1 }
        }
        if removed > 0 { try directory.synchronize() }
        return removed
    }

    private static func isBeingWritten(
        _ name: String, in directory: Directory
    ) throws(FileFault) -> Bool {
        let file: FileDescriptor
        do {
            file = try directory.reading(name)
        } catch {
            if error.errorNumber == ENOENT { return true }
            throw error
        }
        let result = csystem_flock(file.number, LOCK_EX | LOCK_NB)
        return result != 0 && errno == EWOULDBLOCK
    }
}
