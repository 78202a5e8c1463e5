import Testing

/// A command that is disturbed, and what has to have happened before it.
struct FaultJob: CustomTestStringConvertible {
    let name: String
    /// Commands that run undisturbed before; between them files are put aside, lost and put back
    /// as out of a backup, by how their paths begin.
    var before: [[String]] = []
    /// The command.
    let command: [String]
    /// The pipeline that `verify` looks at afterwards, and its clock.
    var pipeline = "p.yaml"
    let clock: String
    var input: [UInt8] = []
    /// What the command may end with, besides 0, when it was done already.
    var statusAgain: Int32 = 0
    /// A table of what is not yet published. Each run writes it anew as long as something is not,
    /// so months that a killed `publish` had published are no more in it when it goes on.
    var waitingTable: String?
    /// True without state: what stands already is then seen in the results, not in a ledger.
    var isLoose = false
    /// True when the standard streams are disturbed, too: what the command prints is its result.
    var isStreamed = false

    var testDescription: String { name }

    static func run(_ pipeline: String, _ clock: String) -> [String] {
        ["run", pipeline, "--now", clock, "--quiet", "--workers", "2"]
    }

    static func erase(_ pipeline: String, _ user: String, _ clock: String) -> [String] {
        [
            "subject", "erase", pipeline, "--role", "controller", "--identity-check", "1",
            "--by", "dpo", "--user", user, "--now", clock,
        ]
    }

    static let first = run("p.yaml", "2026-03-20")
    static let publish = ["publish", "p.yaml", "--now", "2026-05-20", "--quiet"]

    static let all = runs + smaller

    private static let runs: [FaultJob] = [
        FaultJob(name: "a first run", command: first, clock: "2026-03-20"),
        FaultJob(
            name: "a run that ages", before: [first], command: run("p.yaml", "2026-04-20"),
            clock: "2026-04-20"),
        FaultJob(
            name: "a run that deletes", before: [first, run("p.yaml", "2026-04-20"), publish],
            command: run("p.yaml", "2026-07-20"), clock: "2026-07-20"),
        FaultJob(
            name: "standard input", before: [first],
            command: first + ["-", "--eof-is-complete"],
            clock: "2026-03-20", input: lines(seed: 9)),
        FaultJob(
            name: "publish", before: [run("p.yaml", "2026-04-20")], command: publish,
            clock: "2026-05-20", waitingTable: "out/months.csv"),
        FaultJob(
            name: "an opt-out", before: [first],
            command: ["opt-out", "add", "p.yaml", "--customer", "NL-101", "--now", "2026-03-21"],
            clock: "2026-03-21"),
        FaultJob(
            name: "an erasure", before: [first],
            command: erase("p.yaml", "user3@firma3.example", "2026-03-21"), clock: "2026-03-21"),
        FaultJob(
            name: "a hold", before: [first],
            command: [
                "hold", "raise", "p.yaml", "--name", "case", "--ground", "own-decision",
                "--reason", "legal", "--by", "soc", "--notice", "2026-03-01", "--customer",
                "NL-101", "--now", "2026-03-21",
            ], clock: "2026-03-21", statusAgain: 2),
        FaultJob(
            name: "a key destroyed", before: [run("long.yaml", "2026-04-20")]
                + [["publish", "long.yaml", "--now", "2026-05-20", "--quiet"]],
            command: [
                "keys", "destroy", "long.yaml", "--month", "2026-01", "--reason", "test",
                "--now", "2027-04-01",
            ], pipeline: "long.yaml", clock: "2027-04-01"),
        FaultJob(
            name: "a store", command: run("store.yaml", "2026-03-20"), pipeline: "store.yaml",
            clock: "2026-03-20"),
        FaultJob(
            name: "a store again", before: [run("store.yaml", "2026-03-20")],
            command: run("store.yaml", "2026-04-20"), pipeline: "store.yaml",
            clock: "2026-04-20"),
        FaultJob(
            name: "a run without state", before: [run("former.yaml", "2026-04-20")],
            command: run("loose.yaml", "2026-04-20"), pipeline: "loose.yaml",
            clock: "2026-04-20", isLoose: true),
        FaultJob(
            name: "an erasure without state", before: [run("loose.yaml", "2026-04-20")],
            command: erase("loose.yaml", "user9@firma2.example", "2026-04-21"),
            pipeline: "loose.yaml", clock: "2026-04-21", isLoose: true),
    ]

