import CSystem
import FileSystem
import Glibc
import TestSupport

/// A directory of its own for one test, removed with everything in it when the test ends.
final class TemporaryFolder {
    let path: String

    init() {
        var template = Array("/tmp/sluice-tests-XXXXXX".utf8CString)
        unsafe template.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { _ = unsafe mkdtemp(start) }
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.removeTree(path) }

    func directory() throws -> Directory { try Directory.open(path) }

    /// The path of `name` below the folder.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ name: String, _ content: String = "x") throws {
        let parent = splitPath(self(name)).directory
        try DurableFile.durablyReplace(
            splitPath(name).name, in: Directory.open(parent, creating: true),
            with: bytes(content).span)
    }

    func read(_ name: String) throws -> String {
        text(try FileDescriptor.reading(self(name)).readAll(limitBytes: 1 << 20))
    }

    func link(_ name: String, to target: String) {
        _ = unsafe symlink(target, self(name))
    }

    func pipe(_ name: String) { _ = unsafe mkfifo(self(name), 0o600) }

    func subfolder(_ name: String, permissions: UInt32 = 0o700) {
        _ = unsafe mkdir(self(name), 0o700)
        _ = unsafe chmod(self(name), permissions)
    }

    /// Makes the file or directory another user's.
    func giveAway(_ name: String) { _ = unsafe chown(self(name), 12345, 12345) }

    func names() throws -> [String] { try directory().names() }

    static func removeTree(_ path: String) {
        guard let directory = try? Directory.open(path), let names = try? directory.names() else {
            return
        }
        for name in names {
            if (try? directory.status(of: name))??.kind == .directory {
                removeTree("\(path)/\(name)")
            } else {
                _ = try? directory.remove(name)
            }
        }
        _ = unsafe rmdir(path)
    }
}

/// The code of the fault that `body` throws, or "none".
func code(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "none"
    } catch let fault as FileFault {
        return fault.code
    } catch {
        return "other"
    }
}
