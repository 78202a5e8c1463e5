import TestSupport

/// A pipeline and a log, made at random: which fields there are, what becomes of each and when, who
/// has opted out, what is counted.
struct GeneratedCase {
    /// What a rule does, in the words of the README.
    enum Rule: Hashable {
        case keep, drop, agent, page, token
        case replace(String)
        case digest
        case cut(ipv4: Int, ipv6: Int)
        case time(unit: String)
        case ranges([Int])
        case mail(mode: String)
        /// Without kinds: those that are meant where none are named.
        case text(kinds: [String], isSimple: Bool)

        func yaml(_ form: Form) -> String {
            switch self {
            case .time(let unit) where form == .combined:
                "{ truncate_time: { unit: \(unit), format: access-log } }"
            case .keep: "keep"
            case .drop: "drop"
            case .agent: "agent_family"
            case .page: "url"
            case .token: "pseudonymize"
            case .replace(let text): "{ replace: \"\(text)\" }"
            case .digest: "{ hmac_sha256: { key: static.key } }"
            case .cut(let ipv4, let ipv6): "{ truncate_ip: { ipv4: /\(ipv4), ipv6: /\(ipv6) } }"
            case .time(let unit): "{ truncate_time: \(unit) }"
            case .ranges(let edges): "{ bucket: \(edges) }"
            case .mail(let mode):
                "{ email: { mode: \(mode), providers: [\(PlainTexts.provider)] } }"
            case .text(kinds: [], isSimple: false): "redact"
            case .text(let kinds, let isSimple):
                "{ redact: { "
                    + [
                        kinds.isEmpty ? nil : "kinds: [\(kinds.joined(separator: ", "))]",
                        isSimple ? "grammar: simple" : nil,
                    ].compactMap(\.self).joined(separator: ", ") + " } }"
            }
        }
    }

    /// How long something stays readable.
    enum Length: Hashable {
        case months(Int), days(Int)

        var text: String {
            switch self {
            case .months(let count): "P\(count)M"
            case .days(let count): "P\(count)D"
            }
        }
    }

    struct OptOut {
        let customer: String
        let purpose: String
        /// Since which day.
        let since: CivilDay
    }

    /// A table by month or day, and by the action where it is told; with the sum of the amounts
    /// where these have a rule.
    struct Table {
        let unit: String
        let withAction: Bool
        let withSum: Bool
        let persons: Int
        let customers: Int
    }

    /// The members of a record in their order, as texts; only `amount` is a number.
    struct Event {
        let instant: Int
        var members: [(name: String, text: String)]
        /// A line that cannot be read stands in its place.
        var isBroken = false
    }

    static let names = [
        "ts", "customer", "user", "ip", "action", "agent", "path", "amount", "note", "mail", "text",
        "extra",
    ]

    /// The rules of the fields that are named.
    var rules: [(field: String, rule: Rule, after: Length?)] = []
    var window = Length.months(1)
    var isAmsterdam = false
    var keepsOthers = false
    var now = CivilDay(month: 4, day: 15)
    var optOuts: [OptOut] = []
    var countsUse = true
    var table = Table(
        unit: "month", withAction: false, withSum: false, persons: 2, customers: 1)
    var events: [Event] = []

    var hasTokens: Bool {
        rules.contains { $0.rule == .token || $0.rule == .mail(mode: "token") }
    }
    var sums: Bool { table.withSum && rule("amount") != nil }

    func rule(_ field: String) -> (rule: Rule, after: Length?)? {
        rules.first { $0.field == field }.map { ($0.rule, $0.after) }
    }
}

// MARK: At random

