private import CSystem
private import Glibc

/// Standard output: data and nothing else.
package enum StandardOutput {
    private static let name = "standard output"

    /// Writes all of `bytes` at once; callers pass large blocks.
    ///
    /// A reader that has gone away is the fault `broken-pipe`; a full disk, a closed output and
    /// every other refusal are reported too.
    package static func write(_ bytes: Span<UInt8>) throws(FileFault) {
        var output = FileDescriptor(owning: STDOUT_FILENO, path: name)
        do {
            try output.writeAll(bytes)
        } catch {
            output.release()
            throw error
        }
        output.release()
    }

    /// Writes `text`.
    package static func write(text: String) throws(FileFault) {
        try write(Array(text.utf8).span)
    }

    /// Reports what the system says only when a file is closed; to be called after the last write.
    package static func finish() throws(FileFault) {
        // Closing a second descriptor asks the same question and leaves number 1 occupied.
        let second = csystem_duplicate(STDOUT_FILENO)
        guard second >= 0 else { throw FileFault(.close, errno: errno, path: name) }
        try FileDescriptor(owning: second, path: name).close()
    }

    /// True when a person looks at the output.
    package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}

/// Standard error: messages. Never fails, because nobody could be told.
package enum StandardError {
    /// Writes `text`; what cannot be written is lost.
    package static func write(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { region in
            var written = 0
            while written < region.count {
                let start = unsafe region.baseAddress.map { unsafe $0 + written }
                let wrote = unsafe Glibc.write(STDERR_FILENO, start, region.count - written)
                if wrote < 0, errno == EAGAIN {
                    var waiting = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                    if unsafe poll(&waiting, 1, 1000) <= 0 { return }
                    continue
                }
                if wrote < 0, errno == EINTR { continue }
                if wrote <= 0 { return }
                written += wrote
            }
        }
    }

    /// True when a person looks at the messages.
    package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
