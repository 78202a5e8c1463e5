internal import FileSystem
internal import KeyedHashing
internal import Records

/// Standard input, kept in a private file of the state folder until the run has ended.
final class InputSpool {
    static let name = "spool"
    private let directory: Directory
    let byteCount: Int
    let digest: Digest256

    /// The path of the spooled bytes.
    var path: String { directory.path(of: Self.name) }

    /// Reads standard input to its end.
    init(in directory: Directory) throws(PipelineFailure) {
        self.directory = directory
        var hasher = ContentHasher()
        do {
            _ = try directory.remove(Self.name)
            let input = try FileDescriptor.standardInput()
            let file = try directory.creating(Self.name, mode: 0o600)
            var buffer = ByteBuffer(capacity: 1 << 18)
            var total = 0
            while true {
                buffer.removeAll()
                try unsafe buffer.appendUnsafe(upTo: 1 << 18) { room in
                    try unsafe input.read(
                        into: UnsafeMutableRawBufferPointer(
                            UnsafeMutableBufferPointer(rebasing: room[..<(1 << 18)])))
                }
                if buffer.isEmpty { break }
                hasher.update(buffer.bytes)
                try file.writeAll(buffer.bytes)
                total += buffer.count
            }
            byteCount = total
            digest = hasher.digest()
        } catch {
            _ = try? directory.remove(Self.name)
            guard let fault = error as? FileFault else {
                throw .storage("cannot keep standard input")
            }
            throw .storage("cannot keep standard input", fault)
        }
    }

    /// Removes the bytes, before anything is committed: a run that ended well while they stayed
    /// would keep all records as they were.
    func remove() throws(PipelineFailure) {
        do { _ = try directory.remove(Self.name) } catch {
            throw .storage("cannot remove what was kept of standard input", error)
        }
    }

    /// Removes the bytes if it can, where the run fails anyway; the next one will.
    func abandon() { _ = try? directory.remove(Self.name) }
}
