import GRDB
import KeyedHashing
import Records

/// Enters one run commit, inside a transaction.
struct RunWriter {
    let db: Database
    let commit: RunCommit
    let paths: StoredPaths
    var run: Int64 = 0
    private var sources: [Int64] = []
    private(set) var tasks: [Int64] = []

    init(db: Database, commit: RunCommit, paths: StoredPaths) {
        self.db = db
        self.paths = paths
        self.commit = commit
    }

    mutating func write() throws -> Int64 {
        try writeRun()
        for source in commit.sources { sources.append(try write(source)) }
        for task in commit.tasks { tasks.append(try write(task)) }
        for key in commit.keys { try write(key) }
        try writeHolds()
        try write(commit.keyNeeds)
        try writeParts()
        if let store = commit.store { try write(store, run: run) }
        try writePartials()
        try writeFiles()
        for publication in commit.publications { try write(publication) }
        for list in commit.inputLists { try write(list) }
        for name in commit.forgottenTables {
            try db.execute(
                sql: "DELETE FROM input_lists WHERE kind = ? AND name = ?",
                arguments: [InputList.Kind.referenceTable.rawValue, name])
        }
        if let (list, lines) = commit.optOutTargets { try write(lines, ofOptOutList: list) }
        try Ledger.enter(commit.optOuts, time: commit.now, db)
        try write(commit.heldOptOuts)
        if let lines = commit.unsearchedLines { try write(lines) }
        try raiseRecalls()
        try appendEvents()
        try endErasures()
        for publication in commit.published { try publish(publication, run: run) }
        return run
    }

    private func writeHolds() throws {
        for hold in Set(commit.holds) {
            try db.execute(
                sql: "INSERT INTO run_holds (run_id, hold_id) VALUES (?, ?)",
                arguments: [run, hold])
        }
    }

    /// Parts give up their names before others take them.
    private func writeParts() throws {
        try endParts(commit.removedParts, as: "removed")
        for part in commit.parts { try endParts(part.replaces, as: "replaced") }
        for part in commit.parts { try write(part) }
        try noteStayingParts()
        for (output, recipients, purpose) in commit.shared {
            for recipient in Set(recipients) { try deliver(output, to: recipient, for: purpose) }
        }
    }

