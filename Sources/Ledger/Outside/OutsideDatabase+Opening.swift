internal import FileSystem
package import Records

/// How a database of others is opened without leaving anything beside it.
extension OutsideDatabase {
    /// What tells one state of the files from a later one.
    package struct Stamp: Equatable, Sendable {
        /// When the database or its write-ahead log was last changed.
        package let modified: EventTime
        private let files: [FileState?]

        fileprivate struct FileState: Equatable, Sendable {
            let identity: FileIdentity
            let byteCount: Int
            let modifiedNanoseconds: Int64

            init(_ status: FileStatus) {
                identity = status.identity
                byteCount = status.byteCount
                modifiedNanoseconds = status.modifiedNanoseconds
            }
        }

        fileprivate init(_ database: FileStatus, _ log: FileStatus?) {
            let times = [database, log].compactMap { $0?.modifiedNanoseconds }
            modified = EventTime(milliseconds: (times.max() ?? 0) / 1_000_000)
            // An empty log says nothing, and may come and go.
            let log = log.flatMap { $0.byteCount > 0 ? $0 : nil }
            files = [FileState(database), log.map(FileState.init)]
        }
    }

    /// The state of the files now; nil when there is no regular file.
    package var stamp: Stamp? {
        guard let database = try? FileStatus.of(path), database.kind == .regular else {
            return nil
        }
        return Stamp(database, (try? FileStatus.of(path + "-wal")) ?? nil)
    }

    /// The name by which SQLite opens the database.
    ///
    /// A database in WAL mode (bytes 18 and 19 of its header are 2) makes `-wal` and `-shm` for
    /// every reader. At rest it has no log, and is opened as a file that nobody changes; whether
    /// that was so is told by the stamps before and after. While somebody has it open, with all of
    /// its files there, it is read as any other.
    func opening() throws(OutsideFault) -> String {
        guard try isWriteAheadLogged else { return path }
        guard ((try? FileStatus.of(path)) ?? nil)?.links == 1 else { throw .severalNames }
        let log = ((try? FileStatus.of(path + "-wal")) ?? nil)?.byteCount ?? 0
        if log == 0 { return "file:\(Self.escaped(path))?immutable=1" }
        guard ((try? FileStatus.of(path + "-shm")) ?? nil) != nil else { throw .logLeft }
        return path
    }

    private var isWriteAheadLogged: Bool {
        get throws(OutsideFault) {
            let headerBytes = 20
            var header = ByteBuffer(capacity: headerBytes)
            do {
                let file = try FileDescriptor.reading(path)
                try unsafe header.appendUnsafe(upTo: headerBytes) { room in
                    try unsafe file.read(
                        into: UnsafeMutableRawBufferPointer(
                            UnsafeMutableBufferPointer(rebasing: room[..<headerBytes])))
                }
            } catch { throw .unreadable }
            let bytes = header.array()
            return bytes.count == headerBytes && (bytes[18] == 2 || bytes[19] == 2)
        }
    }

    /// The path as it stands in a URI (RFC 3986, section 2).
    private static func escaped(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in path.utf8 {
            switch byte {
            case 0x2D, 0x2E, 0x2F, 0x5F, 0x7E, 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
                text.append(byte)
            default: text += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
