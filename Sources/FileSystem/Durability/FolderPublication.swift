private import CSystem
private import Glibc

/// Folders that appear under their names complete and durable, or not at all.
extension Directory {
    /// Makes the folder `name`, open to its owner only; a name in use is a fault (`EEXIST`).
    package func makingFolder(_ name: String) throws(FileFault) -> Directory {
        try check(name, .makeDirectory)
        guard unsafe name.withCString({ unsafe mkdirat(self.number, $0, 0o700) }) == 0 else {
            throw fault(.makeDirectory, name)
        }
        return try folder(name)
    }

    /// Opens the folder `name`; a symbolic link is refused.
    package func folder(_ name: String) throws(FileFault) -> Directory {
        try check(name, .open)
        let inner = try openAt(
            number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, operation: .open,
            shownPath: path(of: name))
        return Directory(owning: inner, path: path(of: name))
    }

    /// Gives the folder `name`, whose files are durable, the name `newName`.
    ///
    /// Of several folders that want one name the first gets it, with all its files in one step;
    /// the others stay where they are, and nothing is thrown: whose folder has the name then, its
    /// content tells. It alone tells after a network file system has lost the answer, too.
    package func publishFolder(_ name: String, as newName: String) throws(FileFault) {
        try check(name, .rename)
        try check(newName, .rename)
        let result = unsafe name.withCString { old in
            unsafe newName.withCString { new in
                unsafe renameat(number, old, number, new)
            }
        }
        if result != 0 {
            let failure = errno
            let isTaken = try status(of: newName)?.kind == .directory
            guard isTaken, [EEXIST, ENOTEMPTY, ENOENT].contains(failure) else {
                throw FileFault(.rename, errno: failure, path: path(of: newName))
            }
        }
        try synchronize()
    }

    /// Removes the folder `name` and everything in it, and says whether there was one. What others
    /// remove at the same time is passed over.
    @discardableResult
    package func removeFolder(_ name: String) throws(FileFault) -> Bool {
        guard let status = try status(of: name) else { return false }
        guard status.kind == .directory else { return try remove(name) }
        do {
            let inner = try folder(name)
            for content in try inner.names() { try inner.removeFolder(content) }
        } catch {
            guard error.errorNumber == ENOENT else { throw error }
        }
        return try removeDirectory(name)
    }
}

extension FileDescriptor {
    /// Lets the next read begin at `offset`, 0-based.
    package borrowing func move(to offset: Int) throws(FileFault) {
        guard lseek(number, off_t(offset), SEEK_SET) == off_t(offset) else {
            throw FileFault(.read, errno: errno, path: path)
        }
    }
}
