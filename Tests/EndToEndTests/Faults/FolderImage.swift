import FileSystem
import Glibc

/// All that was in a folder at a moment. The fault matrix looks at small folders a hundred thousand
/// times: it is made and put back with as few calls as can be.
struct FolderImage {
    struct Entry {
        /// The path below the folder.
        let name: String
        let mode: mode_t
        let changed: timespec
        /// Nil for a folder, which stands in front of what is in it.
        let content: [UInt8]?
    }

    private(set) var entries: [Entry] = []

    /// The same for the same names, rights and bytes; within this process only.
    var digest: Int {
        var hasher = Hasher()
        for entry in entries.sorted(by: { $0.name < $1.name }) {
            hasher.combine(entry.name)
            hasher.combine(entry.mode)
            hasher.combine(entry.content?.count)
            // An array gives its elements one by one, a thousand times as slowly.
            unsafe entry.content?.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }

    init(of folder: String) throws { try add(folder, "") }

    private mutating func add(_ folder: String, _ prefix: String) throws {
        for name in try Self.names(in: folder) {
            let path = "\(folder)/\(name)"
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { throw ProcessFault.noFile(path) }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            entries.append(
                Entry(
                    name: prefix + name,
                    mode: status.st_mode & 0o7777,
                    changed: status.st_mtim,
                    content: isFolder
                        ? nil : try FileDescriptor.reading(path).readAll(limitBytes: 1 << 30)
                )
            )
            if isFolder { try add(path, "\(prefix)\(name)/") }
        }
    }

    private static func names(in folder: String) throws -> [String] {
        guard let listing = unsafe opendir(folder) else { throw ProcessFault.noFile(folder) }
        defer { unsafe closedir(listing) }
        var names: [String] = []
        while let entry = unsafe readdir(listing) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { start in
                    unsafe String(cString: start)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes `folder`, which exists, hold what it held, and nothing else.
    func restore(_ folder: String) throws {
        try Self.empty(folder)
        for entry in entries { try restore(entry, "\(folder)/\(entry.name)") }
    }

    private func restore(_ entry: Entry, _ path: String) throws {
        guard let content = entry.content else {
            guard unsafe mkdir(path, entry.mode) == 0, unsafe chmod(path, entry.mode) == 0 else {
                throw ProcessFault.noFile(path)
            }
            return
        }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let number = unsafe open(path, flags, entry.mode)
        guard number >= 0 else { throw ProcessFault.noFile(path) }
        defer { close(number) }
        var done = 0
        while done < content.count {
            let count = unsafe content[done...].withUnsafeBytes {
                unsafe write(number, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw ProcessFault.noFile(path) }
            done += count
        }
        guard fchmod(number, entry.mode) == 0,
            unsafe futimens(number, [entry.changed, entry.changed]) == 0
        else { throw ProcessFault.noFile(path) }
    }

    private static func empty(_ folder: String) throws {
        for name in try names(in: folder) {
            let path = "\(folder)/\(name)"
            if unsafe unlink(path) == 0 { continue }
            try empty(path)
            guard unsafe rmdir(path) == 0 else { throw ProcessFault.noFile(path) }
        }
    }
}
