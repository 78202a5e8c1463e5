private import Glibc

/// The symbolic name of an error number (`ENOENT`), or `errno-N` for a rare one.
package func errnoName(_ number: Int32) -> String {
    known.first { $0.number == number }?.name ?? "errno-\(number)"
}

/// What an error number means, as the end of a sentence.
package func errnoReason(_ number: Int32) -> String {
    known.first { $0.number == number }?.reason ?? "the system reports error \(number)"
}

private struct KnownError: Sendable {
    let number: Int32
    let name: String
    let reason: String

    init(_ number: Int32, _ name: String, _ reason: String) {
        self.number = number
        self.name = name
        self.reason = reason
    }
}

/// Written out rather than asked of `strerror`: that one depends on the locale, and the names are a
/// GNU extension of recent versions only.
private let known: [KnownError] = [
    KnownError(EPERM, "EPERM", "the operation is not permitted"),
    KnownError(ENOENT, "ENOENT", "there is no such file or directory"),
    KnownError(EINTR, "EINTR", "a signal interrupted it"),
    KnownError(EIO, "EIO", "the device reports an input or output error"),
    KnownError(ENXIO, "ENXIO", "there is no such device, or nobody reads the pipe"),
    KnownError(EBADF, "EBADF", "the stream is closed or not open for this"),
    KnownError(EAGAIN, "EAGAIN", "it is not available at the moment"),
    KnownError(ENOMEM, "ENOMEM", "there is not enough memory"),
    KnownError(EACCES, "EACCES", "permission is denied"),
    KnownError(EBUSY, "EBUSY", "it is in use"),
    KnownError(EEXIST, "EEXIST", "it exists already"),
    KnownError(EXDEV, "EXDEV", "both places must be on one file system"),
    KnownError(ENODEV, "ENODEV", "the device does not support it"),
    KnownError(ENOTDIR, "ENOTDIR", "a part of the path is not a directory"),
    KnownError(EISDIR, "EISDIR", "it is a directory"),
    KnownError(EINVAL, "EINVAL", "the path or the request is not valid"),
    KnownError(ENFILE, "ENFILE", "the system has too many open files"),
    KnownError(EMFILE, "EMFILE", "the process has too many open files"),
    KnownError(ENOTTY, "ENOTTY", "it is not a terminal"),
    KnownError(ETXTBSY, "ETXTBSY", "it is a programme that is running"),
    KnownError(EFBIG, "EFBIG", "the file would be larger than allowed"),
    KnownError(ENOSPC, "ENOSPC", "no space is left on the device"),
    KnownError(ESPIPE, "ESPIPE", "a pipe has no positions"),
    KnownError(EROFS, "EROFS", "the file system is read-only"),
    KnownError(EMLINK, "EMLINK", "it has too many links"),
    KnownError(EPIPE, "EPIPE", "the reader has gone away"),
    KnownError(ENAMETOOLONG, "ENAMETOOLONG", "the name is too long"),
    KnownError(ENOLCK, "ENOLCK", "no locks are available"),
    KnownError(ENOSYS, "ENOSYS", "the system does not support it"),
    KnownError(ENOTEMPTY, "ENOTEMPTY", "the directory is not empty"),
    KnownError(ELOOP, "ELOOP", "too many symbolic links, or one where none is accepted"),
    KnownError(EOVERFLOW, "EOVERFLOW", "the file is too large for this"),
    KnownError(EOPNOTSUPP, "EOPNOTSUPP", "the file system does not support it"),
    KnownError(ETIMEDOUT, "ETIMEDOUT", "it took too long"),
    KnownError(ESTALE, "ESTALE", "the network file system has lost the file"),
    KnownError(EDQUOT, "EDQUOT", "the disk quota is used up"),
]