    static let optOut = [
        "opt-out", "add", "p.yaml", "--customer", "NL-101", "--now", "2026-03-21",
    ]
    static let raise = [
        "hold", "raise", "p.yaml", "--name", "case", "--ground", "own-decision", "--reason",
        "legal", "--by", "soc", "--notice", "2026-03-01", "--customer", "NL-101", "--now",
        "2026-03-21",
    ]

    private static func subject(_ verb: String, _ more: [String]) -> [String] {
        [
            "subject", verb, "p.yaml", "--role", "controller", "--identity-check", "1", "--by",
            "dpo", "--user", "user3@firma3.example", "--now", "2026-03-21",
        ] + more
    }

    static func plan(_ pipeline: String, _ more: [String] = []) -> [String] {
        ["plan", pipeline, "--work", "work", "--now", "2026-03-20", "--range-bytes", "8000"] + more
    }

    private static func task(_ number: Int, _ more: [String] = []) -> [String] {
        ["task", "work/plan-*", "\(number)"] + more
    }

    private static let key = ["--key-file", "run.key"]
    static let planned = [plan("p.yaml")] + (0..<3).map { task($0) }
    private static let pooled =
        [plan("pooled.yaml", key + ["--buckets", "2"])] + (0..<3).map { task($0, key) }

