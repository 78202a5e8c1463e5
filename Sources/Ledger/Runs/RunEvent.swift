import GRDB

/// What the chain keeps of a commit: counts and digests. Paths stay out of it, because a path may
/// name a customer or partner and events are for ever.
struct RunEvent {
    static let kind = "run-committed"

    var run: Int64
    var name: String
    var pipeline: String
    var command: String
    var plan: String
    var now: Int64
    var cutoff: Int64?
    var counts: RunCounts
    var sources: [String]
    var parts: [String]
    var partials: [String]

    func payload(keys: [String]) -> CanonicalJSON {
        func list(_ texts: [String]) -> CanonicalJSON { .array(texts.map { .text($0) }) }
        return [
            "run": .integer(run), "name": .text(name), "pipeline": .text(pipeline),
            "command": .text(command), "plan": .text(plan), "now": .integer(now),
            "cutoff": cutoff.map { .integer($0) } ?? .null,
            "read": .integer(counts.read), "written": .integer(counts.written),
            "dropped": .integer(counts.dropped), "quarantined": .integer(counts.quarantined),
            "sources": list(sources), "parts": list(parts), "partials": list(partials),
            "keys": list(keys),
        ]
    }
}

extension RunEvent {
    /// The digests of what runs entered, by the number of the run: each table is read once, however
    /// many runs there are.
    struct Entered {
        fileprivate let sources: [Int64: [String]]
        fileprivate let parts: [Int64: [String]]
        fileprivate let partials: [Int64: [String]]

        init(_ db: Database) throws {
            func digests(_ table: String) throws -> [Int64: [String]] {
                var digests: [Int64: [String]] = [:]
                let rows = try Row.fetchCursor(
                    db, sql: "SELECT run_id, sha256 FROM \(table) ORDER BY id")
                while let row = try rows.next() { digests[row[0], default: []].append(row[1]) }
                return digests
            }
            sources = try digests("sources")
            parts = try digests("parts")
            partials = try digests("partials")
        }
    }

    /// The event as the tables tell it now.
    init(_ row: Row, _ entered: Entered) {
        let run: Int64 = row["id"]
        self.init(
            run: run, name: row["name"], pipeline: row["pipeline"], command: row["command"],
            plan: row["plan_digest"], now: row["now_ms"], cutoff: row["cutoff_ms"],
            counts: RunCounts(
                read: row["records_read"], written: row["records_written"],
                dropped: row["records_dropped"], quarantined: row["records_quarantined"]),
            sources: entered.sources[run] ?? [], parts: entered.parts[run] ?? [],
            partials: entered.partials[run] ?? [])
    }

    /// True when `payload` is the event that the tables tell; which keys were used stands in the
    /// event alone.
    func fits(_ payload: String) -> Bool {
        let mark = "\"keys\":["
        let own = Array(self.payload(keys: []).written.utf8)
        let found = Array(payload.utf8)
        guard let split = Self.end(of: Array(mark.utf8), in: own) else { return false }
        let rest = own[split...]
        return found.starts(with: own[..<split]) && found.count >= own.count
            && found.suffix(rest.count).elementsEqual(rest)
    }

    private static func end(of mark: [UInt8], in text: [UInt8]) -> Int? {
        text.indices.first { text[$0...].starts(with: mark) }.map { $0 + mark.count }
    }
}
