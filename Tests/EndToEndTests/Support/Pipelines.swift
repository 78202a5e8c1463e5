/// The pipelines that these tests run, all over `in/*` of their scene.
enum Pipeline {
    /// No state, one output file and two tables.
    static func stateless(_ format: String, time: String = "ts") -> String {
        """
        name: plain
        source: { format: \(format), files: "in/*", time: \(time) }
        identity: { user: user }
        fields:
          \(time): keep
          user: { hmac_sha256: { key: static.key } }
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          \(format == "combined" ? "status" : "action"): keep
          path: url
        acknowledge: [static-key]
        quarantine: { limit: 50% }
        outputs:
          - { name: records, purpose: security, path: "out/records" }
        statistics:
          - name: days
            purpose: security
            by: [day]
            measures: { times: count, users: { distinct: user } }
            path: out/days.csv
            suppression: { persons: 2 }
          - name: sessions
            purpose: security
            by: [month]
            measures: { sessions: { sessions: { of: user, gap: PT30M } } }
            path: out/sessions.csv
            suppression: { persons: 2 }

        """
    }

    /// With state: readable for a month, aged afterwards, and one table.
    static let stateful = """
        name: kept
        source: { format: jsonl, files: "in/*", time: ts, limits: { record: 4KiB } }
        identity: { customer: customer, user: user }
        window: P1M
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          action: keep
          path: url
        quarantine: { limit: 20% }
        keys: keys
        state: state
        outputs:
          - name: records
            purpose: security
            path: "out/{date}.jsonl"
            expires: P3M
            recipients: [own]
            safeguards: { reason: abuse, readers: [soc], delete_after: P3M }
        statistics:
          - name: months
            purpose: security
            by: [month, action]
            measures: { times: count, users: { distinct: user } }
            path: out/months.csv
            suppression: { persons: 3 }

        """

    /// Nothing is readable at any age: every output counts each record as due.
    static let nothingReadable = """
        name: bare
        source: { format: jsonl, files: "in/*", time: ts, limits: { record: 4KiB } }
        identity: { customer: customer, user: user }
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          user_agent: agent_family
          path: url
          message: redact
        quarantine: { limit: 50% }
        keys: keys
        state: state
        outputs:
          - { name: records, purpose: security, path: "out/{date}.jsonl" }
        statistics:
          - name: months
            purpose: statistics
            by: [month]
            measures: { times: count, users: { distinct: user } }
            path: out/months.csv
            suppression: { persons: 3 }

        """
}
