import GRDB
package import KeyedHashing
package import Records

/// A run as the ledger remembers it.
package struct RunRecord: Sendable, Equatable {
    package let id: Int64
    package let name: String
    package let command: String
    package let plan: Digest256
    package let finished: EventTime
    /// The clock of the run; a later run with an earlier clock is suspect.
    package let now: EventTime
    package let cutoff: EventTime?
    /// False while renames are owed.
    package let isPublished: Bool
    /// Without details.
    package let counts: RunCounts
}

/// A part as the ledger remembers it.
package struct PartRecord: Sendable, Equatable {
    package let id: Int64
    package let output: String
    /// What its output was for when a run last wrote to it.
    package let purpose: String
    package let path: String
    package let content: ContentIdentity
    package let sourceRange: Digest256
    package let records: Int64
    package let day: Int?
    package let oldestReadable: EventTime?
    /// The date that it was written under; `expires` of now may ask for an earlier one.
    package let deleteBy: EventTime?
    /// Days since 1970-01-01 of its newest event, and not after that of its arrival; nil: unknown.
    package let newestDay: Int?
    package let plan: Digest256
    /// The clock of the run that wrote it: what was due then was dealt with then.
    package let writtenAt: EventTime
    /// The run that wrote it.
    package let run: Int64
    /// The rules by which it was dealt with; nil: nobody knows.
    package let rules: Digest256?
    /// True when a run has looked at it under other rules and left it as it is.
    package let wasLookedAt: Bool
    /// The last run that judged it, where later ones should have and could not; nil: none had to
    /// do without.
    package let judgement: PartJudgement?
}

/// A run that judged what is due in a part.
package struct PartJudgement: Sendable, Equatable {
    package let run: Int64
    /// Its clock.
    package let now: EventTime

    package init(run: Int64, now: EventTime) {
        self.run = run
        self.now = now
    }
}

extension PartRecord {
    /// The same part with its file at another path.
    package func lying(at path: String) -> PartRecord {
        PartRecord(
            id: id, output: output, purpose: purpose, path: path, content: content,
            sourceRange: sourceRange, records: records, day: day, oldestReadable: oldestReadable,
            deleteBy: deleteBy, newestDay: newestDay, plan: plan, writtenAt: writtenAt, run: run,
            rules: rules, wasLookedAt: wasLookedAt, judgement: judgement)
    }

    /// The same part, whose newest event is of `day`.
    package func with(newestDay day: Int) -> PartRecord {
        PartRecord(
            id: id, output: output, purpose: purpose, path: path, content: content,
            sourceRange: sourceRange, records: records, day: self.day,
            oldestReadable: oldestReadable, deleteBy: deleteBy, newestDay: day, plan: plan,
            writtenAt: writtenAt, run: run, rules: rules, wasLookedAt: wasLookedAt,
            judgement: judgement)
    }
}

/// What the parts of an output have in common that follow one another as they age.
package struct PartLineage: Hashable, Sendable {
    package let output: String
    package let sourceRange: Digest256

    package init(output: String, sourceRange: Digest256) {
        self.output = output
        self.sourceRange = sourceRange
    }
}

/// A live partial.
package struct PartialRecord: Sendable, Equatable {
    package let id: Int64
    package let statisticSet: String
    package let month: CalendarMonth
    /// The printed name of the key (`KeyID.text`).
    package let keyID: String
    package let path: String
    package let content: ContentIdentity
}

