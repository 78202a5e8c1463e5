internal import FileSystem
internal import Records
internal import Statistics

/// A partial in the state folder. It is opened for each read only: a state has more partials than a
/// process may have open files.
final class StoredFile: SpillFile {
    private let path: String
    /// True when a signal that asks to stop ends the reading.
    private let isStoppable: Bool
    let count: Int

    /// Opens the file at `path`; a stoppable one throws the fault `interrupted` from its next read
    /// on when a signal asks to stop.
    init(_ path: String, isStoppable: Bool = false) throws(PipelineFailure) {
        self.path = path
        self.isStoppable = isStoppable
        do {
            count = try FileDescriptor.reading(path).status().byteCount
        } catch {
            throw .storage("cannot read aggregates", error)
        }
    }

    func append(_ bytes: Span<UInt8>) throws(FileFault) {
        // Stored partials are never written again: EBADF.
        throw FileFault(.write, errno: 9, path: path)
    }

    func read(
        at offset: Int, atMost limit: Int, into buffer: inout [UInt8]
    ) throws(FileFault) {
        if isStoppable, Interruption.isRequested {
            throw FileFault(.read, .interrupted, path: path)
        }
        let descriptor = try FileDescriptor.reading(path)
        let wanted = max(0, min(limit, count - offset))
        if buffer.count != wanted { buffer = [UInt8](repeating: 0, count: wanted) }
        let outcome = unsafe buffer.withUnsafeMutableBytes { room -> Result<Int, FileFault> in
            do throws(FileFault) {
                return .success(try unsafe descriptor.readFully(into: room, at: offset))
            } catch {
                return .failure(error)
            }
        }
        let got = try outcome.get()
        // The ledger knows the length: a shorter file was cut (EIO).
        if got < wanted { throw FileFault(.read, errno: 5, path: path) }
    }
}
