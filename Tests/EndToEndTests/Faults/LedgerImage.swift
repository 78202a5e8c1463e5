import GRDB

/// What the ledgers of a scene say, without what is random or of the moment, and without how many
/// runs it took: a job that was disturbed and done again leaves the same rows as an undisturbed
/// one.
struct LedgerImage {
    /// The rows of each table, sorted, by the state and the name of the table.
    private let tables: [String: [String]]

    init(of scene: Scene) throws {
        var tables: [String: [String]] = [:]
        for state in ["state", "store-state", "empty-state"] {
            let found = try Self.read(state, of: scene) { db in
                try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
                    .filter { !Self.perRun.contains($0) }.map { table in
                        (table, try Row.fetchAll(db, sql: "SELECT * FROM \(table)"))
                    }
            }
            for (table, rows) in found ?? [] {
                let texts = rows.map { Self.text($0, of: table) }
                tables["\(state), \(table)"] =
                    (Self.perRequest.contains(table) ? Array(Set(texts)) : texts).sorted()
            }
        }
        self.tables = tables
    }

    /// What each run adds, be there anything to do or not. `verify` holds the events against all
    /// the rest.
    private static let perRun: Set = ["runs", "store_runs", "events", "chain_end"]
    /// What is entered again when it is asked for again.
    private static let perRequest: Set = ["subject_requests", "erasures"]
    /// The clocks of the machine, and what is hashed with a random key.
    private static let moving: Set = [
        "started_ms", "finished_ms", "fingerprint", "subject", "dealt_clocks", "lines",
    ]
    /// What has random parts.
    private static let partlyRandom: Set = ["id", "key_id", "name", "attempt", "path"]

    private static func text(_ row: Row, of table: String) -> String {
        row.filter { column, value in
            if moving.contains(column) { return false }
            // A table of what waits is written anew by each run; `verify` reads what it is.
            if table == "files", ["sha256", "byte_count"].contains(column) { return false }
            // A key that can be destroyed at once is never one that waits for it.
            if table == "keys", column == "closing_ms" { return false }
            // Rows are counted through, and those of runs and requests with them.
            return !(column == "id" || column.hasSuffix("_id")) || column == "key_id"
                || !(Int64.fromDatabaseValue(value) != nil || value.isNull)
        }.map { column, value in
            let text = "\(column)=\(value)"
            return partlyRandom.contains(column) ? FaultWorld.masked(text) : text
        }.joined(separator: " ")
    }

    /// Reads the ledger of a state; nil without one. It is read in a copy: what a killed
    /// transaction has left in its journal is for its next owner to take back.
    static func read<Value>(
        _ state: String, of scene: Scene, _ body: (Database) throws -> Value
    ) throws -> Value? {
        guard scene.exists("\(state)/ledger.sqlite") else { return nil }
        let copy = try Scene(inMemory: true)
        for name in ["ledger.sqlite", "ledger.sqlite-journal"]
        where scene.exists("\(state)/\(name)") {
            try copy.write(name, scene.read("\(state)/\(name)"))
        }
        return try DatabaseQueue(path: "\(copy.path)/ledger.sqlite").read(body)
    }

    /// What is in a table here and in none of the others, and what is in the first of them alone.
    func differences(from others: [LedgerImage]) -> [String] {
        let names = others.reduce(Set(tables.keys)) { $0.union($1.tables.keys) }.sorted()
        return names.filter { name in
            !others.contains { $0.tables[name] == tables[name] }
        }.map { name in
            let found = tables[name] ?? []
            let expected = others.first?.tables[name] ?? []
            let (more, less) = (Set(found).subtracting(expected), Set(expected).subtracting(found))
            return "\(name): \(found.count) rows for \(expected.count), more: "
                + "\(more.sorted().prefix(3)), less: \(less.sorted().prefix(3))"
        }
    }
}
