private import Glibc

/// Why bytes could not be put aside or read back.
package struct SpillFault: Error, Equatable, Sendable {
    /// The system's error number; 0 when a file was shorter than what was written to it.
    package let systemError: Int32

    package init(systemError: Int32) { self.systemError = systemError }
}

/// Bytes put aside: written once from front to end, then read at any place.
package protocol SpillFile: AnyObject {
    /// The number of bytes written.
    var count: Int { get }

    /// Appends `bytes`.
    func append(_ bytes: Span<UInt8>) throws(SpillFault)

    /// Replaces the content of `buffer` by up to `limit` bytes from `offset` on; fewer only where
    /// the file ends.
    func read(at offset: Int, atMost limit: Int, into buffer: inout [UInt8]) throws(SpillFault)
}

/// Makes files for aggregates that outgrow their memory budget.
package protocol SpillStorage: AnyObject, Sendable {
    /// A new empty file that nobody else can open and that goes away with its owner.
    func makeFile() throws(SpillFault) -> any SpillFile
}

/// Puts bytes aside in memory.
package final class MemorySpillFile: SpillFile {
    /// What was written.
    package private(set) var bytes: [UInt8]

    package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    package var count: Int { bytes.count }

    package func append(_ view: Span<UInt8>) throws(SpillFault) {
        bytes.reserveCapacity(view.count > bytes.capacity - bytes.count ? bytes.count * 2 : 0)
        for index in view.indices { bytes.append(view[index]) }
    }

    package func read(
        at offset: Int, atMost limit: Int, into buffer: inout [UInt8]
    ) throws(SpillFault) {
        buffer.removeAll(keepingCapacity: true)
        guard offset >= 0, offset < bytes.count else { return }
        buffer.append(contentsOf: bytes[offset..<min(bytes.count, offset + limit)])
    }
}

/// Makes files in memory: for tests, and for runs that may not write anywhere.
package final class MemorySpillStorage: SpillStorage {
    package init() {}

    package func makeFile() throws(SpillFault) -> any SpillFile { MemorySpillFile() }
}

/// Makes files without a name in a private directory: mode 0600, gone with the process, even when
/// it is killed.
package final class DirectorySpillStorage: SpillStorage {
    private let directory: String

    /// Uses `directory`, which must exist and belong to this user alone.
    package init(directory: String) { self.directory = directory }

    package func makeFile() throws(SpillFault) -> any SpillFile {
        // The name lives for two system calls; O_EXCL makes sure that nobody else made it.
        let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
        let name = directory + "/.sluice-spill-" + suffix
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open(name, flags, 0o600)
        guard descriptor >= 0 else { throw SpillFault(systemError: errno) }
        guard unsafe unlink(name) == 0 else {
            let fault = SpillFault(systemError: errno)
            close(descriptor)
            throw fault
        }
        return UnnamedFile(descriptor: descriptor)
    }
}

/// An open file that has no name any more.
private final class UnnamedFile: SpillFile {
    private let descriptor: Int32
    private(set) var count = 0

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func append(_ bytes: Span<UInt8>) throws(SpillFault) {
        var done = 0
        while done < bytes.count {
            let written = unsafe bytes.withUnsafeBufferPointer { buffer in
                unsafe pwrite(
                    descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
                    off_t(count + done))
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw SpillFault(systemError: errno)
            }
            done += written
        }
        count += done
    }

    func read(
        at offset: Int, atMost limit: Int, into buffer: inout [UInt8]
    ) throws(SpillFault) {
        let wanted = max(0, min(limit, count - offset))
        if buffer.count != wanted { buffer = [UInt8](repeating: 0, count: wanted) }
        var done = 0
        while done < wanted {
            let got = unsafe buffer.withUnsafeMutableBufferPointer { target in
                unsafe pread(
                    descriptor, target.baseAddress.map { unsafe $0 + done }, wanted - done,
                    off_t(offset + done))
            }
            if got < 0 {
                if errno == EINTR { continue }
                throw SpillFault(systemError: errno)
            }
            if got == 0 { throw SpillFault(systemError: 0) }
            done += got
        }
    }
}
