import FileSystem
private import Glibc

extension SecretKey {
    /// Reads a key from an inherited descriptor, 3 or above, to its end; it is closed then.
    package static func load(
        descriptor number: Int32, length: KeyLength = .hash
    ) throws(KeyFault) -> SecretKey {
        let path = "descriptor \(number)"
        guard isInherited(number) else { throw .file(FileFault(.open, errno: EBADF, path: path)) }
        let content = try reading(FileDescriptor(owning: number, path: path))
        return try interpreted(content, encoding: .automatic, length: length, path: path)
    }
}

/// True for a descriptor that the process was started with. One that closes on exec cannot be: it
/// is one of our own, and reading from it could wait for ever.
func isInherited(_ number: Int32) -> Bool {
    let flags = fcntl(number, F_GETFD)
    return number > STDERR_FILENO && flags >= 0 && flags & FD_CLOEXEC == 0
}
