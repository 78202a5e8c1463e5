private import CSystem
private import Glibc

extension Directory {
    /// Opens a directory; symbolic links on the way are followed.
    ///
    /// With `creating`, missing directories are made with `mode` (0700 unless told otherwise) and
    /// made durable, parents too.
    package static func open(
        _ path: String, creating: Bool = false, mode: UInt32 = 0o700
    ) throws(FileFault) -> Directory {
        let path = withoutTrailingSlashes(path)
        if creating { try makeMissing(path, mode: mode) }
        let number = try openAt(
            AT_FDCWD, path, O_RDONLY | O_DIRECTORY, operation: .open, shownPath: path)
        return Directory(owning: number, path: path)
    }

    /// Opens a directory for what must not be touched by others: keys, state, partials.
    ///
    /// Refused are a symbolic link, a directory of another user, and one that group or others may
    /// write to; with `closedToReaders` also one that they may list or enter. With `creating` a
    /// missing directory is made with mode 0700, parents too.
    package static func privateDirectory(
        _ path: String, creating: Bool, closedToReaders: Bool = false
    ) throws(FileFault) -> Directory {
        // "link/" would lead through the link in spite of O_NOFOLLOW.
        let path = withoutTrailingSlashes(path)
        if creating { try makeMissing(path, mode: 0o700) }
        let status = try FileStatus.at(
            AT_FDCWD, path, flags: AT_SYMLINK_NOFOLLOW, shownPath: path)
        if let status, status.kind != .directory {
            throw FileFault(
                .open, status.kind == .symbolicLink ? .symbolicLink : .notDirectory, path: path)
        }
        let number = try openAt(
            AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, operation: .open,
            shownPath: path)
        let directory = Directory(owning: number, path: path)
        try directory.requirePrivacy(closedToReaders: closedToReaders)
        return directory
    }

    /// Opens or makes a directory below this one, under the rules of `privateDirectory`.
    package func privateSubdirectory(
        _ name: String, creating: Bool, closedToReaders: Bool = false
    ) throws(FileFault) -> Directory {
        try check(name, .open)
        if creating {
            if unsafe name.withCString({ unsafe mkdirat(number, $0, 0o700) }) == 0 {
                try synchronize()
            } else if errno != EEXIST {
                throw fault(.makeDirectory, name)
            }
        }
        if try status(of: name)?.kind == .symbolicLink {
            throw FileFault(.open, .symbolicLink, path: path(of: name))
        }
        let inner = try openAt(
            number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, operation: .open,
            shownPath: path(of: name))
        let directory = Directory(owning: inner, path: path(of: name))
        try directory.requirePrivacy(closedToReaders: closedToReaders)
        return directory
    }

    private func requirePrivacy(closedToReaders: Bool) throws(FileFault) {
        let status = try status()
        guard status.owner == geteuid() else { throw FileFault(.open, .foreignOwner, path: path) }
        guard status.permissions & (closedToReaders ? 0o077 : 0o022) == 0 else {
            throw FileFault(.open, .openToOthers, path: path)
        }
    }

    /// Makes `path` and its missing parents, each durable in its own parent.
    private static func makeMissing(_ path: String, mode: UInt32) throws(FileFault) {
        if try FileStatus.of(path) != nil { return }
        let (parent, name) = split(path)
        if !name.isEmpty, !parent.utf8.elementsEqual(path.utf8) {
            try makeMissing(parent, mode: mode)
        }
        if unsafe path.withCString({ unsafe mkdir($0, mode) }) != 0 {
            // Another process may have been faster; a dangling link is found by the open.
            if errno == EEXIST { return }
            throw FileFault(.makeDirectory, errno: errno, path: path)
        }
        try Directory.open(parent).synchronize()
    }

    /// The names in the directory without `.` and `..`, in the order of their bytes.
    ///
    /// A name that is not UTF-8 is a fault: it could not be given back exactly.
    package func names() throws(FileFault) -> [String] {
        var names: [String] = []
        for bytes in try nameBytes() {
            guard let name = String(validating: bytes, as: UTF8.self) else {
                throw FileFault(.list, .unusableName, path: path)
            }
            names.append(name)
        }
        return names
    }

    /// The bytes of the names in the directory without `.` and `..`, in their order.
    package func nameBytes() throws(FileFault) -> [[UInt8]] {
        let listing = try openAt(
            number, ".", O_RDONLY | O_DIRECTORY, operation: .list, shownPath: path)
        guard let stream = unsafe fdopendir(listing) else {
            let failure = errno
            _ = Glibc.close(listing)
            throw FileFault(.list, errno: failure, path: path)
        }
        defer { _ = unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                if errno != 0 { throw FileFault(.list, errno: errno, path: path) }
                break
            }
            guard let start = unsafe csystem_entry_name(entry) else { continue }
            let name = unsafe Array(
                UnsafeRawBufferPointer(start: start, count: Int(strlen(start))))
            if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) {
                names.append(name)
            }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }
}

/// Cuts a path into the directory and the last component: `a/b` is `a` and `b`, `b` is `.` and `b`.
package func splitPath(_ path: String) -> (directory: String, name: String) {
    let parts = split(withoutTrailingSlashes(path))
    return (parts.parent, parts.name)
}

private func split(_ path: String) -> (parent: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let parent = withoutTrailingSlashes(String(path[..<slash]))
    return (parent.isEmpty ? "/" : parent, String(path[path.utf8.index(after: slash)...]))
}

/// `path` without slashes at its end; the root stays the root.
func withoutTrailingSlashes(_ path: String) -> String {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
}
