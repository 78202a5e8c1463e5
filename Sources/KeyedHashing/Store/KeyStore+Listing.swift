private import FileSystem
import Records

/// One line of the list of keys.
package struct EpochListing: Sendable, Hashable {
    /// The state of an epoch's key in this store; whether it is closing is for the ledger to say.
    package enum State: Sendable, Hashable {
        case alive
        case destroyed(Tombstone)
    }

    package let keyID: KeyID
    package let fingerprint: KeyFingerprint
    package let state: State
}

extension KeyStore {
    enum FileKind { case key, tombstone }

    /// All epochs of the store in the order of their months. A damaged file is a fault.
    package func epochs() throws(KeyFault) -> [EpochListing] {
        var listings: [EpochListing] = []
        for month in Set(try files().map(\.month)).sorted() {
            if let tombstone = try tombstone(of: month) {
                listings.append(
                    EpochListing(
                        keyID: tombstone.keyID, fingerprint: tombstone.fingerprint,
                        state: .destroyed(tombstone)))
            } else if let key = try livingKey(of: month) {
                listings.append(
                    EpochListing(keyID: key.id, fingerprint: key.fingerprint, state: .alive))
            }
        }
        return listings
    }

    /// The key and tombstone files that are there.
    func files() throws(KeyFault) -> [(month: CalendarMonth, kind: FileKind)] {
        let names = try asKeyFault { () throws(FileFault) in try directory.names() }
        return names.compactMap { name in
            guard let month = CalendarMonth(text: String(name.prefix(7))) else { return nil }
            if name.utf8.elementsEqual(Self.keyName(month).utf8) { return (month, .key) }
            if name.utf8.elementsEqual(Self.tombstoneName(month).utf8) {
                return (month, .tombstone)
            }
            return nil
        }
    }
}

extension KeyStore {
    private static let stateRecord = SealedText(title: "registered-state", names: ["path"])
    private static let stateEnding = ".state"

    /// Remembers that the state directory at `statePath` (absolute) uses keys of this store, so
    /// that a destruction can ask it. Registering again changes nothing.
    package func register(statePath: String) throws(KeyFault) {
        guard statePath.utf8.first == UInt8(ascii: "/") else {
            throw .unusableText("path of the state")
        }
        let content = try Self.stateRecord.encode([statePath])
        let name = Self.stateName(statePath)
        if try directory.makeOnce(name, content: .copyingRecord(content)) { return }
        guard try path(inState: name).utf8.elementsEqual(statePath.utf8) else {
            throw .damaged(path: directory.path(of: name))
        }
    }

    /// Forgets a state directory that is gone for good; says whether it was registered.
    @discardableResult
    package func unregister(statePath: String) throws(KeyFault) -> Bool {
        let name = Self.stateName(statePath)
        return try asKeyFault { () throws(FileFault) in
            guard try directory.remove(name) else { return false }
            try directory.synchronize()
            return true
        }
    }

    /// The paths of all registered state directories, in the order of their bytes.
    package func registeredStates() throws(KeyFault) -> [String] {
        let names = try asKeyFault { () throws(FileFault) in try directory.names() }
        var paths: [String] = []
        for name in names where name.utf8.suffix(6).elementsEqual(Self.stateEnding.utf8) {
            paths.append(try path(inState: name))
        }
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func stateName(_ path: String) -> String {
        String(Digest256.of(Array(path.utf8).span).hex.prefix(16)) + stateEnding
    }

    func path(inState name: String) throws(KeyFault) -> String {
        let content = try PrivateFile.content(
            name, in: directory, limitBytes: SealedText.fileBytesMax)
        guard let content, let values = Self.stateRecord.decode(content) else {
            throw .damaged(path: directory.path(of: name))
        }
        return values[0]
    }
}
