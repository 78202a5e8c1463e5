import GRDB
package import KeyedHashing
package import Records

/// An opt-out or objection to be entered.
package struct NewOptOut: Sendable, Equatable {
    /// Which opt-outs count: those in force on the day of use, or at the time of the event.
    package enum Basis: String, Sendable {
        case use, event
    }

    /// A pair of purpose and category by their words; `*` for all that an opt-out reaches.
    package struct Scope: Hashable, Comparable, Sendable {
        package let purpose: String
        package let category: String

        package init(purpose: String, category: String) {
            self.purpose = purpose
            self.category = category
        }

        package static func < (left: Self, right: Self) -> Bool {
            let one = Array(left.purpose.utf8) + [0] + Array(left.category.utf8)
            let other = Array(right.purpose.utf8) + [0] + Array(right.category.utf8)
            return one.lexicographicallyPrecedes(other)
        }
    }

    /// The customer, or the user.
    package var subject: SubjectHash
    /// The only customer whose records a user's entry reaches; nil: all.
    package var within: Digest256?
    package var basis: Basis
    package var effective: EventTime
    package var withdrawn: EventTime?
    /// Not empty; in order, each once.
    package var scopes: [Scope]

    package init(
        subject: SubjectHash, within: Digest256? = nil, basis: Basis = .use,
        effective: EventTime, withdrawn: EventTime? = nil, scopes: [Scope]
    ) {
        self.subject = subject
        self.within = within
        self.basis = basis
        self.effective = effective
        self.withdrawn = withdrawn
        self.scopes = Set(scopes).sorted()
    }

    /// What the event of the entry proves.
    var content: CanonicalJSON {
        [
            "kind": .text(subject.kind.rawValue), "subject": .text(subject.digest.hex),
            "within": .optional(within?.hex), "basis": .text(basis.rawValue),
            "effective": .time(effective), "withdrawn": .time(withdrawn),
            "scopes": .array(scopes.map { .array([.text($0.purpose), .text($0.category)]) }),
        ]
    }
}

/// An opt-out as the ledger remembers it.
package struct OptOutRecord: Sendable, Equatable {
    package let id: Int64
    package let entry: NewOptOut

    package init(id: Int64, entry: NewOptOut) {
        self.id = id
        self.entry = entry
    }

    /// True when it is in force at `time`.
    package func holds(at time: EventTime) -> Bool {
        entry.effective <= time && entry.withdrawn.map { time < $0 } ?? true
    }

    /// The digest that the last event about the entry carries as `content`.
    package var contentDigest: Digest256 { Digest256.of(entry.content.bytes.span) }
}

/// What a command changes in the registry of opt-outs: in one transaction, that of the run which
/// carries it out where anything is stored.
package struct OptOutChanges: Sendable, Equatable {
    /// New entries under the numbers that `Ledger.numbers` gave them.
    package var added: [OptOutRecord] = []
    /// Entries that end, and when.
    package var ended: [Int64: EventTime] = [:]
    /// What is kept of entries until their day, and what is not any more.
    package var awaited = AwaitedOptOutChanges()

    package init() {}
}

extension Ledger {
    /// The number of each opt-out: of one that is there already, with everything the same, the one
    /// it has, and of a new one that which `enter` gives it, if nothing is entered in between.
    package func numbers(
        of optOuts: [NewOptOut]
    ) throws(LedgerFault) -> [(id: Int64, isNew: Bool)] {
        try read { db in
            var next = try Int64.fetchOne(db, sql: "SELECT max(id) FROM opt_outs") ?? 0
            var seen: [OptOutRecord] = []
            return try optOuts.map { entry in
                if let known = try Self.number(of: entry, db) { return (known, false) }
                if let same = seen.first(where: { $0.entry == entry }) { return (same.id, false) }
                next += 1
                seen.append(OptOutRecord(id: next, entry: entry))
                return (next, true)
            }
        }
    }

    /// Changes the registry where no run has anything to carry out.
    package func enter(_ changes: OptOutChanges, time: EventTime) throws(LedgerFault) {
        try write { db in try Self.enter(changes, time: time, db) }
    }