extension GeneratedCase {
    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.init(&random)
    }

    private init(_ random: inout SeededGenerator) {
        func pick<Value>(_ values: [Value], _ random: inout SeededGenerator) -> Value {
            values[Int.random(in: 0..<values.count, using: &random)]
        }
        let lengths: [Length] = [.months(1), .months(2), .days(10), .days(45)]
        window = pick(lengths, &random)
        isAmsterdam = Bool.random(using: &random)
        keepsOthers = Int.random(in: 0..<4, using: &random) == 0
        now = pick(
            [CivilDay(month: 4, day: 15), CivilDay(month: 4, day: 30), CivilDay(month: 5, day: 31),
             CivilDay(month: 5, day: 1)], &random)
        countsUse = Bool.random(using: &random)
        table = Table(
            unit: pick(["month", "day"], &random), withAction: Bool.random(using: &random),
            withSum: Bool.random(using: &random),
            persons: Int.random(in: 2...4, using: &random),
            customers: Int.random(in: 1...3, using: &random))
        for field in Self.names where field != "extra" {
            let isNeeded = ["ts", "customer", "user", "action"].contains(field)
            guard isNeeded || Int.random(in: 0..<5, using: &random) > 0 else { continue }
            let rule = pick(Self.choices(field), &random)
            let hasClock = field != "ts" && Int.random(in: 0..<4, using: &random) == 0
            rules.append((field, rule, hasClock ? pick(lengths, &random) : nil))
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            optOuts.append(
                OptOut(
                    customer: "NL-\(Int.random(in: 100...106, using: &random))",
                    purpose: pick(["*", "statistics", "security"], &random),
                    since: CivilDay(
                        month: Int.random(in: 1...5, using: &random),
                        day: Int.random(in: 1...28, using: &random))))
        }
        var maker = EventMaker(seed: random.next())
        events = (0..<80).map { _ in Self.event(&maker, &random) }
    }

    private static func choices(_ field: String) -> [Rule] {
        let anything: [Rule] = [.drop, .replace("left out"), .digest, .token]
        switch field {
        case "ts": return [.keep, .time(unit: "day"), .time(unit: "month")]
        case "customer": return anything
        case "user": return anything + mails
        case "mail": return anything + [.keep] + mails + mails
        case "text":
            return [
                .drop, .keep, .text(kinds: [], isSimple: false), .text(kinds: [], isSimple: true),
                .text(kinds: PlainTexts.kinds, isSimple: false),
                .text(kinds: ["email"], isSimple: true), .text(kinds: ["ip"], isSimple: false),
                .text(kinds: ["card", "iban", "phone"], isSimple: false),
                .text(kinds: ["email", "token", "mac"], isSimple: false),
            ]
        case "action": return [.keep]
        case "ip":
            return anything
                + [.cut(ipv4: 16, ipv6: 32), .cut(ipv4: 24, ipv6: 48), .cut(ipv4: 12, ipv6: 40)]
        case "agent": return anything + [.agent, .agent]
        case "path": return anything + [.page, .page]
        case "amount": return [.drop, .keep, .ranges([0, 10, 100]), .ranges([50])]
        default: return anything + [.keep]
        }
    }

    private static let mails = ["public-only", "token", "drop"].map { Rule.mail(mode: $0) }

    private static func event(
        _ maker: inout EventMaker, _ random: inout SeededGenerator
    ) -> Event {
        let invented = maker.next().event
        let values: [String: String] = [
            "customer": invented.customer, "user": invented.user, "ip": invented.address,
            "action": invented.action, "agent": invented.agent.replacing(",", with: ";"),
            "path": invented.path, "amount": "\(Int.random(in: -5...250, using: &random))",
            "note": "n\(Int.random(in: 0...99, using: &random)) of it", "extra": "x",
            "mail": PlainTexts.mail(&random), "text": PlainTexts.text(&random),
        ]
        var members: [(name: String, text: String)] = [("ts", invented.time)]
        for name in names.dropFirst() {
            let isAlways = ["customer", "user", "action"].contains(name)
            guard isAlways || Int.random(in: 0..<6, using: &random) > 0 else { continue }
            members.append((name, values[name] ?? ""))
        }
        return Event(
            instant: CivilDay.instant(of: invented.time), members: members,
            isBroken: Int.random(in: 0..<30, using: &random) == 0)
    }
}

// MARK: As files

extension GeneratedCase {
    enum Form: String, CaseIterable {
        case jsonl, csv, access, combined

        /// The names of the built-in format, which has no other fields.
        private static let combinedNames = [
            "ts": "time", "customer": "ident", "user": "user", "ip": "ip", "action": "method",
            "path": "path", "extra": "status", "amount": "bytes", "text": "referer",
            "agent": "agent",
        ]

        func has(_ field: String) -> Bool { self != .combined || Self.combinedNames[field] != nil }

        /// What the field is called there.
        func name(_ field: String) -> String {
            self == .combined ? Self.combinedNames[field] ?? field : field
        }

        /// The format as a pipeline names it.
        var yaml: String {
            self == .access ? "{ access_log: { template: '\(template)' } }" : rawValue
        }

        /// All fields, the time in brackets and what may have spaces in quotes.
        fileprivate var template: String {
            names.map { name in
                name == "ts" ? "[$ts]" : GeneratedCase.isQuoted(name) ? "\"$\(name)\"" : "$\(name)"
            }.joined(separator: " ")
        }
    }

    private static func isQuoted(_ name: String) -> Bool {
        ["agent", "path", "note", "mail", "text"].contains(name)
    }

    /// The same as far as the format can say it.
    func fitted(to form: Form) -> GeneratedCase {
        guard form == .combined else { return self }
        var fitted = self
        fitted.rules = rules.filter { form.has($0.field) }
        fitted.events = events.map { event in
            var members = event.members.filter { name, text in
                form.has(name) && name != "extra" && !(name == "amount" && text.hasPrefix("-"))
            }
            // There is no request without a path, and no answer without a status.
            if !members.contains(where: { $0.name == "path" }) { members.append(("path", "/")) }
            return Event(
                instant: event.instant, members: members + [("extra", "200")],
                isBroken: event.isBroken)
        }
        return fitted
    }

