import GRDB
package import KeyedHashing
package import Records

/// What a hold kept of an opt-out from being taken out of stored records: by what those of one
/// output are told, as keyed hashes, so that the first run after the hold can take it out.
package struct HeldOptOut: Sendable, Hashable {
    /// The output by its name.
    package var output: String
    /// The number in the registry; nil for a line of the pipeline's list.
    package var optOut: Int64?
    /// The hash of the value, or of what stands for it in the output.
    package var match: SubjectHash
    /// The hash of the same of the only customer whose records are reached.
    package var within: Digest256?
    /// Events of this time and later are reached; nil: from the beginning.
    package var from: EventTime?
    /// Events of this time and later are not; nil: all are.
    package var until: EventTime?
    package var scopes: [NewOptOut.Scope]

    package init(
        output: String, optOut: Int64?, match: SubjectHash, within: Digest256?,
        from: EventTime?, until: EventTime?, scopes: [NewOptOut.Scope]
    ) {
        self.output = output
        self.optOut = optOut
        self.match = match
        self.within = within
        self.from = from
        self.until = until
        self.scopes = scopes
    }
}

/// What a run leaves of held opt-outs.
package struct HeldOptOutChanges: Sendable, Equatable {
    /// True when the run has gone over those that were there: they go.
    package var endsEarlier = false
    /// One that is there already is not entered again while no other holds kept it.
    package var kept: [HeldOptOut] = []

    package init() {}
}

extension Ledger {
    /// What holds kept of opt-outs in outputs of `pipeline`, and the runs that they were kept in.
    package func heldOptOuts(
        pipeline: String
    ) throws(LedgerFault) -> (entries: [HeldOptOut], runs: [Int64]) {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM held_opt_outs WHERE pipeline = ? ORDER BY rowid",
                arguments: [pipeline])
            let runs = Set(rows.map { row -> Int64 in row["run_id"] })
            return (try rows.map(Self.heldOptOut), runs.sorted())
        }
    }

    private static func heldOptOut(_ row: Row) throws -> HeldOptOut {
        let within: String? = row["within"]
        let scopes: String = row["scopes"]
        return HeldOptOut(
            output: row["output"], optOut: row["opt_out_id"], match: try subject(row),
            within: try within.map { try digest($0) }, from: optionalTime(row["from_ms"]),
            until: optionalTime(row["until_ms"]), scopes: try self.scopes(scopes))
    }

    /// Purposes and categories in turn. A purpose may have spaces in its name, and no `;`.
    private static func scopes(_ text: String) throws -> [NewOptOut.Scope] {
        let words = text.split(separator: ";").map(String.init)
        guard words.count.isMultiple(of: 2) else {
            throw LedgerFault.refused("the scopes of a held opt-out are none")
        }
        return stride(from: 0, to: words.count, by: 2).map {
            NewOptOut.Scope(purpose: words[$0], category: words[$0 + 1])
        }
    }
}

extension RunWriter {
    func write(_ changes: HeldOptOutChanges) throws {
        if changes.endsEarlier {
            try db.execute(
                sql: "DELETE FROM held_opt_outs WHERE pipeline = ?",
                arguments: [commit.pipeline])
        }
        for entry in changes.kept {
            try db.execute(
                sql: """
                    INSERT INTO held_opt_outs (pipeline, output, opt_out_id, kind, subject, within,
                        from_ms, until_ms, scopes, run_id)
                    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS (
                        SELECT 1 FROM held_opt_outs AS known
                        WHERE pipeline = ?1 AND output = ?2 AND opt_out_id IS ?3 AND kind = ?4
                            AND subject = ?5 AND within IS ?6 AND from_ms IS ?7
                            AND until_ms IS ?8 AND scopes = ?9 AND NOT EXISTS (
                                SELECT hold_id FROM run_holds WHERE run_id = ?10
                                EXCEPT
                                SELECT hold_id FROM run_holds WHERE run_id = known.run_id))
                    """,
                arguments: [
                    commit.pipeline, entry.output, entry.optOut, entry.match.kind.rawValue,
                    entry.match.digest.hex, entry.within?.hex, entry.from?.milliseconds,
                    entry.until?.milliseconds,
                    entry.scopes.map { "\($0.purpose);\($0.category)" }.joined(separator: ";"),
                    run,
                ])
        }
    }
}
