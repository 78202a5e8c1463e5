import GRDB
import KeyedHashing
import Records

extension Ledger {
    /// What is known of a content of a store; nil when it was never looked at.
    package func storeContent(
        store: String, _ content: ContentIdentity
    ) throws(LedgerFault) -> StoreContent? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM store_contents
                    WHERE store = ? AND sha256 = ? AND byte_count = ?
                    """,
                arguments: [store, content.digest.hex, content.byteCount]
            ).map(StoreContent.init)
        }
    }

    /// The segments of a store that were dealt with, those looked at last first.
    package func storeSegments(store: String) throws(LedgerFault) -> [StoreSegment] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM store_segments WHERE store = ?
                    ORDER BY run_id DESC, sha256, byte_count
                    """,
                arguments: [store]
            ).map { row in
                let dealt: Int64? = row["dealt_clocks"]
                return StoreSegment(
                    segment: CountedSegment(
                        start: 0,
                        content: ContentIdentity(
                            digest: try digest(row["sha256"]), byteCount: row["byte_count"]),
                        records: row["lines"], headLines: row["head_lines"], head: row["head"]),
                    rules: try digest(row["rules"]),
                    settled: EventTime(milliseconds: row["settled_ms"]),
                    dealtClocks: dealt.map { UInt64(bitPattern: $0) }, run: row["run_id"])
            }
        }
    }

    /// How many records the last run that changed the store changed or took out; nil: none did.
    package func lastStoreChange(store: String) throws(LedgerFault) -> Int64? {
        try read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT changed + removed FROM store_runs
                    WHERE store = ? AND changed + removed > 0 ORDER BY run_id DESC LIMIT 1
                    """,
                arguments: [store])
        }
    }
}

extension StoreContent {
    init(_ row: Row) throws {
        let next: Int64? = row["next_due_ms"]
        self.init(
            content: ContentIdentity(
                digest: try digest(row["sha256"]), byteCount: row["byte_count"]),
            rules: try digest(row["rules"]),
            settled: EventTime(milliseconds: row["settled_ms"]),
            nextDue: next.map(EventTime.init(milliseconds:)), records: row["records"],
            unreadable: row["unreadable"], isMixed: row["mixed"],
            lastErasure: row["erasure_id"], run: row["run_id"])
    }
}

extension RunWriter {
    /// What the chain keeps: counts, and digests of what the files hold now. No paths.
    func event(_ store: StoreCommit, _ run: Int64) -> CanonicalJSON {
        [
            "run": .integer(run), "store": .text(store.name), "rules": .text(store.rules.hex),
            "files": .integer(store.files), "changed": .integer(store.changed),
            "removed": .integer(store.removed),
            "contents": .array(store.contents.map { .text($0.content.digest.hex) }),
        ]
    }

    /// Enters what was done to a store.
    func write(_ store: StoreCommit, run: Int64) throws {
        for content in store.contents {
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO store_contents (store, sha256, byte_count, rules,
                        settled_ms, next_due_ms, records, unreadable, mixed, erasure_id, run_id)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    store.name, content.content.digest.hex, content.content.byteCount,
                    store.rules.hex, store.settled.milliseconds, content.nextDue?.milliseconds,
                    content.records, content.unreadable, content.isMixed, content.lastErasure,
                    run,
                ])
        }
        for known in store.segments where known.segment.headLines > 0 {
            let segment = known.segment
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO store_segments (store, sha256, byte_count, lines,
                        head_lines, head, rules, settled_ms, dealt_clocks, run_id)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    store.name, segment.content.digest.hex, segment.content.byteCount,
                    segment.records, segment.headLines, segment.head, known.rules.hex,
                    known.settled.milliseconds,
                    known.dealtClocks.map { Int64(bitPattern: $0) }, run,
                ])
        }
        try db.execute(
            sql: """
                INSERT INTO store_runs (store, run_id, files, changed, removed)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [store.name, run, store.files, store.changed, store.removed])
        try writeKnowledge(of: store, run: run)
    }
}
