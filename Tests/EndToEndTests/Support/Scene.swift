import Compression
import FileSystem
import Foundation
import Records
import TestSupport

/// A fresh folder for one test, gone with it.
final class Scene {
    private let root: String
    let path: String

    /// With `inMemory`, on a file system where making thousands of files durable costs nothing, if
    /// the machine has one.
    init(inMemory: Bool = false) throws {
        let memory = "/dev/shm"
        let place =
            inMemory && FileManager.default.isWritableFile(atPath: memory)
            ? memory : NSTemporaryDirectory()
        root = "\(place)/sluice-e2e-\(UUID().uuidString)"
        path = "\(root)/scene"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func write(_ name: String, _ content: [UInt8], mode: Int = 0o600) throws {
        let full = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: full).deletingLastPathComponent(),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try Data(content).write(to: URL(fileURLWithPath: full))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: full)
    }

    func write(_ name: String, _ content: String, mode: Int = 0o600) throws {
        try write(name, bytes(content), mode: mode)
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    func copy(to other: Scene) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try FileManager.default.copyItem(
                atPath: "\(path)/\(name)",
                toPath: "\(other.path)/\(name)"
            )
        }
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(name)")
    }

    /// All files below `folder` with their bytes, by path; hidden ones too.
    func tree(_ folder: String = ".") throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        guard let names = FileManager.default.enumerator(atPath: "\(path)/\(folder)") else {
            return [:]
        }
        for case let name as String in names {
            var isFolder: ObjCBool = false
            let full = "\(path)/\(folder)/\(name)"
            _ = unsafe FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
            if !isFolder.boolValue {
                files[name] = Array(try Data(contentsOf: URL(fileURLWithPath: full)))
            }
        }
        return files
    }
}

/// One gzip member.
func gzip(_ plain: some Sequence<UInt8>) throws -> [UInt8] {
    let deflater = try GzipDeflater.make(level: 6)
    var output = ByteBuffer()
    let all = Array(plain)
    deflater.deflate(all.span, into: &output)
    deflater.finish(into: &output)
    return output.array()
}

/// Cuts `plain` into `count` pieces of about one length, wherever the cuts fall.
func pieces(_ plain: [UInt8], _ count: Int) -> [ArraySlice<UInt8>] {
    (0..<count).map { plain[(plain.count * $0 / count)..<(plain.count * ($0 + 1) / count)] }
}

/// Cuts `plain` into at most `count` pieces behind line feeds.
func linePieces(_ plain: [UInt8], _ count: Int) -> [[UInt8]] {
    let lines = plain.split(separator: 0x0a, omittingEmptySubsequences: false)
    let endsWithFeed = plain.last == 0x0a
    let all = (endsWithFeed ? Array(lines.dropLast()) : lines).enumerated().map { index, line in
        index < lines.count - 1 ? Array(line) + [0x0a] : Array(line)
    }
    let size = max(1, (all.count + count - 1) / count)
    return stride(from: 0, to: all.count, by: size).map { start in
        all[start..<min(start + size, all.count)].flatMap { $0 }
    }
}
