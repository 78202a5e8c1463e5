extension LedgerSchema {
    /// The registry's key: its name and fingerprint, never its bytes. One row at most.
    static let registryKey = """
        CREATE TABLE registry_keys (
            id TEXT NOT NULL PRIMARY KEY,
            fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
            noted_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// Holds, what each binds, and which of them bound in a run. `subject` is a keyed hash, except
    /// for a range of addresses, which cannot be matched as one, and a period, which names nobody.
    /// `part_generations` names the earlier runs that left held records of a part as they were,
    /// `part_dealings` says what is dealt with in them, one bit for each clock.
    static let holds = """
        CREATE TABLE holds (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            ground TEXT NOT NULL CHECK (ground IN ('own-decision', 'law')),
            citation TEXT,
            reason TEXT NOT NULL,
            raised_by TEXT NOT NULL,
            raised_ms INTEGER NOT NULL,
            notice_ms INTEGER,
            start_ms INTEGER NOT NULL,
            end_ms INTEGER CHECK (end_ms > start_ms),
            released_ms INTEGER,
            released_by TEXT,
            CHECK (ground <> 'own-decision' OR (notice_ms IS NOT NULL AND notice_ms <= start_ms)),
            CHECK (ground <> 'law' OR citation IS NOT NULL),
            CHECK ((released_ms IS NULL) = (released_by IS NULL))
        ) STRICT;
        CREATE TABLE hold_subjects (
            hold_id INTEGER NOT NULL REFERENCES holds (id),
            ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
            kind TEXT NOT NULL
                CHECK (kind IN ('customer', 'user', 'address', 'network', 'period')),
            subject TEXT,
            key_id TEXT REFERENCES registry_keys (id),
            from_ms INTEGER,
            until_ms INTEGER,
            PRIMARY KEY (hold_id, ordinal),
            CHECK ((kind = 'period') = (subject IS NULL)),
            CHECK ((kind IN ('customer', 'user', 'address')) = (key_id IS NOT NULL)),
            CHECK (kind <> 'period' OR from_ms IS NOT NULL OR until_ms IS NOT NULL)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE hold_outputs (
            hold_id INTEGER NOT NULL REFERENCES holds (id),
            output TEXT NOT NULL,
            PRIMARY KEY (hold_id, output)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE run_holds (
            run_id INTEGER NOT NULL REFERENCES runs (id),
            hold_id INTEGER NOT NULL REFERENCES holds (id),
            PRIMARY KEY (run_id, hold_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE part_generations (
            part_id INTEGER NOT NULL REFERENCES parts (id),
            run_id INTEGER NOT NULL REFERENCES runs (id),
            PRIMARY KEY (part_id, run_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE part_dealings (
            part_id INTEGER NOT NULL REFERENCES parts (id),
            from_byte INTEGER NOT NULL CHECK (from_byte >= 0),
            to_byte INTEGER NOT NULL CHECK (to_byte > from_byte),
            clocks INTEGER NOT NULL,
            PRIMARY KEY (part_id, from_byte)
        ) STRICT, WITHOUT ROWID;
        """

    /// Opt-outs and objections: keyed hash of who, the scope, the dates, and nothing else. `within`
    /// limits a user to the records of one customer.
    static let registry = """
        CREATE TABLE opt_outs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('customer', 'user')),
            subject TEXT NOT NULL CHECK (length(subject) = 64),
            within TEXT CHECK (length(within) = 64),
            key_id TEXT NOT NULL REFERENCES registry_keys (id),
            basis TEXT NOT NULL CHECK (basis IN ('use', 'event')),
            effective_ms INTEGER NOT NULL,
            withdrawn_ms INTEGER CHECK (withdrawn_ms >= effective_ms),
            CHECK (within IS NULL OR kind = 'user')
        ) STRICT;
        CREATE INDEX opt_outs_of_subject ON opt_outs (subject);
        CREATE TABLE opt_out_scopes (
            opt_out_id INTEGER NOT NULL REFERENCES opt_outs (id),
            purpose TEXT NOT NULL,
            category TEXT NOT NULL,
            PRIMARY KEY (opt_out_id, purpose, category)
        ) STRICT, WITHOUT ROWID;
        """

    /// Requests of persons: what was asked, in what role we answer, and how far it is done. An
    /// erasure reaches events before `until_ms`, or all. `subject_tokens` keeps, until an erasure
    /// is done or a restriction lifted, what stands for the subject in outputs and unpublished
    /// statistics: the value itself is not kept, and without it no token could be made again.
    static let rights = """
        CREATE TABLE erasures (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('customer', 'user', 'address')),
            subject TEXT NOT NULL CHECK (length(subject) = 64),
            within TEXT CHECK (length(within) = 64),
            key_id TEXT NOT NULL REFERENCES registry_keys (id),
            role TEXT NOT NULL CHECK (role IN ('controller', 'processor')),
            identity_check TEXT NOT NULL,
            consent TEXT,
            requested_ms INTEGER NOT NULL,
            until_ms INTEGER,
            done_ms INTEGER,
            blocked_by_hold_id INTEGER REFERENCES holds (id),
            retry_ms INTEGER,
            CHECK (within IS NULL OR kind = 'user'),
            CHECK (role <> 'processor' OR consent IS NOT NULL),
            CHECK (blocked_by_hold_id IS NOT NULL OR retry_ms IS NULL),
            CHECK (blocked_by_hold_id IS NULL OR done_ms IS NULL)
        ) STRICT;
        CREATE INDEX erasures_of_subject ON erasures (subject);
        CREATE TABLE restrictions (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('customer', 'user', 'address')),
            subject TEXT NOT NULL CHECK (length(subject) = 64),
            within TEXT CHECK (length(within) = 64),
            key_id TEXT NOT NULL REFERENCES registry_keys (id),
            role TEXT NOT NULL CHECK (role IN ('controller', 'processor')),
            identity_check TEXT NOT NULL,
            consent TEXT,
            from_ms INTEGER NOT NULL,
            lifted_ms INTEGER,
            CHECK (within IS NULL OR kind = 'user'),
            CHECK (role <> 'processor' OR consent IS NOT NULL)
        ) STRICT;
        CREATE INDEX restrictions_of_subject ON restrictions (subject);
        CREATE TABLE subject_tokens (
            erasure_id INTEGER REFERENCES erasures (id),
            restriction_id INTEGER REFERENCES restrictions (id),
            place TEXT NOT NULL CHECK (
                place IN ('record', 'record-customer', 'person', 'customer', 'listed')),
            token TEXT NOT NULL,
            CHECK ((erasure_id IS NULL) <> (restriction_id IS NULL))
        ) STRICT;
        CREATE INDEX subject_tokens_of_erasure ON subject_tokens (erasure_id);
        CREATE TABLE subject_requests (
            id INTEGER PRIMARY KEY,
            action TEXT NOT NULL
                CHECK (action IN ('export', 'erase', 'rectify', 'restrict', 'lift')),
            kind TEXT NOT NULL CHECK (kind IN ('customer', 'user', 'address')),
            subject TEXT NOT NULL CHECK (length(subject) = 64),
            within TEXT CHECK (length(within) = 64),
            key_id TEXT NOT NULL REFERENCES registry_keys (id),
            role TEXT NOT NULL CHECK (role IN ('controller', 'processor')),
            identity_check TEXT NOT NULL,
            consent TEXT,
            requested_by TEXT NOT NULL,
            requested_ms INTEGER NOT NULL,
            CHECK (role <> 'processor' OR consent IS NOT NULL)
        ) STRICT;
        CREATE INDEX requests_of_subject ON subject_requests (subject);
        CREATE TABLE recalls (
            id INTEGER PRIMARY KEY,
            delivery_id INTEGER NOT NULL REFERENCES deliveries (id),
            opt_out_id INTEGER REFERENCES opt_outs (id),
            erasure_id INTEGER REFERENCES erasures (id),
            raised_ms INTEGER NOT NULL,
            answered_ms INTEGER,
            answered_by TEXT,
            CHECK ((answered_ms IS NULL) = (answered_by IS NULL)),
            CHECK ((opt_out_id IS NULL) <> (erasure_id IS NULL))
        ) STRICT;
        """

    /// The lines of a list of opt-outs that was carried out, as keyed hashes: what comes is told
    /// from what was there. A recall with the number of no opt-out or erasure is for such a line.
    static let listedOptOuts = """
        CREATE TABLE listed_opt_outs (
            list TEXT NOT NULL,
            line TEXT NOT NULL CHECK (length(line) = 64),
            PRIMARY KEY (list, line)
        ) STRICT, WITHOUT ROWID;
        ALTER TABLE recalls RENAME TO recalls_before;
        CREATE TABLE recalls (
            id INTEGER PRIMARY KEY,
            delivery_id INTEGER NOT NULL REFERENCES deliveries (id),
            opt_out_id INTEGER REFERENCES opt_outs (id),
            erasure_id INTEGER REFERENCES erasures (id),
            raised_ms INTEGER NOT NULL,
            answered_ms INTEGER,
            answered_by TEXT,
            CHECK ((answered_ms IS NULL) = (answered_by IS NULL)),
            CHECK (opt_out_id IS NULL OR erasure_id IS NULL)
        ) STRICT;
        INSERT INTO recalls (id, delivery_id, opt_out_id, erasure_id, raised_ms, answered_ms,
            answered_by)
            SELECT id, delivery_id, opt_out_id, erasure_id, raised_ms, answered_ms, answered_by
            FROM recalls_before;
        DROP TABLE recalls_before;
        """

    /// What a hold kept of opt-outs in stored records: keyed hashes of the values and of what
    /// stands for them in an output, until a run after the hold has taken them out.
    static let heldOptOuts = """
        CREATE TABLE held_opt_outs (
            pipeline TEXT NOT NULL,
            output TEXT NOT NULL,
            opt_out_id INTEGER REFERENCES opt_outs (id),
            kind TEXT NOT NULL CHECK (kind IN ('customer', 'user')),
            subject TEXT NOT NULL CHECK (length(subject) = 64),
            within TEXT CHECK (length(within) = 64),
            from_ms INTEGER,
            until_ms INTEGER,
            scopes TEXT NOT NULL,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            CHECK (within IS NULL OR kind = 'user')
        ) STRICT;
        CREATE INDEX held_opt_outs_of_pipeline ON held_opt_outs (pipeline);
        """

    /// Opt-outs whose day was ahead when they were entered, with what stands for their subjects in
    /// outputs and unpublished statistics, until a run has carried them out. `months` are those
    /// whose keys made the tokens; `left_months`, once carried out, those with later keys.
    static let awaitedOptOuts = """
        CREATE TABLE awaited_opt_outs (
            pipeline TEXT NOT NULL,
            opt_out_id INTEGER NOT NULL REFERENCES opt_outs (id),
            months TEXT NOT NULL,
            left_months TEXT,
            PRIMARY KEY (pipeline, opt_out_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE awaited_opt_out_tokens (
            pipeline TEXT NOT NULL,
            opt_out_id INTEGER NOT NULL REFERENCES opt_outs (id),
            place TEXT NOT NULL CHECK (
                place IN ('record', 'record-customer', 'person', 'customer', 'listed', 'rule')),
            token TEXT NOT NULL,
            PRIMARY KEY (pipeline, opt_out_id, place, token)
        ) STRICT, WITHOUT ROWID;
        """

    /// When somebody said that the store was looked through for the subject of an erasure, where it
    /// cannot be searched. Opt-outs that stay open because stored files cannot be searched for what
    /// they name: `unsearched` says how many. Those of a pipeline's list stand by the digests of
    /// their lines, as in `listed_opt_outs`, each with the tokens that were made of it so far.
    static let unsearchedOptOuts = """
        ALTER TABLE erasures ADD COLUMN store_searched_ms INTEGER;
        ALTER TABLE awaited_opt_outs ADD COLUMN unsearched INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE subject_tokens RENAME TO subject_tokens_before;
        CREATE TABLE subject_tokens (
            erasure_id INTEGER REFERENCES erasures (id),
            restriction_id INTEGER REFERENCES restrictions (id),
            place TEXT NOT NULL CHECK (place IN (
                'record', 'record-customer', 'record-customer-copy', 'person', 'customer', 'listed',
                'rule')),
            token TEXT NOT NULL,
            CHECK ((erasure_id IS NULL) <> (restriction_id IS NULL))
        ) STRICT;
        INSERT INTO subject_tokens (erasure_id, restriction_id, place, token)
            SELECT erasure_id, restriction_id, place, token FROM subject_tokens_before;
        DROP TABLE subject_tokens_before;
        CREATE INDEX subject_tokens_of_erasure ON subject_tokens (erasure_id);
        ALTER TABLE awaited_opt_out_tokens RENAME TO awaited_opt_out_tokens_before;
        CREATE TABLE awaited_opt_out_tokens (
            pipeline TEXT NOT NULL,
            opt_out_id INTEGER NOT NULL REFERENCES opt_outs (id),
            place TEXT NOT NULL CHECK (place IN (
                'record', 'record-customer', 'record-customer-copy', 'person', 'customer', 'listed',
                'rule')),
            token TEXT NOT NULL,
            PRIMARY KEY (pipeline, opt_out_id, place, token)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO awaited_opt_out_tokens (pipeline, opt_out_id, place, token)
            SELECT pipeline, opt_out_id, place, token FROM awaited_opt_out_tokens_before;
        DROP TABLE awaited_opt_out_tokens_before;
        CREATE TABLE unsearched_listed_opt_outs (
            list TEXT NOT NULL,
            line TEXT NOT NULL CHECK (length(line) = 64),
            unsearched INTEGER NOT NULL,
            PRIMARY KEY (list, line)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE unsearched_listed_tokens (
            list TEXT NOT NULL,
            line TEXT NOT NULL,
            place TEXT NOT NULL CHECK (place IN (
                'record', 'record-customer', 'record-customer-copy', 'person', 'customer', 'listed',
                'rule')),
            token TEXT NOT NULL,
            PRIMARY KEY (list, line, place, token)
        ) STRICT, WITHOUT ROWID;
        """

    /// What could not be searched in the store when somebody had looked through it for the subject
    /// of an erasure: what cannot be searched for another reason since then counts anew.
    static let storeSearches = """
        ALTER TABLE erasures ADD COLUMN store_searched_as TEXT
            CHECK (length(store_searched_as) = 64);
        """

    /// Partials until their publication, the publications, and the privacy budget spent on them.
    static let statistics = """
        CREATE TABLE partials (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            task_id INTEGER REFERENCES tasks (id),
            source_id INTEGER REFERENCES sources (id),
            statistic_set TEXT NOT NULL,
            month TEXT NOT NULL CHECK (length(month) = 7),
            key_id TEXT NOT NULL,
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            state TEXT NOT NULL CHECK (state IN ('live', 'published', 'superseded', 'removed'))
        ) STRICT;
        CREATE INDEX partials_of_period ON partials (statistic_set, month, state);
        CREATE UNIQUE INDEX partials_one_per_month ON partials (path, month, key_id)
            WHERE state = 'live';
        CREATE TABLE publications (
            id INTEGER PRIMARY KEY,
            data_set TEXT NOT NULL,
            period TEXT NOT NULL,
            revision INTEGER NOT NULL CHECK (revision >= 0),
            kind TEXT NOT NULL CHECK (kind IN ('final', 'correction', 'provisional')),
            reason TEXT,
            audience TEXT NOT NULL,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            plan_digest TEXT NOT NULL CHECK (length(plan_digest) = 64),
            opt_outs_as_of_ms INTEGER NOT NULL,
            closed_ms INTEGER NOT NULL,
            UNIQUE (data_set, period, audience, kind, revision),
            CHECK (kind <> 'correction' OR reason IS NOT NULL)
        ) STRICT;
        CREATE TABLE publication_partials (
            publication_id INTEGER NOT NULL REFERENCES publications (id),
            partial_id INTEGER NOT NULL REFERENCES partials (id),
            PRIMARY KEY (publication_id, partial_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE budget_spendings (
            id INTEGER PRIMARY KEY,
            data_set TEXT NOT NULL,
            period TEXT NOT NULL,
            statistic TEXT NOT NULL,
            publication_id INTEGER NOT NULL REFERENCES publications (id),
            rho_numerator INTEGER NOT NULL CHECK (rho_numerator > 0),
            rho_denominator INTEGER NOT NULL CHECK (rho_denominator > 0),
            UNIQUE (publication_id, statistic)
        ) STRICT;
        """

    /// Which fields the tokens in the partials of a statistic set are of: once the statistics are
    /// changed, the pipeline file does not tell any more. And the partials that were given up
    /// because they held somebody whose rows could not be taken out one by one: what is left of
    /// their months is not all that was counted.
    static let countedFields = """
        CREATE TABLE counted_fields (
            statistic_set TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('customer', 'user', 'address', 'other')),
            field TEXT NOT NULL,
            PRIMARY KEY (statistic_set, kind, field)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE given_up_partials (
            partial_id INTEGER PRIMARY KEY REFERENCES partials (id),
            run_id INTEGER NOT NULL REFERENCES runs (id)
        ) STRICT;
        """

    /// Under which rules of fields the tokens of a request stand for its subject: beside them, as a
    /// place of their own.
    static let searchedRules = """
        ALTER TABLE subject_tokens RENAME TO subject_tokens_before;
        CREATE TABLE subject_tokens (
            erasure_id INTEGER REFERENCES erasures (id),
            restriction_id INTEGER REFERENCES restrictions (id),
            place TEXT NOT NULL CHECK (
                place IN ('record', 'record-customer', 'person', 'customer', 'listed', 'rule')),
            token TEXT NOT NULL,
            CHECK ((erasure_id IS NULL) <> (restriction_id IS NULL))
        ) STRICT;
        INSERT INTO subject_tokens (erasure_id, restriction_id, place, token)
            SELECT erasure_id, restriction_id, place, token FROM subject_tokens_before;
        DROP TABLE subject_tokens_before;
        CREATE INDEX subject_tokens_of_erasure ON subject_tokens (erasure_id);
        """

    /// What was published, so that it can be written again with the same bytes and held against
    /// what is published later: the document of each publication, and its files.
    static let publications = """
        CREATE TABLE publication_documents (
            publication_id INTEGER PRIMARY KEY REFERENCES publications (id),
            content BLOB NOT NULL
        ) STRICT;
        CREATE TABLE publication_files (
            publication_id INTEGER NOT NULL REFERENCES publications (id),
            path TEXT NOT NULL,
            format TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            PRIMARY KEY (publication_id, path)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX publication_files_one_per_path ON publication_files (path);
        CREATE INDEX publications_of_period ON publications (data_set, period);
        """

    /// Which run has looked for an erasure through everything that was there, by which pipeline
    /// file, and the files that were not: only those are still to be looked into.
    static let awaitedFiles = """
        ALTER TABLE erasures ADD COLUMN looked_run_id INTEGER REFERENCES runs (id);
        ALTER TABLE erasures ADD COLUMN looked_plan TEXT CHECK (length(looked_plan) = 64);
        CREATE TABLE awaited_files (
            erasure_id INTEGER NOT NULL REFERENCES erasures (id),
            path TEXT NOT NULL,
            PRIMARY KEY (erasure_id, path)
        ) STRICT, WITHOUT ROWID;
        """

    /// The second part of a spending, the δ of choosing which rows are shown. A table of a period
    /// is drawn once, so it is paid for once, whatever publications show it.
    static let noise = """
        ALTER TABLE budget_spendings ADD COLUMN delta_numerator INTEGER NOT NULL DEFAULT 0
            CHECK (delta_numerator >= 0);
        ALTER TABLE budget_spendings ADD COLUMN delta_denominator INTEGER NOT NULL DEFAULT 1
            CHECK (delta_denominator > 0);
        CREATE UNIQUE INDEX budget_spendings_once
            ON budget_spendings (data_set, period, statistic);
        """

    /// The chained events, and where the chain ends: without the end, lost last events would not
    /// be missed.
    static let events = """
        CREATE TABLE events (
            seq INTEGER PRIMARY KEY CHECK (seq > 0),
            time_ms INTEGER NOT NULL,
            kind TEXT NOT NULL,
            payload TEXT NOT NULL,
            previous TEXT NOT NULL CHECK (length(previous) = 64),
            hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
        ) STRICT;
        CREATE TABLE chain_end (
            singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
            seq INTEGER NOT NULL CHECK (seq >= 0),
            hash TEXT NOT NULL CHECK (length(hash) = 64)
        ) STRICT;
        INSERT INTO chain_end (singleton, seq, hash) VALUES (1, 0, '\(EventChain.start)');
        CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN
            SELECT RAISE(ABORT, 'events are never removed');
        END;
        CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events BEGIN
            SELECT RAISE(ABORT, 'events are never changed');
        END;
        """
}