    /// The same inside a transaction. Refused when a number is not the next one, or when an entry
    /// that ends is not there or was withdrawn before.
    static func enter(_ changes: OptOutChanges, time: EventTime, _ db: Database) throws {
        for record in changes.added {
            guard !record.entry.scopes.isEmpty else {
                throw LedgerFault.refused("an opt-out has no scope")
            }
            guard try insert(record.entry, db) == record.id else {
                throw LedgerFault.refused("an opt-out was entered in between")
            }
            try EventChain.append(
                "opt-out-added",
                ["opt_out": .integer(record.id), "content": record.entry.content.digestHex],
                time: time, db)
        }
        for (id, date) in changes.ended.sorted(by: { $0.key < $1.key }) {
            try end(id, at: date, time: time, db)
        }
        try enter(changes.awaited, db)
    }

    private static func insert(_ entry: NewOptOut, _ db: Database) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO opt_outs (kind, subject, within, key_id, basis, effective_ms,
                    withdrawn_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                entry.subject.kind.rawValue, entry.subject.digest.hex, entry.within?.hex,
                try registryKeyID(db), entry.basis.rawValue, entry.effective.milliseconds,
                entry.withdrawn?.milliseconds,
            ])
        let id = db.lastInsertedRowID
        for scope in entry.scopes {
            try db.execute(
                sql: """
                    INSERT INTO opt_out_scopes (opt_out_id, purpose, category) VALUES (?, ?, ?)
                    """,
                arguments: [id, scope.purpose, scope.category])
        }
        return id
    }

    private static func number(of entry: NewOptOut, _ db: Database) throws -> Int64? {
        let rows = try Row.fetchAll(
            db, sql: "SELECT * FROM opt_outs WHERE subject = ? ORDER BY id",
            arguments: [entry.subject.digest.hex])
        for row in rows {
            let known = try optOut(row, db)
            if known.entry == entry { return known.id }
        }
        return nil
    }

    /// Ends opt-outs at `withdrawn`, in one transaction. One that would have begun later never
    /// comes into force. Refused when one is not there or was withdrawn before.
    package func withdraw(
        optOuts ids: [Int64], at withdrawn: EventTime, time: EventTime
    ) throws(LedgerFault) {
        try write { db in
            for id in ids { try Self.end(id, at: withdrawn, time: time, db) }
        }
    }

    private static func end(
        _ id: Int64, at withdrawn: EventTime, time: EventTime, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                UPDATE opt_outs SET withdrawn_ms = max(effective_ms, ?)
                WHERE id = ? AND withdrawn_ms IS NULL
                """,
            arguments: [withdrawn.milliseconds, id])
        guard db.changesCount == 1,
            let row = try Row.fetchOne(
                db, sql: "SELECT * FROM opt_outs WHERE id = ?", arguments: [id])
        else {
            throw LedgerFault.refused("an opt-out is not there or was withdrawn before")
        }
        let entry = try optOut(row, db).entry
        try EventChain.append(
            "opt-out-withdrawn",
            ["opt_out": .integer(id), "content": entry.content.digestHex], time: time, db)
    }

    /// All opt-outs in the order in which they were entered, withdrawn ones too.
    package func optOuts() throws(LedgerFault) -> [OptOutRecord] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM opt_outs ORDER BY id").map {
                try Self.optOut($0, db)
            }
        }
    }

    private static func optOut(_ row: Row, _ db: Database) throws -> OptOutRecord {
        let id: Int64 = row["id"]
        let scopes = try Row.fetchAll(
            db, sql: "SELECT purpose, category FROM opt_out_scopes WHERE opt_out_id = ?",
            arguments: [id])
        let within: String? = row["within"]
        return OptOutRecord(
            id: id,
            entry: NewOptOut(
                subject: try subject(row), within: try within.map { try digest($0) },
                basis: NewOptOut.Basis(rawValue: row["basis"]) ?? .use,
                effective: EventTime(milliseconds: row["effective_ms"]),
                withdrawn: optionalTime(row["withdrawn_ms"]),
                scopes: scopes.map {
                    NewOptOut.Scope(purpose: $0["purpose"], category: $0["category"])
                }))
    }
}