    /// Enters the deliveries of the current parts of an output that `recipient` did not get before.
    private func deliver(
        _ output: String, to recipient: String, for purpose: String
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO deliveries (part_id, recipient, purpose, opt_outs_as_of_ms,
                    delete_by_ms)
                SELECT parts.id, ?1, ?2, ?3, parts.delete_by_ms
                FROM parts JOIN outputs ON outputs.id = output_id
                WHERE outputs.name = ?4 AND parts.state = 'current' AND NOT EXISTS (
                    SELECT 1 FROM deliveries WHERE part_id = parts.id AND recipient = ?1)
                ORDER BY parts.id
                """,
            arguments: [recipient, purpose, commit.now.milliseconds, output])
    }

    private func writePartials() throws {
        for partial in commit.removedPartials { try endPartial(partial) }
        for partial in commit.replacedPartials { try replace(partial) }
        for partial in commit.givenUpPartials { try giveUp(partial) }
        for field in commit.countedFields { try write(field) }
        for partial in commit.partials { try write(partial) }
    }

    private func raiseRecalls() throws {
        for recall in commit.recalls {
            try Recalls.raise(
                recall.cause, part: recall.part, time: commit.now, paths, db)
        }
        for recall in commit.recalledDeliveries {
            try Recalls.raise(recall.cause, delivery: recall.delivery, time: commit.now, db)
        }
    }

    /// Adds what the run did to the chain of events.
    private func appendEvents() throws {
        try EventChain.append(RunEvent.kind, event, time: commit.finished, db)
        for measurement in commit.measurements {
            try EventChain.append(
                RowMeasurement.kind,
                measurement.payload(pipeline: commit.pipeline, now: commit.now),
                time: commit.finished, db)
        }
        if !commit.givenUpPartials.isEmpty {
            try EventChain.append(
                "partials-given-up",
                ["partials": .array(commit.givenUpPartials.map { .integer($0) })],
                time: commit.finished, db)
        }
        if let store = commit.store {
            try EventChain.append("store-aged", event(store, run), time: commit.finished, db)
        }
    }

    private func endErasures() throws {
        for erasure in commit.finishedErasures {
            try Ledger.finish(erasure: erasure, time: commit.now, db)
        }
        for block in commit.blockedErasures {
            try Ledger.block(erasure: block, time: commit.now, db)
        }
        for id in commit.outdatedStoreSearches {
            try Ledger.forgetStoreSearch(forErasure: id, time: commit.now, db)
        }
        if let awaiting = commit.awaitingErasures { try noteAwaited(awaiting) }
    }

    /// Notes which erasures wait for files alone. Any other is to look through everything again.
    private func noteAwaited(_ awaiting: [(erasure: Int64, files: Set<String>)]) throws {
        try db.execute(
            sql: """
                DELETE FROM awaited_files;
                UPDATE erasures SET looked_run_id = NULL, looked_plan = NULL
                WHERE looked_run_id IS NOT NULL
                """)
        for (erasure, files) in awaiting {
            try db.execute(
                sql: "UPDATE erasures SET looked_run_id = ?, looked_plan = ? WHERE id = ?",
                arguments: [run, commit.plan.hex, erasure])
            for path in files.sorted() {
                try db.execute(
                    sql: "INSERT INTO awaited_files (erasure_id, path) VALUES (?, ?)",
                    arguments: [erasure, paths.stored(path)])
            }
        }
    }

    /// Enters what is known now of parts that stay, and the rules that parts name.
    private func noteStayingParts() throws {
        for noted in commit.dealings { try write(noted.dealings, ofPart: noted.part) }
        for known in commit.readable {
            try db.execute(
                sql: "UPDATE parts SET oldest_readable_ms = ? WHERE id = ?",
                arguments: [known.oldest?.milliseconds, known.part])
        }
        for known in commit.newestDays {
            try db.execute(
                sql: "UPDATE parts SET newest_day = ? WHERE id = ?",
                arguments: [known.day, known.part])
        }
        try write(rules: commit.ruleTexts)
        for looked in commit.lookedAt {
            try db.execute(
                sql: "UPDATE parts SET looked_rules = ? WHERE id = ?",
                arguments: [looked.rules.hex, looked.part])
        }
        let judges =
            commit.unjudged.map { (part: $0.part, run: Int64?.some($0.judgedBy)) }
            + commit.judgedAgain.map { (part: $0, run: nil) }
        for judge in judges {
            try db.execute(
                sql: "UPDATE parts SET judged_run_id = ? WHERE id = ?",
                arguments: [judge.run, judge.part])
        }
    }

    private mutating func writeRun() throws {
        let counts = commit.counts
        let details = CanonicalJSON.object(
            counts.details.map { (name: $0.key, value: .integer($0.value)) })
        // Nothing owed: the run is published as soon as it is committed.
        let state = commit.publications.isEmpty ? "published" : "committed"
        try db.execute(
            sql: """
                INSERT INTO runs (name, pipeline, command, plan_digest, started_ms, finished_ms,
                    now_ms, cutoff_ms, state, records_read, records_written, records_dropped,
                    records_quarantined, counts, now_is_stated)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                commit.name, commit.pipeline, commit.command, commit.plan.hex,
                commit.started.milliseconds, commit.finished.milliseconds,
                commit.now.milliseconds, commit.cutoff?.milliseconds, state, counts.read,
                counts.written, counts.dropped, counts.quarantined, details.written,
                commit.isClockStated,
            ])
        run = db.lastInsertedRowID
    }

    private func write(_ list: InputList) throws {
        try db.execute(
            sql: """
                INSERT INTO input_lists (kind, name, sha256, entries, memory_sha256, run_id)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (kind, name) DO UPDATE SET sha256 = excluded.sha256,
                    entries = excluded.entries, memory_sha256 = excluded.memory_sha256,
                    run_id = excluded.run_id
                """,
            arguments: [
                list.kind.rawValue, list.name, list.digest.hex, list.entries, list.memory?.hex,
                run,
            ])
        if let lines = list.lines { try write(lines, ofOptOutList: list.name) }
    }

    private func write(_ lines: Set<Digest256>, ofOptOutList list: String) throws {
        try db.execute(sql: "DELETE FROM listed_opt_outs WHERE list = ?", arguments: [list])
        for line in lines {
            try db.execute(
                sql: "INSERT INTO listed_opt_outs (list, line) VALUES (?, ?)",
                arguments: [list, line.hex])
        }
    }

    private func write(_ source: CountedSource) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO streams (name) VALUES (?) ON CONFLICT DO NOTHING",
            arguments: [source.stream])
        let stream = try Int64.fetchOne(
            db, sql: "SELECT id FROM streams WHERE name = ?", arguments: [source.stream])
        if source.isRedo { try undo(source, stream) }
        try db.execute(
            sql: """
                INSERT INTO sources (stream_id, run_id, sha256, byte_count, counted_from, records,
                    state)
                VALUES (?, ?, ?, ?, ?, ?, 'counted')
                """,
            arguments: [
                stream, run, source.content.digest.hex, source.content.byteCount,
                source.countedFrom, source.records,
            ])
        let id = db.lastInsertedRowID
        for (ordinal, segment) in source.segments.enumerated() {
            try db.execute(
                sql: """
                    INSERT INTO segments (source_id, ordinal, start, byte_count, sha256, records,
                        head_lines, head)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, ordinal, segment.start, segment.content.byteCount,
                    segment.content.digest.hex, segment.records, segment.headLines, segment.head,
                ])
        }
        return id
    }

    /// Takes back what an earlier run made of the same source.
    private func undo(_ source: CountedSource, _ stream: Int64?) throws {
        let earlier = try Int64.fetchOne(
            db,
            sql: """
                SELECT id FROM sources
                WHERE stream_id = ? AND sha256 = ? AND byte_count = ? AND state = 'counted'
                """,
            arguments: [stream, source.content.digest.hex, source.content.byteCount])
        guard let earlier else { throw LedgerFault.refused("a redone source was never counted") }
        let published = try Int.fetchOne(
            db,
            sql: """
                SELECT 1 FROM partials JOIN publication_partials ON partial_id = partials.id
                WHERE source_id = ? LIMIT 1
                """,
            arguments: [earlier])
        guard published == nil else {
            throw LedgerFault.refused("a redone source is part of a publication")
        }
        try db.execute(
            sql: "UPDATE sources SET state = 'redone' WHERE id = ?", arguments: [earlier])
        try db.execute(
            sql: """
                UPDATE parts SET state = 'replaced', ended_run_id = ?
                WHERE source_id = ? AND state = 'current'
                """,
            arguments: [run, earlier])
        try db.execute(
            sql: """
                UPDATE partials SET state = 'superseded' WHERE source_id = ? AND state = 'live'
                """,
            arguments: [earlier])
    }

    private func write(_ task: CommittedTask) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO tasks (run_id, source_id, name, attempt, digest)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                run, try source(task.source), task.name, task.attempt, task.digest.hex,
            ])
        return db.lastInsertedRowID
    }

    private func write(_ key: UsedKey) throws {
        let known = try Row.fetchOne(
            db, sql: "SELECT fingerprint, state FROM keys WHERE id = ?", arguments: [key.id.text])
        if let known {
            let (fingerprint, state): (String, String) = (known["fingerprint"], known["state"])
            guard fingerprint.utf8.elementsEqual(key.fingerprint.text.utf8) else {
                throw LedgerFault.refused("a key has the name of another key")
            }
            guard !state.utf8.elementsEqual("destroyed".utf8) else {
                throw LedgerFault.refused("a destroyed key was used")
            }
            return
        }
        try db.execute(
            sql: """
                INSERT INTO keys (id, fingerprint, month, zone, state, first_run_id)
                VALUES (?, ?, ?, ?, 'active', ?)
                """,
            arguments: [
                key.id.text, key.fingerprint.text, key.id.epoch?.month.text, key.id.epoch?.zone,
                run,
            ])
    }

    private func write(_ needs: KeyNeeds?) throws {
        try db.execute(
            sql: "DELETE FROM key_needs WHERE pipeline = ?", arguments: [commit.pipeline])
        guard let needs else { return }
        try db.execute(
            sql: """
                INSERT INTO key_needs (pipeline, lengths, due_months, grace, parts_tell, run_id)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                commit.pipeline, needs.lengthsText, needs.usesDueMonths, needs.grace.text,
                needs.partsTell, run,
            ])
    }

    func source(_ index: Int?) throws -> Int64? {
        guard let index else { return nil }
        guard sources.indices.contains(index) else {
            throw LedgerFault.refused("a part, partial or task names no source of its run")
        }
        return sources[index]
    }

    private func endParts(_ ids: [Int64], as state: String) throws {
        for id in ids {
            try db.execute(
                sql: """
                    UPDATE parts SET state = ?, ended_run_id = ?
                    WHERE id = ? AND state = 'current'
                    """,
                arguments: [state, run, id])
            guard db.changesCount == 1 else {
                throw LedgerFault.refused("a part to be replaced or removed is not current")
            }
        }
    }

    func endPartial(_ id: Int64) throws {
        try db.execute(
            sql: """
                UPDATE partials SET state = 'removed'
                WHERE id = ? AND state IN ('live', 'published')
                """,
            arguments: [id])
        guard db.changesCount == 1 else {
            throw LedgerFault.refused("a partial to be removed is not there any more")
        }
    }
}
