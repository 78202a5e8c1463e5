internal import FileSystem
private import Glibc

/// Files with secrets that the machinery around a process delivers to it: credentials of a service
/// manager, secrets of a cluster.
enum DeliveredFile {
    static func check(_ file: borrowing FileDescriptor) throws(FileFault) {
        let status = try file.status()
        if let cause = refusal(
            owner: status.owner, permissions: status.permissions, user: geteuid())
        {
            throw FileFault(.open, cause, path: file.path)
        }
    }

    /// Why a process of `user` may not take a file: it has to be of this user and closed to all
    /// others, or of the superuser and readable for a group at most: with an access list the group
    /// bits are its mask, and a volume is given to the group of the process.
    static func refusal(owner: UInt32, permissions: UInt32, user: UInt32) -> FileFault.Cause? {
        guard owner == user || owner == 0 else { return .foreignOwner }
        let forbidden: UInt32 = owner == user ? 0o077 : 0o037
        return permissions & forbidden == 0 ? nil : .openToOthers
    }
}

extension SecretKey {
    /// Reads the key of a run, which may have been delivered: a symbolic link leads to it in the
    /// volumes of a cluster.
    package static func load(deliveredAt path: String) throws(KeyFault) -> SecretKey {
        let file = try delivered(path)
        let content = try SecretKey.reading(file)
        return try interpreted(content, encoding: .automatic, length: .hash, path: path)
    }

    private static func delivered(_ path: String) throws(KeyFault) -> FileDescriptor {
        do throws(FileFault) {
            let file = try FileDescriptor.reading(path)
            guard try file.status().kind == .regular else {
                throw FileFault(.open, .notRegularFile, path: path)
            }
            try DeliveredFile.check(file)
            return file
        } catch { throw .file(error) }
    }
}