    /// Behind the runs: whoever names jobs by their number goes on with the same ones.
    private static let smaller: [FaultJob] = [
        FaultJob(
            name: "a month given up", before: [run("p.yaml", "2026-04-20")],
            command: publish + ["--period", "2026-02", "--give-up"], clock: "2026-05-20"),
        FaultJob(
            name: "a correction", before: [
                run("long.yaml", "2026-04-20"),
                ["publish", "long.yaml", "--now", "2026-05-20", "--quiet"],
                run("long.yaml", "2026-05-20") + ["-", "--eof-is-complete"],
            ],
            command: [
                "publish", "long.yaml", "--period", "2026-02", "--correct", "late", "--now",
                "2026-05-20",
            ], pipeline: "long.yaml", clock: "2026-05-20", input: lines(seed: 12, 200),
            statusAgain: 10),
        FaultJob(
            name: "a provisional publication", before: [run("p.yaml", "2026-04-20")],
            command: ["publish", "p.yaml", "--provisional", "--now", "2026-04-20", "--quiet"],
            clock: "2026-04-20"),
        FaultJob(
            name: "a list of opt-outs", before: [first],
            command: ["opt-out", "import", "p.yaml", "list.csv", "--now", "2026-03-21"],
            clock: "2026-03-21"),
        FaultJob(
            name: "an opt-out withdrawn", before: [first, optOut],
            command: [
                "opt-out", "withdraw", "p.yaml", "--customer", "NL-101", "--now", "2026-03-22",
            ], clock: "2026-03-22", statusAgain: 2),
        FaultJob(
            name: "a recall answered", before: [first, optOut],
            command: [
                "recalls", "answer", "p.yaml", "--id", "1", "--by", "desk", "--now", "2026-03-22",
            ], clock: "2026-03-22", statusAgain: 2),
        FaultJob(
            name: "a hold released", before: [first, raise],
            command: [
                "hold", "release", "p.yaml", "--name", "case", "--by", "soc", "--now",
                "2026-03-22",
            ], clock: "2026-03-22", statusAgain: 2),
        FaultJob(
            name: "a copy", before: [first], command: subject("export", ["--output", "copy"]),
            clock: "2026-03-21", statusAgain: 2),
        FaultJob(
            name: "a rectification", before: [first],
            command: subject("rectify", ["--field", "action", "--to", "logout"]),
            clock: "2026-03-21"),
        FaultJob(
            name: "a restriction", before: [first], command: subject("restrict", []),
            clock: "2026-03-21", statusAgain: 2),
        FaultJob(
            name: "an erasure from the sources", before: [first],
            command: subject("erase", ["--sources"]), clock: "2026-03-21"),
        FaultJob(
            name: "keys sealed", before: [first, optOut],
            command: ["keys", "rewrap", "sealed.yaml", "--now", "2026-03-21"],
            pipeline: "sealed.yaml", clock: "2026-03-21"),
        FaultJob(
            name: "a state forgotten", before: [first, run("empty.yaml", "2026-03-20")],
            command: [
                "keys", "forget", "p.yaml", "--state", "empty-state", "--now", "2026-03-21",
            ], clock: "2026-03-21", statusAgain: 2),
        FaultJob(name: "a plan", before: [first], command: plan("p.yaml"), clock: "2026-03-20"),
        FaultJob(
            name: "a task", before: [plan("p.yaml")], command: task(0), clock: "2026-03-20"),
        FaultJob(
            name: "a bucket", before: pooled, command: ["reduce", "work/plan-*", "0"],
            clock: "2026-03-20", isLoose: true),
        FaultJob(
            name: "a commit", before: planned, command: ["commit", "work/plan-*"],
            clock: "2026-03-20"),
        FaultJob(
            name: "a commit without state", before: pooled, command: ["commit", "work/plan-*"],
            clock: "2026-03-20", isLoose: true),
        FaultJob(
            name: "a folder of work cleaned", before: planned,
            command: ["gc", "work", "--older-than", "PT0S"], clock: "2026-03-20"),
        FaultJob(
            name: "metrics", before: [first], command: first + ["--metrics", "told/sluice.prom"],
            clock: "2026-03-20"),
        FaultJob(
            name: "a filter", command: [
                "filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep", "--user",
                "pseudonymize", "--keys", "filter-keys", "--now", "2026-03-20", "--quiet",
                "--quarantine-limit", "5",
            ], clock: "2026-03-20", input: lines(seed: 13), isLoose: true),
        FaultJob(
            name: "evidence", before: [first],
            command: ["verify", "p.yaml", "--now", "2026-03-20", "--report", "evidence"],
            clock: "2026-03-20"),
        FaultJob(
            name: "a proposal", command: ["init", "in/a.jsonl", "--output", "proposed.yaml"],
            clock: "2026-03-20", statusAgain: 2),
        FaultJob(
            name: "a file restored", before: [
                first, ["put aside", "out/2026-03"], run("p.yaml", "2026-04-20"),
                ["lose", "out/2026-03"], ["put back", "out/2026-03"],
            ], command: run("p.yaml", "2026-04-21"), clock: "2026-04-21"),
        FaultJob(
            name: "files that are gone forgotten", before: [
                first, run("p.yaml", "2026-04-20"), ["lose", "out/2026-03"],
            ], command: run("p.yaml", "2026-04-21") + ["--forget-missing", "records"],
            clock: "2026-04-21"),
        FaultJob(
            name: "what was held", before: [
                first, raise, run("p.yaml", "2026-04-20"),
                [
                    "hold", "release", "p.yaml", "--name", "case", "--by", "soc", "--now",
                    "2026-04-21",
                ],
            ], command: run("p.yaml", "2026-04-21"), clock: "2026-04-21"),
        FaultJob(
            name: "an erasure from a store", before: [run("store.yaml", "2026-03-20")],
            command: erase("store.yaml", "user3@firma3.example", "2026-03-21"),
            pipeline: "store.yaml", clock: "2026-03-21"),
        FaultJob(
            name: "a restriction lifted", before: [first, subject("restrict", [])],
            command: subject("restrict", ["--lift"]), clock: "2026-03-21"),
        FaultJob(
            name: "publications restored", before: [
                run("p.yaml", "2026-04-20"), publish, ["lose", "out/published/2026-02"],
            ], command: publish + ["--restore"], clock: "2026-05-20"),
        FaultJob(
            name: "files forgotten that an erasure waits for", before: [
                first, ["lose", "out/research"],
                erase("p.yaml", "user3@firma3.example", "2026-03-21"),
            ], command: run("p.yaml", "2026-03-22") + ["--forget-missing", "research"],
            clock: "2026-03-22"),
        FaultJob(
            name: "lists forgotten", before: [
                first, ["lose", "state/quarantine"],
                erase("p.yaml", "user3@firma3.example", "2026-03-21"),
            ], command: run("p.yaml", "2026-03-22") + ["--forget-missing", "quarantine"],
            clock: "2026-03-22"),
        FaultJob(
            name: "a filter in a pipe", command: [
                "filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep", "--set",
                "action=keep", "--user", "drop", "--now", "2026-03-20", "--quiet",
                "--quarantine-limit", "5",
            ], clock: "2026-03-20", input: lines(seed: 14, 4000), isLoose: true,
            isStreamed: true),
        FaultJob(
            name: "a copy in a pipe", before: [first],
            command: subject("export", ["--output", "-"]), clock: "2026-03-21",
            isStreamed: true),
    ]

