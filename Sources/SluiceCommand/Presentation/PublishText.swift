package import Pipelines

/// What was published, as people and machines read it.
package struct PublishText: Sendable {
    private let columnsMax: Int
    private let isVerbose: Bool

    package init(columnsMax: Int, isVerbose: Bool = false) {
        self.columnsMax = columnsMax
        self.isVerbose = isVerbose
    }

    /// A block for each publication, then what came late and what comes next; with a last line
    /// feed.
    package func text(_ report: PublishReport) -> String {
        if let folders = report.customerFolders {
            let none = "no tables about this customer, or none under a key that lives"
            return (folders.isEmpty ? [none] : folders.map(FaultReport.printable))
                .map { $0 + "\n" }.joined()
        }
        var blocks = report.entries.map(block)
        if report.entries.isEmpty { blocks.append(["\(report.pipeline): nothing to publish"]) }
        let late = report.late.flatMap { late in
            paragraph(
                "\(late.records.map { NumberText.counted(Int($0), "record") } ?? "records") of "
                    + "\(late.period) came after it had been published and "
                    + "\(late.records == 1 ? "is" : "are") in no publication")
        }
        if !late.isEmpty { blocks.append(late) }
        var rest: [String] = []
        if !report.nextPeriod.isEmpty {
            rest += paragraph(
                "next: \(report.nextPeriod), which may be closed from \(report.nextFrom) on")
        }
        for key in report.destroyedKeys {
            rest += paragraph("destroyed the key of \(key.month): nothing needs it any more")
        }
        for note in report.notes { rest += paragraph("note: \(note)") }
        if report.isDryRun { rest.append("dry run: nothing was written") }
        if !rest.isEmpty { blocks.append(rest) }
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private func block(_ entry: PublishReport.Entry) -> [String] {
        var lines = paragraph(head(entry))
        var table = TextTable([
            .text("table", shrinksTo: 12), .number("rows"), .number("figures"),
            .number("withheld"), .number("share"),
        ])
        for each in entry.tables {
            table.add([
                each.name, NumberText.grouped(each.rows), NumberText.grouped(each.figures),
                NumberText.grouped(each.withheld), Self.share(each),
            ])
        }
        lines += table.isEmpty ? [] : table.lines(columnsMax: columnsMax)
        for each in entry.tables where isVerbose && !each.other.isEmpty {
            lines += paragraph("\(each.name): small values of \(each.other) are in `Other`")
        }
        for each in entry.tables where !each.proposal.isEmpty {
            lines += paragraph(
                "\(each.name): \(Self.share(each)) is withheld, to tell more: "
                    + each.proposal)
        }
        for file in isVerbose ? entry.files : [] {
            lines.append("\(file.sha256)  \(FaultReport.printable(file.name))")
        }
        return lines
    }

    private func head(_ entry: PublishReport.Entry) -> String {
        var what = "\(entry.period), \(entry.kind)"
        if entry.kind != "final" { what += " \(entry.revision)" }
        if let customers = entry.customers { return head(what, customers, entry) }
        let place = "\(NumberText.counted(entry.files.count, "file")) in \(entry.folder)"
        switch entry.outcome {
        case .published: return "published \(what), for \(entry.audience): \(place)"
        case .wouldBePublished: return "would publish \(what), for \(entry.audience): \(place)"
        case .unchanged:
            return "\(what): published at \(entry.published), unchanged: \(place)"
        case .restored:
            return "\(what): published at \(entry.published); "
                + "\(NumberText.counted(entry.restored, "file")) gone or changed since, written "
                + "again with the same bytes: \(place)"
        case .reissued:
            return "\(what): published at \(entry.published); " + Self.reissued(entry)
                + ": \(place)"
        }
    }

    private func head(
        _ what: String, _ customers: Int, _ entry: PublishReport.Entry
    ) -> String {
        let whom = "\(NumberText.counted(customers, "customer")), each in a folder in "
            + entry.folder
        switch entry.outcome {
        case .published: return "published \(what), for \(whom)"
        case .wouldBePublished: return "would publish \(what), for \(whom)"
        case .unchanged: return "\(what): for \(whom), unchanged"
        case .restored:
            return "\(what): for \(whom); \(NumberText.counted(entry.restored, "file")) gone or "
                + "changed since, written again with the same bytes"
        case .reissued: return "\(what): for \(whom); " + Self.reissued(entry)
        }
    }

    private static func reissued(_ entry: PublishReport.Entry) -> String {
        "\(NumberText.counted(entry.reissued, "file")) gone or changed since, written again in "
            + "today's version of the format, with the same figures"
    }

    /// The share of figures that are not told, in whole percent, rounded up.
    private static func share(_ table: PublishReport.Table) -> String {
        guard table.figures > 0 else { return "-" }
        return "\((table.withheld * 100 + table.figures - 1) / table.figures) %"
    }

    private func paragraph(_ text: String) -> [String] {
        wrapped(FaultReport.printable(text), columnsMax: columnsMax)
    }

    /// The same for machines.
    package static func json(_ report: PublishReport) -> JSONValue {
        .object([
            ("status", .integer(Int(report.exitStatus))),
            (
                "failure",
                report.failures.isEmpty
                    ? .null
                    : .text(
                        report.failures.map { FailureText($0.failure, effect: .none).message }
                            .joined(separator: "\n"))
            ),
            ("pipeline", .text(report.pipeline)), ("dry_run", .boolean(report.isDryRun)),
            ("publications", .array(report.entries.map(json))),
            (
                "late",
                .array(
                    report.late.map { late in
                        .object([
                            ("period", .text(late.period)),
                            ("records", late.records.map { .integer(Int($0)) } ?? .null),
                        ])
                    })
            ),
            (
                "customer_folders",
                report.customerFolders.map { .array($0.map { .text($0) }) } ?? .null
            ),
            ("next_period", .optional(report.nextPeriod.isEmpty ? nil : report.nextPeriod)),
            ("next_from", .optional(report.nextFrom.isEmpty ? nil : report.nextFrom)),
            ("destroyed_keys", .array(report.destroyedKeys.map { .text($0.month) })),
            ("notes", .array(report.notes.map { .text($0) })),
        ])
    }

    private static func json(_ entry: PublishReport.Entry) -> JSONValue {
        .object([
            ("outcome", .text(entry.outcome.rawValue)), ("period", .text(entry.period)),
            ("through", .text(entry.through)), ("kind", .text(entry.kind)),
            ("revision", .integer(entry.revision)),
            ("reason", .optional(entry.reason.isEmpty ? nil : entry.reason)),
            ("audience", .text(entry.audience)), ("published", .text(entry.published)),
            ("folder", .text(entry.folder)),
            ("customers", entry.customers.map { .integer($0) } ?? .null),
            (
                "tables",
                .array(
                    entry.tables.map { table in
                        .object([
                            ("name", .text(table.name)), ("rows", .integer(table.rows)),
                            ("figures", .integer(table.figures)),
                            ("withheld", .integer(table.withheld)),
                            ("other", .optional(table.other.isEmpty ? nil : table.other)),
                            (
                                "proposal",
                                .optional(table.proposal.isEmpty ? nil : table.proposal)
                            ),
                        ])
                    })
            ),
            (
                "files",
                .array(
                    entry.files.map { file in
                        .object([("file", .text(file.name)), ("sha256", .text(file.sha256))])
                    })
            ),
        ])
    }
}
