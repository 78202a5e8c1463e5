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
