package import Pipelines

/// How a pipeline stands, as people and machines read it.
package struct StatusText: Sendable {
    private let columnsMax: Int
    private let palette: Palette

    package init(columnsMax: Int, palette: Palette = Palette(isOn: false)) {
        self.columnsMax = columnsMax
        self.palette = palette
    }

    /// A line for each thing worth knowing, what is late first.
    package func text(_ report: StatusReport) -> String {
        var rows: [(name: String, text: String)] = []
        if let refusal = report.refusal { rows.append(("refused", refusal)) }
        rows.append(("last run", Self.lastRun(report)))
        rows.append(("due now", Self.due(report)))
        rows.append(("next due", report.nextDue.map(\.day) ?? "nothing waits"))
        rows += report.readable.map { ("readable", Self.readable($0)) }
        rows += report.lostOutputs.map { ("lost", Self.lost($0)) }
        rows += report.changedLists.map { ("changed", Self.changed(list: $0)) }
        if let keys = report.keys { rows.append(("keys", Self.keys(keys))) }
        rows += report.unpublished.map { ("publish", Self.unpublished($0)) }
        rows += Self.registry(report)
        let width = rows.map(\.name.count).max() ?? 0
        var lines = [FaultReport.printable(report.pipeline) + ": " + headline(report)]
        var before = ""
        for row in rows {
            let name = row.name == before ? "" : row.name
            before = row.name
            let margin = name + String(repeating: " ", count: width - name.count + 2)
            let wrapped = wrapped(
                FaultReport.printable(row.text), columnsMax: columnsMax - width - 4)
            for (index, line) in wrapped.enumerated() {
                let blank = String(repeating: " ", count: margin.count)
                lines.append("  " + (index == 0 ? margin : blank) + line)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func headline(_ report: StatusReport) -> String {
        if report.refusal != nil { return palette.bad("every run is refused") }
        if let late = report.lateness {
            return palette.bad("late, by \(NumberText.counted(late.days, "day"))")
        }
        if report.lastRun == nil { return "no run yet" }
        if let lost = report.lostOutputs.first {
            return palette.bad(
                "output \(FaultReport.printable(lost.name)) is not in the pipeline any more, and "
                    + (lost.missing < lost.files ? "files of it lie there" : "its files are away"))
        }
        if !report.changedLists.isEmpty {
            return palette.bad("a list of quarantine is not what the last run left")
        }
        if report.overdue > 0 {
            let files = NumberText.counted(report.overdue, "file")
            return palette.bad(
                "overdue: \(files) that the last run did not find; see `sluice verify`")
        }
        if report.owedFiles > 0 {
            return palette.bad("a killed run left work that the next one ends")
        }
        return palette.good("well")
    }

    private static func lastRun(_ report: StatusReport) -> String {
        guard let run = report.lastRun else { return "none" }
        var text = "\(run.id), \(run.command), \(run.clock.text): "
            + "\(NumberText.counted(Int(run.read), "record"))"
        if run.quarantined > 0 { text += ", \(NumberText.grouped(Int(run.quarantined))) set aside" }
        return text
    }

    private static func due(_ report: StatusReport) -> String {
        let due = report.due
        if due.isNothing { return "nothing" }
        let parts = [
            (due.parts, "file", "to age out"), (due.expired, "file", "to delete"),
            (due.storeFiles, "file of the store", "to age out"),
        ].filter { $0.0 > 0 }.map { "\(NumberText.counted($0.0, $0.1)) \($0.2)" }
        let late = report.lateness.map {
            ": waiting for \(NumberText.counted($0.days, "day"))"
        }
        return parts.joined(separator: ", ") + (late ?? "")
    }

    private static func readable(_ readable: StatusReport.Readable) -> String {
        "\(readable.output): oldest record of \(readable.oldest.day)"
            + (readable.due.map { ", due on \($0.day)" } ?? "")
            + " (\(NumberText.counted(readable.files, "file")))"
    }

    private static func lost(_ lost: StatusReport.LostOutput) -> String {
        "\(lost.name): \(NumberText.counted(lost.files, "file")) that no run can age, search or "
            + "correct; keep the output in the pipeline, as it was, until they are gone"
            + (lost.missing == 0
                ? ""
                : "; the folder of \(NumberText.grouped(lost.missing)) of them is missing: if they "
                    + "are gone for good, say so once with `sluice run --forget-missing "
                    + "\(lost.name)`")
    }

    private static func changed(list: String) -> String {
        "\(list), a list of quarantine: what was taken out of it may be back; runs fail and "
            + "erasures wait until it is there as it was left, or is taken away and "
            + "`sluice run --forget-missing quarantine` says so once"
    }

    private static func keys(_ keys: StatusReport.Keys) -> String {
        let counts = [
            (keys.active, "active"), (keys.closing, "closing"), (keys.destroyed, "destroyed"),
            (keys.missing, "missing"),
        ].filter { $0.0 > 0 }.map { "\(NumberText.grouped($0.0)) \($0.1)" }
        guard !counts.isEmpty else { return "none yet" }
        let next = keys.next.map { "; next to die: \($0.month), not before \($0.day)" }
        return counts.joined(separator: ", ") + (next ?? "")
    }

    private static func unpublished(_ month: StatusReport.Unpublished) -> String {
        if let waits = month.waitsFor { return "waits: \(waits)" }
        return "\(month.month): "
            + (month.isDue ? "may be published" : "open until \(month.closing.day)")
    }

    /// Only what there is: most pipelines have few of these.
    private static func registry(_ report: StatusReport) -> [(name: String, text: String)] {
        var rows: [(name: String, text: String)] = []
        if !report.bindingHolds.isEmpty {
            rows.append(("holds", report.bindingHolds.joined(separator: ", ")))
        }
        let counts = [
            ("opt-outs", report.optOutsInForce, "in force"),
            ("restrictions", report.restrictionsInForce, "in force"),
            ("recalls", report.recallsOpen, "not answered"),
        ]
        rows += counts.filter { $0.1 > 0 }.map { ($0.0, "\(NumberText.grouped($0.1)) \($0.2)") }
        if report.erasuresOpen > 0 {
            rows.append((
                "erasures",
                "\(NumberText.grouped(report.erasuresOpen)) open, "
                    + "\(NumberText.grouped(report.erasuresBlocked)) of them blocked by a hold"
                    + (report.erasuresBlocked > 0
                        ? "; new records of these persons are left out, not held" : "")
            ))
        }
        return rows
    }
}

extension StatusText {
    /// The same as one JSON object on one line.
    package static func json(_ report: StatusReport) -> String {
        JSONValue.object([
            ("status", .integer(Int(report.isLate ? ExitStatus.testsFailed : ExitStatus.success))),
            ("failure", .null), ("pipeline", .text(report.pipeline)),
            ("now", .text(report.now.text)), ("late_days", .integer(report.lateness?.days ?? 0)),
            ("refused", .optional(report.refusal)),
            ("last_run", report.lastRun.map(json) ?? .null),
            (
                "due",
                .object([
                    ("files", .integer(report.due.parts)),
                    ("expired_files", .integer(report.due.expired)),
                    ("store_files", .integer(report.due.storeFiles)),
                ])
            ),
            ("next_due", .optional(report.nextDue?.text)),
            ("readable", .array(report.readable.map(json))),
            (
                "lost_outputs",
                .array(
                    report.lostOutputs.map {
                        .object([
                            ("output", .text($0.name)), ("files", .integer($0.files)),
                            ("missing_files", .integer($0.missing)),
                        ])
                    })
            ),
            ("changed_lists", .array(report.changedLists.map { .text($0) })),
            ("keys", report.keys.map(json) ?? .null),
            ("binding_holds", .array(report.bindingHolds.map { .text($0) })),
            ("opt_outs_in_force", .integer(report.optOutsInForce)),
            ("restrictions_in_force", .integer(report.restrictionsInForce)),
            ("erasures_open", .integer(report.erasuresOpen)),
            ("erasures_blocked", .integer(report.erasuresBlocked)),
            ("recalls_open", .integer(report.recallsOpen)),
            ("unpublished", .array(report.unpublished.map(json))),
            ("owed_files", .integer(report.owedFiles)),
        ]).json
    }

    private static func json(_ run: StatusReport.Run) -> JSONValue {
        .object([
            ("run", .integer(Int(run.id))), ("command", .text(run.command)),
            ("clock", .text(run.clock.text)), ("finished", .text(run.finished.text)),
            ("read", .integer(Int(run.read))), ("quarantined", .integer(Int(run.quarantined))),
        ])
    }

    private static func json(_ readable: StatusReport.Readable) -> JSONValue {
        .object([
            ("output", .text(readable.output)), ("files", .integer(readable.files)),
            ("oldest", .text(readable.oldest.text)), ("due", .optional(readable.due?.text)),
        ])
    }

    private static func json(_ keys: StatusReport.Keys) -> JSONValue {
        .object([
            ("active", .integer(keys.active)), ("closing", .integer(keys.closing)),
            ("destroyed", .integer(keys.destroyed)), ("missing", .integer(keys.missing)),
            ("next_month", .optional(keys.next?.month)),
            ("next_from", .optional(keys.next?.from)),
        ])
    }

    private static func json(_ month: StatusReport.Unpublished) -> JSONValue {
        .object([
            ("month", .text(month.month)), ("closing", .text(month.closing.text)),
            ("due", .boolean(month.isDue)), ("waits_for", .optional(month.waitsFor)),
        ])
    }
}
