import GRDB
import KeyedHashing
package import Records

/// One event of the ledger.
package struct LedgerEvent: Sendable, Equatable {
    /// 1, 2, 3 … without gaps.
    package let sequence: Int64
    package let time: EventTime
    /// A word such as `run-committed`.
    package let kind: String
    /// Canonical JSON.
    package let payload: String
}

/// Chains events: each carries the digest of its own content and of all events before it.
///
/// hash = SHA-256(previous hash ‖ sequence ‖ time ‖ LP(kind) ‖ LP(payload)); the hash as its 64
/// digits; numbers in eight bytes, most significant first; LP = length as a number, then the bytes.
/// The chain proves that nothing in it was changed, removed, added or moved by accident or by a
/// clumsy hand; who can rewrite the whole file can rewrite the chain, unless its end is written
/// down elsewhere.
enum EventChain {
    /// What stands before the first event.
    static let start = String(repeating: "0", count: 64)

    static func hash(of event: LedgerEvent, after previous: String) -> String {
        var hasher = ContentHasher()
        hasher.update(Array(previous.utf8).span)
        update(&hasher, event.sequence)
        update(&hasher, event.time.milliseconds)
        for part in [event.kind, event.payload] {
            update(&hasher, Int64(part.utf8.count))
            hasher.update(Array(part.utf8).span)
        }
        return hasher.digest().hex
    }

    private static func update(_ hasher: inout ContentHasher, _ number: Int64) {
        let bytes = stride(from: 56, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> Int64($0))
        }
        hasher.update(bytes.span)
    }

    /// Adds an event behind the last one, inside the caller's transaction.
    static func append(
        _ kind: String, _ payload: CanonicalJSON, time: EventTime, _ db: Database
    ) throws {
        guard
            let end = try Row.fetchOne(db, sql: "SELECT seq, hash FROM chain_end")
        else { throw LedgerFault.brokenChain(sequence: 0) }
        let previous: String = end["hash"]
        let last: Int64 = end["seq"]
        let event = LedgerEvent(
            sequence: last + 1, time: time, kind: kind, payload: payload.written)
        let hash = hash(of: event, after: previous)
        try db.execute(
            sql: """
                INSERT INTO events (seq, time_ms, kind, payload, previous, hash)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                event.sequence, time.milliseconds, kind, event.payload, previous, hash,
            ])
        try db.execute(
            sql: "UPDATE chain_end SET seq = ?, hash = ?", arguments: [event.sequence, hash])
    }

    /// Walks the chain and returns its end; throws `brokenChain` with the first place that does not
    /// fit.
    static func verify(_ db: Database) throws -> ChainEnd {
        var previous = start
        var expected: Int64 = 1
        let rows = try Row.fetchCursor(db, sql: "SELECT * FROM events ORDER BY seq")
        while let row = try rows.next() {
            let event = event(row)
            let (before, hash): (String, String) = (row["previous"], row["hash"])
            guard event.sequence == expected, isSame(before, previous),
                isSame(hash, self.hash(of: event, after: previous))
            else { throw LedgerFault.brokenChain(sequence: expected) }
            previous = hash
            expected += 1
        }
        let end = try Row.fetchAll(db, sql: "SELECT seq, hash FROM chain_end")
        guard end.count == 1, end[0]["seq"] == expected - 1, isSame(end[0]["hash"], previous),
            let digest = Digest256(hex: previous)
        else { throw LedgerFault.brokenChain(sequence: expected) }
        return ChainEnd(sequence: expected - 1, hash: digest)
    }

    static func event(_ row: Row) -> LedgerEvent {
        LedgerEvent(
            sequence: row["seq"], time: EventTime(milliseconds: row["time_ms"]),
            kind: row["kind"], payload: row["payload"])
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }
}
