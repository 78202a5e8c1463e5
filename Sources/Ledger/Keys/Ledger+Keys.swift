import GRDB
package import KeyedHashing
package import Records

/// A key as the ledger remembers it.
package struct KeyRecord: Sendable, Equatable {
    /// How far a key's life has gone; it never goes back.
    package enum State: String, Sendable, CaseIterable {
        /// Records of its month may still be in the window.
        case active
        /// Its last record must have been aged out; it waits for its grace, or for what is said.
        case closing
        case destroyed
    }

    /// The printed name of the key (`KeyID.text`).
    package let id: String
    /// 64 hexadecimal digits.
    package let fingerprint: String
    /// Nil for a static key.
    package let month: CalendarMonth?
    package let zone: String?
    package let state: State
    /// The first run of this state that used it, and when that run ended; nil when none did.
    package let firstRun: String?
    package let firstUsed: EventTime?
    package let closing: EventTime?
    package let destruction: KeyDestruction?

    package var isDestroyed: Bool { state == .destroyed }
    /// When, by which run and how it was destroyed.
    package var destroyed: EventTime? { destruction?.time }
    package var destroyedBy: String? { destruction?.run }
    package var method: String? { destruction?.method }
}

/// How a key went.
package struct KeyDestruction: Sendable, Equatable {
    package let time: EventTime
    /// The run or command that did it.
    package let run: String
    package let method: String
    package let reason: String
}

extension Ledger {
    /// All keys that runs of this state used, and those whose destruction it knows of, in the order
    /// of their months.
    package func keys() throws(LedgerFault) -> [KeyRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT keys.*, runs.name AS first_run, runs.now_ms AS first_used_ms
                    FROM keys LEFT JOIN runs ON runs.id = first_run_id
                    ORDER BY month, keys.id
                    """
            ).map(KeyRecord.init)
        }
    }

    /// Notes that the last record of a key's month must have been aged out by `time`; a key that is
    /// closing, destroyed or unknown here stays as it is. Says whether it was active.
    @discardableResult
    package func closeKey(_ id: KeyID, time: EventTime) throws(LedgerFault) -> Bool {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE keys SET state = 'closing', closing_ms = ?
                    WHERE id = ? AND state = 'active'
                    """,
                arguments: [time.milliseconds, id.text])
            guard db.changesCount == 1 else { return false }
            try EventChain.append("key-closing", ["key": .text(id.text)], time: time, db)
            return true
        }
    }

    /// Enters the destruction that a tombstone records, whoever did it; says whether it was news.
    ///
    /// Refused: a tombstone that contradicts the fingerprint the ledger knows.
    @discardableResult
    package func enterDestruction(
        _ tombstone: Tombstone, time: EventTime
    ) throws(LedgerFault) -> Bool {
        try write { db in
            let known = try Row.fetchOne(
                db, sql: "SELECT fingerprint, state FROM keys WHERE id = ?",
                arguments: [tombstone.keyID.text])
            if let known {
                let (fingerprint, state): (String, String) = (known["fingerprint"], known["state"])
                guard fingerprint.utf8.elementsEqual(tombstone.fingerprint.text.utf8) else {
                    throw LedgerFault.refused("a destroyed key has the name of another key")
                }
                if state.utf8.elementsEqual("destroyed".utf8) { return false }
            }
            try Self.write(tombstone, db)
            try EventChain.append("key-destroyed", Self.event(tombstone), time: time, db)
            return true
        }
    }

    private static func write(_ tombstone: Tombstone, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO keys (id, fingerprint, month, zone, state, destroyed_ms, destroyed_by,
                    method, reason)
                VALUES (?, ?, ?, ?, 'destroyed', ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET state = 'destroyed',
                    destroyed_ms = excluded.destroyed_ms, destroyed_by = excluded.destroyed_by,
                    method = excluded.method, reason = excluded.reason
                """,
            arguments: [
                tombstone.keyID.text, tombstone.fingerprint.text,
                tombstone.keyID.epoch?.month.text, tombstone.keyID.epoch?.zone,
                tombstone.time.milliseconds, tombstone.run, tombstone.method, tombstone.reason,
            ])
    }

    private static func event(_ tombstone: Tombstone) -> CanonicalJSON {
        [
            "key": .text(tombstone.keyID.text),
            "fingerprint": .text(tombstone.fingerprint.text),
            "destroyed": .integer(tombstone.time.milliseconds),
            "run": .text(tombstone.run), "method": .text(tombstone.method),
            "reason": .text(tombstone.reason),
        ]
    }
}

extension KeyRecord {
    fileprivate init(_ row: Row) throws {
        let (stateText, monthText): (String, String?) = (row["state"], row["month"])
        guard let state = State(rawValue: stateText) else {
            throw LedgerFault.refused("a key in the ledger has no known state")
        }
        func time(_ column: String) -> EventTime? {
            let milliseconds: Int64? = row[column]
            return milliseconds.map(EventTime.init(milliseconds:))
        }
        var destruction: KeyDestruction?
        if let destroyed = time("destroyed_ms") {
            destruction = KeyDestruction(
                time: destroyed, run: row["destroyed_by"], method: row["method"],
                reason: row["reason"])
        }
        self.init(
            id: row["id"], fingerprint: row["fingerprint"],
            month: monthText.flatMap { CalendarMonth(text: $0) }, zone: row["zone"],
            state: state, firstRun: row["first_run"], firstUsed: time("first_used_ms"),
            closing: time("closing_ms"), destruction: destruction)
    }
}