    func pipeline(_ form: Form) -> String {
        let fields = rules.map { field, rule, after in
            let clock = after.map { ", after: \($0.text) }" }
            let yaml = rule.yaml(form)
            return "  \(form.name(field)): " + (clock.map { "{ then: \(yaml)\($0)" } ?? yaml)
        } + (form == .combined ? ["  protocol: keep"] : [])
        let sum = sums ? ", total: { sum: \(form.name("amount")) }" : ""
        let by = [table.unit] + (table.withAction ? [form.name("action")] : [])
        return """
            name: generated
            source: { format: \(form.yaml), files: "in/*", time: \(form.name("ts")) }
            identity: { customer: \(form.name("customer")), user: user }
            window: \(window.text)
            zone: \(isAmsterdam ? "Europe/Amsterdam" : "UTC")
            others: \(keepsOthers ? "keep-everything" : "drop")
            fields:
            \(fields.joined(separator: "\n"))
            acknowledge: [static-key, readable-window]
            \(hasTokens ? "keys: { path: keys, grace: P1Y }" : "")
            quarantine: { limit: 90% }
            opt_outs: { file: opt-outs.csv, basis: \(countsUse ? "use" : "event"),
              effect: drop_record, missing: allowed }
            outputs:
              - name: shown
                purpose: security
                path: out/shown
                safeguards: { reason: abuse, readers: [soc], delete_after: P3M }
              - { name: due, purpose: statistics, path: out/due }
            statistics:
              - name: table
                purpose: statistics
                by: [\(by.joined(separator: ", "))]
                measures: { times: count, users: { distinct: user }\(sum) }
                path: out/table.csv
                suppression: { persons: \(table.persons), customers: \(table.customers) }

            """
    }

    var optOutList: String {
        optOuts.reduce("customer,purposes,effective_date\n") {
            $0 + "\($1.customer),\($1.purpose),\($1.since.text)\n"
        }
    }

    /// The lines of the log; a table has one more, the names of its columns.
    func lines(_ form: Form) -> [String] {
        let header = form == .csv ? [Self.names.joined(separator: ",")] : []
        return header + events.map { event in
            let line = Self.line(event.members, form)
            guard event.isBroken else { return line }
            return switch form {
            case .csv: "\"broken\",x"
            // A list of addresses is none.
            case .combined: "192.0.2.1, " + line
            case .jsonl, .access: "{\"broken"
            }
        }
    }

    static func line(
        _ members: [(name: String, text: String)], _ form: Form, _ columns: [String] = names
    ) -> String {
        switch form {
        case .jsonl: object(members)
        case .csv: row(members, columns)
        case .access: access(members)
        case .combined: combined(members)
        }
    }

    private static func combined(_ members: [(name: String, text: String)]) -> String {
        func text(_ name: String) -> String {
            let text = members.first { $0.name == name }?.text ?? "-"
            return isQuoted(name) ? text : text.replacing(" ", with: "\\x20")
        }
        return "\(text("ip")) \(text("customer")) \(text("user")) [\(clock(text("ts")))] "
            + "\"\(text("action")) \(text("path")) HTTP/1.1\" \(text("extra")) "
            + "\(text("amount")) \"\(text("text"))\" \"\(text("agent"))\""
    }

    /// A whole time as servers write it; a day or a month as it is.
    private static func clock(_ time: String) -> String {
        let parts = time.split { "-TZ".contains($0) }
        guard parts.count == 4, let month = Int(parts[1]) else { return time }
        return "\(parts[2])/\(EventMaker.months[month - 1])/\(parts[0]):\(parts[3]) +0000"
    }

    /// A line of the access log: what is not there is `-`, and a space outside of quotes escaped.
    private static func access(_ members: [(name: String, text: String)]) -> String {
        names.map { name in
            let text = members.first { $0.name == name }?.text ?? "-"
            if name == "ts" { return "[\(text)]" }
            return isQuoted(name) ? "\"\(text)\"" : text.replacing(" ", with: "\\x20")
        }.joined(separator: " ")
    }

    private static func object(_ members: [(name: String, text: String)]) -> String {
        let parts = members.map { name, text in
            "\"\(name)\":" + (name == "amount" && Int(text) != nil ? text : "\"\(text)\"")
        }
        return "{\(parts.joined(separator: ","))}"
    }

    private static func row(
        _ members: [(name: String, text: String)], _ columns: [String]
    ) -> String {
        columns.map { name in
            let text = members.first { $0.name == name }?.text ?? ""
            return text.contains(",") ? "\"\(text)\"" : text
        }.joined(separator: ",")
    }
}
