internal import Anonymization
internal import LogFormats
internal import Records

/// The text of a pipeline file that is proposed for a log.
struct ProposedPipeline {
    let name: String
    /// The file names under `source.files`, as they stand in the file; empty for standard input.
    let files: [String]
    let format: any LogFormat
    let guesses: [FieldGuess]
    /// How many records the guesses rest on.
    let recordCount: Int
    let withheldNames: Int
    /// How many lines of how many could not be read.
    let unreadable: Int
    /// The declared encoding; nil for UTF-8.
    let encoding: String?
    /// The text of a log of one invented record, and what the output has of it.
    var trial: (input: String, output: String)?

    /// The fields that stand for somebody, by role.
    private var identities: [(role: FieldGuess.Role, name: String)] {
        let roles: [FieldGuess.Role] = [.customer, .client, .user, .partner]
        return roles.compactMap { role in
            if role == .user, let visitor { return (role, visitor) }
            return single(role).map { (role, $0.name) }
        }
    }

    /// The first field of that role that has one value in a record.
    private func single(_ role: FieldGuess.Role) -> FieldGuess? {
        guesses.first { $0.role == role && !$0.isRepeated }
    }

    /// The address that stands for a person where most records name nobody.
    private var visitor: String? {
        if let user = single(.user), user.valueCount * 2 >= recordCount { return nil }
        return single(.address)?.name
    }

    /// What the table is by, besides the month.
    private var category: String? {
        let sure = guesses.filter { $0.role == .category && !$0.isRepeated && !$0.isUnsure }
        let activity = sure.first { guess in
            FieldName(guess.name, isPath: format.syntax == .json).speaks(of: .activity)
        }
        return activity?.name
            ?? single(.agent)?.name ?? sure.first?.name
    }

    private var person: String? { identities.first { $0.role == .user }?.name }

    // MARK: Text

    var text: String {
        ([head, source, identity, fields, output, statistics, closing, tests] as [[String]])
            .filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
            .joined(separator: "\n\n") + "\n"
    }

    private var head: [String] {
        var lines = [
            "# Replaces what identifies people in \(name), and counts them by the month.",
            "#",
            "# Proposed from the names and looks of \(recordCount) records. Read every line: those",
            "# marked `unsure` are guesses, and what is not named below is dropped.",
        ]
        if withheldNames > 0 {
            lines.append(
                "# Names that are not told, because they may be values: \(withheldNames). Their "
                    + "fields are dropped.")
        }
        return lines
    }

    private var source: [String] {
        var lines = ["name: \(name)", "source:", "  format: \(format.name)"]
        if files.count == 1 { lines.append("  files: \(quotedInYAML(files[0]))") }
        if files.count > 1 {
            lines.append("  files:")
            lines += files.map { "    - \(quotedInYAML($0))" }
        }
        if let encoding { lines.append("  encoding: \(encoding)") }
        if let time = writtenTime { lines.append("  time: \(time)") }
        return lines
    }

    private var timeGuess: FieldGuess? { guesses.first { $0.role == .time } }

    /// `source.time`, where it is not what the format has anyway.
    private var writtenTime: String? {
        guard let guess = timeGuess else { return nil }
        let form = guess.timeForm
        if let own = format.ownTime {
            if own.timeOfDay != nil || form == nil || form == own.format { return nil }
        }
        guard let form, form != .rfc3339 || format.ownTime != nil else {
            return Self.key(guess.name)
        }
        return "{ field: \(Self.key(guess.name)), format: \(form.rawValue) }"
    }

    private var needsZone: Bool {
        if let own = format.ownTime, writtenTime == nil { return own.zone == .declared }
        return timeGuess?.timeForm?.needsZone ?? false
    }

    private var identity: [String] {
        var lines: [String] = []
        if !identities.isEmpty {
            let roles = identities.map { "\($0.role): \(Self.key($0.name))" }
            if visitor != nil {
                lines.append("# A person is an address here: most records name nobody.")
            }
            lines.append("identity: { \(roles.joined(separator: ", ")) }")
        }
        lines.append("window: P1M")
        lines.append(
            needsZone
                ? "zone: UTC  # unsure: the times have no zone; which clock wrote them?"
                : "zone: UTC  # in which days and months are counted")
        return lines
    }

