private import CSystem
private import Glibc

/// An open file with one owner; closed when the owner lets go.
///
/// Every descriptor is closed on exec. Reads and writes go on after a signal unless the signal
/// asked to stop (`Interruption`), and wait when the other end is not ready.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The number of the descriptor; -1 once it is closed.
    package private(set) var number: Int32

    /// The path for messages.
    package let path: String

    /// True for pipes, terminals and devices, where a read can wait for ever.
    private let mayWait: Bool

    /// Takes over an open descriptor.
    package init(owning number: Int32, path: String) {
        self.number = number
        self.path = path
        var raw = stat()
        mayWait = unsafe fstat(number, &raw) == 0 && raw.st_mode & S_IFMT != S_IFREG
    }

    deinit {
        if number >= 0 { _ = Glibc.close(number) }
    }

    /// Opens a file for reading, following symbolic links; named pipes and devices are fine.
    package static func reading(_ path: String) throws(FileFault) -> FileDescriptor {
        let number = try openAt(
            AT_FDCWD, path, O_RDONLY | O_NOCTTY, operation: .open, shownPath: path)
        return FileDescriptor(owning: number, path: path)
    }

    /// A second descriptor for standard input, owned by the caller.
    package static func standardInput() throws(FileFault) -> FileDescriptor {
        let number = csystem_duplicate(STDIN_FILENO)
        guard number >= 0 else {
            throw FileFault(.open, errno: errno, path: "standard input")
        }
        return FileDescriptor(owning: number, path: "standard input")
    }

    /// Lets go of the descriptor without closing it.
    mutating func release() { number = -1 }

    /// Closes the file and reports what the system only says then (a full disk of a network file
    /// system).
    ///
    /// The descriptor is gone also after a fault: Linux releases it before it can fail.
    package consuming func close() throws(FileFault) {
        let closing = number
        number = -1
        if closing >= 0, Glibc.close(closing) != 0, errno != EINTR {
            throw FileFault(.close, errno: errno, path: path)
        }
    }

    /// Waits until everything written is on the device (fsync).
    ///
    /// After a fault the content of the file is unknown; the call must not be repeated, because
    /// the kernel may have dropped the pages and report success next time.
    package borrowing func synchronize() throws(FileFault) {
        guard uninterrupted({ fsync(number) }) == 0 else {
            throw FileFault(.synchronize, errno: errno, path: path)
        }
    }

    /// True when somebody is known to have the file open for writing; false when nobody has, or the
    /// file system cannot tell.
    package borrowing func isBeingWritten() -> Bool { isKnownToBeWritten() == true }

    /// True when somebody has the file open for writing, false when nobody has; nil when the file
    /// system cannot tell, or does not tell who owns nothing here (fcntl(2), F_SETLEASE).
    package borrowing func isKnownToBeWritten() -> Bool? {
        switch csystem_is_being_written(number) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// What the system knows of the open file.
    package borrowing func status() throws(FileFault) -> FileStatus {
        var raw = stat()
        guard unsafe fstat(number, &raw) == 0 else {
            throw FileFault(.status, errno: errno, path: path)
        }
        return FileStatus(raw)
    }
}

extension FileDescriptor {
    /// Reads up to `room.count` bytes; fewer may come, 0 only at the end of the file.
    package borrowing func read(
        into room: UnsafeMutableRawBufferPointer
    ) throws(FileFault) -> Int {
        if mayWait, !Interruption.waitUntilReadable(number) {
            throw FileFault(.read, .interrupted, path: path)
        }
        while true {
            let got = unsafe Glibc.read(number, room.baseAddress, room.count)
            if got >= 0 { return got }
            try settle(.read, waitingFor: POLLIN)
        }
    }

