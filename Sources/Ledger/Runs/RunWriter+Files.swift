import GRDB
import KeyedHashing
import Records

/// What a commit enters of files: parts, partials and others, and the names that they still owe.
extension RunWriter {
    /// The rows of the new file are those of the old one, but for path and content: what they were
    /// published in, too.
    func replace(_ partial: ReplacedPartial) throws {
        for id in partial.ids {
            let state = try String.fetchOne(
                db, sql: "SELECT state FROM partials WHERE id = ?", arguments: [id])
            try endPartial(id)
            try db.execute(
                sql: """
                    INSERT INTO partials (run_id, task_id, source_id, statistic_set, month, key_id,
                        path, sha256, byte_count, state)
                    SELECT ?, task_id, source_id, statistic_set, month, key_id, ?, ?, ?, ?
                    FROM partials WHERE id = ?
                    """,
                arguments: [
                    run, paths.stored(partial.path), partial.content.digest.hex,
                    partial.content.byteCount, state, id,
                ])
            try db.execute(
                sql: """
                    INSERT INTO publication_partials (publication_id, partial_id)
                    SELECT publication_id, ? FROM publication_partials WHERE partial_id = ?
                    """,
                arguments: [db.lastInsertedRowID, id])
        }
    }

    func giveUp(_ partial: Int64) throws {
        try endPartial(partial)
        try db.execute(
            sql: "INSERT INTO given_up_partials (partial_id, run_id) VALUES (?, ?)",
            arguments: [partial, run])
    }

    func write(_ field: CountedField) throws {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO counted_fields (statistic_set, kind, field)
                VALUES (?, ?, ?)
                """,
            arguments: [field.statisticSet, field.kind?.rawValue ?? "other", field.field])
    }

    func write(_ part: NewPart) throws {
        let id = try writeRow(of: part)
        for key in Set(part.keyIDs.map(\.text)) {
            try db.execute(
                sql: "INSERT INTO part_keys (part_id, key_id) VALUES (?, ?)",
                arguments: [id, key])
        }
        for run in Set(part.olderRuns) {
            try db.execute(
                sql: "INSERT INTO part_generations (part_id, run_id) VALUES (?, ?)",
                arguments: [id, run])
        }
        try write(part.dealings, ofPart: id)
        try writeDeliveries(of: part, id)
        // Tokens of earlier keys lie in what was taken over from the parts before.
        for replaced in part.replaces {
            try db.execute(
                sql: """
                    INSERT OR IGNORE INTO part_keys (part_id, key_id)
                    SELECT ?, key_id FROM part_keys WHERE part_id = ?
                    """,
                arguments: [id, replaced])
        }
    }

    /// Enters the part itself, without what belongs to it, and gives its number.
    private func writeRow(of part: NewPart) throws -> Int64 {
        let output = try output(of: part)
        try db.execute(
            sql: """
                INSERT INTO parts (output_id, run_id, source_id, source_range, path, sha256,
                    byte_count, records, day, oldest_readable_ms, delete_by_ms, newest_day,
                    plan_digest, rules, state)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'current')
                """,
            arguments: [
                output, run, try source(part.source), part.sourceRange.hex,
                paths.stored(part.path), part.content.digest.hex, part.content.byteCount,
                part.records, part.day, part.oldestReadable?.milliseconds,
                part.deleteBy?.milliseconds, part.newestDay, commit.plan.hex, part.rules?.hex,
            ])
        return db.lastInsertedRowID
    }

    /// The number of the part's output, which is entered with the first part of it.
    private func output(of part: NewPart) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO outputs (name, kind, purpose) VALUES (?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET purpose = excluded.purpose
                """,
            arguments: [part.output, part.kind.rawValue, part.purpose])
        let output = try Int64.fetchOne(
            db, sql: "SELECT id FROM outputs WHERE name = ? AND kind = ? AND purpose = ?",
            arguments: [part.output, part.kind.rawValue, part.purpose])
        guard let output else {
            throw LedgerFault.refused("an output has changed its kind")
        }
        return output
    }

    private func writeDeliveries(of part: NewPart, _ id: Int64) throws {
        for recipient in Set(part.recipients) {
            try db.execute(
                sql: """
                    INSERT INTO deliveries (part_id, recipient, purpose, opt_outs_as_of_ms,
                        delete_by_ms)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, recipient, part.purpose, commit.now.milliseconds,
                    part.deleteBy?.milliseconds,
                ])
        }
    }

    func write(_ partial: NewPartial) throws {
        var task: Int64?
        if let index = partial.task {
            guard tasks.indices.contains(index) else {
                throw LedgerFault.refused("a partial names no task of its run")
            }
            task = tasks[index]
        }
        try db.execute(
            sql: """
                INSERT INTO partials (run_id, task_id, source_id, statistic_set, month, key_id,
                    path, sha256, byte_count, state)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'live')
                """,
            arguments: [
                run, task, try source(partial.source), partial.statisticSet, partial.month.text,
                partial.keyID.text, paths.stored(partial.path), partial.content.digest.hex,
                partial.content.byteCount,
            ])
    }

    func write(_ publication: PendingPublication) throws {
        var temporaryName: String?
        var content: ContentIdentity?
        var old: PendingPublication.Place?
        let action: String
        switch publication.action {
        case .publish(let name, let identity):
            (action, temporaryName, content) = ("publish", name, identity)
        case .replace(let name, let identity, let place):
            (action, temporaryName, content, old) = ("replace", name, identity, place)
        case .remove: action = "remove"
        }
        try db.execute(
            sql: """
                INSERT INTO pending_publications (run_id, action, directory, temporary_name,
                    final_name, sha256, byte_count, old_inode, old_byte_count, old_modified_ns)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                run, action, paths.stored(publication.directory), temporaryName,
                publication.finalName, content?.digest.hex, content?.byteCount ?? 0, old?.inode,
                old?.byteCount, old?.modifiedNanoseconds,
            ])
    }

    func writeFiles() throws {
        for path in commit.removedFiles {
            for form in paths.forms(path) {
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO former_lists (path)
                        SELECT path FROM files WHERE path = ? AND kind = 'quarantine'
                        """,
                    arguments: [form])
            }
        }
        for path in commit.removedFiles + commit.files.map(\.path) {
            for form in paths.forms(path) {
                try db.execute(sql: "DELETE FROM files WHERE path = ?", arguments: [form])
            }
        }
        for file in commit.files {
            try db.execute(
                sql: """
                    INSERT INTO files (path, kind, name, run_id, sha256, byte_count, delete_by_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    paths.stored(file.path), file.kind.rawValue, file.name, run,
                    file.content.digest.hex, file.content.byteCount, file.deleteBy?.milliseconds,
                ])
        }
    }

    var event: CanonicalJSON {
        RunEvent(
            run: run, name: commit.name, pipeline: commit.pipeline, command: commit.command,
            plan: commit.plan.hex, now: commit.now.milliseconds,
            cutoff: commit.cutoff?.milliseconds, counts: commit.counts,
            sources: commit.sources.map(\.content.digest.hex),
            parts: commit.parts.map(\.content.digest.hex),
            partials: commit.replacedPartials.flatMap { file in
                file.ids.map { _ in file.content.digest.hex }
            } + commit.partials.map(\.content.digest.hex)
        ).payload(keys: commit.keys.map(\.id.text))
    }
}