    private var fields: [String] {
        ["# What becomes of each field once a record is due."]
            + ["fields:"]
            + guesses.map { guess in
                let rule = "  \(Self.key(guess.name)): \(Self.rule(guess))"
                return "\(rule)  # \(guess.isUnsure ? "unsure: " : "")\(guess.reason)"
            }
    }

    private static func rule(_ guess: FieldGuess) -> String {
        switch guess.role {
        case .time, .category, .number, .flag: "keep"
        case .otherTime:
            "{ truncate_time: { unit: day, format: \(guess.timeForm?.rawValue ?? "rfc3339") } }"
        case .address:
            "{ category: technical, then: { truncate_ip: { ipv4: /16, ipv6: /32 } } }"
        case .user, .customer, .client, .partner: "pseudonymize"
        case .email: "email"
        case .agent: "{ category: technical, then: agent_family }"
        case .language: "{ category: technical, then: language }"
        case .url: "url"
        case .dropped: "drop"
        }
    }

    static let outputName = "records"

    private var output: [String] {
        [
            "# Nothing readable leaves: records are due at once. To let somebody read them for the",
            "# window, say `purpose: security`, name `safeguards`, and acknowledge it.",
            "outputs:",
            "  - name: \(Self.outputName)",
            "    purpose: statistics",
            "    path: \"out/\(name)/{name}/{date}.\(suffix).gz\"",
            // Times without a year are of the last one.
            "    expires: \(format.ownTime?.format == .syslog ? "P10M" : "P1Y")",
        ]
    }

    private var suffix: String {
        switch format.syntax {
        case .json: "jsonl"
        case .delimited: format.name == "tsv" ? "tsv" : "csv"
        default: "log"
        }
    }

    private var statistics: [String] {
        guard let person else {
            return [
                "# No field says who acted, so no table can be published: name one in `identity`."
            ]
        }
        let by = ["month"] + (category.map { [Self.key($0)] } ?? [])
        return [
            "statistics:", "  - name: use", "    purpose: statistics",
            "    by: [\(by.joined(separator: ", "))]",
            "    measures: { times: count, people: { distinct: \(Self.key(person)) } }",
            "",
            "# `sluice publish` closes a month a week after its end, and never tells it otherwise.",
            "publish: { persons: 10, path: out/\(name)/published, formats: [html, csv] }",
        ]
    }

    private var closing: [String] {
        [
            "# Customers who object: a CSV with customer, purposes and effective_date.",
            "# opt_outs: opt-outs.csv",
            quarantine, "state: state/\(name)",
        ]
    }

    /// The default, or twice the share that could not be read.
    private var quarantine: String {
        guard unreadable * 1000 > recordCount + unreadable else {
            return "quarantine: { limit: 0.1% }"
        }
        let percent = min(100, (200 * unreadable) / (recordCount + unreadable) + 1)
        return "quarantine: { limit: \(percent)% }  # unsure: \(unreadable) of "
            + "\(recordCount + unreadable) lines could not be read"
    }

    private var tests: [String] {
        guard let trial else { return [] }
        return [
            "# The values are invented. Tokens differ by key and are written <token>.",
            "tests:",
            "  - name: what identifies people is gone",
            "    now: \(InventedRecord.now)",
            "    input: |",
        ] + Self.block(trial.input, "      ") + [
            "    output:", "      \(Self.outputName): |",
        ] + Self.block(trial.output, "        ") + ["    quarantined: 0"]
    }

    private static func block(_ text: String, _ indent: String) -> [String] {
        text.split(separator: "\n").map { indent + $0 }
    }

    // MARK: YAML

    /// A field's name as a plain scalar where that is safe, and in single quotes otherwise.
    private static func key(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
        }
        return isPlain ? name : quotedInYAML(name)
    }

}

/// `text`, without line feeds, as a scalar in single quotes.
func quotedInYAML(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}
