import GRDB
import KeyedHashing
package import Records

/// A part as the ledger remembers it, whether it still makes up its output or not.
package struct PartHistory: Sendable, Equatable {
    /// What became of a part.
    package enum State: String, Sendable { case current, replaced, removed }

    package let part: PartRecord
    package let state: State
    package let kind: NewPart.Kind
    package let purpose: String
    /// The run that wrote it.
    package let run: Int64
    /// The pipeline of that run.
    package let pipeline: String
    /// True when it was made of a source and not of another part.
    package let isFromSource: Bool
}

/// A partial as the ledger remembers it.
package struct PartialHistory: Sendable, Equatable {
    package let partial: PartialRecord
    /// `live`, `published`, `superseded` or `removed`.
    package let state: String

    /// True while its file has to be there: until its month is published and its key dead.
    package var isKept: Bool { ["live", "published"].contains(state) }
}

/// A file beside parts and partials as the ledger remembers it.
package struct FileRecord: Sendable, Equatable {
    package let file: NewFile
    package let run: Int64
}

extension Ledger {
    /// All runs in their order, with the details of their counts.
    package func runs() throws(LedgerFault) -> [RunHistory] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM runs ORDER BY id").map(RunHistory.init)
        }
    }

    /// All parts that ever were, in the order in which they came.
    package func partHistory() throws(LedgerFault) -> [PartHistory] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT parts.*, outputs.name AS output, outputs.kind AS kind,
                        outputs.purpose AS purpose, runs.now_ms AS now_ms,
                        runs.pipeline AS pipeline, \(PartRecord.judgedAt)
                    FROM parts JOIN outputs ON outputs.id = output_id
                    JOIN runs ON runs.id = run_id ORDER BY parts.id
                    """
            ).map { try PartHistory($0, paths) }
        }
    }

    /// All partials that ever were.
    package func partialHistory() throws(LedgerFault) -> [PartialHistory] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM partials ORDER BY id").map { row in
                PartialHistory(partial: try PartialRecord(row, paths), state: row["state"])
            }
        }
    }

    /// The files beside parts and partials, of one kind or of all, in the order of their paths.
    package func files(_ kind: NewFile.Kind? = nil) throws(LedgerFault) -> [FileRecord] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM files WHERE ?1 IS NULL OR kind = ?1 ORDER BY path",
                arguments: [kind?.rawValue]
            ).map { try FileRecord($0, paths) }
        }
    }

    /// Where lists of quarantine lay that had to go, in the order of their paths.
    package func formerLists() throws(LedgerFault) -> [String] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT path FROM former_lists ORDER BY path")
                .map(paths.absolute)
        }
    }
}

/// A run with everything that the ledger keeps of it.
package struct RunHistory: Sendable, Equatable {
    package let run: RunRecord
    package let pipeline: String
    package let started: EventTime
    /// Counts by code.
    package let details: [(code: String, count: Int64)]

    package static func == (left: Self, right: Self) -> Bool {
        left.run == right.run && left.details.map(\.code) == right.details.map(\.code)
            && left.details.map(\.count) == right.details.map(\.count)
    }

    init(_ row: Row) throws {
        run = try RunRecord(row)
        pipeline = row["pipeline"]
        started = EventTime(milliseconds: row["started_ms"])
        details = CountList.read(row["counts"])
    }
}

extension PartHistory {
    init(_ row: Row, _ paths: StoredPaths) throws {
        let source: Int64? = row["source_id"]
        guard let state = State(rawValue: row["state"]),
            let kind = NewPart.Kind(rawValue: row["kind"])
        else { throw LedgerFault.refused("a part in the ledger has an unknown state or kind") }
        self.init(
            part: try PartRecord(row, paths), state: state, kind: kind, purpose: row["purpose"],
            run: row["run_id"], pipeline: row["pipeline"], isFromSource: source != nil)
    }
}

extension FileRecord {
    init(_ row: Row, _ paths: StoredPaths) throws {
        guard let kind = NewFile.Kind(rawValue: row["kind"]) else {
            throw LedgerFault.refused("a file in the ledger has an unknown kind")
        }
        let deleteBy: Int64? = row["delete_by_ms"]
        self.init(
            file: NewFile(
                kind: kind, name: row["name"], path: paths.absolute(row["path"]),
                content: ContentIdentity(
                    digest: try digest(row["sha256"]), byteCount: row["byte_count"]),
                deleteBy: deleteBy.map(EventTime.init(milliseconds:))),
            run: row["run_id"])
    }
}

/// Reads back the one flat object of counts that a run row holds.
enum CountList {
    /// The members in the order in which they stand; what is not of the written form is left out.
    static func read(_ text: String) -> [(code: String, count: Int64)] {
        let inner = text.utf8.dropFirst().dropLast()
        return inner.split(separator: UInt8(ascii: ",")).compactMap { member in
            let quote = UInt8(ascii: "\"")
            let parts = member.split(separator: quote, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].isEmpty, parts[2].first == UInt8(ascii: ":"),
                let count = Int64(String(decoding: parts[2].dropFirst(), as: UTF8.self))
            else { return nil }
            return (String(decoding: parts[1], as: UTF8.self), count)
        }
    }
}
