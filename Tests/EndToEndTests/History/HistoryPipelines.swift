extension HistoryWorld {
    static let pipeline = """
        name: history
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { customer: customer, user: user }
        zone: Europe/Amsterdam
        fields:
          id: keep
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { category: technical, then: truncate_ip }
          agent: { category: technical, then: agent_family }
          note: { category: non-aggregated, then: redact }
          shot: { category: limited-production, then: redact }
        outputs:
          - name: actions
            purpose: security
            path: "out/actions/{date}.jsonl"
            expires: P6M
            safeguards: { reason: abuse, readers: [soc], delete_after: P5W }
          - name: research
            purpose: statistics
            path: "out/research/{date}.jsonl"
            fields: { ts: { truncate_time: day } }
            recipients: [own, partner]
            readers: [university]
            expires: P25D
        statistics:
          - name: use
            purpose: statistics
            by: [month]
            measures: { times: count, users: { distinct: user } }
            path: "out/{name}.csv"
            suppression: { persons: 2, customers: 1 }
          - name: months
            purpose: statistics
            by: [month]
            measures: { times: count, users: { distinct: user } }
        publish:
          persons: 3
          customers: 1
          path: out/published
          formats: [csv, jsonl]
          close_after: P3D
        opt_outs: { file: opt-outs.csv, missing: allowed, effect: drop_record }
        quarantine: { limit: 90%, keep_lines: true }
        keys: { path: keys-p, grace: P3D }
        state: state-p

        """

    static let archive = """
        name: archive
        source: { format: jsonl, files: "archive/*", time: ts }
        store:
          files: "archive/*"
          settle: PT0S
          unreadable: drop
          guard: { factor: 1000, at_least: 1000000 }
        identity: { customer: customer, user: user }
        zone: Europe/Amsterdam
        fields:
          id: keep
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { category: technical, then: truncate_ip }
          agent: { category: technical, then: agent_family }
          note: { category: non-aggregated, then: redact }
        outputs:
          - name: trail
            purpose: security
            path: "out/trail/{month}.jsonl.gz"
            safeguards: { reason: abuse, readers: [soc], delete_after: P1M }
        quarantine: { limit: 90% }
        keys: { path: keys-a, grace: P3D }
        state: state-a

        """

    static let accounts = """
        name: accounts
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { customer: customer, user: user }
        zone: Europe/Amsterdam
        tables:
          # Dates come and go there, and persons are few.
          - { name: accounts, file: accounts.csv, key: user, max_shrink: 100% }
          - { name: trials, sqlite: trials.sqlite, table: trials, key: user, max_shrink: 100% }
        delete:
          start: { table: trials, column: ended, by: user }
          length: P2D
          unless: { table: trials, column: converted, by: user }
        fields:
          id: keep
          ts: keep
          customer: pseudonymize
          user:
            then: pseudonymize
            after:
              start: { table: accounts, column: ended, by: user }
              length: P0D
              unless: { table: accounts, column: resumed, by: user }
              length_from: { table: accounts, column: kept, by: user }
          ip: { category: technical, then: truncate_ip }
          agent: { category: technical, then: agent_family }
          note: { category: non-aggregated, then: redact }
        outputs:
          - name: who
            purpose: security
            path: "out/who/{month}.jsonl"
            safeguards: { reason: who did what, readers: [soc], delete_after: P2Y }
        quarantine: { limit: 90% }
        keys: { path: keys-w, wrapped_by: { credential: WRAPPING-KEY } }
        state: state-w

        """
}
