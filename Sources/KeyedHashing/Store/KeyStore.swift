package import FileSystem
package import Records
private import Glibc

/// The directory that holds one random key per month, shared by several processes and hosts.
///
/// | file | content |
/// |---|---|
/// | `store` | the declaration: the one zone in which months are counted, and what seals the keys |
/// | `yyyy-MM.key` | the key of a month (`KeyFileForm`) |
/// | `yyyy-MM.destroyed` | the tombstone of a month: no key of it is ever used or made again |
/// | `HEX.state` | the path of a state directory that uses the store |
/// | `HEX-MS.forgotten` | which state was forgotten, when and by whom |
/// | `HEX.pipeline` | how long a pipeline without state needs keys |
/// | `store.next` | the declaration to come, while the keys are being sealed anew |
/// | `lock` | held shared by runs, exclusively by destructions |
///
/// Directory 0700, files 0600, owner checked, symbolic links refused. Nothing but `HEX.pipeline`,
/// and what `KeyRewrapping` seals anew, is ever replaced: files are made complete under a temporary
/// name and then linked, so of two
/// processes that make the same file one wins and the other uses what it made. Safe to use from
/// several threads.
package final class KeyStore: Sendable {
    /// The IANA name of the zone of all epochs.
    package let zone: String

    /// The months whose key file lay beside its tombstone when the store was opened, after an
    /// interrupted destruction or out of a backup; the files are erased.
    package let erasedAgain: [CalendarMonth]

    /// True when a key-encryption key seals the key files.
    package var isWrapped: Bool { seal != nil }

    /// The path of the directory, for messages.
    package var path: String { directory.path }

    let directory: Directory
    let seal: KeySeal?

    private static let declarationRecord = SealedText(
        title: "key-store", names: ["zone", "wrapping"])
    static let declarationName = "store"
    /// Lies there while the keys are being sealed anew, and says what the declaration will be.
    static let nextDeclarationName = "store.next"
    static let lockName = "lock"
    private static let notWrapped = "none"

    init(
        directory: Directory, zone: String, seal: KeySeal?, erasedAgain: [CalendarMonth] = []
    ) {
        self.directory = directory
        self.zone = zone
        self.seal = seal
        self.erasedAgain = erasedAgain
    }

    /// Opens the store at `path`; with `creatingIfMissing` an empty or missing directory is made
    /// one.
    ///
    /// `zone` is the pipeline's; a store that declares another is the fault `otherZone`. Nil takes
    /// what the store declares (and never creates one). `wrapping` seals the keys of a new store;
    /// a store that was made with another one, with none, or with one while none is given, is a
    /// fault. A destruction that was interrupted is finished here.
    package static func open(
        path: String, zone: String?, creatingIfMissing: Bool, wrapping: WrappingKey? = nil
    ) throws(KeyFault) -> KeyStore {
        let creating = creatingIfMissing && zone != nil
        if let zone {
            try SealedText.check(zone, "zone")
            guard zone.utf8.count <= 255 else { throw .unusableText("zone") }
        }
        let directory = try asKeyFault { () throws(FileFault) in
            try Directory.privateDirectory(path, creating: creating, closedToReaders: true)
        }
        var declared = try declared(directory)
        if declared == nil, creating, let zone {
            try refuseForeignFiles(directory)
            let content = try declaration(zone: zone, wrapping: wrapping)
            _ = try directory.makeOnce(
                declarationName, content: .copyingRecord(content))
            declared = try Self.declared(directory)
        }
        guard let declared else { throw .noStore(path: directory.path) }
        if let zone, !zone.utf8.elementsEqual(declared.zone.utf8) {
            throw .otherZone(path: directory.path, declared: declared.zone, wanted: zone)
        }
        try refuseUnfinished(directory)
        let seal = try seal(declared, wrapping, directory)
        let store = KeyStore(directory: directory, zone: declared.zone, seal: seal)
        _ = try asKeyFault { () throws(FileFault) in
            try DurableFile.removeLeftovers(in: directory)
        }
        return KeyStore(
            directory: directory, zone: declared.zone, seal: seal,
            erasedAgain: try store.finishDestructions())
    }

    /// What the declaration says, and its bytes.
    struct Declared {
        let zone: String
        let wrapping: String
        let content: [UInt8]
    }

    /// The declaration of a store.
    static func declaration(
        zone: String, wrapping: WrappingKey?
    ) throws(KeyFault) -> [UInt8] {
        try declarationRecord.encode([zone, wrapping?.fingerprint.text ?? notWrapped])
    }

    /// While keys are being sealed anew nobody can tell by what each of them is sealed.
    static func refuseUnfinished(_ directory: Directory) throws(KeyFault) {
        let isBegun = try asKeyFault { () throws(FileFault) in
            try directory.status(of: nextDeclarationName) != nil
        }
        if isBegun { throw .rewrapping(path: directory.path) }
    }

    static func seal(
        _ declared: Declared, _ wrapping: WrappingKey?, _ directory: Directory
    ) throws(KeyFault) -> KeySeal? {
        let isPlain = declared.wrapping.utf8.elementsEqual(notWrapped.utf8)
        guard let wrapping else {
            if isPlain { return nil }
            throw .wrapped(path: directory.path)
        }
        if isPlain { throw .notWrapped(path: directory.path) }
        guard declared.wrapping.utf8.elementsEqual(wrapping.fingerprint.text.utf8) else {
            throw .otherWrappingKey(path: directory.path)
        }
        return KeySeal(wrapping, binding: declared.content)
    }

    static func declared(_ directory: Directory) throws(KeyFault) -> Declared? {
        guard
            let content = try PrivateFile.content(
                declarationName, in: directory, limitBytes: SealedText.fileBytesMax)
        else { return nil }
        guard let values = declarationRecord.decode(content) else {
            throw .damaged(path: directory.path(of: declarationName))
        }
        return Declared(zone: values[0], wrapping: values[1], content: content)
    }

    /// A store is made in an empty directory only; what another process is just making is fine.
    static func refuseForeignFiles(_ directory: Directory) throws(KeyFault) {
        let names = try asKeyFault { () throws(FileFault) in try directory.names() }
        let isForeign = names.contains { TemporaryName.run(of: $0.utf8) == nil }
        if isForeign, try declared(directory) == nil {
            throw .notAStore(path: directory.path)
        }
    }

    /// The epoch of a month in this store.
    package func epoch(of month: CalendarMonth) -> KeyEpoch { KeyEpoch(month: month, zone: zone) }

    /// Keeps keys from being destroyed while the lock lives; runs hold it from start to end.
    ///
    /// While a destruction is under way this is the fault `busy-lock`, after `waitingSeconds`.
    package func lockForUse(waitingSeconds: Int = 10) throws(KeyFault) -> FileLock {
        try asKeyFault { () throws(FileFault) in
            try FileLock.acquire(
                Self.lockName, in: directory, .shared, waitingSeconds: waitingSeconds)
        }
    }

    /// Keeps runs out while keys are destroyed; while a run is under way the fault `busy-lock`,
    /// after `waitingSeconds`: a process that somebody is just starting can hold the lock for a
    /// moment.
    package func lockForDestruction(waitingSeconds: Int = 1) throws(KeyFault) -> FileLock {
        try asKeyFault { () throws(FileFault) in
            try FileLock.acquire(
                Self.lockName, in: directory, .exclusive, waitingSeconds: waitingSeconds)
        }
    }
}

