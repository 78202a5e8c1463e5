// GRDB gives and takes the bytes of a column as `Data`.
private import FoundationEssentials
import GRDB
import KeyedHashing
package import Records

extension Ledger {
    /// All publications of a pipeline, or of all, in the order in which they were made.
    package func publications(
        dataSet: String? = nil
    ) throws(LedgerFault) -> [PublicationRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM publications WHERE ?1 IS NULL OR data_set = ?1 ORDER BY id
                    """,
                arguments: [dataSet]
            ).map { try PublicationRecord($0, paths) }
        }
    }

    /// What was published, as it was entered. Content that does not fit its digest is refused.
    package func document(ofPublication id: Int64) throws(LedgerFault) -> [UInt8] {
        try read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT content, sha256 FROM publication_documents
                    JOIN publications ON publications.id = publication_id WHERE publication_id = ?
                    """,
                arguments: [id])
            guard let row else { throw LedgerFault.refused("a publication has no content") }
            let content: [UInt8] = Array(row["content"] as Data)
            guard Digest256.of(content.span) == (try digest(row["sha256"])) else {
                throw LedgerFault.refused("a publication is not what was published")
            }
            return content
        }
    }

    /// The files of a publication in the order of their paths, or of all.
    package func files(
        ofPublication id: Int64? = nil
    ) throws(LedgerFault) -> [NewPublication.PublicationFile] {
        try read { db in try files(db, ofPublication: id) }
    }

    /// The numbers of the partials that a publication counts, as they lie there now.
    package func partials(
        ofPublication id: Int64
    ) throws(LedgerFault) -> [PartialRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT partials.* FROM partials
                    JOIN publication_partials ON partial_id = partials.id
                    WHERE publication_id = ? AND partials.state IN ('live', 'published')
                    ORDER BY path
                    """,
                arguments: [id]
            ).map { try PartialRecord($0, paths) }
        }
    }

    /// The partials that nothing needs any more: their key is destroyed and their month was
    /// published.
    package func retiredPartials() throws(LedgerFault) -> [PartialRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT partials.* FROM partials JOIN runs ON runs.id = run_id
                    JOIN keys ON keys.id = key_id
                    WHERE partials.state IN ('live', 'published') AND keys.state = 'destroyed'
                    AND EXISTS (
                        SELECT 1 FROM publications WHERE data_set = runs.pipeline
                        AND period = partials.month AND kind <> 'provisional')
                    ORDER BY path
                    """
            ).map { try PartialRecord($0, paths) }
        }
    }

    /// Enters that files of a publication have other bytes from now on, in a newer version of their
    /// format: the same figures.
    package func reissue(
        _ record: PublicationRecord, _ files: [NewPublication.PublicationFile], time: EventTime
    ) throws(LedgerFault) {
        try write { db in
            for (file, path) in files.flatMap({ file in paths.forms(file.path).map { (file, $0) } })
            {
                try db.execute(
                    sql: """
                        UPDATE publication_files SET format = ?, sha256 = ?, byte_count = ?
                        WHERE publication_id = ? AND path = ?
                        """,
                    arguments: [
                        file.format, file.content.digest.hex, file.content.byteCount, record.id,
                        path,
                    ])
            }
            let now = try self.files(db, ofPublication: record.id)
            try EventChain.append(
                RunWriter.reissueEvent, PublicationEvent(record, now).payload, time: time, db)
        }
    }

    private func files(
        _ db: Database, ofPublication id: Int64?
    ) throws -> [NewPublication.PublicationFile] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM publication_files WHERE ?1 IS NULL OR publication_id = ?1
                ORDER BY path
                """,
            arguments: [id]
        ).map { row in
            NewPublication.PublicationFile(
                path: paths.absolute(row["path"]), format: row["format"],
                content: ContentIdentity(
                    digest: try digest(row["sha256"]), byteCount: row["byte_count"]))
        }
    }

    /// All live partials of those open months of a pipeline of which a part was counted by other
    /// statistics than `statisticSet`, or was given up.
    package func changedPartials(
        pipeline: String, statisticSet: String
    ) throws(LedgerFault) -> [PartialRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT partials.* FROM partials JOIN runs ON runs.id = run_id
                    WHERE partials.state = 'live' AND runs.pipeline = ?1 AND month IN (
                        SELECT month FROM partials JOIN runs ON runs.id = run_id
                        WHERE partials.state = 'live' AND runs.pipeline = ?1
                        AND statistic_set <> ?2
                        UNION SELECT month FROM given_up_partials
                        JOIN partials ON partials.id = partial_id
                        JOIN runs ON runs.id = partials.run_id
                        LEFT JOIN sources ON sources.id = source_id
                        WHERE runs.pipeline = ?1 AND sources.state IS NOT 'redone')
                    AND NOT EXISTS (
                        SELECT 1 FROM publications WHERE data_set = ?1
                        AND period = partials.month AND kind <> 'provisional')
                    ORDER BY month, path
                    """,
                arguments: [pipeline, statisticSet]
            ).map { try PartialRecord($0, paths) }
        }
    }

    /// Notes that partials of a month are given up, whose files go for good: what is left of
    /// the month, or still comes, is not all of it.
    package func giveUp(partials ids: [Int64], time: EventTime) throws(LedgerFault) {
        if ids.isEmpty { return }
        try write { db in
            try Self.remove(partials: ids, db)
            for id in ids {
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO given_up_partials (partial_id, run_id)
                        SELECT ?, max(id) FROM runs
                        """,
                    arguments: [id])
            }
            try EventChain.append(
                "partials-given-up", ["partials": .array(ids.map { .integer($0) })], time: time,
                db)
        }
    }

    /// Notes that the files of partials go for good.
    package func retire(partials ids: [Int64], time: EventTime) throws(LedgerFault) {
        if ids.isEmpty { return }
        try write { db in
            try Self.remove(partials: ids, db)
            try EventChain.append(
                "partials-removed", ["partials": .array(ids.map { .integer($0) })], time: time, db)
        }
    }

    private static func remove(partials ids: [Int64], _ db: Database) throws {
        for id in ids {
            try db.execute(
                sql: "UPDATE partials SET state = 'removed' WHERE id = ?", arguments: [id])
        }
    }
}

extension PublicationRecord {
    init(_ row: Row, _ paths: StoredPaths) throws {
        guard let period = CalendarMonth(text: row["period"]),
            let kind = NewPublication.Kind(rawValue: row["kind"])
        else { throw LedgerFault.refused("a publication in the ledger has an unknown kind") }
        self.init(
            id: row["id"], dataSet: row["data_set"], period: period, revision: row["revision"],
            kind: kind, reason: row["reason"], audience: row["audience"],
            folder: paths.absolute(row["path"]),
            documentDigest: try digest(row["sha256"]),
            closed: EventTime(milliseconds: row["closed_ms"]),
            optOutsAsOf: EventTime(milliseconds: row["opt_outs_as_of_ms"]), run: row["run_id"])
    }
}

extension RunWriter {
    /// The kind of the event of a publication.
    static let publicationEvent = "period-published"
    /// The kind of the event of files that were written again in a newer version of their format.
    static let reissueEvent = "publication-reissued"

    /// Enters a publication, its document, files and partials, and its event.
    func publish(_ new: NewPublication, run: Int64) throws {
        let content = Digest256.of(new.document.span)
        try db.execute(
            sql: """
                INSERT INTO publications (data_set, period, revision, kind, reason, audience,
                    run_id, path, sha256, plan_digest, opt_outs_as_of_ms, closed_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                new.dataSet, new.period.text, new.revision, new.kind.rawValue, new.reason,
                new.audience, run, paths.stored(new.folder), content.hex, commit.plan.hex,
                new.optOutsAsOf.milliseconds, new.closed.milliseconds,
            ])
        let id = db.lastInsertedRowID
        try db.execute(
            sql: "INSERT INTO publication_documents (publication_id, content) VALUES (?, ?)",
            arguments: [id, Data(new.document)])
        for file in new.files {
            try db.execute(
                sql: """
                    INSERT INTO publication_files (publication_id, path, format, sha256, byte_count)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, paths.stored(file.path), file.format, file.content.digest.hex,
                    file.content.byteCount,
                ])
        }
        for partial in Set(new.partials).sorted() { try note(partial, in: id, new.kind) }
        for spending in new.spendings { try book(spending, of: new, in: id) }
        try EventChain.append(
            Self.publicationEvent, PublicationEvent(new, id: id, run: run).payload,
            time: commit.finished, db)
    }

    private func note(_ partial: Int64, in id: Int64, _ kind: NewPublication.Kind) throws {
        try db.execute(
            sql: "INSERT INTO publication_partials (publication_id, partial_id) VALUES (?, ?)",
            arguments: [id, partial])
        guard kind != .provisional else { return }
        try db.execute(
            sql: "UPDATE partials SET state = 'published' WHERE id = ? AND state = 'live'",
            arguments: [partial])
    }
}

/// What the chain keeps of a publication: digests, no path and no reader.
struct PublicationEvent {
    let payload: CanonicalJSON

    init(_ new: NewPublication, id: Int64, run: Int64) {
        payload = Self.payload(
            id, run, new.period.text, new.kind.rawValue, new.revision,
            Digest256.of(new.document.span).hex,
            new.files.map { ($0.path, $0.content.digest.hex) })
    }

    init(_ record: PublicationRecord, _ files: [NewPublication.PublicationFile]) {
        payload = Self.payload(
            record.id, record.run, record.period.text, record.kind.rawValue, record.revision,
            record.documentDigest.hex, files.map { ($0.path, $0.content.digest.hex) })
    }

    private static func payload(
        _ id: Int64, _ run: Int64, _ period: String, _ kind: String, _ revision: Int,
        _ document: String, _ files: [(path: String, digest: String)]
    ) -> CanonicalJSON {
        let sorted = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        return [
            "publication": .integer(id), "run": .integer(run), "period": .text(period),
            "kind": .text(kind), "revision": .integer(Int64(revision)),
            "document": .text(document), "files": .array(sorted.map { .text($0.digest) }),
        ]
    }
}

extension Ledger {
    /// Publications whose rows are not what their events say, in sentences without values.
    package func publicationContradictions() throws(LedgerFault) -> [String] {
        let published = Set(try events(ofKind: RunWriter.publicationEvent).map(\.payload))
        let told = published.union(try events(ofKind: RunWriter.reissueEvent).map(\.payload))
        var found: [String] = []
        let all = try publications()
        for record in all {
            let event = PublicationEvent(record, try files(ofPublication: record.id))
            if !told.contains(event.payload.written) {
                found.append(
                    "the publication of \(record.period.text) is not what its event says")
            }
        }
        if published.count != all.count {
            found.append("\(published.count) events tell of \(all.count) publications")
        }
        return found
    }
}