    /// Invented events, the fourth of them cut off.
    static func lines(seed: UInt64, _ count: Int = 60) -> [UInt8] {
        var maker = EventMaker(seed: seed)
        var lines = maker.events(count).map(\.json)
        lines.insert(#"{"cut off for user5@firma5.example"#, at: 3)
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}

extension FaultJob {
    /// Everything a pipeline with state can write.
    static let pipelineText = """
        name: all
        source: { format: jsonl, files: "in/*", time: ts, limits: { record: 4KiB } }
        identity: { customer: customer, user: user }
        window: P1M
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { category: technical, then: { truncate_ip: { ipv4: /16, ipv6: /32 } } }
          action: keep
          path: url
        quarantine: { limit: 20%, keep_lines: true }
        keys: { path: keys, grace: P0D }
        state: state
        outputs:
          - name: records
            purpose: security
            path: "out/{month}.jsonl.gz"
            expires: P3M
            recipients: [own]
            safeguards: { reason: abuse, readers: [soc], delete_after: P1M }
          - name: research
            purpose: statistics
            path: "out/research/{month}.csv"
            fields: { ts: { truncate_time: day } }
            recipients: [own, partner]
            readers: [university]
            expires: P3M
        statistics:
          - name: months
            purpose: security
            by: [month, action]
            measures: { times: count, users: { distinct: user } }
            path: out/months.csv
            suppression: { persons: 3 }
          - { name: use, purpose: statistics, by: [month],
              measures: { times: count, users: { distinct: user } } }
        publish: { persons: 3, path: out/published, formats: [csv, sqlite],
          provisional: out/provisional }

        """

    /// Without state; what tasks count is merged in buckets.
    static let pooledText = """
        name: pooled
        source: { format: jsonl, files: "in/*", time: ts, limits: { record: 4KiB } }
        identity: { user: user }
        fields: { ts: keep, user: drop, action: keep }
        quarantine: { limit: 20%, path: loose/quarantine }
        outputs:
          - { name: records, purpose: security, path: "loose/records.jsonl" }
        statistics:
          - { name: months, purpose: security, by: [month, action],
              measures: { times: count, users: { distinct: user } }, path: loose/months.csv,
              suppression: { persons: 2 } }

        """

    static let storeText = """
        name: archive
        source: { format: jsonl, time: ts }
        store: { files: "data/*", settle: PT0S, guard: { factor: 3, at_least: 1000000 } }
        identity: { customer: customer, user: user }
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          action: keep
        keys: { path: store-keys, grace: P1Y }
        state: store-state

        """

    /// Without state; a customer of `former` has opted out since.
    static let looseText = """
        name: loose
        source: { format: jsonl, files: "in/*", time: ts, limits: { record: 4KiB } }
        identity: { customer: customer, user: user, partner: partner }
        window: P1Y
        fields: { ts: keep, customer: drop, user: drop, partner: drop, action: keep, path: url }
        quarantine: { limit: 20%, path: loose/quarantine }
        outputs:
          - name: records
            purpose: statistics
            path: "loose/{month}.jsonl.gz"
            recipients: [own, partner]
            readers: [university]
        disclosures:
          - name: report
            to: partner
            purpose: compliance
            by: [month, partner, user]
            measures: { times: count }
            path: "loose/{partner}/{month}.csv"
        statistics:
          - { name: months, purpose: security, by: [month], measures: { times: count },
              path: loose/months.csv }

        """

    /// A state that needs no key.
    static let emptyText = """
        name: empty
        source: { format: jsonl, files: "none/*", time: ts }
        identity: { user: user }
        fields: { ts: keep, user: pseudonymize }
        keys: { path: keys, grace: P0D }
        state: empty-state
        outputs:
          - { name: records, purpose: security, path: "empty/{date}.jsonl" }

        """

    static let importText = """
        customer,purposes,effective_date
        NL-101,*,2026-03-01
        NL-104,statistics,2026-03-01

        """

    static let optOutText = """
        customer,person,purpose,effective_date
        NL-103,,compliance,2026-01-01

        """
}
