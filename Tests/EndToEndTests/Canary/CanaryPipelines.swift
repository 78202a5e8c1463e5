/// The pipelines through which the marks go.
enum CanaryPipeline {
    private static let rules = """
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          client: pseudonymize
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          user_agent: agent_family
          action: keep
          path: url
          message: redact

        """

    /// Nothing is readable at any age; lists and tables name persons, too.
    static let bare = before + rules.replacing("user: pseudonymize", with: userWithAccount) + after

    private static let userWithAccount = """
        user:
            then: pseudonymize
            after: { start: { table: accounts, column: ended, by: user }, length: P0D }
        """

    private static let before = """
        name: bare
        source: { format: jsonl, files: "in/**", time: ts, limits: { record: 4KiB } }
        identity: { customer: customer, user: user, client: client }
        tables:
          - { name: accounts, file: lists/accounts.csv, key: user }

        """

    private static let after = """
        quarantine: { limit: 70% }
        opt_outs: { file: lists/opt-outs.csv, missing: allowed }
        holds: lists/holds.yaml
        keys: { path: keys, grace: P0D }
        state: state
        outputs:
          - { name: records, purpose: security, path: "out/{month}.jsonl.gz" }
          - { name: research, purpose: statistics, path: "out/research/{date}.csv",
              recipients: [own, partner], readers: [university], expires: P6M }
        statistics:
          - { name: months, purpose: statistics, by: [month, user_agent],
              measures: { times: count, users: { distinct: user },
                          sessions: { sessions: { of: user, gap: PT30M } } },
              path: out/months.csv, suppression: { persons: 2 } }
          - { name: use, purpose: statistics, by: [month],
              measures: { times: count, users: { distinct: user } } }
        publish: { persons: 3, path: out/published, formats: [csv, html, jsonl, sqlite] }

        """

    /// Readable for a month in one output, and in what could not be read.
    static let kept = """
        name: kept
        source: { format: jsonl, files: "in/**", time: ts, limits: { record: 4KiB } }
        identity: { customer: customer, user: user, client: client }
        window: P1M

        """ + rules + """
        quarantine: { limit: 70%, keep_lines: true }
        keys: { path: keys, grace: P0D }
        state: state
        acknowledge: [readable-window]
        outputs:
          - { name: records, purpose: security, path: "out/kept/{date}.jsonl.gz", expires: P6M,
              safeguards: { reason: abuse, readers: [soc], delete_after: P3M } }
          - { name: research, purpose: statistics, path: "out/research/{date}.jsonl" }
        statistics:
          - { name: months, purpose: statistics, by: [month],
              measures: { times: count, users: { distinct: user } },
              path: out/months.csv, suppression: { persons: 2 } }

        """

    // MARK: Stores and disclosures

    /// Transforms with keys of their own.
    private static let keyedRules = """
        acknowledge: [static-key, reversible]
        quarantine: { limit: 90% }
        fields:
          ts: keep
          customer: pseudonymize
          user: { email: token }
          client: { hmac_sha256: { key: static.key } }
          ip: { encrypt_ip: { key: address.key } }
          user_agent: agent_family
          action: { category: aggregated, then: keep }
          path: url
          message: redact

        """

    /// A store that is aged in place beside sources.
    static let stored = """
        name: stored
        source: { format: jsonl, files: "in/**", time: ts, limits: { record: 4KiB } }
        store: { files: "data/*", settle: PT0S, unreadable: drop,
                 guard: { factor: 3, at_least: 1000000 } }
        identity: { customer: customer, user: user, client: client }
        window: P1M

        """ + keyedRules + """
        opt_outs: { file: lists/opt-outs.csv, missing: allowed }
        keys: { path: keys, grace: P0D }
        state: state
        outputs:
          - { name: records, purpose: security, path: "out/{date}.jsonl.gz" }
        statistics:
          - { name: months, purpose: statistics, by: [month, user_agent],
              measures: { times: count, users: { distinct: user } },
              path: out/months.csv, suppression: { persons: 2 } }
          - { name: use, purpose: statistics, by: [month],
              measures: { times: count, users: { distinct: user } } }
        publish: { persons: 3, path: out/published, formats: [csv, html, jsonl, sqlite] }

        """

    /// Users are named to partners; without a state.
    static let disclosed = """
        name: disclosed
        source: { format: jsonl, files: "in/**", time: ts, limits: { record: 4KiB } }
        identity: { customer: customer, user: user, client: client, partner: partner }
        window: P1M

        """ + keyedRules + """
          partner: pseudonymize
        keys: keys
        disclosures:
          - { name: log-ins, to: partner, by: [month, partner, user],
              measures: { logins: { count: { action: login } } },
              path: "partners/{partner}/{month}.csv", retention: P1M, in_window: required }
        outputs:
          - { name: records, purpose: security, path: "out/{date}.jsonl.gz" }
        statistics:
          - { name: months, purpose: statistics, by: [month],
              measures: { times: count, users: { distinct: user } },
              path: out/months.csv, suppression: { persons: 2 } }

        """
}
