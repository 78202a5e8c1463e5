import GRDB
import KeyedHashing
package import Records

extension Ledger {
    /// Enters a run: in one transaction the run, its sources, tasks, keys, parts and partials, the
    /// renames it owes, and the event; returns the number of the run.
    ///
    /// Refused, with nothing entered: counts that do not add up, a source that is counted already
    /// (unless it is a redo), a redo of a source that is in a publication, a replaced part that is
    /// not current, a destroyed key.
    @discardableResult
    package func commitRun(_ commit: RunCommit) throws(LedgerFault) -> Int64 {
        guard commit.counts.isConserved else {
            throw .refused("records read are not records written, dropped and quarantined")
        }
        return try write { db in
            var writer = RunWriter(db: db, commit: commit, paths: paths)
            return try writer.write()
        }
    }

    /// The renames and removals that committed runs still owe, oldest first; done again they do no
    /// harm.
    package func pendingPublications() throws(LedgerFault) -> [OwedPublication] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM pending_publications ORDER BY id")
                .map { try OwedPublication($0, paths) }
        }
    }

    /// Notes that everything a run owed is done and durable.
    package func markPublished(run: Int64, time: EventTime) throws(LedgerFault) {
        try write { db in
            try db.execute(
                sql: "UPDATE runs SET state = 'published' WHERE id = ? AND state = 'committed'",
                arguments: [run])
            guard db.changesCount == 1 else {
                throw LedgerFault.refused("the run does not wait for its publication")
            }
            try db.execute(
                sql: "DELETE FROM pending_publications WHERE run_id = ?", arguments: [run])
            try EventChain.append("run-published", ["run": .integer(run)], time: time, db)
        }
    }
}

/// A pending publication and the run that owes it.
package struct OwedPublication: Sendable, Equatable {
    package let run: Int64
    package let publication: PendingPublication

    init(_ row: Row, _ paths: StoredPaths) throws {
        run = row["run_id"]
        let action: PendingPublication.Action
        if let temporary: String = row["temporary_name"], let sha256: String = row["sha256"] {
            let content = ContentIdentity(
                digest: try digest(sha256), byteCount: row["byte_count"])
            if let inode: Int64 = row["old_inode"] {
                action = .replace(
                    temporaryName: temporary, content,
                    PendingPublication.Place(
                        inode: inode, byteCount: row["old_byte_count"],
                        modifiedNanoseconds: row["old_modified_ns"]))
            } else {
                action = .publish(temporaryName: temporary, content)
            }
        } else {
            action = .remove
        }
        publication = PendingPublication(
            directory: paths.absolute(row["directory"]), finalName: row["final_name"],
            action: action)
    }
}

/// Reads a digest from a column; one that is none means a damaged file.
func digest(_ hex: String) throws -> Digest256 {
    guard let digest = Digest256(hex: hex) else {
        throw LedgerFault.refused("a digest in the ledger is not one")
    }
    return digest
}
