import GRDB
package import Records

/// Why something that was delivered is called back.
package enum RecallCause: Sendable, Equatable {
    /// The number of the opt-out.
    case optOut(Int64)
    /// The number of the erasure.
    case erasure(Int64)
}

/// A delivery that a recipient has to give back, by what the recipient knows of it.
///
/// It names the file as it was delivered and what has taken its place, never a person: the
/// recipient cannot match a keyed hash, and a token would say more than is needed.
package struct RecallRecord: Sendable, Equatable {
    package let id: Int64
    package let cause: RecallCause
    package let recipient: String
    package let output: String
    package let purpose: String
    /// The path of the file that was delivered.
    package let path: String
    package let content: ContentIdentity
    /// The records in the file.
    package let records: Int64
    package let deliveredAsOf: EventTime
    package let raised: EventTime
    package let answered: EventTime?
    package let answeredBy: String?
    /// The file that has taken its place; nil when none has.
    package let successor: (path: String, content: ContentIdentity)?

    package static func == (left: Self, right: Self) -> Bool {
        left.id == right.id && left.cause == right.cause && left.content == right.content
            && left.answered == right.answered && left.answeredBy == right.answeredBy
            && left.successor?.content == right.successor?.content
    }
}

/// Raises recalls inside a transaction.
enum Recalls {
    /// Calls back every delivery of the parts in `parts`, and of the earlier ones of the same
    /// source range, whose date to be deleted has not passed.
    static func raise(
        _ cause: RecallCause, parts: [Int64], time: EventTime, _ db: Database
    ) throws {
        for part in parts {
            try raise(
                cause,
                """
                parts.output_id = (SELECT output_id FROM parts WHERE id = ?4) AND
                parts.source_range = (SELECT source_range FROM parts WHERE id = ?4)
                """, part, time, db)
        }
    }

    /// Calls back every delivery for `purpose`; `*` is every one but security and compliance.
    ///
    /// Who is in a delivered file cannot be told from the ledger, so all of them count.
    static func raise(
        _ cause: RecallCause, purpose: String, time: EventTime, _ db: Database
    ) throws {
        let condition = """
            (deliveries.purpose = ?4
                OR (?4 = '*' AND deliveries.purpose NOT IN ('security', 'compliance')))
            """
        try raise(cause, condition, purpose, time, db)
    }

    private static func raise(
        _ cause: RecallCause, _ condition: String, _ argument: any DatabaseValueConvertible,
        _ time: EventTime, _ db: Database
    ) throws {
        var (optOut, erasure): (Int64?, Int64?) = (nil, nil)
        switch cause {
        case .optOut(let id): optOut = id
        case .erasure(let id): erasure = id
        }
        try db.execute(
            sql: """
                INSERT INTO recalls (delivery_id, opt_out_id, erasure_id, raised_ms)
                SELECT deliveries.id, ?1, ?2, ?3
                FROM deliveries JOIN parts ON parts.id = part_id
                WHERE \(condition)
                AND (deliveries.delete_by_ms IS NULL OR deliveries.delete_by_ms > ?3)
                AND NOT EXISTS (SELECT 1 FROM recalls WHERE delivery_id = deliveries.id
                    AND opt_out_id IS ?1 AND erasure_id IS ?2)
                ORDER BY deliveries.id
                """,
            arguments: [optOut, erasure, time.milliseconds, argument])
        guard db.changesCount > 0 else { return }
        try EventChain.append(
            "recalls-raised",
            [
                "opt_out": optOut.map { .integer($0) } ?? .null,
                "erasure": erasure.map { .integer($0) } ?? .null,
                "deliveries": .integer(Int64(db.changesCount)),
            ],
            time: time, db)
    }
}

extension Ledger {
    /// All recalls in their order.
    package func recalls() throws(LedgerFault) -> [RecallRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT recalls.*, recipient, deliveries.purpose AS purpose,
                        opt_outs_as_of_ms, outputs.name AS output, parts.path AS path,
                        parts.sha256 AS sha256, parts.byte_count AS byte_count,
                        parts.records AS records, now.path AS now_path,
                        now.sha256 AS now_sha256, now.byte_count AS now_byte_count
                    FROM recalls JOIN deliveries ON deliveries.id = delivery_id
                    JOIN parts ON parts.id = part_id
                    JOIN outputs ON outputs.id = parts.output_id
                    LEFT JOIN parts AS now ON now.output_id = parts.output_id
                        AND now.source_range = parts.source_range AND now.state = 'current'
                        AND now.id <> parts.id AND now.day IS parts.day
                    GROUP BY recalls.id ORDER BY recalls.id
                    """
            ).map { try RecallRecord($0, paths) }
        }
    }

    /// Notes that the recipient has answered a recall; `who` is a role or name that the operator
    /// gives. Refused for one that is not open.
    package func answerRecall(
        _ id: Int64, by who: String, time: EventTime
    ) throws(LedgerFault) {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE recalls SET answered_ms = ?, answered_by = ?
                    WHERE id = ? AND answered_ms IS NULL
                    """,
                arguments: [time.milliseconds, who, id])
            guard db.changesCount == 1 else {
                throw LedgerFault.refused("there is no open recall of this number")
            }
            try EventChain.append(
                "recall-answered", ["recall": .integer(id)], time: time, db)
        }
    }
}

extension RecallRecord {
    init(_ row: Row, _ paths: StoredPaths) throws {
        let cause: RecallCause
        if let optOut: Int64 = row["opt_out_id"] {
            cause = .optOut(optOut)
        } else if let erasure: Int64 = row["erasure_id"] {
            cause = .erasure(erasure)
        } else {
            throw LedgerFault.refused("a recall in the ledger has no cause")
        }
        var successor: (path: String, content: ContentIdentity)?
        if let path: String = row["now_path"], let sha256: String = row["now_sha256"] {
            successor = (
                paths.absolute(path),
                ContentIdentity(digest: try digest(sha256), byteCount: row["now_byte_count"])
            )
        }
        let answered: Int64? = row["answered_ms"]
        self.init(
            id: row["id"], cause: cause, recipient: row["recipient"], output: row["output"],
            purpose: row["purpose"], path: paths.absolute(row["path"]),
            content: ContentIdentity(
                digest: try digest(row["sha256"]), byteCount: row["byte_count"]),
            records: row["records"],
            deliveredAsOf: EventTime(milliseconds: row["opt_outs_as_of_ms"]),
            raised: EventTime(milliseconds: row["raised_ms"]),
            answered: answered.map(EventTime.init(milliseconds:)),
            answeredBy: row["answered_by"], successor: successor)
    }
}