    /// Reads until `room` is full or the file ends, and says how many bytes came.
    package borrowing func readFully(
        into room: UnsafeMutableRawBufferPointer
    ) throws(FileFault) -> Int {
        var filled = 0
        while filled < room.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: room[filled...])
            let got = try unsafe read(into: rest)
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    /// Reads up to `room.count` bytes from `offset` (0-based) on, without moving the position;
    /// fewer than asked only at the end of the file.
    package borrowing func readFully(
        into room: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileFault) -> Int {
        var filled = 0
        while filled < room.count {
            let start = unsafe room.baseAddress.map { unsafe $0 + filled }
            let got = unsafe pread(number, start, room.count - filled, off_t(offset + filled))
            if got == 0 { break }
            if got < 0 { try settle(.read, waitingFor: POLLIN) }
            filled += max(got, 0)
        }
        return filled
    }

    /// The rest of the file, at most `limitBytes`; a longer one is a fault.
    package borrowing func readAll(limitBytes: Int) throws(FileFault) -> [UInt8] {
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: min(limitBytes, 1 << 16) + 1)
        while true {
            var room = block.mutableSpan
            let got = try unsafe room.withUnsafeMutableBytes { region throws(FileFault) in
                try unsafe read(into: region)
            }
            if got == 0 { return content }
            guard got <= limitBytes - content.count else {
                throw FileFault(.read, .tooLong(limitBytes: limitBytes), path: path)
            }
            content.append(contentsOf: block[..<got])
        }
    }

    /// Writes all of `bytes`.
    package borrowing func writeAll(_ bytes: Span<UInt8>) throws(FileFault) {
        try unsafe bytes.withUnsafeBytes { region throws(FileFault) in
            try unsafe writeAll(region)
        }
    }

    /// Writes all of `region`.
    package borrowing func writeAll(_ region: UnsafeRawBufferPointer) throws(FileFault) {
        var written = 0
        while written < region.count {
            let start = unsafe region.baseAddress.map { unsafe $0 + written }
            let wrote = unsafe Glibc.write(number, start, region.count - written)
            if wrote < 0 { try settle(.write, waitingFor: POLLOUT) }
            written += max(wrote, 0)
        }
    }

    /// Decides what follows from a failed read or write: returns when it is to be tried again.
    private borrowing func settle(
        _ operation: FileFault.Operation, waitingFor event: Int32
    ) throws(FileFault) {
        let failure = errno
        switch failure {
        case EINTR:
            if Interruption.isRequested {
                throw FileFault(operation, .interrupted, path: path)
            }
        case EAGAIN:
            // Somebody who shares the terminal or pipe has made it non-blocking.
            var waiting = pollfd(fd: number, events: Int16(event), revents: 0)
            _ = unsafe poll(&waiting, 1, 1000)
            if Interruption.isRequested {
                throw FileFault(operation, .interrupted, path: path)
            }
        case EPIPE:
            throw FileFault(operation, .brokenPipe, path: path)
        default:
            throw FileFault(operation, errno: failure, path: path)
        }
    }
}

/// Calls `body` again as long as a signal interrupts it.
func uninterrupted(_ body: () -> Int32) -> Int32 {
    while true {
        let result = body()
        if result != -1 || errno != EINTR { return result }
    }
}

/// Opens `name` relative to a directory, closed on exec; a name with a NUL is refused, because the
/// system would see only its beginning.
func openAt(
    _ directory: Int32, _ name: String, _ flags: Int32, mode: UInt32 = 0,
    operation: FileFault.Operation, shownPath: String
) throws(FileFault) -> Int32 {
    guard !name.utf8.contains(0) else {
        throw FileFault(operation, .unusableName, path: shownPath)
    }
    while true {
        let number = unsafe name.withCString {
            unsafe csystem_openat(directory, $0, flags | O_CLOEXEC, mode)
        }
        if number >= 0 { return number }
        // Opening a named pipe waits for the other end.
        guard errno == EINTR, !Interruption.isRequested else {
            throw FileFault(
                operation, errno == EINTR ? .interrupted : .system(errno), path: shownPath)
        }
    }
}
