import Foundation
import Glibc

/// Counts what happens to the files of a folder tree: made, written to, given another name,
/// removed.
final class FileEvents {
    private let queue: Int32
    /// How many there were so far.
    private(set) var count = 0

    private static let kinds = UInt32(
        IN_CREATE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB)

    /// Begins to watch `folder` and what is below it now.
    init(below folder: String) throws {
        queue = inotify_init()
        guard queue >= 0 else { throw ProcessFault.noFile("inotify") }
        _ = fcntl(queue, F_SETFD, FD_CLOEXEC)
        _ = fcntl(queue, F_SETFL, O_NONBLOCK)
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }
        for name in [""] + (names ?? []) {
            var isFolder: ObjCBool = false
            let path = "\(folder)/\(name)"
            _ = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            if isFolder.boolValue { unsafe inotify_add_watch(queue, path, Self.kinds) }
        }
    }

    deinit { close(queue) }

    /// Waits until `target` things have happened; false when `hasEnded` says so before.
    func wait(for target: Int, orUntil hasEnded: () -> Bool) -> Bool {
        while true {
            let isLast = hasEnded()
            read()
            if count >= target { return !isLast }
            if isLast { return false }
            var waiting = pollfd(fd: queue, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&waiting, 1, 2)
        }
    }

    private func read() {
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let header = MemoryLayout<inotify_event>.size
        while true {
            let length = unsafe Glibc.read(queue, &bytes, bytes.count)
            guard length > 0 else { return }
            var at = 0
            while at + header <= length {
                let name = unsafe bytes.withUnsafeBytes {
                    unsafe $0.loadUnaligned(fromByteOffset: at, as: inotify_event.self).len
                }
                at += header + Int(name)
                count += 1
            }
        }
    }
}
