private import FileSystem
private import Records

/// What lies in a key store, looked at without changing anything.
package struct KeyStoreInspection: Sendable {
    /// The declared zone; nil when the declaration is damaged.
    package var zone: String?
    /// The epochs whose files are good.
    package var epochs: [EpochListing] = []
    /// Files that are not what was written, or do not belong there, and why.
    package var faults: [(file: String, sentence: String)] = []
    /// The store, to ask who uses it; nil when its declaration is damaged.
    package var store: KeyStore?
}

extension KeyStore {
    /// Looks at the store at `path`: every file is read and checked, nothing is finished, made or
    /// removed. `wrapping` is the key-encryption key, if one seals the keys.
    ///
    /// Faults: a directory that cannot be listed, is open to others or another user's; a sealed
    /// store without its key-encryption key.
    package static func inspect(
        path: String, wrapping: WrappingKey? = nil
    ) throws(KeyFault) -> KeyStoreInspection {
        let directory = try asKeyFault { () throws(FileFault) in
            try Directory.privateDirectory(path, creating: false, closedToReaders: true)
        }
        var found = KeyStoreInspection()
        var declared: Declared?
        do throws(KeyFault) {
            declared = try Self.declared(directory)
            if declared == nil { found.faults.append((declarationName, "is not there")) }
        } catch {
            found.faults.append((declarationName, "is not what was written"))
        }
        guard let declared else { return found }
        try refuseUnfinished(directory)
        found.zone = declared.zone
        let store = KeyStore(
            directory: directory, zone: declared.zone,
            seal: try seal(declared, wrapping, directory))
        found.store = store
        try store.inspect(&found)
        return found
    }

    private func inspect(_ found: inout KeyStoreInspection) throws(KeyFault) {
        let names = try asKeyFault { () throws(FileFault) in try directory.names() }
        let files = try files()
        let ours = Set(
            files.map { $0.kind == .key ? Self.keyName($0.month) : Self.tombstoneName($0.month) })
        for name in names where !ours.contains(name) {
            guard ![Self.declarationName, Self.lockName].contains(name) else {
                checkLock(name, &found)
                continue
            }
            checkOther(name, &found)
        }
        for month in Set(files.map(\.month)).sorted() { inspect(month, &found) }
    }

    /// The lock file has no content.
    private func checkLock(_ name: String, _ found: inout KeyStoreInspection) {
        guard name == Self.lockName, let status = try? directory.status(of: name),
            status.byteCount != 0
        else { return }
        found.faults.append((name, "holds something: expected an empty file"))
    }

    private func checkOther(_ name: String, _ found: inout KeyStoreInspection) {
        let isGood: Bool?
        do throws(KeyFault) { isGood = try checkRegistration(name) } catch { isGood = false }
        guard let isGood else {
            let isLeft = TemporaryName.run(of: name.utf8) != nil
            found.faults.append(
                (
                    name,
                    isLeft
                        ? "was left by a run that was killed: the next run clears it"
                        : "does not belong to a key store"
                ))
            return
        }
        if !isGood { found.faults.append((name, "is not what was written")) }
    }

    private func inspect(_ month: CalendarMonth, _ found: inout KeyStoreInspection) {
        var tombstone: Tombstone?
        do throws(KeyFault) { tombstone = try self.tombstone(of: month) } catch {
            found.faults.append((Self.tombstoneName(month), "is not what was written"))
        }
        var key: EpochKey?
        do throws(KeyFault) { key = try livingKey(of: month) } catch {
            found.faults.append((Self.keyName(month), "is not what was written"))
        }
        if let tombstone {
            if key != nil {
                found.faults.append(
                    (Self.keyName(month), "is still there beside its tombstone"))
            }
            found.epochs.append(
                EpochListing(
                    keyID: tombstone.keyID, fingerprint: tombstone.fingerprint,
                    state: .destroyed(tombstone)))
        } else if let key {
            found.epochs.append(
                EpochListing(keyID: key.id, fingerprint: key.fingerprint, state: .alive))
        }
    }
}
