package import FileSystem
private import Records

/// Seals the keys of a store, and those of the registries of its states, by another key-encryption
/// key; or seals plain ones, or unseals.
///
/// Killed at any moment it is ended by doing it again: a note with the declaration to come is made
/// first and holds everybody off, each file is replaced in one durable step and recognised when it
/// was done before, and the declaration is replaced last. What took no part in it, backups above
/// all, holds the keys as they were.
package struct KeyRewrapping: Sendable {
    /// What was done.
    package struct Outcome: Sendable, Equatable {
        /// The files of keys that now have their new form, those of an interrupted call included.
        package var keys = 0
        package var registries = 0
    }

    /// Of files that were not replaced yet: only who overwrites them may remove them.
    private static let mark = WriterMark("6b65792d7365616c") ?? .none

    private let old: WrappingKey?
    private let new: WrappingKey?
    private var outcome = Outcome()

    /// `old` has sealed the keys, `new` is to seal them; nil stands for none.
    package init(from old: WrappingKey?, to new: WrappingKey?) {
        self.old = old
        self.new = new
    }

    /// Does it to the store at `path` (nil: there is none) and to the registry key in each of
    /// `states` and in the states that are registered with the store.
    ///
    /// `busy-lock` while a run uses the store; a state that cannot be opened is a fault, and so is
    /// a file that neither key opens. Nothing but what was begun is then changed.
    package mutating func run(
        storeAt path: String?, states: [String]
    ) throws(KeyFault) -> Outcome {
        guard let path else {
            for state in states { try rewrapRegistry(in: state) }
            return outcome
        }
        let directory = try asKeyFault { () throws(FileFault) in
            try Directory.privateDirectory(path, creating: false, closedToReaders: true)
        }
        guard let declared = try KeyStore.declared(directory) else {
            throw .noStore(path: directory.path)
        }
        let plain = KeyStore(directory: directory, zone: declared.zone, seal: nil)
        let lock = try plain.lockForDestruction()
        defer { _ = lock }
        let target = try KeyStore.declaration(zone: declared.zone, wrapping: new)
        let isBegun = try isBegun(target, in: directory)
        let registered = try plain.registeredStates()
        let all = Set(states + registered).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        let folders = try all.map { state throws(KeyFault) in try Self.folder(state) }
        try Self.removeUnfinished(in: directory)
        _ = try asKeyFault { () throws(FileFault) in
            try DurableFile.removeLeftovers(in: directory)
        }
        if declared.content != target {
            let seals = (
                old: try KeyStore.seal(declared, old, directory),
                new: new.map { KeySeal($0, binding: target) }
            )
            if !isBegun {
                _ = try directory.makeOnce(
                    KeyStore.nextDeclarationName, content: .copyingRecord(target))
            }
            _ = try plain.finishDestructions()
            for (month, kind) in try plain.files() where kind == .key {
                let head = KeyFileForm.head(of: plain.epoch(of: month))
                try rewrap(KeyStore.keyName(month), in: directory, head, seals)
                outcome.keys += 1
            }
        }
        for folder in folders { try rewrapRegistry(in: folder) }
        try end(target, in: directory)
        return outcome
    }

    /// The states that are registered with the store at `path`, whatever seals its keys.
    package static func registeredStates(ofStoreAt path: String) throws(KeyFault) -> [String] {
        let directory = try asKeyFault { () throws(FileFault) in
            try Directory.privateDirectory(path, creating: false, closedToReaders: true)
        }
        return try KeyStore(directory: directory, zone: "", seal: nil).registeredStates()
    }

    // MARK: Steps

    /// True when an interrupted call noted the same; one that noted something else has to be ended
    /// first.
    private func isBegun(
        _ target: [UInt8], in directory: Directory
    ) throws(KeyFault) -> Bool {
        let content = try PrivateFile.content(
            KeyStore.nextDeclarationName, in: directory, limitBytes: SealedText.fileBytesMax)
        guard let content else { return false }
        guard content == target else { throw .rewrapping(path: directory.path) }
        return true
    }

    private func end(_ target: [UInt8], in directory: Directory) throws(KeyFault) {
        try asKeyFault { () throws(FileFault) in
            try DurableFile.durablyReplace(
                KeyStore.declarationName, in: directory, with: target.span)
            if try directory.remove(KeyStore.nextDeclarationName) { try directory.synchronize() }
        }
    }

    private static func folder(_ state: String) throws(KeyFault) -> Directory {
        try asKeyFault { () throws(FileFault) in try Directory.open(state) }
    }

    private mutating func rewrapRegistry(in state: String) throws(KeyFault) {
        try rewrapRegistry(in: try Self.folder(state))
    }

    private mutating func rewrapRegistry(in state: Directory) throws(KeyFault) {
        let head = RegistryKey.head
        let seals = (
            old: old.map { KeySeal($0, binding: head) }, new: new.map { KeySeal($0, binding: head) }
        )
        let isThere = try asKeyFault { () throws(FileFault) in
            try state.status(of: RegistryKey.fileName) != nil
        }
        guard isThere else { return }
        try Self.removeUnfinished(in: state)
        try rewrap(RegistryKey.fileName, in: state, head, seals)
        outcome.registries += 1
    }

    /// Replaces one file, unless it has its new form already; then overwrites the blocks of the old
    /// one, which may hold the key in the clear. Until that is done the old one keeps a name, by
    /// which the next call finds it when this one is killed.
    private func rewrap(
        _ name: String, in directory: Directory, _ head: [UInt8],
        _ seals: (old: KeySeal?, new: KeySeal?)
    ) throws(KeyFault) {
        try Self.overwriteFormer(of: name, in: directory)
        guard
            let content = try PrivateFile.secret(
                name, in: directory, limitBytes: KeyFileForm.fileBytesMax)
        else { return }
        if try KeyFileForm.decode(content, head: head, seal: seals.new) != nil { return }
        guard let key = try KeyFileForm.decode(content, head: head, seal: seals.old) else {
            throw .damaged(path: directory.path(of: name))
        }
        let fresh = try KeyFileForm.encode(key, head: head, seal: seals.new)
        try asKeyFault { () throws(FileFault) in
            try directory.link(name, to: Self.formerName(name))
            let file = try DurableFile.begin(in: directory, named: name, mark: Self.mark)
            try fresh.withSpan { span throws(FileFault) in try file.write(span) }
            try file.commit()
        }
        try Self.overwriteFormer(of: name, in: directory)
    }

    /// What the file that `name` stood for is called until its blocks are overwritten.
    package static func formerName(_ name: String) -> String { "\(name).former" }

    /// Ends what an interrupted call left of the registry key in a state folder; no key is needed
    /// for that. The file that was replaced is overwritten and removed; where it was not replaced
    /// yet, only its second name goes, and the call has to be made again. Nil when nothing was
    /// left, or else whether the key was replaced.
    package static func endRegistry(in state: Directory) throws(KeyFault) -> Bool? {
        try removeUnfinished(in: state)
        return try overwriteFormer(of: RegistryKey.fileName, in: state)
    }

    /// Overwrites and removes what a killed call had not put in the place of a key yet: where keys
    /// are unsealed it holds one in the clear.
    private static func removeUnfinished(in directory: Directory) throws(KeyFault) {
        try asKeyFault { () throws(FileFault) in
            try DurableFile.overwriteLeftovers(in: directory, of: mark)
        }
    }

    /// Overwrites and removes the file that was replaced; where it was not replaced yet, only its
    /// second name goes. Nil when there is none, or else whether it was replaced.
    @discardableResult
    private static func overwriteFormer(
        of name: String, in directory: Directory
    ) throws(KeyFault) -> Bool? {
        try asKeyFault { () throws(FileFault) -> Bool? in
            let former = formerName(name)
            guard let old = try directory.status(of: former), old.kind == .regular else {
                return nil
            }
            let isReplaced = try directory.status(of: name)?.identity != old.identity
            if isReplaced {
                try DurableFile.overwriteAndRemove(former, in: directory)
            } else if try directory.remove(former) {
                try directory.synchronize()
            }
            return isReplaced
        }
    }
}