extension Ledger {
    /// True when a source of this content has been counted for the stream.
    package func isCounted(stream: String, _ content: ContentIdentity) throws(LedgerFault) -> Bool {
        try read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT 1 FROM sources JOIN streams ON streams.id = stream_id
                    WHERE name = ? AND sha256 = ? AND byte_count = ? AND state = 'counted'
                    """,
                arguments: [stream, content.digest.hex, content.byteCount]) != nil
        }
    }

    /// The content of all sources counted for the stream, shortest first: a file whose beginning is
    /// one of them has grown.
    package func countedSources(stream: String) throws(LedgerFault) -> [ContentIdentity] {
        try identities(
            """
            SELECT DISTINCT sha256, byte_count FROM sources JOIN streams ON streams.id = stream_id
            WHERE name = ? AND state = 'counted' ORDER BY byte_count, sha256
            """, stream)
    }

    /// The record-aligned segments counted for the stream: they recognise what was counted inside a
    /// joined file.
    package func countedSegments(stream: String) throws(LedgerFault) -> [CountedSegment] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT segments.*
                    FROM segments JOIN sources ON sources.id = source_id
                    JOIN streams ON streams.id = stream_id
                    WHERE name = ? AND state = 'counted' ORDER BY source_id, ordinal
                    """,
                arguments: [stream]
            ).map { row in
                CountedSegment(
                    start: row["start"],
                    content: ContentIdentity(
                        digest: try digest(row["sha256"]), byteCount: row["byte_count"]),
                    records: row["records"], headLines: row["head_lines"], head: row["head"])
            }
        }
    }

    private func identities(
        _ sql: String, _ stream: String
    ) throws(LedgerFault) -> [ContentIdentity] {
        try read { db in
            try Row.fetchAll(db, sql: sql, arguments: [stream]).map { row in
                ContentIdentity(digest: try digest(row["sha256"]), byteCount: row["byte_count"])
            }
        }
    }

    /// The parts of an output that make it up now, in the order of their paths' bytes.
    package func currentParts(output: String) throws(LedgerFault) -> [PartRecord] {
        try parts("outputs.name = ?", [output])
    }

    /// By which rules the records of current parts of a pipeline were ever dealt with, in these
    /// parts or in those that they took the place of: by output and range of a source. Nil stands
    /// for rules that were not noted.
    package func rulesOfParts(
        pipeline: String
    ) throws(LedgerFault) -> [PartLineage: Set<Digest256?>] {
        try read { db in
            var rules: [PartLineage: Set<Digest256?>] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT DISTINCT outputs.name AS output, source_range, rules FROM parts
                    JOIN outputs ON outputs.id = output_id JOIN runs ON runs.id = run_id
                    WHERE runs.pipeline = ?
                    """,
                arguments: [pipeline])
            while let row = try rows.next() {
                let line = PartLineage(
                    output: row["output"], sourceRange: try digest(row["source_range"]))
                let text: String? = row["rules"]
                rules[line, default: []].insert(try text.map { try digest($0) })
            }
            return rules
        }
    }

    /// The current parts of an output that hold a readable identifier older than `cutoff`.
    package func parts(
        dueBefore cutoff: EventTime, output: String
    ) throws(LedgerFault) -> [PartRecord] {
        try parts(
            "outputs.name = ? AND oldest_readable_ms < ?", [output, cutoff.milliseconds])
    }

    /// The current parts of an output that were dealt with by other rules than those that `rules`
    /// name, and that no run has looked at under those.
    package func parts(
        ofOtherRulesThan rules: [Digest256], output: String
    ) throws(LedgerFault) -> [PartRecord] {
        let names = rules.map(\.hex)
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        return try parts(
            """
            outputs.name = ? AND rules NOT IN (\(marks))
            AND ifnull(looked_rules, '') NOT IN (\(marks))
            """,
            StatementArguments([output] + names + names))
    }

    /// The current parts that runs of a pipeline wrote and that hold a readable identifier older
    /// than `cutoff`, whatever output they belong to.
    package func parts(
        dueBefore cutoff: EventTime, pipeline: String
    ) throws(LedgerFault) -> [PartRecord] {
        try parts(
            "runs.pipeline = ? AND oldest_readable_ms < ?", [pipeline, cutoff.milliseconds])
    }

    /// The current parts that runs of a pipeline wrote, of all its outputs.
    package func currentParts(pipeline: String) throws(LedgerFault) -> [PartRecord] {
        try parts("runs.pipeline = ?", [pipeline])
    }

    /// The current parts that runs of a pipeline wrote, of outputs with none of these names.
    package func currentParts(
        pipeline: String, besidesOutputs names: [String]
    ) throws(LedgerFault) -> [PartRecord] {
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        return try parts(
            """
            runs.pipeline = ?
            AND output_id IN (SELECT id FROM outputs WHERE name NOT IN (\(marks)))
            """,
            StatementArguments([pipeline] + names))
    }

    /// The current parts that runs could not judge, and for each the last run that did.
    package func waitingParts() throws(LedgerFault) -> [(part: Int64, judgedBy: Int64)] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, judged_run_id FROM parts
                    WHERE state = 'current' AND judged_run_id IS NOT NULL
                    """
            ).map { (part: $0["id"], judgedBy: $0["judged_run_id"]) }
        }
    }

    /// The folders that hold current parts, each once.
    package func partFolders() throws(LedgerFault) -> [String] {
        try partFolders("state = 'current'")
    }

    /// The folders that held parts which were replaced or removed, each once; they may be gone.
    package func formerPartFolders() throws(LedgerFault) -> [String] {
        try partFolders("state <> 'current'")
    }

    /// The folders of tables, terms and lists of quarantine, those of lists that had to go among
    /// them, each once; they may be gone.
    package func fileFolders() throws(LedgerFault) -> [String] {
        try read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT rtrim(path, replace(path, '/', '')) FROM files
                    UNION SELECT rtrim(path, replace(path, '/', '')) FROM former_lists
                    """
            ).map(paths.absolute)
        }
    }

    private func partFolders(_ condition: String) throws(LedgerFault) -> [String] {
        try read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT rtrim(path, replace(path, '/', '')) FROM parts
                    WHERE path <> '-' AND \(condition)
                    """
            ).map(paths.absolute)
        }
    }

    private func parts(
        _ condition: String, _ arguments: StatementArguments
    ) throws(LedgerFault) -> [PartRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT parts.*, outputs.name AS output, outputs.purpose AS purpose,
                        runs.now_ms AS now_ms, \(PartRecord.judgedAt)
                    FROM parts JOIN outputs ON outputs.id = output_id
                    JOIN runs ON runs.id = run_id
                    WHERE parts.state = 'current' AND \(condition) ORDER BY path, parts.id
                    """,
                arguments: arguments
            ).map { try PartRecord($0, paths) }
        }
    }

    /// The live partials, of one statistic set and month or of all.
    package func livePartials(
        statisticSet: String? = nil, month: CalendarMonth? = nil
    ) throws(LedgerFault) -> [PartialRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM partials WHERE state = 'live'
                    AND (?1 IS NULL OR statistic_set = ?1) AND (?2 IS NULL OR month = ?2)
                    ORDER BY statistic_set, month, path
                    """,
                arguments: [statisticSet, month?.text]
            ).map { try PartialRecord($0, paths) }
        }
    }

    /// True when anything was ever counted by the statistics of `statisticSet`.
    package func hasCounted(statisticSet: String) throws(LedgerFault) -> Bool {
        try read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM partials WHERE statistic_set = ?)",
                arguments: [statisticSet]) ?? false
        }
    }

    /// The latest time that the clock of any run stood at; nil before the first.
    package func latestClock() throws(LedgerFault) -> EventTime? {
        try read { db in try Self.latestClock(db) }
    }

    static func latestClock(_ db: Database) throws -> EventTime? {
        try Int64.fetchOne(db, sql: "SELECT max(now_ms) FROM runs")
            .map(EventTime.init(milliseconds:))
    }

    /// The latest time that the clock of any run stood at since somebody last said what time it
    /// was, that run included: one word ends what a clock that stood wrong has left.
    package func latestBelievedClock() throws(LedgerFault) -> EventTime? {
        try read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT max(now_ms) FROM runs WHERE id >= coalesce(
                        (SELECT max(id) FROM runs WHERE now_is_stated = 1), 0)
                    """
            ).map(EventTime.init(milliseconds:))
        }
    }

    /// The partials whose files are there: live ones, and published ones whose key lives.
    package func keptPartials(
        pipeline: String? = nil, statisticSet: String? = nil
    ) throws(LedgerFault) -> [PartialRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT partials.* FROM partials JOIN runs ON runs.id = run_id
                    WHERE partials.state IN ('live', 'published')
                    AND (?1 IS NULL OR runs.pipeline = ?1)
                    AND (?2 IS NULL OR statistic_set = ?2)
                    ORDER BY statistic_set, month, path
                    """,
                arguments: [pipeline, statisticSet]
            ).map { try PartialRecord($0, paths) }
        }
    }

    /// Which fields the tokens in partials are of, as far as that was noted.
    package func countedFields() throws(LedgerFault) -> Set<CountedField> {
        try read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT * FROM counted_fields")
            return Set(
                rows.map { row in
                    CountedField(
                        statisticSet: row["statistic_set"],
                        kind: SubjectKind(rawValue: row["kind"]), field: row["field"])
                })
        }
    }

    /// The partials of a pipeline that were given up because of somebody in them. What is counted
    /// anew of their source makes good for them.
    package func givenUpPartials(pipeline: String) throws(LedgerFault) -> [PartialRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT partials.* FROM given_up_partials
                    JOIN partials ON partials.id = partial_id
                    JOIN runs ON runs.id = partials.run_id
                    LEFT JOIN sources ON sources.id = source_id
                    WHERE runs.pipeline = ? AND sources.state IS NOT 'redone'
                    ORDER BY month, path
                    """,
                arguments: [pipeline]
            ).map { try PartialRecord($0, paths) }
        }
    }

    /// The name of a pipeline other than `name` that has run on this state; nil when there is none.
    package func pipeline(otherThan name: String) throws(LedgerFault) -> String? {
        try read { db in
            try String.fetchOne(
                db, sql: "SELECT pipeline FROM runs WHERE pipeline <> ? LIMIT 1",
                arguments: [name])
        }
    }

    /// The last run of a pipeline, or of any.
    package func lastRun(pipeline: String? = nil) throws(LedgerFault) -> RunRecord? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM runs WHERE ?1 IS NULL OR pipeline = ?1
                    ORDER BY id DESC LIMIT 1
                    """,
                arguments: [pipeline]
            ).map(RunRecord.init)
        }
    }
}

