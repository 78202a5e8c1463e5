import GRDB
package import KeyedHashing

extension Ledger {
    /// By which rules the records of each current part of a pipeline were ever dealt with, in it or
    /// in those whose place it took, by its number. Nil stands for rules that were not noted.
    package func rulesOfCurrentParts(
        pipeline: String
    ) throws(LedgerFault) -> [Int64: Set<Digest256?>] {
        try read { db in
            var line: [PartLine: Set<Digest256?>] = [:]
            var rules: [Int64: Set<Digest256?>] = [:]
            // What takes the place of a part is entered behind it, for the same day.
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT parts.id, parts.state = 'current' AS is_current, rules,
                        output_id, source_range, day
                    FROM parts JOIN runs ON runs.id = run_id WHERE runs.pipeline = ?
                    ORDER BY parts.id
                    """,
                arguments: [pipeline])
            while let row = try rows.next() {
                let key = PartLine(
                    output: row["output_id"], sourceRange: row["source_range"], day: row["day"])
                let text: String? = row["rules"]
                line[key, default: []].insert(try text.map { try digest($0) })
                if row["is_current"] { rules[row["id"]] = line[key] }
            }
            return rules
        }
    }
}

/// What a part has in common with those whose place it takes.
private struct PartLine: Hashable {
    let output: Int64
    let sourceRange: String
    let day: Int64?
}
