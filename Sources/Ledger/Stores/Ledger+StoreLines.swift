// GRDB gives and takes the bytes of a column as `Data`.
private import FoundationEssentials
import GRDB
package import KeyedHashing
import Records

/// What is known of the lines and places of a store.
extension Ledger {
    /// What rule sets were, field by field, by their digests.
    package func fieldRules() throws(LedgerFault) -> [Digest256: String] {
        try read { db in
            var texts: [Digest256: String] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT * FROM field_rules") {
                texts[try digest(row["rules"])] = row["fields"]
            }
            return texts
        }
    }

    /// The kinds of what was dealt with in lines of a store, those of the last runs first.
    package func storeLineKinds(store: String) throws(LedgerFault) -> [StoreLineKind] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT rules, settled_ms, dealt_clocks, max(run_id) AS last FROM store_lines
                    WHERE store = ? GROUP BY rules, settled_ms, dealt_clocks ORDER BY last DESC
                    """,
                arguments: [store]
            ).map { row in
                let dealt: Int64? = row["dealt_clocks"]
                return StoreLineKind(
                    rules: try digest(row["rules"]),
                    settled: EventTime(milliseconds: row["settled_ms"]),
                    dealtClocks: dealt.map { UInt64(bitPattern: $0) })
            }
        }
    }

    /// The lines of one of those kinds, in no order.
    package func storeLines(
        store: String, of kind: StoreLineKind
    ) throws(LedgerFault) -> [UInt64] {
        try read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT lines FROM store_lines
                    WHERE store = ? AND rules = ? AND settled_ms = ? AND dealt_clocks IS ?
                    """,
                arguments: [
                    store, kind.rules.hex, kind.settled.milliseconds,
                    kind.dealtClocks.map { Int64(bitPattern: $0) },
                ])
            var lines: [UInt64] = []
            while let row = try rows.next() {
                let bytes: [UInt8] = [UInt8](row["lines"] as Data)
                lines += PackedLines.read(bytes)
            }
            return lines
        }
    }

    /// The stores in which the last runs over them left files, in the order of their names.
    package func storesWithFiles() throws(LedgerFault) -> [String] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT DISTINCT store FROM store_places ORDER BY store")
        }
    }

    /// Where which content lay when the last run had been over the store, by path.
    package func storePlaces(store: String) throws(LedgerFault) -> [StorePlace] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM store_places WHERE store = ? ORDER BY path",
                arguments: [store]
            ).map { row in
                let next: Int64? = row["next_due_ms"]
                return StorePlace(
                    path: row["path"],
                    content: ContentIdentity(
                        digest: try digest(row["sha256"]), byteCount: row["byte_count"]),
                    held: row["held"], isAged: row["aged"],
                    nextDue: next.map(EventTime.init(milliseconds:)))
            }
        }
    }
}

extension RunWriter {
    /// Enters rule sets, lines and places.
    func writeKnowledge(of store: StoreCommit, run: Int64) throws {
        try write(rules: store.ruleTexts)
        for content in store.superseded + store.contents.map(\.content) {
            try db.execute(
                sql: """
                    DELETE FROM store_lines WHERE store = ? AND sha256 = ? AND byte_count = ?
                    """,
                arguments: [store.name, content.digest.hex, content.byteCount])
        }
        for entry in store.lines where !entry.lines.isEmpty {
            try db.execute(
                sql: """
                    INSERT INTO store_lines (store, sha256, byte_count, rules, settled_ms,
                        dealt_clocks, lines, run_id)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    store.name, entry.content.digest.hex, entry.content.byteCount,
                    entry.kind.rules.hex, entry.kind.settled.milliseconds,
                    entry.kind.dealtClocks.map { Int64(bitPattern: $0) },
                    Data(PackedLines.bytes(entry.lines)), run,
                ])
        }
        try writePlaces(of: store, run: run)
    }

    /// Enters what rule sets are, by their digests.
    func write(rules: [Digest256: String]) throws {
        for (digest, fields) in rules {
            try db.execute(
                sql: "INSERT OR IGNORE INTO field_rules (rules, fields) VALUES (?, ?)",
                arguments: [digest.hex, fields])
        }
    }

    private func writePlaces(of store: StoreCommit, run: Int64) throws {
        for path in store.gonePlaces {
            try db.execute(
                sql: "DELETE FROM store_places WHERE store = ? AND path = ?",
                arguments: [store.name, path])
        }
        for place in store.places {
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO store_places (store, path, sha256, byte_count, held,
                        aged, next_due_ms, run_id)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    store.name, place.path, place.content.digest.hex, place.content.byteCount,
                    place.held, place.isAged, place.nextDue?.milliseconds, run,
                ])
        }
    }
}

/// Eight bytes for each line, the lowest first.
private enum PackedLines {
    static func bytes(_ lines: [UInt64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.count * 8)
        for line in lines {
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: line >> UInt64(shift)))
            }
        }
        return bytes
    }

    static func read(_ bytes: [UInt8]) -> [UInt64] {
        stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64($1 * 8) }
        }
    }
}
