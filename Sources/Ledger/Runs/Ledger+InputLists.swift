import GRDB
package import KeyedHashing

extension Ledger {
    /// A list or table as the last run was given it; nil when no run was.
    package func inputList(
        _ kind: InputList.Kind, name: String
    ) throws(LedgerFault) -> InputList? {
        try read { db in
            guard
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT sha256, entries, memory_sha256 FROM input_lists
                        WHERE kind = ? AND name = ?
                        """,
                    arguments: [kind.rawValue, name])
            else { return nil }
            let memory: String? = row["memory_sha256"]
            return InputList(
                name: name, kind: kind, digest: try digest(row["sha256"]),
                entries: row["entries"], memory: try memory.map { try digest($0) })
        }
    }

    /// The last run that was given this list or table; nil when no run was.
    package func runGiven(
        _ kind: InputList.Kind, name: String
    ) throws(LedgerFault) -> RunRecord? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT runs.* FROM input_lists JOIN runs ON runs.id = input_lists.run_id
                    WHERE input_lists.kind = ? AND input_lists.name = ?
                    """,
                arguments: [kind.rawValue, name]
            ).map(RunRecord.init)
        }
    }

    /// The lines of a list of opt-outs that were carried out, as their keyed hashes.
    package func listedOptOuts(list: String) throws(LedgerFault) -> Set<Digest256> {
        try read { db in
            let lines = try String.fetchAll(
                db, sql: "SELECT line FROM listed_opt_outs WHERE list = ?", arguments: [list])
            return Set(try lines.map { try digest($0) })
        }
    }

    /// All lists and tables as the last runs were given them, in the order of their names.
    package func inputLists() throws(LedgerFault) -> [InputList] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM input_lists ORDER BY name").map { row in
                guard let kind = InputList.Kind(rawValue: row["kind"]) else {
                    throw LedgerFault.refused("a list in the ledger is of an unknown kind")
                }
                let memory: String? = row["memory_sha256"]
                return InputList(
                    name: row["name"], kind: kind, digest: try digest(row["sha256"]),
                    entries: row["entries"], memory: try memory.map { try digest($0) })
            }
        }
    }
}
