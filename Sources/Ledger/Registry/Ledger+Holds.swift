import GRDB
package import KeyedHashing
package import Records

extension Ledger {
    /// Raises a hold and returns its number.
    ///
    /// Refused: a name that another hold has, no subject, an own decision that starts before its
    /// notice, an end that is not behind the start, hashes before the registry has a key.
    @discardableResult
    package func raise(_ hold: NewHold, time: EventTime) throws(LedgerFault) -> Int64 {
        guard !hold.subjects.isEmpty else { throw .refused("a hold binds nothing") }
        return try write { db in
            let id = try Self.insert(hold, time, db)
            try EventChain.append(
                "hold-raised",
                [
                    "hold": .integer(id), "start": .time(hold.start), "end": .time(hold.end),
                    "subjects": .integer(Int64(hold.subjects.count)),
                    "content": hold.content.digestHex,
                ], time: time, db)
            return id
        }
    }

    private static func insert(_ hold: NewHold, _ time: EventTime, _ db: Database) throws -> Int64 {
        var notice: EventTime?
        var citation: String?
        switch hold.ground {
        case .ownDecision(let date): notice = date
        case .law(let text): citation = text
        }
        try db.execute(
            sql: """
                INSERT INTO holds (name, ground, citation, reason, raised_by, raised_ms, notice_ms,
                    start_ms, end_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                hold.name, citation == nil ? "own-decision" : "law", citation, hold.reason,
                hold.raisedBy, time.milliseconds, notice?.milliseconds, hold.start.milliseconds,
                hold.end?.milliseconds,
            ])
        let id = db.lastInsertedRowID
        for (ordinal, subject) in hold.subjects.enumerated() {
            var key: String?
            if case .subject = subject.match { key = try registryKeyID(db) }
            try db.execute(
                sql: """
                    INSERT INTO hold_subjects (hold_id, ordinal, kind, subject, key_id, from_ms,
                        until_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, ordinal, subject.kind, subject.subject, key, subject.from?.milliseconds,
                    subject.until?.milliseconds,
                ])
        }
        for output in Set(hold.outputs) {
            try db.execute(
                sql: "INSERT INTO hold_outputs (hold_id, output) VALUES (?, ?)",
                arguments: [id, output])
        }
        return id
    }

    /// Releases the hold of this name: from now on it binds nothing. Refused when no hold has the
    /// name, or when it was released before.
    package func release(
        hold name: String, by person: String, time: EventTime
    ) throws(LedgerFault) {
        try write { db in
            guard
                let id = try Int64.fetchOne(
                    db, sql: "SELECT id FROM holds WHERE name = ?", arguments: [name])
            else { throw LedgerFault.refused("no hold has this name") }
            try db.execute(
                sql: """
                    UPDATE holds SET released_ms = ?, released_by = ?
                    WHERE id = ? AND released_ms IS NULL
                    """,
                arguments: [time.milliseconds, person, id])
            guard db.changesCount == 1 else {
                throw LedgerFault.refused("the hold was released before")
            }
            let release: CanonicalJSON = ["by": .text(person), "time": .time(time)]
            try EventChain.append(
                "hold-released", ["hold": .integer(id), "content": release.digestHex],
                time: time, db)
        }
    }

    /// All holds in the order in which they were raised, released ones too.
    package func holds() throws(LedgerFault) -> [HoldRecord] {
        try read { db in
            try Self.holds(Row.fetchAll(db, sql: "SELECT * FROM holds ORDER BY id"), db)
        }
    }

    /// The holds that bind at `now`, as `HoldRecord.binds` has it.
    package func bindingHolds(at now: EventTime) throws(LedgerFault) -> [HoldRecord] {
        try read { db in try Self.bindingHolds(at: now, db) }
    }

    /// The same inside a transaction.
    static func bindingHolds(at now: EventTime, _ db: Database) throws -> [HoldRecord] {
        let latest = try latestClock(db)
        return try holds(Row.fetchAll(db, sql: "SELECT * FROM holds ORDER BY id"), db)
            .filter { $0.binds(at: now, latest: latest) }
    }

    /// The holds that bound in a run.
    package func holds(ofRun run: Int64) throws(LedgerFault) -> [HoldRecord] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT holds.* FROM holds JOIN run_holds ON hold_id = holds.id
                    WHERE run_id = ? ORDER BY holds.id
                    """,
                arguments: [run])
            return try Self.holds(rows, db)
        }
    }

    /// The holds of `rows` with what they bind; one question for all of them.
    private static func holds(_ rows: [Row], _ db: Database) throws -> [HoldRecord] {
        if rows.isEmpty { return [] }
        let ids: [Int64] = rows.map { $0["id"] }
        let list = ids.map(String.init).joined(separator: ",")
        var subjects: [Int64: [HoldSubject]] = [:]
        let bound = try Row.fetchCursor(
            db,
            sql: "SELECT * FROM hold_subjects WHERE hold_id IN (\(list)) ORDER BY ordinal")
        while let row = try bound.next() {
            subjects[row["hold_id"], default: []].append(try holdSubject(row))
        }
        var outputs: [Int64: [String]] = [:]
        let named = try Row.fetchCursor(
            db,
            sql: "SELECT hold_id, output FROM hold_outputs WHERE hold_id IN (\(list)) "
                + "ORDER BY output")
        while let row = try named.next() {
            outputs[row["hold_id"], default: []].append(row["output"])
        }
        return zip(rows, ids).map { row, id in
            hold(row, id, subjects[id] ?? [], outputs[id] ?? [])
        }
    }

    private static func hold(
        _ row: Row, _ id: Int64, _ subjects: [HoldSubject], _ outputs: [String]
    ) -> HoldRecord {
        let ground: HoldGround
        if let notice: Int64 = row["notice_ms"] {
            ground = .ownDecision(notice: EventTime(milliseconds: notice))
        } else {
            ground = .law(citation: row["citation"] ?? "")
        }
        let hold = NewHold(
            name: row["name"], ground: ground, reason: row["reason"], raisedBy: row["raised_by"],
            start: EventTime(milliseconds: row["start_ms"]), end: optionalTime(row["end_ms"]),
            subjects: subjects, outputs: outputs)
        return HoldRecord(
            id: id, hold: hold, raised: EventTime(milliseconds: row["raised_ms"]),
            released: optionalTime(row["released_ms"]), releasedBy: row["released_by"])
    }

    private static func holdSubject(_ row: Row) throws -> HoldSubject {
        let kind: String = row["kind"]
        let match: HoldSubject.Match
        if kind.utf8.elementsEqual("period".utf8) {
            match = .everybody
        } else if kind.utf8.elementsEqual("network".utf8) {
            match = .network(row["subject"])
        } else {
            match = .subject(try subject(row))
        }
        return HoldSubject(
            match, from: optionalTime(row["from_ms"]), until: optionalTime(row["until_ms"]))
    }

    /// The runs, with their clocks, that left held records of a part as they were before the run
    /// that wrote it did; oldest first. Their rules are those of whatever parts of the same output
    /// they wrote; nil: they wrote none.
    package func generations(ofPart part: Int64) throws(LedgerFault) -> [PartGeneration] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT runs.id, runs.now_ms, (
                        SELECT written.rules FROM parts AS written
                        WHERE written.run_id = runs.id AND written.output_id = parts.output_id
                        LIMIT 1) AS rules
                    FROM part_generations JOIN runs ON runs.id = part_generations.run_id
                    JOIN parts ON parts.id = part_id WHERE part_id = ? ORDER BY runs.id
                    """,
                arguments: [part]
            ).map { row in
                let rules: String? = row["rules"]
                return PartGeneration(
                    run: row["id"], now: EventTime(milliseconds: row["now_ms"]),
                    rules: try rules.map { try digest($0) })
            }
        }
    }
}

/// A run that dealt with a part, but for what was held.
package struct PartGeneration: Sendable {
    package let run: Int64
    package let now: EventTime
    /// By which rules; nil: nobody knows.
    package let rules: Digest256?

    package init(run: Int64, now: EventTime, rules: Digest256?) {
        self.run = run
        self.now = now
        self.rules = rules
    }
}
