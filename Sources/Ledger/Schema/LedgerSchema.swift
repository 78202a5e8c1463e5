import GRDB

/// The tables of the ledger and how older ones are brought up to date.
///
/// Rules of all tables: times are milliseconds since 1970 UTC (`…_ms`), days are days since
/// 1970-01-01 in the pipeline's zone, months `yyyy-MM`, digests 64 lower-case hexadecimal digits,
/// paths absolute, or from the state folder where they move with it (`StoredPaths`). No identifier
/// of a record stands in any column: persons and customers are keyed hashes under the registry's
/// own key, keys are names and fingerprints. A released migration is never changed; changes are new
/// migrations.
struct LedgerSchema: Sendable {
    /// Marks the file as ours in the header of the database ("SLUI").
    static let applicationID = 0x534C_5549

    /// The schema of this version.
    static let current = LedgerSchema(migrations: [
        Migration(
            name: "1-spine",
            statements: [
                runs, sources, stores, parts, keys, registryKey, holds, registry, rights,
                statistics, events,
                "PRAGMA application_id = \(applicationID)",
            ]),
        Migration(name: "2-publications", statements: [publications]),
        Migration(name: "3-noise", statements: [noise]),
        Migration(name: "4-part-rules", statements: [partRules]),
        Migration(name: "5-listed-opt-outs", statements: [listedOptOuts]),
        Migration(name: "6-writer-marks", statements: [writerMarks]),
        Migration(
            name: "7-held-opt-outs", statements: [heldOptOuts, erasuresKnownToStores]),
        Migration(name: "8-counted-fields", statements: [countedFields, searchedRules]),
        Migration(name: "9-awaited-opt-outs", statements: [awaitedOptOuts]),
        Migration(name: "10-unsearched-opt-outs", statements: [unsearchedOptOuts]),
        Migration(name: "11-store-searches", statements: [storeSearches]),
        Migration(name: "12-stated-clocks", statements: [statedClocks]),
        Migration(name: "13-newest-days", statements: [newestDays]),
        Migration(name: "14-former-lists", statements: [formerLists]),
        Migration(name: "15-awaited-files", statements: [awaitedFiles]),
        Migration(name: "16-looked-again", statements: [lookedAgain]),
        Migration(name: "17-judged-parts", statements: [judgedParts]),
    ])

    /// One step from a version to the next.
    struct Migration: Sendable {
        /// A name that stands in the ledger once the step is done; never changed.
        let name: String
        let statements: [String]
    }

    /// In the order in which they are done, each once for every ledger.
    var migrations: [Migration]

