private import CSystem
private import Glibc

extension DurableFile {
    /// Removes what killed runs left in `directory` and returns how many files that were.
    ///
    /// A leftover has the form of our temporary names with `mark` or none, is a regular file of
    /// `owner`, was not made by this process, is not locked by a process that still writes it, nor
    /// of a run in `living`, and is not in `kept` (the prepared files of a commit record that is
    /// still to be redone). A power cut can leave such a file full of identifiers, so every run
    /// that writes to the directory calls this first. With `forOthers` it may be anybody's file:
    /// the superuser makes files for others.
    @discardableResult
    package static func removeLeftovers(
        in directory: Directory, of mark: WriterMark = .none,
        ownedBy owner: UInt32 = geteuid(), except kept: Set<String> = [],
        living: Set<[UInt8]> = [], forOthers: Bool = false
    ) throws(FileFault) -> Int {
        let keptBytes = Set(kept.map { Array($0.utf8) })
        var removed = 0
        let whose = forOthers ? nil : owner
        for (name, run) in try candidates(in: directory, of: [mark, .none], ownedBy: whose)
        where !living.contains(run) && !keptBytes.contains(Array(name.utf8)) {
            if try isBeingWritten(name, in: directory) { continue }
            if try directory.remove(name) { removed += 1 }
        }
        if removed > 0 { try directory.synchronize() }
        return removed
    }

    /// Overwrites and removes what killed runs of the writer left in `directory`, which may be
    /// secret. Files without a mark stay: others may be at work with them.
    package static func overwriteLeftovers(
        in directory: Directory, of mark: WriterMark
    ) throws(FileFault) {
        for (name, _) in try candidates(in: directory, of: [mark], ownedBy: geteuid()) {
            if try isBeingWritten(name, in: directory) { continue }
            try overwriteAndRemove(name, in: directory)
        }
    }

    /// Overwrites the blocks of a file, by whatever names it goes, and removes this name, durably.
    package static func overwriteAndRemove(
        _ name: String, in directory: Directory
    ) throws(FileFault) {
        guard let status = try directory.status(of: name) else { return }
        let file = try directory.openingOrCreating(name)
        try file.writeAll([UInt8](repeating: 0, count: status.byteCount).span)
        try file.synchronize()
        try file.close()
        if try directory.remove(name) { try directory.synchronize() }
    }

    /// The other runs of the writer that write to a file of the directory just now. One such file
    /// speaks for all of its run: the others may be closed for a while.
    package static func livingRuns(
        in directory: Directory, of mark: WriterMark
    ) throws(FileFault) -> Set<[UInt8]> {
        var living: Set<[UInt8]> = []
        for (name, run) in try candidates(in: directory, of: [mark, .none], ownedBy: geteuid())
        where !living.contains(run) {
            if try isBeingWritten(name, in: directory) { living.insert(run) }
        }
        return living
    }

    private static func candidates(
        in directory: Directory, of marks: [WriterMark], ownedBy owner: UInt32?
    ) throws(FileFault) -> [(name: String, run: [UInt8])] {
        let own = Array(TemporaryName.run.utf8)
        let marks = marks.map { Array($0.digits.utf8) }
        var found: [(name: String, run: [UInt8])] = []
        for bytes in try directory.nameBytes() {
            guard let origin = TemporaryName.origin(of: bytes), origin.run != own,
                marks.contains(origin.mark),
                let name = String(validating: bytes, as: UTF8.self),
                let status = try directory.status(of: name),
                status.kind == .regular, owner == nil || status.owner == owner
            else { continue }
            found.append((name, origin.run))
        }
        return found
    }

    private static func isBeingWritten(
        _ name: String, in directory: Directory
    ) throws(FileFault) -> Bool {
        let file: FileDescriptor
        do {
            file = try openToLock(name, in: directory)
        } catch {
            if error.errorNumber == ENOENT { return true }
            throw error
        }
        let result = csystem_flock(file.number, LOCK_EX | LOCK_NB)
        return result != 0 && errno == EWOULDBLOCK
    }

    /// On a network file system only who may write can lock exclusively; a file that nobody may
    /// write to is locked where it lies.
    private static func openToLock(
        _ name: String, in directory: Directory
    ) throws(FileFault) -> FileDescriptor {
        do { return try directory.appending(name) } catch {
            guard error.errorNumber == EACCES else { throw error }
            return try directory.reading(name)
        }
    }
}
