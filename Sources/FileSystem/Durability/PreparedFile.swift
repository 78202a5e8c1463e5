private import Glibc

/// A durable file that waits under its temporary name to be published; a plain value, fit for a
/// commit record.
package struct PreparedFile: Hashable, Sendable {
    package let temporaryName: String
    package let finalName: String
    /// The length of the content in bytes.
    package let byteCount: Int

    package init(temporaryName: String, finalName: String, byteCount: Int) {
        self.temporaryName = temporaryName
        self.finalName = finalName
        self.byteCount = byteCount
    }

    /// True when the file, prepared in `directory`, waits there no more: it has its final name,
    /// unless it was discarded. False where nobody can look.
    package func isPublished(in directory: Directory) -> Bool {
        do { return try directory.status(of: temporaryName) == nil } catch { return false }
    }
}

extension DurableFile {
    /// Makes prepared files appear under their names, then makes the directory durable once.
    ///
    /// With `redo` the call finishes what a killed run began: a file whose temporary name is gone
    /// and whose final name is there with the same length counts as published. With `forOthers` the
    /// files may be other users', as in `begin`.
    package static func publish(
        _ files: [PreparedFile], in directory: Directory, redo: Bool = false,
        forOthers: Bool = false
    ) throws(FileFault) {
        for file in files {
            try rename(file, in: directory, redo: redo, forOthers: forOthers)
        }
        if let last = files.last { try settle(directory, naming: last.finalName) }
    }

    /// Removes prepared files that shall not be published; those already gone are passed over. One
    /// that cannot be removed keeps none of the others.
    package static func discard(
        _ files: [PreparedFile], in directory: Directory
    ) throws(FileFault) {
        var fault: FileFault?
        for file in files {
            do throws(FileFault) { try directory.remove(file.temporaryName) } catch {
                fault = fault ?? error
            }
        }
        if let fault { throw fault }
        if !files.isEmpty { try directory.synchronize() }
    }

    /// Replaces the file at `path` by `bytes`, durably; the directory must exist.
    package static func durablyReplace(
        _ path: String, with bytes: Span<UInt8>, mode: UInt32 = 0o600
    ) throws(FileFault) {
        let (parent, name) = splitPath(path)
        try durablyReplace(name, in: Directory.open(parent), with: bytes, mode: mode)
    }

    /// Replaces the file `name` of `directory` by `bytes`, durably.
    package static func durablyReplace(
        _ name: String, in directory: Directory, with bytes: Span<UInt8>, mode: UInt32 = 0o600
    ) throws(FileFault) {
        let file = try begin(in: directory, named: name, mode: mode)
        try file.write(bytes)
        try file.commit()
    }

    /// Makes `name` appear in `directory` with `bytes`, complete and durable, unless the name is
    /// taken; says whether it was this call that made it.
    package static func makeOnce(
        _ name: String, in directory: Directory, with bytes: Span<UInt8>
    ) throws(FileFault) -> Bool {
        while true {
            if let made = try makeOnceUnlessTaken(name, in: directory, with: bytes) { return made }
        }
    }

    /// One attempt; nil when another process has taken our temporary file for a leftover.
    private static func makeOnceUnlessTaken(
        _ name: String, in directory: Directory, with bytes: Span<UInt8>
    ) throws(FileFault) -> Bool? {
        let file = try begin(in: directory, named: name)
        try file.write(bytes)
        let prepared = try file.prepare(settlingDirectory: false)
        var result: Bool? = true
        do {
            try directory.link(prepared.temporaryName, to: name)
        } catch {
            switch error.errorNumber {
            case EEXIST: result = false
            case ENOENT: result = nil
            default:
                _ = try? directory.remove(prepared.temporaryName)
                throw error
            }
        }
        try directory.remove(prepared.temporaryName)
        try directory.synchronize()
        return result
    }

    /// Refuses a name that a durable file must not replace.
    static func checkTarget(
        _ name: String, in directory: Directory, forOthers: Bool
    ) throws(FileFault) {
        guard let target = try directory.status(of: name) else { return }
        let refusal: FileFault.Cause? =
            switch target.kind {
            case .regular: forOthers || target.owner == geteuid() ? nil : .foreignOwner
            case .symbolicLink: .symbolicLink
            case .directory: .isDirectory
            default: .notRegularFile
            }
        if let refusal { throw FileFault(.create, refusal, path: directory.path(of: name)) }
    }

    static func rename(
        _ file: PreparedFile, in directory: Directory, redo: Bool, forOthers: Bool = false
    ) throws(FileFault) {
        if redo, try directory.status(of: file.temporaryName) == nil {
            let done = try directory.status(of: file.finalName)
            guard let done, done.kind == .regular, done.byteCount == file.byteCount else {
                throw FileFault(
                    .rename, errno: ENOENT, path: directory.path(of: file.finalName))
            }
            return
        }
        try checkTarget(file.finalName, in: directory, forOthers: forOthers)
        try directory.rename(file.temporaryName, to: file.finalName)
    }

    static func settle(_ directory: Directory, naming name: String) throws(FileFault) {
        do {
            try directory.synchronize()
        } catch {
            throw FileFault(
                .synchronizeDirectory, .notDurable(error.errorNumber ?? EIO),
                path: directory.path(of: name))
        }
    }
}
