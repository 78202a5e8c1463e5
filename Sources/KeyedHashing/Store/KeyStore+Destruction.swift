private import FileSystem
package import Records

extension KeyStore {
    /// What is done to a key file; stands in tombstones.
    package static let method = "overwritten and unlinked"
    /// What is done to the file of a key that a key-encryption key seals.
    package static let methodOfSealed = "sealed file overwritten and unlinked"
    /// What stands in the tombstone of a key whose file had gone without a destruction.
    package static let methodOfLost = "file was missing"

    /// Destroys the key of `month` and returns its tombstone; the earlier one when it is already
    /// destroyed. `run` says who does it, `now` when, `reason` why.
    ///
    /// This is the deed only. Whether it may be done (no record can need the key any more, no hold
    /// binds, no registered state has unpublished partials or cannot be reached) is decided above,
    /// by the caller, who holds `lockForDestruction`.
    ///
    /// Order: tombstone durable; key file overwritten; unlinked; directory durable. After a crash
    /// in between the key is dead already, and the next `open` removes its file. On media that keep
    /// old blocks the overwriting proves nothing; that is for the operator to know.
    @discardableResult
    package func destroy(
        _ month: CalendarMonth, run: String, now: EventTime, method: String? = nil,
        reason: String = Tombstone.agedOut
    ) throws(KeyFault) -> Tombstone {
        if try tombstone(of: month) == nil {
            guard let key = try livingKey(of: month) else { throw .noKey(month: month.text) }
            let way = isWrapped ? Self.methodOfSealed : Self.method
            try bury(
                Tombstone(
                    keyID: key.id, fingerprint: key.fingerprint, time: now, run: run,
                    method: method ?? way, reason: reason),
                month)
        }
        let tombstone = try buried(month)
        try eraseKey(of: month)
        return tombstone
    }

    /// Records that a key which runs have used is gone without a destruction, so that its month
    /// never gets another one. A month that has a key file is the fault `noKey`.
    @discardableResult
    package func recordLoss(_ tombstone: Tombstone) throws(KeyFault) -> Tombstone {
        guard let month = tombstone.keyID.epoch?.month else { throw .noKey(month: "no month") }
        if try self.tombstone(of: month) == nil {
            guard try livingKey(of: month) == nil else { throw .noKey(month: month.text) }
            try bury(tombstone, month)
        }
        return try buried(month)
    }

    private func bury(_ record: Tombstone, _ month: CalendarMonth) throws(KeyFault) {
        let content = try record.encode(epoch: epoch(of: month))
        _ = try directory.makeOnce(
            Self.tombstoneName(month), content: .copyingRecord(content))
    }

    private func buried(_ month: CalendarMonth) throws(KeyFault) -> Tombstone {
        guard let tombstone = try tombstone(of: month) else {
            throw .damaged(path: directory.path(of: Self.tombstoneName(month)))
        }
        return tombstone
    }

    static func tombstoneName(_ month: CalendarMonth) -> String { "\(month.text).destroyed" }

    /// The tombstone of `month`, or nil. One that cannot be read is a fault: it neither lets a key
    /// live nor passes for none.
    func tombstone(of month: CalendarMonth) throws(KeyFault) -> Tombstone? {
        let name = Self.tombstoneName(month)
        guard
            let content = try PrivateFile.content(
                name, in: directory, limitBytes: SealedText.fileBytesMax)
        else { return nil }
        guard let tombstone = Tombstone.decode(content, epoch: epoch(of: month)) else {
            throw .damaged(path: directory.path(of: name))
        }
        return tombstone
    }

    /// Overwrites and removes the key file of `month`, if it is there.
    func eraseKey(of month: CalendarMonth) throws(KeyFault) {
        try asKeyFault { () throws(FileFault) in
            let name = Self.keyName(month)
            if let status = try directory.status(of: name), status.kind == .regular {
                let file = try directory.openingOrCreating(name)
                try file.writeAll([UInt8](repeating: 0, count: status.byteCount).span)
                try file.synchronize()
            }
            if try directory.remove(name) { try directory.synchronize() }
        }
    }

    /// Removes keys whose tombstone is there, what a killed destruction left undone or a backup
    /// brought back, and returns their months.
    func finishDestructions() throws(KeyFault) -> [CalendarMonth] {
        var months: [CalendarMonth] = []
        for (month, kind) in try files() where kind == .tombstone {
            let hasKey = try asKeyFault { () throws(FileFault) in
                try directory.status(of: Self.keyName(month)) != nil
            }
            guard hasKey, try tombstone(of: month) != nil else { continue }
            try eraseKey(of: month)
            months.append(month)
        }
        return months
    }
}
