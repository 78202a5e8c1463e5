package import Pipelines

extension SubjectText {
    /// The report of an erasure or a rectification for people; `done` is what happened to records.
    package static func text(_ report: SubjectChangeReport, _ done: String) -> String {
        let verb = report.isDryRun ? "would be \(done)" : done
        let lines = changed(report, verb) + left(report, verb) + [""]
            + report.limits.map { "- \($0)" }
        return lines.map { FaultReport.printable($0) }.joined(separator: "\n") + "\n"
    }

    /// What is not there any more, or says something else.
    private static func changed(_ report: SubjectChangeReport, _ verb: String) -> [String] {
        let kept = report.isDryRun ? "would be rewritten" : "rewritten"
        var lines = [
            "\(NumberText.counted(report.records, "record")) \(verb), "
                + "\(NumberText.counted(report.parts, "file")) \(kept)"
        ]
        if report.partialRows > 0 {
            let rows = NumberText.counted(report.partialRows, "row")
            lines.append("\(rows) of unpublished statistics \(verb)")
        }
        if report.undecided > 0 || report.undecidedRows > 0 {
            lines.append(
                "of these \(NumberText.counted(report.undecided, "record")) and "
                    + "\(NumberText.counted(report.undecidedRows, "row")) do not say of which "
                    + "customer")
        }
        if report.passedOver > 0 {
            lines.append(
                "\(NumberText.counted(report.passedOver, "record")) of the subject do not say of "
                    + "which customer and stay as they are: correct them without "
                    + "--within-customer, or in the sources")
        }
        if report.quarantineLines > 0 {
            lines.append(
                "\(NumberText.counted(report.quarantineLines, "raw line")) of quarantine \(verb)")
        }
        return lines
    }

    /// What a hold keeps, and what becomes of the sources.
    private static func left(_ report: SubjectChangeReport, _ verb: String) -> [String] {
        var lines: [String] = []
        if let hold = report.blockedBy {
            let when = report.retry.map { "try again after \($0)" } ?? "it ends when it is released"
            let then =
                report.isRemembered
                ? "; the first run after that completes the erasure"
                : "; nothing of it is done by itself then"
            lines.append(
                "BLOCKED: \(NumberText.counted(report.held, "record")) stay because hold "
                    + "`\(hold)` binds or may bind them; \(when)\(then)")
        }
        for source in report.sources {
            lines.append(
                "source \(source.path): \(NumberText.counted(source.records, "record")) \(verb)")
        }
        if report.isDryRun, !report.sources.isEmpty {
            lines.append("token for --confirm: \(report.token)")
        }
        for input in report.inputs {
            lines.append(
                "your duty: \(input.path) still holds "
                    + "\(NumberText.counted(input.records, "record")) of the subject")
        }
        return lines
    }

    /// The report of an erasure or a rectification for machines.
    package static func json(_ report: SubjectChangeReport) -> String {
        func files(_ inputs: [SubjectChangeReport.Input]) -> JSONValue {
            .array(
                inputs.map { input in
                    .object([("path", .text(input.path)), ("records", .integer(input.records))])
                })
        }
        return JSONValue.object(
            head(report.pipeline) + [
                ("dry_run", .boolean(report.isDryRun)), ("records", .integer(report.records)),
                ("files", .integer(report.parts)),
                ("unpublished_rows", .integer(report.partialRows)),
                ("undecided", .integer(report.undecided)),
                ("undecided_rows", .integer(report.undecidedRows)),
                ("passed_over", .integer(report.passedOver)),
                ("quarantine_lines", .integer(report.quarantineLines)),
                ("held", .integer(report.held)), ("blocked_by", .optional(report.blockedBy)),
                ("retry", .optional(report.retry)), ("inputs", files(report.inputs)),
                ("sources", files(report.sources)),
                ("token", report.token.isEmpty ? .null : .text(report.token)),
                ("limits", .array(report.limits.map { .text($0) })),
            ]
        ).json
    }

    /// The report of a restriction for people.
    package static func text(_ report: SubjectRestrictReport) -> String {
        let state: String =
            switch (report.isLifted, report.wasSo) {
            case (false, false): "restricted from now on"
            case (false, true): "restricted already"
            case (true, false): "no longer restricted"
            case (true, true): "was not restricted"
            }
        let lines = [state] + report.limits.map { "- \($0)" }
        return lines.map { FaultReport.printable($0) }.joined(separator: "\n") + "\n"
    }

    /// The report of a restriction for machines.
    package static func json(_ report: SubjectRestrictReport) -> String {
        JSONValue.object(
            head(report.pipeline) + [
                ("restricted", .boolean(!report.isLifted)), ("was_so", .boolean(report.wasSo)),
                ("limits", .array(report.limits.map { .text($0) })),
            ]
        ).json
    }

    /// What is on record of a subject, for people.
    package static func text(_ report: SubjectStatusReport) -> String {
        var table = TextTable([
            .text("what"), .text("state"), .text("since"), .text("until", shrinksTo: 10),
            .text("detail", shrinksTo: 10),
        ])
        for entry in report.entries {
            table.add([
                entry.kind, entry.state, entry.from, entry.until ?? "-", entry.detail ?? "-",
            ])
        }
        var lines =
            report.entries.isEmpty
            ? ["nothing is on record"] : table.lines(columnsMax: Terminal.tableColumns)
        for (month, until) in report.livingMonths {
            let end = until.map { ", at least until \($0)" }
                ?? ": the time of its key is past, and `sluice keys list` says what it waits for"
            lines.append("tokens of \(month) can still be made\(end)")
        }
        if !report.destroyedMonths.isEmpty {
            lines.append(
                "tokens of \(report.destroyedMonths.joined(separator: ", ")) belong to nobody any "
                    + "more: their keys are destroyed")
        }
        return lines.map { FaultReport.printable($0) }.joined(separator: "\n") + "\n"
    }

    /// What is on record of a subject, for machines.
    package static func json(_ report: SubjectStatusReport) -> String {
        let entries = report.entries.map { entry -> JSONValue in
            .object([
                ("kind", .text(entry.kind)), ("state", .text(entry.state)),
                ("from", .text(entry.from)), ("until", .optional(entry.until)),
                ("detail", .optional(entry.detail)),
            ])
        }
        let months = report.livingMonths.map { month, until -> JSONValue in
            .object([("month", .text(month)), ("until", .optional(until))])
        }
        return JSONValue.object(
            head(report.pipeline) + [
                ("entries", .array(entries)), ("living_months", .array(months)),
                ("destroyed_months", .array(report.destroyedMonths.map { .text($0) })),
            ]
        ).json
    }

    private static func head(_ pipeline: String) -> [(name: String, value: JSONValue)] {
        [
            ("status", .integer(Int(ExitStatus.success))), ("failure", .null),
            ("pipeline", .text(pipeline)),
        ]
    }
}
