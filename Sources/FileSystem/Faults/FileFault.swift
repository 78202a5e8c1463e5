/// What went wrong with a file or a stream, without a byte of its content.
///
/// `path` is the path as the user or the plan gave it. The description is one sentence for people;
/// programmes look at `code`.
package struct FileFault: Error, Equatable, Sendable {
    /// What was being done when the fault came up.
    package enum Operation: String, Sendable {
        case open, create, read, write, close, synchronize, status, rename, link, remove, list
        case lock, resolve
        case makeDirectory = "make directory"
        case synchronizeDirectory = "synchronize directory"
    }

    /// Why it failed.
    package enum Cause: Equatable, Sendable {
        /// The operating system refused; the value is its error number.
        case system(Int32)
        /// Another process holds the lock.
        case busyLock
        /// The reader at the other end of standard output has gone away.
        case brokenPipe
        /// A signal asked the programme to stop while it was waiting for the file.
        case interrupted
        /// The place is a symbolic link where none is accepted.
        case symbolicLink
        /// The owner is another user than the one who runs the programme.
        case foreignOwner
        /// Group or others have rights that they must not have there.
        case openToOthers
        /// A regular file was expected, and something else is there.
        case notRegularFile
        /// A directory was expected, and something else is there.
        case notDirectory
        /// The file has further names (hard links), under which it would stay as it is.
        case severalNames
        /// A directory is where a file was expected.
        case isDirectory
        /// The file is longer than the limit, in bytes.
        case tooLong(limitBytes: Int)
        /// A file name is empty, `.`, `..`, not UTF-8, or holds `/` or NUL.
        case unusableName
        /// A pattern or directory under which no file was found.
        case noMatch
        /// More files than the limit.
        case tooManyFiles(limit: Int)
        /// The file is in place, but its directory could not be made durable.
        case notDurable(Int32)
        /// A call came after the file had been finished, published or given up.
        case alreadyClosed
    }

    package let operation: Operation
    package let cause: Cause
    package let path: String

    package init(_ operation: Operation, _ cause: Cause, path: String) {
        self.operation = operation
        self.cause = cause
        self.path = path
    }

    /// The fault of a system call that has just failed with `number`, by default `errno`.
    package init(_ operation: Operation, errno number: Int32, path: String) {
        self.init(operation, .system(number), path: path)
    }

    /// The error number of the operating system, if it was the one that refused.
    package var errorNumber: Int32? {
        switch cause {
        case .system(let number), .notDurable(let number): number
        default: nil
        }
    }

    /// The stable code: the symbolic name of the error number, or a word of ours.
    package var code: String {
        switch cause {
        case .system(let number): errnoName(number)
        case .busyLock: "busy-lock"
        case .brokenPipe: "broken-pipe"
        case .interrupted: "interrupted"
        case .symbolicLink: "symbolic-link"
        case .foreignOwner: "foreign-owner"
        case .openToOthers: "open-to-others"
        case .notRegularFile: "not-a-regular-file"
        case .notDirectory: "not-a-directory"
        case .severalNames: "several-names"
        case .isDirectory: "is-a-directory"
        case .tooLong: "too-long"
        case .unusableName: "unusable-name"
        case .noMatch: "no-match"
        case .tooManyFiles: "too-many-files"
        case .notDurable: "not-durable"
        case .alreadyClosed: "already-closed"
        }
    }
}

extension FileFault: CustomStringConvertible {
    /// One sentence: what could not be done, where, why.
    package var description: String {
        "cannot \(operation.rawValue) \(path): \(reason)"
    }

    /// The reason alone, without the path.
    package var reason: String {
        switch cause {
        case .system(let number): errnoReason(number)
        case .busyLock: "another run is at work; try again when it has ended"
        case .brokenPipe: "the reader of the output has gone away"
        case .interrupted: "a signal asked to stop"
        case .symbolicLink: "it is a symbolic link, which is not accepted here"
        case .foreignOwner: "it belongs to another user than the one who runs this"
        case .openToOthers: "group or others have rights to it that only its owner may have"
        case .notRegularFile: "it is not a regular file"
        case .notDirectory: "it is not a directory"
        case .severalNames: "it has several names (hard links), and would stay under the others"
        case .isDirectory: "it is a directory"
        case .tooLong(let limit): "it is longer than the limit of \(limit) bytes"
        case .unusableName: "the name is empty, '.', '..', not UTF-8, or holds '/' or NUL"
        case .noMatch: "no file matches"
        case .tooManyFiles(let limit): "more than \(limit) files match"
        case .notDurable(let number):
            "the content is in place but may not survive a power cut (\(errnoReason(number)))"
        case .alreadyClosed: "it was already finished or given up"
        }
    }
}
