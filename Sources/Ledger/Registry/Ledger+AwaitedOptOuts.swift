import GRDB

/// An opt-out of the registry whose day was ahead when it was entered: its records are used until
/// then, and taken out by what stood for its subject while the value was at hand.
package struct AwaitedOptOut: Sendable, Equatable {
    /// The number in the registry.
    package var optOut: Int64
    package var tokens: Set<SubjectToken>
    /// The months under whose keys the tokens were made, `yyyy-MM`.
    package var months: Set<String>
    /// Once it was carried out: the months with keys that were made later, under which no token
    /// could be made. Nil before.
    package var left: Set<String>?
    /// Once it was carried out: how many stored files could not be searched for its subject.
    package var unsearched: Int

    package init(
        optOut: Int64, tokens: Set<SubjectToken>, months: Set<String>, left: Set<String>? = nil,
        unsearched: Int = 0
    ) {
        self.optOut = optOut
        self.tokens = tokens
        self.months = months
        self.left = left
        self.unsearched = unsearched
    }
}

/// What a command or run changes in the opt-outs that a pipeline awaits.
package struct AwaitedOptOutChanges: Sendable, Equatable {
    package var pipeline = ""
    /// Those whose day is ahead, and those that stay open. Tokens that are known already stay. One
    /// that was carried out before waits again for all of it, unless `lookedAt` has it, too.
    package var kept: [AwaitedOptOut] = []
    /// Those that were looked at, by their numbers: taken out now, or over, or earlier and still
    /// open; and the months that are left. One with none is forgotten.
    package var lookedAt: [Int64: Set<String>] = [:]
    /// Those of them that stay open, and how many stored files cannot be searched.
    package var unsearched: [Int64: Int] = [:]

    package init() {}
}

extension Ledger {
    /// The opt-outs that `pipeline` awaits, and those of which something is left, by their numbers.
    package func awaitedOptOuts(pipeline: String) throws(LedgerFault) -> [AwaitedOptOut] {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM awaited_opt_outs WHERE pipeline = ? ORDER BY opt_out_id",
                arguments: [pipeline])
            return try rows.map { row in
                let left: String? = row["left_months"]
                let id: Int64 = row["opt_out_id"]
                let tokens = try Self.tokens(
                    of: "awaited_opt_out_tokens WHERE pipeline = ? AND opt_out_id = ?",
                    [pipeline, id], db)
                return AwaitedOptOut(
                    optOut: id, tokens: tokens,
                    months: Self.months(row["months"]), left: left.map(Self.months),
                    unsearched: row["unsearched"])
            }
        }
    }

    private static func months(_ text: String) -> Set<String> {
        Set(text.split(separator: " ").map(String.init))
    }

    private static func text(_ months: Set<String>) -> String {
        months.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: " ")
    }

    static func enter(_ changes: AwaitedOptOutChanges, _ db: Database) throws {
        for awaited in changes.kept { try keep(awaited, changes.pipeline, db) }
        for (id, left) in changes.lookedAt {
            let unsearched = changes.unsearched[id] ?? 0
            if unsearched == 0 {
                // What they stood for is out: nobody needs the tokens any more.
                try db.execute(
                    sql: "DELETE FROM awaited_opt_out_tokens WHERE pipeline = ? AND opt_out_id = ?",
                    arguments: [changes.pipeline, id])
            }
            if left.isEmpty, unsearched == 0 {
                try db.execute(
                    sql: "DELETE FROM awaited_opt_outs WHERE pipeline = ? AND opt_out_id = ?",
                    arguments: [changes.pipeline, id])
            } else {
                try db.execute(
                    sql: """
                        UPDATE awaited_opt_outs SET left_months = ?, unsearched = ?
                        WHERE pipeline = ? AND opt_out_id = ?
                        """,
                    arguments: [text(left), unsearched, changes.pipeline, id])
            }
        }
    }

    private static func keep(
        _ awaited: AwaitedOptOut, _ pipeline: String, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO awaited_opt_outs (pipeline, opt_out_id, months) VALUES (?, ?, ?)
                ON CONFLICT (pipeline, opt_out_id)
                DO UPDATE SET months = excluded.months, left_months = NULL, unsearched = 0
                """,
            arguments: [pipeline, awaited.optOut, text(awaited.months)])
        for token in awaited.tokens {
            try db.execute(
                sql: """
                    INSERT INTO awaited_opt_out_tokens (pipeline, opt_out_id, place, token)
                    VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                arguments: [pipeline, awaited.optOut, token.place.rawValue, token.text])
        }
    }
}
