private import CSystem
private import Glibc

/// An open directory; everything is done relative to it, so that nobody can swap the path while
/// the programme works.
///
/// Names are single path components. Symbolic links are never followed. Safe to use from several
/// threads.
package final class Directory: Sendable {
    /// The path for messages.
    package let path: String

    let number: Int32

    init(owning number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    deinit { _ = Glibc.close(number) }

    /// The path of `name` in this directory, for messages.
    package func path(of name: String) -> String {
        path == "/" ? "/\(name)" : "\(path)/\(name)"
    }

    /// Opens a file for reading; only regular files are accepted.
    package func reading(_ name: String) throws(FileFault) -> FileDescriptor {
        try opening(name, O_RDONLY, mode: 0, operation: .open)
    }

    /// Creates a file for writing and reading that must not exist yet.
    package func creating(_ name: String, mode: UInt32 = 0o600) throws(FileFault) -> FileDescriptor
    {
        // What was made here is a regular file. If it had to be looked at first, one that cannot be
        // looked at would be left behind.
        try opened(name, O_RDWR | O_CREAT | O_EXCL, mode: mode, operation: .create)
    }

    /// Opens a file for writing behind its end, and for reading: on a network file system a shared
    /// lock needs the one, an exclusive lock the other.
    package func appending(_ name: String) throws(FileFault) -> FileDescriptor {
        try opening(name, O_RDWR | O_APPEND, mode: 0, operation: .open)
    }

    /// Opens a file for writing and reading, and creates it when it is missing.
    package func openingOrCreating(
        _ name: String, mode: UInt32 = 0o600
    ) throws(FileFault) -> FileDescriptor {
        try opening(name, O_RDWR | O_CREAT, mode: mode, operation: .create)
    }

    private func opening(
        _ name: String, _ flags: Int32, mode: UInt32, operation: FileFault.Operation
    ) throws(FileFault) -> FileDescriptor {
        let file = try opened(name, flags, mode: mode, operation: operation)
        let kind = try file.status().kind
        guard kind == .regular else {
            throw FileFault(
                operation,
                kind == .directory ? .isDirectory : .notRegularFile,
                path: file.path
            )
        }
        return file
    }

    private func opened(
        _ name: String,
        _ flags: Int32,
        mode: UInt32,
        operation: FileFault.Operation
    ) throws(FileFault) -> FileDescriptor {
        try check(name, operation)
        let shown = path(of: name)
        // Without O_NONBLOCK a planted named pipe would make the open wait for ever.
        let number: Int32
        do {
            number = try openAt(
                self.number, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode: mode,
                operation: operation, shownPath: shown)
        } catch {
            throw error.errorNumber == ELOOP
                ? FileFault(operation, .symbolicLink, path: shown) : error
        }
        return FileDescriptor(owning: number, path: shown)
    }

    /// The whole content of a small file; one longer than `limitBytes` is a fault.
    package func content(of name: String, limitBytes: Int) throws(FileFault) -> [UInt8] {
        try reading(name).readAll(limitBytes: limitBytes)
    }

    /// Gives a file a new name, replacing what has that name.
    package func rename(_ name: String, to newName: String) throws(FileFault) {
        try check(name, .rename)
        try check(newName, .rename)
        let result = unsafe name.withCString { old in
            unsafe newName.withCString { new in unsafe renameat(number, old, number, new) }
        }
        guard result == 0 else { throw fault(.rename, newName) }
    }

    /// Gives a file a second name; a name in use is a fault (`EEXIST`).
    package func link(_ name: String, to newName: String) throws(FileFault) {
        try check(name, .link)
        try check(newName, .link)
        let result = unsafe name.withCString { old in
            unsafe newName.withCString { new in unsafe linkat(number, old, number, new, 0) }
        }
        guard result == 0 else { throw fault(.link, newName) }
    }

    /// Removes a file and says whether there was one.
    @discardableResult
    package func remove(_ name: String) throws(FileFault) -> Bool {
        try check(name, .remove)
        if unsafe name.withCString({ unsafe unlinkat(number, $0, 0) }) == 0 { return true }
        if errno == ENOENT { return false }
        throw fault(.remove, name)
    }

    /// Removes an empty directory and says whether there was one.
    @discardableResult
    package func removeDirectory(_ name: String) throws(FileFault) -> Bool {
        try check(name, .remove)
        let result = unsafe name.withCString { unsafe unlinkat(number, $0, AT_REMOVEDIR) }
        if result == 0 { return true }
        if errno == ENOENT { return false }
        throw fault(.remove, name)
    }

    /// The status of `name` itself (of a symbolic link, not of where it leads), or nil.
    package func status(of name: String) throws(FileFault) -> FileStatus? {
        try check(name, .status)
        return try FileStatus.at(
            number, name, flags: AT_SYMLINK_NOFOLLOW, shownPath: path(of: name))
    }

    /// The status of the directory.
    package func status() throws(FileFault) -> FileStatus {
        var raw = stat()
        guard unsafe fstat(number, &raw) == 0 else {
            throw FileFault(.status, errno: errno, path: path)
        }
        return FileStatus(raw)
    }

    /// Waits until all names of the directory are on the device: what was created, renamed or
    /// removed before survives a power cut.
    package func synchronize() throws(FileFault) {
        guard uninterrupted({ fsync(number) }) == 0 else {
            throw FileFault(.synchronizeDirectory, errno: errno, path: path)
        }
    }

    func fault(_ operation: FileFault.Operation, _ name: String) -> FileFault {
        FileFault(operation, errno: errno, path: path(of: name))
    }

    /// Refuses a name that is not a single component.
    func check(_ name: String, _ operation: FileFault.Operation) throws(FileFault) {
        let bytes = name.utf8
        let isDots = bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8)
        guard !bytes.isEmpty, !isDots, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/"))
        else { throw FileFault(operation, .unusableName, path: path(of: name)) }
    }
}
