/// A pipeline of a certain extent, as text.
struct ScalePipeline {
    /// How often the fields stand in it.
    var copies = 1
    /// True when it writes the records.
    var hasRecords = false
    /// What it counts.
    var tables: Tables = .none
    var keepsState = false
    /// True when a list of opt-outs lies beside it.
    var hasOptOuts = false

    enum Tables {
        case none
        /// The four tables of the job `aggregate`, so many times. A pipeline has at most 64 tables:
        /// beyond, each of these gets more measures.
        case ordinary(Int)
        case users
        case sessions
        case customers
    }

    private static let tablesMax = 64

    var text: String {
        var lines = [
            "name: scale", "source: { format: jsonl, time: ts }",
            "identity: { customer: customer, user: user, partner: partner }", "keys: keys",
        ]
        if keepsState { lines.append("state: state") }
        if hasOptOuts { lines.append("opt_outs: opt-outs.csv") }
        lines += ["fields:", "  ts: keep"]
        lines += (1...copies).flatMap { rules($0 == 1 ? "" : "_\($0)") }
        if hasRecords {
            lines += [
                "outputs:", "  - name: records", "    purpose: security", "    path: \"-\"",
                "    safeguards: { reason: benchmark, readers: [nobody], delete_after: P1M }",
            ]
        }
        let tables = tableLines
        if !tables.isEmpty { lines += ["statistics:"] + tables }
        return lines.joined(separator: "\n") + "\n"
    }

    private func rules(_ suffix: String) -> [String] {
        [
            "  customer\(suffix): pseudonymize", "  partner\(suffix): pseudonymize",
            "  user\(suffix): pseudonymize",
            "  ip\(suffix): { truncate_ip: { ipv4: /16, ipv6: /32 } }",
            "  action\(suffix): keep", "  lang\(suffix): language",
            "  client\(suffix).os: keep", "  client\(suffix).browser: keep",
            "  path\(suffix): url", "  user_agent\(suffix): agent_family",
        ]
    }

    private var tableLines: [String] {
        switch tables {
        case .none: []
        case .ordinary(let worth): ordinaryTables(worth)
        case .users: table("users", by: "month", ["users: { distinct: user }"])
        case .sessions:
            table("sessions", by: "month", ["sessions: { sessions: { of: user, gap: PT30M } }"])
        case .customers:
            table(
                "customers", by: "month, customer",
                ["times: count", "users: { distinct: user }"])
        }
    }

    private func ordinaryTables(_ worth: Int) -> [String] {
        let count = min(worth * 4, Self.tablesMax)
        let times = (worth * 4 + count - 1) / count
        return (0..<count).flatMap { number in
            let name = "table-\(number)"
            switch number % 4 {
            case 0:
                return table(
                    name, by: "month, partner",
                    repeated(times) { "logins\($0): { count: { action: login } }" }
                        + repeated(times) { "users\($0): { distinct: user }" })
            case 1: return table(name, by: "day, action", repeated(times) { "times\($0): count" })
            case 2:
                return table(
                    name, by: "month, { dimension: { browser: client.browser, lang: lang } }",
                    repeated(times) { "times\($0): count" })
            default:
                return table(
                    name, by: "month",
                    repeated(times) { "s\($0): { sessions: { of: user, gap: PT3\($0)M } }" })
            }
        }
    }

    private func repeated(_ times: Int, _ measure: (Int) -> String) -> [String] {
        (0..<times).map(measure)
    }

    private func table(_ name: String, by keys: String, _ measures: [String]) -> [String] {
        [
            "  - name: \(name)", "    purpose: statistics", "    by: [\(keys)]",
            "    measures: { \(measures.joined(separator: ", ")) }", "    path: out/{name}.csv",
        ]
    }
}
