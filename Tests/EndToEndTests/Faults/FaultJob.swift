import Testing

/// A command that is disturbed, and what has to have happened before it.
struct FaultJob: CustomTestStringConvertible {
    let name: String
    /// Commands that run undisturbed before.
    var before: [[String]] = []
    /// The command.
    let command: [String]
    /// The pipeline that `verify` looks at afterwards, and its clock.
    var pipeline = "p.yaml"
    let clock: String
    var input: [UInt8] = []
    /// True when the command, run again, may answer that it was done already.
    var isRefusedAgain = false
    /// A table of what is not yet published. Each run writes it anew as long as something is not,
    /// so months that a killed `publish` had published are no more in it when it goes on.
    var waitingTable: String?
    /// True without state: what stands already is then seen in the results, not in a ledger.
    var isLoose = false

    var testDescription: String { name }

    private static func run(_ pipeline: String, _ clock: String) -> [String] {
        ["run", pipeline, "--now", clock, "--quiet", "--workers", "2"]
    }

    private static func erase(_ pipeline: String, _ user: String, _ clock: String) -> [String] {
        [
            "subject", "erase", pipeline, "--role", "controller", "--identity-check", "1",
            "--by", "dpo", "--user", user, "--now", clock,
        ]
    }

    private static let first = run("p.yaml", "2026-03-20")
    private static let publish = ["publish", "p.yaml", "--now", "2026-05-20", "--quiet"]

    static let all: [FaultJob] = [
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
            ], clock: "2026-03-21", isRefusedAgain: true),
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
        publish: { persons: 3, path: out/published, formats: [csv, sqlite] }

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

    static let optOutText = """
        customer,person,purpose,effective_date
        NL-103,,compliance,2026-01-01

        """
}
