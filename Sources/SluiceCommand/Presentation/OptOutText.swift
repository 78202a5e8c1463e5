internal import Pipelines

/// Opt-outs of the registry as people and machines read them.
struct OptOutText: RegistryAnswer {
    let entries: [OptOutListing]
    var effect: OptOutEffectReport?
    /// What was done, in words; nil for a list.
    let lead: String?

    func text(columnsMax: Int) -> String {
        guard !entries.isEmpty else { return "no opt-outs\n" }
        var lines = entries.flatMap { Self.lines($0, lead) }
        if let effect { lines += Self.lines(effect) }
        return Self.joined(lines, columnsMax)
    }

    /// A line wrapped behind its indentation.
    static func indented(_ line: String, _ columnsMax: Int) -> [String] {
        let indentation = String(line.prefix { $0 == " " })
        return wrapped(
            FaultReport.printable(line), columnsMax: columnsMax - indentation.utf8.count
        ).map { indentation + $0 }
    }

    static func joined(_ lines: [String], _ columnsMax: Int) -> String {
        lines.flatMap { indented($0, columnsMax) }.joined(separator: "\n") + "\n"
    }

    static func lines(_ entry: OptOutListing, _ lead: String?) -> [String] {
        let what = lead.map { ", \($0)" } ?? ""
        var lines = ["\(entry.id): \(entry.state.rawValue)\(what)"]
        lines.append("  \(entry.kind) \(entry.hash)")
        if let within = entry.within { lines.append("  in records of customer \(within)") }
        lines.append("  purpose / category: \(entry.scopes.joined(separator: "; "))")
        lines.append(
            "  from \(entry.effective)" + (entry.withdrawn.map { " until \($0)" } ?? "")
                + ", by \(entry.basis)")
        if entry.unsearched > 0 {
            let files = NumberText.counted(entry.unsearched, "stored file")
            lines.append("  " + UnsearchedWords.open(files))
        }
        return lines
    }

    static func lines(_ effect: OptOutEffectReport) -> [String] {
        var lines: [String] = []
        if effect.rows > 0 {
            lines.append(
                "\(NumberText.counted(effect.rows, "row")) left figures that were not published")
        }
        if effect.parts > 0 {
            lines.append(
                "\(NumberText.counted(effect.parts, "stored part")) rewritten: "
                    + "\(NumberText.counted(effect.records, "record")) changed")
        }
        if effect.recalls > 0 {
            lines.append(
                "\(NumberText.counted(effect.recalls, "delivered file")) called back: "
                    + "see `sluice recalls list`")
        }
        if effect.untoldRecalls > 0 {
            lines.append(
                "note: \(NumberText.grouped(effect.untoldRecalls)) of them because nobody can tell "
                    + "any more whose records they hold")
        }
        if effect.foundNobody {
            lines.append(
                "note: no stored record and no figure matched: if that is not expected, compare "
                    + "the spelling")
        }
        return lines + effect.notes.map { "note: \($0)" }
    }

    static func value(_ effect: OptOutEffectReport) -> JSONValue {
        .object([
            ("rows", .integer(effect.rows)), ("parts", .integer(effect.parts)),
            ("records", .integer(effect.records)),
            ("recalls", .integer(effect.recalls)),
            ("untold_recalls", .integer(effect.untoldRecalls)),
            ("found_nobody", .boolean(effect.foundNobody)),
            ("notes", .array(effect.notes.map { .text($0) })),
        ])
    }

    var json: String {
        var members: [(name: String, value: JSONValue)] = [
            ("status", .integer(Int(ExitStatus.success))),
            ("opt_outs", .array(entries.map(Self.value))),
        ]
        if let effect { members.append(("effect", Self.value(effect))) }
        return JSONValue.object(members).json
    }

    static func value(_ entry: OptOutListing) -> JSONValue {
        .object([
            ("id", .integer(Int(entry.id))), ("state", .text(entry.state.rawValue)),
            ("kind", .text(entry.kind)), ("hash", .text(entry.hash)),
            ("within", .optional(entry.within)),
            ("scopes", .array(entry.scopes.map { .text($0) })), ("basis", .text(entry.basis)),
            ("effective", .text(entry.effective)), ("withdrawn", .optional(entry.withdrawn)),
            ("unsearched", .integer(entry.unsearched)),
        ])
    }
}

/// The difference that an import found.
struct OptOutImportText: RegistryAnswer {
    let report: OptOutImportReport

    private var groups: [(name: String, words: String, numbers: [Int])] {
        [
            ("added", "entered, by line", report.added),
            ("known", "known already, by line", report.known),
            ("withdrawn", "withdrawn, by line", report.withdrawn),
            (
                "stays_withdrawn", "withdrawn in the registry and left so, by line",
                report.staysWithdrawn
            ),
            (
                "not_in_file", "in the registry only and still in force, by number",
                report.notInFile.map { Int($0) }
            ),
        ]
    }

    func text(columnsMax: Int) -> String {
        var lines: [String] = []
        for (_, words, numbers) in groups where !numbers.isEmpty {
            let shown = numbers.prefix(50).map(String.init).joined(separator: "; ")
            let more = numbers.count > 50 ? "; and \(numbers.count - 50) more" : ""
            lines.append("\(NumberText.grouped(numbers.count)) \(words): \(shown)\(more)")
        }
        lines += OptOutText.lines(report.effect)
        return OptOutText.joined(lines.isEmpty ? ["the list is empty"] : lines, columnsMax)
    }

    var json: String {
        JSONValue.object(
            [("status", .integer(Int(ExitStatus.success)))]
                + groups.map { ($0.name, .array($0.numbers.map { .integer($0) })) }
                + [("effect", OptOutText.value(report.effect))]
        ).json
    }
}

/// What is known of one value.
struct OptOutCheckText: RegistryAnswer {
    let report: OptOutCheckReport

    func text(columnsMax: Int) -> String {
        var lines = [report.isOptedOut ? "opted out" : "not opted out"]
        for line in report.lines {
            let isOpen = report.openLines.contains(line)
            lines.append(
                "line \(line) of the pipeline's list"
                    + (isOpen ? ", " + UnsearchedWords.open() : ""))
        }
        lines += report.entries.flatMap { OptOutText.lines($0, nil) }
        return OptOutText.joined(lines, columnsMax)
    }

    var json: String {
        JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))),
            ("opted_out", .boolean(report.isOptedOut)),
            ("opt_outs", .array(report.entries.map(OptOutText.value))),
            ("lines", .array(report.lines.map { .integer($0) })),
            ("open_lines", .array(report.openLines.map { .integer($0) })),
        ]).json
    }
}
