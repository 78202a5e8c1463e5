import GRDB
package import Records

/// Why something that was delivered is called back.
package enum RecallCause: Sendable, Equatable {
    /// The number of the opt-out.
    case optOut(Int64)
    /// A line of the list of opt-outs that the pipeline names.
    case listedOptOut
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

/// A delivery that can be called back: one whose date to be deleted has not passed and that was not
/// called back before, for whatever cause.
package struct OpenDelivery: Sendable, Equatable {
    package let id: Int64
    /// The part that was delivered.
    package let part: Int64
    package let output: String
    package let purpose: String
    /// True while the part makes the output up as it was delivered.
    package let isCurrent: Bool
    /// True when a key that made tokens in it is destroyed.
    package let hasLostKeys: Bool
}

/// Raises recalls inside a transaction.
enum Recalls {
    /// The condition that a delivery can be called back at the time in `argument`.
    fileprivate static func isOpen(at argument: String) -> String {
        """
        (deliveries.delete_by_ms IS NULL OR deliveries.delete_by_ms > \(argument))
        AND NOT EXISTS (SELECT 1 FROM recalls WHERE delivery_id = deliveries.id)
        """
    }

    /// Calls back every delivery of `part`, which is being replaced, and of what it replaced.
    ///
    /// The parts that one source has in one output are told apart by their names alone: those of
    /// months have no day.
    static func raise(
        _ cause: RecallCause, part: Int64, time: EventTime, _ paths: StoredPaths, _ db: Database
    ) throws {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT parts.id AS id, parts.path AS path FROM parts
                JOIN parts AS own ON own.id = ?1 AND own.output_id = parts.output_id
                    AND own.source_range = parts.source_range
                WHERE parts.id <= ?1 ORDER BY parts.id
                """,
            arguments: [part])
        let versions = rows.map { row -> (id: Int64, path: String) in
            (row["id"], PartVersions.commonPath(of: paths.absolute(row["path"])))
        }
        guard let own = versions.last?.path else { return }
        for version in versions where version.path == own {
            try raise(cause, "parts.id = ?4", version.id, time, db)
        }
    }

    /// Calls one delivery back.
    static func raise(
        _ cause: RecallCause, delivery: Int64, time: EventTime, _ db: Database
    ) throws {
        try raise(cause, "deliveries.id = ?4", delivery, time, db)
    }

    private static func raise(
        _ cause: RecallCause, _ condition: String, _ argument: Int64, _ time: EventTime,
        _ db: Database
    ) throws {
        var (optOut, erasure): (Int64?, Int64?) = (nil, nil)
        switch cause {
        case .optOut(let id): optOut = id
        case .listedOptOut: break
        case .erasure(let id): erasure = id
        }
        try db.execute(
            sql: """
                INSERT INTO recalls (delivery_id, opt_out_id, erasure_id, raised_ms)
                SELECT deliveries.id, ?1, ?2, ?3
                FROM deliveries JOIN parts ON parts.id = part_id
                WHERE \(condition) AND \(isOpen(at: "?3"))
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
    /// The deliveries that can be called back at `time`, in their order.
    package func openDeliveries(at time: EventTime) throws(LedgerFault) -> [OpenDelivery] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT deliveries.id, part_id, outputs.name AS output,
                        deliveries.purpose AS purpose, parts.state = 'current' AS is_current,
                        EXISTS (SELECT 1 FROM part_keys JOIN keys ON keys.id = key_id
                            WHERE part_keys.part_id = parts.id
                            AND keys.state = 'destroyed') AS has_lost_keys
                    FROM deliveries JOIN parts ON parts.id = part_id
                    JOIN outputs ON outputs.id = parts.output_id
                    WHERE \(Recalls.isOpen(at: "?1"))
                    ORDER BY deliveries.id
                    """,
                arguments: [time.milliseconds]
            ).map { row in
                OpenDelivery(
                    id: row["id"], part: row["part_id"], output: row["output"],
                    purpose: row["purpose"], isCurrent: row["is_current"],
                    hasLostKeys: row["has_lost_keys"])
            }
        }
    }

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
                        AND now.id <> parts.id AND now.sha256 <> parts.sha256
                    ORDER BY recalls.id, now.id
                    """
            ).reduce(into: []) { found, row in
                let record = try RecallRecord(row, paths)
                guard found.last?.id == record.id else { return found.append(record) }
                if record.successor != nil { found[found.count - 1] = record }
            }
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
        var cause = RecallCause.listedOptOut
        if let optOut: Int64 = row["opt_out_id"] {
            cause = .optOut(optOut)
        } else if let erasure: Int64 = row["erasure_id"] {
            cause = .erasure(erasure)
        }
        var successor: (path: String, content: ContentIdentity)?
        let delivered = paths.absolute(row["path"])
        if let stored: String = row["now_path"], let sha256: String = row["now_sha256"] {
            let path = paths.absolute(stored)
            // The same source may have files of other periods in the output.
            if PartVersions.commonPath(of: path) == PartVersions.commonPath(of: delivered) {
                successor = (
                    path,
                    ContentIdentity(digest: try digest(sha256), byteCount: row["now_byte_count"])
                )
            }
        }
        let answered: Int64? = row["answered_ms"]
        self.init(
            id: row["id"], cause: cause, recipient: row["recipient"], output: row["output"],
            purpose: row["purpose"], path: delivered,
            content: ContentIdentity(
                digest: try digest(row["sha256"]), byteCount: row["byte_count"]),
            records: row["records"],
            deliveredAsOf: EventTime(milliseconds: row["opt_outs_as_of_ms"]),
            raised: EventTime(milliseconds: row["raised_ms"]),
            answered: answered.map(EventTime.init(milliseconds:)),
            answeredBy: row["answered_by"], successor: successor)
    }
}
