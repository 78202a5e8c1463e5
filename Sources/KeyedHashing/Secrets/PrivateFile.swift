import FileSystem
private import Glibc

/// Reads files that only their owner may touch.
enum PrivateFile {
    /// The bytes of `name`, in protected memory, or nil when nothing has that name.
    ///
    /// Refused are symbolic links, files of other users, files that group or others have any right
    /// to, and files longer than `limitBytes`.
    static func secret(
        _ name: String, in directory: Directory, limitBytes: Int
    ) throws(KeyFault) -> SecretKey? {
        guard let file = try opened(name, in: directory, limitBytes: limitBytes) else {
            return nil
        }
        return try SecretKey.reading(file)
    }

    /// The bytes of `name` under the same rules, for files without secrets.
    static func content(
        _ name: String, in directory: Directory, limitBytes: Int
    ) throws(KeyFault) -> [UInt8]? {
        guard let file = try opened(name, in: directory, limitBytes: limitBytes) else {
            return nil
        }
        do { return try file.readAll(limitBytes: limitBytes) } catch { throw .file(error) }
    }

    private static func opened(
        _ name: String, in directory: Directory, limitBytes: Int
    ) throws(KeyFault) -> FileDescriptor? {
        do throws(FileFault) {
            let file = try directory.reading(name)
            let status = try file.status()
            guard status.owner == geteuid() else {
                throw FileFault(.open, .foreignOwner, path: file.path)
            }
            guard status.permissions & 0o077 == 0 else {
                throw FileFault(.open, .openToOthers, path: file.path)
            }
            guard status.byteCount <= limitBytes else {
                throw FileFault(.read, .tooLong(limitBytes: limitBytes), path: file.path)
            }
            return file
        } catch {
            if error.errorNumber == ENOENT { return nil }
            throw .file(error)
        }
    }
}

extension Directory {
    /// Makes `name` appear with `content`, complete and durable, unless the name is taken; says
    /// whether it was this call that made it.
    func makeOnce(_ name: String, content: SecretKey) throws(KeyFault) -> Bool {
        do {
            return try content.withSpan { span throws(FileFault) in
                try DurableFile.makeOnce(name, in: self, with: span)
            }
        } catch { throw .file(error) }
    }
}

extension SecretKey {
    /// Lends the key bytes to a writer.
    func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withBytes { bytes throws(Failure) in
            let span = unsafe Span(
                _unsafeElements: bytes.assumingMemoryBound(to: UInt8.self))
            return try body(span)
        }
    }
}
