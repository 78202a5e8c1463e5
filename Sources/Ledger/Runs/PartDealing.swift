import GRDB
package import KeyedHashing

/// What is dealt with in a stretch of a part: held records, whose fields may age by several clocks,
/// and others that the run which wrote the part did not just age by its own clock.
package struct PartDealing: Sendable, Equatable {
    /// Plain bytes, from 0: whole lines.
    package var range: Range<Int>
    /// The clocks whose fields are dealt with, one bit each in the order of the plan.
    package var clocks: UInt64
    /// The rules by which that is said, which may be of some fields only; nil: those of the part.
    package var rules: Digest256?

    package init(range: Range<Int>, clocks: UInt64, rules: Digest256? = nil) {
        self.range = range
        self.clocks = clocks
        self.rules = rules
    }
}

extension Ledger {
    /// What is noted of a part, in the order of its bytes.
    package func dealings(ofPart part: Int64) throws(LedgerFault) -> [PartDealing] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT from_byte, to_byte, clocks, rules FROM part_dealings WHERE part_id = ?
                    ORDER BY from_byte
                    """,
                arguments: [part]
            ).map { row in
                let (from, to, clocks): (Int, Int, Int64) = (
                    row["from_byte"], row["to_byte"], row["clocks"]
                )
                let rules: String? = row["rules"]
                return PartDealing(
                    range: from..<max(from, to), clocks: UInt64(bitPattern: clocks),
                    rules: try rules.map { try digest($0) })
            }
        }
    }
}

extension RunWriter {
    /// Enters what is dealt with in a part, in the place of what was known of it.
    func write(_ dealings: [PartDealing], ofPart part: Int64) throws {
        try db.execute(sql: "DELETE FROM part_dealings WHERE part_id = ?", arguments: [part])
        for dealing in dealings {
            try db.execute(
                sql: """
                    INSERT INTO part_dealings (part_id, from_byte, to_byte, clocks, rules)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    part, dealing.range.lowerBound, dealing.range.upperBound,
                    Int64(bitPattern: dealing.clocks), dealing.rules?.hex,
                ])
        }
    }
}
