import CSystem
private import Glibc

/// The place of a file on the machine: two paths with the same identity are one file.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
}

/// What the system knows of a file.
package struct FileStatus: Equatable, Sendable {
    /// What kind of file it is.
    package enum Kind: Equatable, Sendable {
        case regular, directory, symbolicLink, pipe, socket, device
    }

    package let kind: Kind
    package let identity: FileIdentity
    /// The length in bytes; meaningful for regular files.
    package let byteCount: Int
    /// The permission bits.
    package let permissions: UInt32
    /// The user the file belongs to.
    package let owner: UInt32
    /// The group the file belongs to.
    package let group: UInt32
    /// The time of the last read, in nanoseconds since 1970 UTC.
    package let accessedNanoseconds: Int64
    /// The time of the last change of the content, in nanoseconds since 1970 UTC.
    package let modifiedNanoseconds: Int64
    /// The time of the last change of content, name, owner or permissions, by the system's clock.
    package let changedNanoseconds: Int64
    /// The number of names of the file.
    package let links: Int

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            default: .device
            }
        identity = FileIdentity(device: UInt64(raw.st_dev), inode: UInt64(raw.st_ino))
        byteCount = Int(raw.st_size)
        permissions = raw.st_mode & 0o7777
        owner = raw.st_uid
        group = raw.st_gid
        accessedNanoseconds =
            Int64(raw.st_atim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_atim.tv_nsec)
        modifiedNanoseconds =
            Int64(raw.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_mtim.tv_nsec)
        changedNanoseconds =
            Int64(raw.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_ctim.tv_nsec)
        links = Int(raw.st_nlink)
    }

    /// The status of the file that `path` leads to, or nil when nothing is there.
    package static func of(_ path: String) throws(FileFault) -> FileStatus? {
        try at(AT_FDCWD, path, flags: 0, shownPath: path)
    }

    /// True when `path` itself is a symbolic link; false for anything else and for nothing.
    package static func isLink(_ path: String) throws(FileFault) -> Bool {
        let status = try at(AT_FDCWD, path, flags: AT_SYMLINK_NOFOLLOW, shownPath: path)
        return status?.kind == .symbolicLink
    }

    /// The status of `name` relative to an open directory, or nil when nothing is there.
    static func at(
        _ directory: Int32, _ name: String, flags: Int32, shownPath: String
    ) throws(FileFault) -> FileStatus? {
        guard !name.utf8.contains(0) else {
            throw FileFault(.status, .unusableName, path: shownPath)
        }
        var raw = stat()
        let result = unsafe name.withCString { unsafe fstatat(directory, $0, &raw, flags) }
        if result == 0 { return FileStatus(raw) }
        if errno == ENOENT { return nil }
        throw FileFault(.status, errno: errno, path: shownPath)
    }
}