    var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for migration in migrations {
            migrator.registerMigration(migration.name) { db in
                for sql in migration.statements { try db.execute(sql: sql) }
            }
        }
        return migrator
    }

    /// Runs, the tasks they consist of, and the renames a committed run still owes.
    private static let runs = """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            pipeline TEXT NOT NULL,
            command TEXT NOT NULL,
            plan_digest TEXT NOT NULL CHECK (length(plan_digest) = 64),
            started_ms INTEGER NOT NULL,
            finished_ms INTEGER NOT NULL,
            now_ms INTEGER NOT NULL,
            cutoff_ms INTEGER,
            state TEXT NOT NULL CHECK (state IN ('committed', 'published')),
            records_read INTEGER NOT NULL CHECK (records_read >= 0),
            records_written INTEGER NOT NULL CHECK (records_written >= 0),
            records_dropped INTEGER NOT NULL CHECK (records_dropped >= 0),
            records_quarantined INTEGER NOT NULL CHECK (records_quarantined >= 0),
            counts TEXT NOT NULL,
            CHECK (records_read = records_written + records_dropped + records_quarantined)
        ) STRICT;
        CREATE INDEX runs_of_pipeline ON runs (pipeline, id);
        CREATE TABLE pending_publications (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            action TEXT NOT NULL CHECK (action IN ('publish', 'replace', 'remove')),
            directory TEXT NOT NULL,
            temporary_name TEXT,
            final_name TEXT NOT NULL,
            sha256 TEXT CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            old_inode INTEGER,
            old_byte_count INTEGER,
            old_modified_ns INTEGER,
            CHECK ((action <> 'remove') = (temporary_name IS NOT NULL AND sha256 IS NOT NULL)),
            CHECK ((action = 'replace') = (old_inode IS NOT NULL
                AND old_byte_count IS NOT NULL AND old_modified_ns IS NOT NULL))
        ) STRICT;
        CREATE INDEX pending_of_run ON pending_publications (run_id, id);
        """

    /// Sources by content: the stream they belong to, digest and length of the uncompressed bytes.
    private static let sources = """
        CREATE TABLE streams (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE sources (
            id INTEGER PRIMARY KEY,
            stream_id INTEGER NOT NULL REFERENCES streams (id),
            run_id INTEGER NOT NULL REFERENCES runs (id),
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            counted_from INTEGER NOT NULL CHECK (counted_from BETWEEN 0 AND byte_count),
            records INTEGER NOT NULL CHECK (records >= 0),
            state TEXT NOT NULL CHECK (state IN ('counted', 'redone'))
        ) STRICT;
        CREATE UNIQUE INDEX sources_counted_once ON sources (stream_id, sha256, byte_count)
            WHERE state = 'counted';
        CREATE TABLE segments (
            source_id INTEGER NOT NULL REFERENCES sources (id),
            ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
            start INTEGER NOT NULL CHECK (start >= 0),
            byte_count INTEGER NOT NULL CHECK (byte_count > 0),
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            records INTEGER NOT NULL CHECK (records >= 0),
            head_lines INTEGER NOT NULL CHECK (head_lines >= 0),
            head INTEGER NOT NULL,
            PRIMARY KEY (source_id, ordinal)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX segments_by_content ON segments (sha256, byte_count);
        CREATE TABLE tasks (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            source_id INTEGER REFERENCES sources (id),
            name TEXT NOT NULL,
            attempt TEXT NOT NULL,
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            UNIQUE (run_id, name)
        ) STRICT;
        CREATE TABLE input_lists (
            kind TEXT NOT NULL CHECK (kind IN ('opt-outs', 'holds', 'reference-table')),
            name TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            entries INTEGER NOT NULL CHECK (entries >= 0),
            memory_sha256 TEXT CHECK (length(memory_sha256) = 64),
            run_id INTEGER NOT NULL REFERENCES runs (id),
            PRIMARY KEY (kind, name)
        ) STRICT, WITHOUT ROWID;
        """

    /// Stores that are aged in place: what their files held when they were last looked at, by
    /// content. `rules` is the digest of what was applied; `settled_ms` the clock of that run: what
    /// was due then was dealt with; `next_due_ms` when something in it becomes due; `dealt_clocks`,
    /// where it is not just what was due then, what is dealt with, one bit for each clock; `mixed`
    /// whether a content has such segments. `store_rules` keeps what rules were, field by field,
    /// and `store_lines` eight bytes of the digest of each line in which something was dealt with.
    /// `store_places` says where which content lay when the last run had been over it.
    private static let stores = """
        CREATE TABLE store_contents (
            store TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            rules TEXT NOT NULL CHECK (length(rules) = 64),
            settled_ms INTEGER NOT NULL,
            next_due_ms INTEGER,
            records INTEGER NOT NULL CHECK (records >= 0),
            unreadable INTEGER NOT NULL CHECK (unreadable >= 0),
            mixed INTEGER NOT NULL CHECK (mixed IN (0, 1)),
            run_id INTEGER NOT NULL REFERENCES runs (id),
            PRIMARY KEY (store, sha256, byte_count)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE store_segments (
            store TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count > 0),
            lines INTEGER NOT NULL CHECK (lines > 0),
            head_lines INTEGER NOT NULL CHECK (head_lines > 0),
            head INTEGER NOT NULL,
            rules TEXT NOT NULL CHECK (length(rules) = 64),
            settled_ms INTEGER NOT NULL,
            dealt_clocks INTEGER,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            PRIMARY KEY (store, sha256, byte_count)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE store_rules (
            rules TEXT PRIMARY KEY CHECK (length(rules) = 64),
            fields TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE store_lines (
            id INTEGER PRIMARY KEY,
            store TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            rules TEXT NOT NULL CHECK (length(rules) = 64),
            settled_ms INTEGER NOT NULL,
            dealt_clocks INTEGER,
            lines BLOB NOT NULL,
            run_id INTEGER NOT NULL REFERENCES runs (id)
        ) STRICT;
        CREATE INDEX store_lines_of_content ON store_lines (store, sha256, byte_count);
        CREATE TABLE store_places (
            store TEXT NOT NULL,
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            held INTEGER NOT NULL CHECK (held >= 0),
            aged INTEGER NOT NULL CHECK (aged IN (0, 1)),
            next_due_ms INTEGER,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            PRIMARY KEY (store, path)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE store_runs (
            store TEXT NOT NULL,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            files INTEGER NOT NULL CHECK (files >= 0),
            changed INTEGER NOT NULL CHECK (changed >= 0),
            removed INTEGER NOT NULL CHECK (removed >= 0),
            PRIMARY KEY (store, run_id)
        ) STRICT, WITHOUT ROWID;
        """

    /// What was written: the parts of outputs, other files (tables, terms, quarantine lists), and
    /// what went to recipients.
    private static let parts = """
        CREATE TABLE outputs (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('output', 'disclosure', 'store')),
            purpose TEXT NOT NULL
        ) STRICT;
        CREATE TABLE parts (
            id INTEGER PRIMARY KEY,
            output_id INTEGER NOT NULL REFERENCES outputs (id),
            run_id INTEGER NOT NULL REFERENCES runs (id),
            source_id INTEGER REFERENCES sources (id),
            source_range TEXT NOT NULL CHECK (length(source_range) = 64),
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            records INTEGER NOT NULL CHECK (records >= 0),
            day INTEGER,
            oldest_readable_ms INTEGER,
            delete_by_ms INTEGER,
            plan_digest TEXT NOT NULL CHECK (length(plan_digest) = 64),
            state TEXT NOT NULL CHECK (state IN ('current', 'replaced', 'removed')),
            ended_run_id INTEGER REFERENCES runs (id),
            CHECK ((state = 'current') = (ended_run_id IS NULL))
        ) STRICT;
        CREATE UNIQUE INDEX parts_one_per_path ON parts (path) WHERE state = 'current';
        CREATE INDEX parts_that_age ON parts (output_id, oldest_readable_ms)
            WHERE state = 'current';
        CREATE TABLE part_keys (
            part_id INTEGER NOT NULL REFERENCES parts (id),
            key_id TEXT NOT NULL REFERENCES keys (id),
            PRIMARY KEY (part_id, key_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE files (
            path TEXT NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('table', 'terms', 'quarantine')),
            name TEXT NOT NULL,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            delete_by_ms INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY,
            part_id INTEGER NOT NULL REFERENCES parts (id),
            recipient TEXT NOT NULL,
            purpose TEXT NOT NULL,
            opt_outs_as_of_ms INTEGER NOT NULL,
            delete_by_ms INTEGER,
            UNIQUE (part_id, recipient)
        ) STRICT;
        """

    /// By which rules a part was dealt with, field by field (`field_rules`), and those under which
    /// a run has looked at it since and found nothing to do.
    private static let partRules = """
        ALTER TABLE store_rules RENAME TO field_rules;
        ALTER TABLE parts ADD COLUMN rules TEXT CHECK (length(rules) = 64);
        ALTER TABLE parts ADD COLUMN looked_rules TEXT CHECK (length(looked_rules) = 64);
        ALTER TABLE part_dealings ADD COLUMN rules TEXT CHECK (length(rules) = 64);
        """

    /// The day from which a part's time counts until it expires: the pipeline may say later that it
    /// is to go sooner.
    private static let newestDays = "ALTER TABLE parts ADD COLUMN newest_day INTEGER"

    /// The lists of quarantine that had to go: one on a disk that was away goes when it is back.
    private static let formerLists = """
        CREATE TABLE former_lists (path TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
        """

    /// A look under changed rules did not note what it found of each record, nor that what lay
    /// ahead of the clock is to be looked at when its time has come: every part is looked at once
    /// more.
    private static let lookedAgain = """
        UPDATE parts SET looked_rules = NULL WHERE state = 'current';
        """

    /// Of parts that runs could not judge, the last run that did: they wait with what it knew.
    private static let judgedParts = """
        ALTER TABLE parts ADD COLUMN judged_run_id INTEGER REFERENCES runs (id);
        CREATE INDEX parts_that_wait ON parts (judged_run_id)
            WHERE state = 'current' AND judged_run_id IS NOT NULL;
        """

    /// Up to which erasure the content of a store was searched: those that came later may be in it,
    /// whatever the clock said when they came.
    private static let erasuresKnownToStores = """
        ALTER TABLE store_contents ADD COLUMN erasure_id INTEGER NOT NULL DEFAULT 0;
        """

    /// Whether somebody had said what time it was in a run, or its clock was the system's.
    private static let statedClocks = """
        ALTER TABLE runs ADD COLUMN now_is_stated INTEGER NOT NULL DEFAULT 0
            CHECK (now_is_stated IN (0, 1));
        """

    /// The marks that temporary files of this state carry: one for each place where it has lain.
    private static let writerMarks = """
        CREATE TABLE writer_marks (
            mark TEXT NOT NULL PRIMARY KEY CHECK (length(mark) = 16)
        ) STRICT, WITHOUT ROWID;
        """

    /// Names of keys, never key bytes. The key store is the authority; this is the history. A key
    /// that no run of this state has used has no first run. `key_needs` tells other states that
    /// share the key store how long the pipelines of this one need keys.
    private static let keys = """
        CREATE TABLE keys (
            id TEXT NOT NULL PRIMARY KEY,
            fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
            month TEXT CHECK (length(month) = 7),
            zone TEXT,
            state TEXT NOT NULL CHECK (state IN ('active', 'closing', 'destroyed')),
            first_run_id INTEGER REFERENCES runs (id),
            closing_ms INTEGER,
            destroyed_ms INTEGER,
            destroyed_by TEXT,
            method TEXT,
            reason TEXT,
            CHECK ((month IS NULL) = (zone IS NULL)),
            CHECK (state <> 'active' OR closing_ms IS NULL),
            CHECK (state <> 'closing' OR closing_ms IS NOT NULL),
            CHECK ((state = 'destroyed') = (destroyed_ms IS NOT NULL)),
            CHECK ((destroyed_ms IS NULL) = (destroyed_by IS NULL)),
            CHECK ((destroyed_ms IS NULL) = (method IS NULL)),
            CHECK ((destroyed_ms IS NULL) = (reason IS NULL))
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE key_needs (
            pipeline TEXT NOT NULL PRIMARY KEY,
            lengths TEXT NOT NULL,
            due_months INTEGER NOT NULL CHECK (due_months IN (0, 1)),
            grace TEXT NOT NULL,
            parts_tell INTEGER NOT NULL CHECK (parts_tell IN (0, 1)),
            run_id INTEGER NOT NULL REFERENCES runs (id)
        ) STRICT, WITHOUT ROWID;
        """
}
