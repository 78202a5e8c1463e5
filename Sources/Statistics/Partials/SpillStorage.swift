package import FileSystem

/// Bytes put aside: written once from front to end, then read at any place.
package protocol SpillFile: AnyObject {
    /// The number of bytes written.
    var count: Int { get }

    /// Appends `bytes`.
    func append(_ bytes: Span<UInt8>) throws(FileFault)

    /// Replaces the content of `buffer` by up to `limit` bytes from `offset` on; fewer only where
    /// the file ends.
    func read(at offset: Int, atMost limit: Int, into buffer: inout [UInt8]) throws(FileFault)
}

/// Makes files for aggregates that outgrow their memory budget.
package protocol SpillStorage: AnyObject, Sendable {
    /// A new empty file that nobody else can open and that goes away with its owner.
    func makeFile() throws(FileFault) -> any SpillFile
}

/// Puts bytes aside in memory.
package final class MemorySpillFile: SpillFile {
    /// What was written.
    package private(set) var bytes: [UInt8]

    package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    package var count: Int { bytes.count }

    package func append(_ view: Span<UInt8>) throws(FileFault) {
        bytes.reserveCapacity(view.count > bytes.capacity - bytes.count ? bytes.count * 2 : 0)
        for index in view.indices { bytes.append(view[index]) }
    }

    package func read(
        at offset: Int, atMost limit: Int, into buffer: inout [UInt8]
    ) throws(FileFault) {
        buffer.removeAll(keepingCapacity: true)
        guard offset >= 0, offset < bytes.count else { return }
        buffer.append(contentsOf: bytes[offset..<min(bytes.count, offset + limit)])
    }
}

/// Makes files in memory: for tests, and for runs that may not write anywhere.
package final class MemorySpillStorage: SpillStorage {
    package init() {}

    package func makeFile() throws(FileFault) -> any SpillFile { MemorySpillFile() }
}

/// Makes files without a name in a private directory: mode 0600, gone with the process, even when
/// it is killed.
package final class DirectorySpillStorage: SpillStorage {
    private let directory: Directory

    /// Uses `directory`, which must be private to this user.
    package init(directory: Directory) { self.directory = directory }

    package func makeFile() throws(FileFault) -> any SpillFile {
        // The name lives for two system calls. A kill between them leaves an empty file of the form
        // that a later run removes (`TemporaryName`).
        let number = UInt64.random(in: .min ... .max)
        let name = ".spill.sluice-\(TemporaryName.run)-\(number).tmp"
        let descriptor = try directory.creating(name)
        _ = try directory.remove(name)
        return OpenSpillFile(descriptor)
    }
}

/// Many files in one: a thousand of them take a single descriptor.
package final class SharedSpill {
    private let file: any SpillFile

    /// Puts the files into `file`, which must be empty.
    package init(_ file: any SpillFile) { self.file = file }

    /// A new empty file.
    package func makeFile() -> any SpillFile { SharedPart(file) }
}

/// A file in a shared one: the runs of bytes that were appended to it.
private final class SharedPart: SpillFile {
    private let file: any SpillFile
    /// Where each run begins here, and in the shared file.
    private var runs: [(start: Int, place: Int)] = []
    private(set) var count = 0

    init(_ file: any SpillFile) { self.file = file }

    func append(_ bytes: Span<UInt8>) throws(FileFault) {
        let place = file.count
        try file.append(bytes)
        // What was appended to nothing else in between is the same run.
        let isNext = runs.last.map { $0.place + count - $0.start == place } ?? false
        if !isNext { runs.append((count, place)) }
        count += bytes.count
    }

    func read(
        at offset: Int, atMost limit: Int, into buffer: inout [UInt8]
    ) throws(FileFault) {
        buffer.removeAll(keepingCapacity: true)
        let end = min(count, offset + limit)
        var at = offset
        var run: [UInt8] = []
        while at >= 0, at < end, let index = runs.lastIndex(where: { $0.start <= at }) {
            let runEnd = index + 1 < runs.count ? runs[index + 1].start : count
            let place = runs[index].place + at - runs[index].start
            try file.read(at: place, atMost: min(end, runEnd) - at, into: &run)
            if run.isEmpty { return }
            buffer += run
            at += run.count
        }
    }
}

/// Puts bytes aside in an open file, which need not have a name any more.
package final class OpenSpillFile: SpillFile {
    private let descriptor: FileDescriptor
    package private(set) var count = 0

    /// Takes over an empty file that is open for writing and reading.
    package init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Waits until everything written is on the device.
    package func synchronize() throws(FileFault) { try descriptor.synchronize() }

    package func append(_ bytes: Span<UInt8>) throws(FileFault) {
        try descriptor.writeAll(bytes)
        count += bytes.count
    }

    package func read(
        at offset: Int, atMost limit: Int, into buffer: inout [UInt8]
    ) throws(FileFault) {
        let wanted = max(0, min(limit, count - offset))
        if buffer.count != wanted { buffer = [UInt8](repeating: 0, count: wanted) }
        if wanted == 0 { return }
        var room = buffer.mutableSpan
        let got = try unsafe room.withUnsafeMutableBytes { region throws(FileFault) in
            try unsafe descriptor.readFully(into: region, at: offset)
        }
        if got < wanted { buffer.removeLast(wanted - got) }
    }
}
