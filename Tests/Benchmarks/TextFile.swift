import FileSystem
import Glibc

/// Small files of text.
enum TextFile {
    static func read(_ path: String) throws -> String {
        let bytes = try FileDescriptor.reading(path).readAll(limitBytes: 1 << 20)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws {
        let number = unsafe open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw BenchmarkFault("cannot write \(path)") }
        try FileDescriptor(owning: number, path: path).writeAll(Array(text.utf8).span)
    }
}