extension KeyStore {
    /// The key of `month`; a month without one gets a random one with `creatingIfMissing`.
    ///
    /// A month with a tombstone is `destroyed` for ever. Every caller, in whatever process, gets
    /// the same key. Reads files: callers keep the answer for the time of a run.
    package func key(
        for month: CalendarMonth, creatingIfMissing: Bool
    ) throws(KeyFault) -> KeyLookup {
        if let tombstone = try tombstone(of: month) { return .destroyed(tombstone) }
        if let key = try livingKey(of: month) { return .alive(key) }
        guard creatingIfMissing else {
            // A destruction between the two looks above has left its tombstone by now.
            return try tombstone(of: month).map(KeyLookup.destroyed) ?? .missing
        }
        return try create(month)
    }

    /// The key of `month`, for which none was found: a new one, or what another process has made
    /// meanwhile; none when the old one has been destroyed since it was looked for.
    func create(_ month: CalendarMonth) throws(KeyFault) -> KeyLookup {
        let fresh: SecretKey
        do { fresh = try SecretKey.random() } catch { throw .secret(error) }
        let content = try KeyFileForm.encode(
            fresh, head: KeyFileForm.head(of: epoch(of: month)), seal: seal)
        _ = try directory.makeOnce(Self.keyName(month), content: content)
        if let tombstone = try tombstone(of: month) {
            try eraseKey(of: month)
            return .destroyed(tombstone)
        }
        guard let key = try livingKey(of: month) else {
            throw .damaged(path: directory.path(of: Self.keyName(month)))
        }
        return .alive(key)
    }

    static func keyName(_ month: CalendarMonth) -> String { "\(month.text).key" }

    func livingKey(of month: CalendarMonth) throws(KeyFault) -> EpochKey? {
        let name = Self.keyName(month)
        guard
            let content = try PrivateFile.secret(
                name, in: directory, limitBytes: KeyFileForm.fileBytesMax)
        else { return nil }
        let epoch = epoch(of: month)
        let head = KeyFileForm.head(of: epoch)
        guard let key = try KeyFileForm.decode(content, head: head, seal: seal) else {
            throw .damaged(path: directory.path(of: name))
        }
        return EpochKey(key: key, epoch: epoch)
    }
}

extension SecretKey {
    /// A record without secrets, to be written by the same means as keys.
    static func copyingRecord(_ bytes: [UInt8]) throws(KeyFault) -> SecretKey {
        do { return try copying(bytes.span) } catch { throw .secret(error) }
    }
}
