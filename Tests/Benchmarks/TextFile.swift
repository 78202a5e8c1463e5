import FileSystem
import Glibc

/// Files of text.
enum TextFile {
    static func read(_ path: String) throws -> String {
        let bytes = try FileDescriptor.reading(path).readAll(limitBytes: 1 << 20)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws {
        try write(lines: CollectionOfOne(text), to: path)
    }

    /// Writes `lines` one after the other, few of them in memory at a time.
    static func write(lines: some Sequence<String>, to path: String) throws {
        let number = unsafe open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw BenchmarkFault("cannot write \(path)") }
        let file = FileDescriptor(owning: number, path: path)
        var block: [UInt8] = []
        for line in lines {
            block += line.utf8
            guard block.count > 1 << 16 else { continue }
            try file.writeAll(block.span)
            block.removeAll(keepingCapacity: true)
        }
        try file.writeAll(block.span)
    }
}
