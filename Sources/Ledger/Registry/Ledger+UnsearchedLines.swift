package import KeyedHashing
import GRDB

/// A line of a pipeline's list of opt-outs that stays open: stored files cannot be searched for
/// what it names by what stood for that so far.
package struct UnsearchedLine: Sendable, Equatable {
    /// The keyed hash of the line, as in `Ledger.listedOptOuts`.
    package var line: Digest256
    /// How many stored files that are.
    package var unsearched: Int
    /// What stood for its subject, and by which rules that was made.
    package var tokens: Set<SubjectToken>

    package init(line: Digest256, unsearched: Int, tokens: Set<SubjectToken>) {
        self.line = line
        self.unsearched = unsearched
        self.tokens = tokens
    }
}

/// The open lines of a list as a run leaves them: those that were there before go.
package struct UnsearchedLines: Sendable, Equatable {
    package var list: String
    package var lines: [UnsearchedLine]

    package init(list: String, lines: [UnsearchedLine] = []) {
        self.list = list
        self.lines = lines
    }
}

extension Ledger {
    /// The lines of a list of opt-outs that stay open.
    package func unsearchedLines(list: String) throws(LedgerFault) -> [UnsearchedLine] {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM unsearched_listed_opt_outs WHERE list = ? ORDER BY line",
                arguments: [list])
            return try rows.map { row in
                let line: String = row["line"]
                let tokens = try Self.tokens(
                    of: "unsearched_listed_tokens WHERE list = ? AND line = ?", [list, line], db)
                return UnsearchedLine(
                    line: try digest(line), unsearched: row["unsearched"], tokens: tokens)
            }
        }
    }

    /// The tokens in those `rows` of a table.
    static func tokens(
        of rows: String, _ arguments: StatementArguments, _ db: Database
    ) throws -> Set<SubjectToken> {
        let found = try Row.fetchAll(
            db, sql: "SELECT place, token FROM \(rows)", arguments: arguments)
        return Set(found.compactMap(token))
    }

    /// A token with its place; nil for a place that nobody knows.
    static func token(_ row: Row) -> SubjectToken? {
        SubjectToken.Place(rawValue: row["place"]).map { SubjectToken($0, row["token"]) }
    }
}

extension RunWriter {
    func write(_ changes: UnsearchedLines) throws {
        for table in ["unsearched_listed_opt_outs", "unsearched_listed_tokens"] {
            try db.execute(
                sql: "DELETE FROM \(table) WHERE list = ?", arguments: [changes.list])
        }
        for line in changes.lines {
            try db.execute(
                sql: "INSERT INTO unsearched_listed_opt_outs VALUES (?, ?, ?)",
                arguments: [changes.list, line.line.hex, line.unsearched])
            for token in line.tokens {
                try db.execute(
                    sql: "INSERT INTO unsearched_listed_tokens VALUES (?, ?, ?, ?)",
                    arguments: [
                        changes.list, line.line.hex, token.place.rawValue, token.text,
                    ])
            }
        }
    }
}
