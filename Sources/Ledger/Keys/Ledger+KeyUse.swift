import GRDB
package import KeyedHashing
package import Records

/// What one state has to say to the question whether a key may die.
package struct KeyUse: Sendable, Equatable {
    /// A pipeline of the state that uses keys of a store.
    package struct Pipeline: Sendable, Equatable {
        package let name: String
        package let needs: KeyNeeds
        /// The clock of its last committed run; nil when the pipeline has no state that knows.
        package let lastRun: EventTime?

        package init(name: String, needs: KeyNeeds, lastRun: EventTime?) {
            self.name = name
            self.needs = needs
            self.lastRun = lastRun
        }
    }

    /// A hold that binds, and the events it may be about.
    package struct Hold: Sendable, Equatable {
        package let name: String
        /// The first event time it is about, and the first that it is no longer about; nil where it
        /// has no bound.
        package let from: EventTime?
        package let until: EventTime?
        /// When it ends by itself; nil when somebody has to release it.
        package let end: EventTime?

        package init(name: String, from: EventTime?, until: EventTime?, end: EventTime?) {
            self.name = name
            self.from = from
            self.until = until
            self.end = end
        }
    }

    package var pipelines: [Pipeline]
    /// How many unpublished partials hold tokens of a key, by the key's printed name. What came
    /// after the publication of its month waits for nothing.
    package var livePartials: [String: Int]
    /// How many renames and removals committed runs still owe.
    package var pendingPublications: Int
    /// The oldest readable event of each current part of a pipeline whose parts tell
    /// (`KeyNeeds.partsTell`).
    package var oldestReadable: [EventTime]
    /// The holds that bind.
    package var holds: [Hold]

    package init(
        pipelines: [Pipeline] = [], livePartials: [String: Int] = [:],
        pendingPublications: Int = 0, oldestReadable: [EventTime] = [], holds: [Hold] = []
    ) {
        self.pipelines = pipelines
        self.livePartials = livePartials
        self.pendingPublications = pendingPublications
        self.oldestReadable = oldestReadable
        self.holds = holds
    }
}

extension Ledger {
    /// What this state needs keys for at `now`, read as one.
    package func keyUse(now: EventTime) throws(LedgerFault) -> KeyUse {
        try read { db in
            KeyUse(
                pipelines: try Self.pipelines(db), livePartials: try Self.partials(db),
                pendingPublications: try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM pending_publications") ?? 0,
                oldestReadable: try Self.oldestReadable(db),
                holds: try Self.holds(db, now))
        }
    }

    private static func pipelines(_ db: Database) throws -> [KeyUse.Pipeline] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT key_needs.*, runs.now_ms FROM key_needs JOIN runs ON runs.id = (
                    SELECT max(id) FROM runs WHERE runs.pipeline = key_needs.pipeline)
                ORDER BY key_needs.pipeline
                """
        ).map { row in
            let needs = KeyNeeds(
                lengthsText: row["lengths"], usesDueMonths: row["due_months"],
                graceText: row["grace"], partsTell: row["parts_tell"])
            guard let needs else {
                throw LedgerFault.refused("the needs of a pipeline in the ledger cannot be read")
            }
            return KeyUse.Pipeline(
                name: row["pipeline"], needs: needs,
                lastRun: EventTime(milliseconds: row["now_ms"]))
        }
    }

    private static func partials(_ db: Database) throws -> [String: Int] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT key_id, count(*) AS n FROM partials JOIN runs ON runs.id = run_id
                WHERE partials.state = 'live' AND NOT EXISTS (
                    SELECT 1 FROM publications
                    WHERE data_set = runs.pipeline AND period = month AND kind <> 'provisional')
                GROUP BY key_id
                """)
        return Dictionary(rows.map { ($0["key_id"], $0["n"]) }, uniquingKeysWith: +)
    }

    private static func oldestReadable(_ db: Database) throws -> [EventTime] {
        try Int64.fetchAll(
            db,
            sql: """
                SELECT oldest_readable_ms FROM parts JOIN runs ON runs.id = parts.run_id
                JOIN key_needs ON key_needs.pipeline = runs.pipeline
                WHERE parts.state = 'current' AND parts_tell = 1 AND oldest_readable_ms IS NOT NULL
                ORDER BY oldest_readable_ms
                """
        ).map(EventTime.init(milliseconds:))
    }

    /// The holds that bind, once for each of the bounds that their subjects set to events.
    private static func holds(_ db: Database, _ now: EventTime) throws -> [KeyUse.Hold] {
        try bindingHolds(at: now, db).flatMap { record -> [KeyUse.Hold] in
            record.hold.subjects.reduce(into: []) { bounds, subject in
                let bound = KeyUse.Hold(
                    name: record.name, from: subject.from, until: subject.until,
                    end: record.hold.end)
                if !bounds.contains(bound) { bounds.append(bound) }
            }
        }
    }
}