extension RunRecord {
    init(_ row: Row) throws {
        let state: String = row["state"]
        self.init(
            id: row["id"], name: row["name"], command: row["command"],
            plan: try digest(row["plan_digest"]),
            finished: EventTime(milliseconds: row["finished_ms"]),
            now: EventTime(milliseconds: row["now_ms"]), cutoff: time(row["cutoff_ms"]),
            isPublished: state.utf8.elementsEqual("published".utf8),
            counts: RunCounts(
                read: row["records_read"], written: row["records_written"],
                dropped: row["records_dropped"], quarantined: row["records_quarantined"]))
    }
}

extension PartRecord {
    init(_ row: Row, _ paths: StoredPaths) throws {
        let rules: String? = row["rules"]
        let looked: String? = row["looked_rules"]
        let (day, newestDay): (Int?, Int?) = (row["day"], row["newest_day"])
        self.init(
            id: row["id"], output: row["output"], purpose: row["purpose"],
            path: paths.absolute(row["path"]),
            content: ContentIdentity(
                digest: try digest(row["sha256"]), byteCount: row["byte_count"]),
            sourceRange: try digest(row["source_range"]), records: row["records"],
            day: day, oldestReadable: time(row["oldest_readable_ms"]),
            deleteBy: time(row["delete_by_ms"]), newestDay: newestDay ?? day,
            plan: try digest(row["plan_digest"]),
            writtenAt: EventTime(milliseconds: row["now_ms"]), run: row["run_id"],
            rules: try rules.map { try digest($0) }, wasLookedAt: looked != nil,
            judgement: PartJudgement(row))
    }

    /// The column that tells the clock of the run that judged a part.
    static let judgedAt = """
        (SELECT now_ms FROM runs AS judges WHERE judges.id = judged_run_id) AS judged_ms
        """
}

extension PartJudgement {
    init?(_ row: Row) {
        let (run, now): (Int64?, Int64?) = (row["judged_run_id"], row["judged_ms"])
        guard let run, let now else { return nil }
        self.init(run: run, now: EventTime(milliseconds: now))
    }
}

extension PartialRecord {
    init(_ row: Row, _ paths: StoredPaths) throws {
        guard let month = CalendarMonth(text: row["month"]) else {
            throw LedgerFault.refused("a month in the ledger is not one")
        }
        self.init(
            id: row["id"], statisticSet: row["statistic_set"], month: month,
            keyID: row["key_id"], path: paths.absolute(row["path"]),
            content: ContentIdentity(
                digest: try digest(row["sha256"]), byteCount: row["byte_count"]))
    }
}

private func time(_ milliseconds: Int64?) -> EventTime? {
    milliseconds.map(EventTime.init(milliseconds:))
}
