package import Pipelines

/// Reports of `subject` for people and for machines: counts and names, no value of any record.
package enum SubjectText {
    /// The report of an export for people.
    package static func text(_ report: SubjectExportReport) -> String {
        var table = TextTable([
            .text("place"), .text("name", shrinksTo: 12), .number("files"), .number("records"),
            .number("unreadable"),
        ])
        for place in report.places {
            table.add([
                place.kind, place.name, "\(place.files)", "\(place.records)",
                "\(place.unreadable)",
            ])
        }
        var lines = table.lines(columnsMax: Terminal.tableColumns)
        for (month, rows) in report.partialRows {
            lines.append("\(NumberText.counted(rows, "row")) of unpublished statistics, \(month)")
        }
        lines.append("")
        lines += report.limits.map { FaultReport.printable("- \($0)") }
        if !report.files.isEmpty {
            lines.append("")
            lines += report.files.map { FaultReport.printable("wrote \($0)") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The report of an export for machines.
    package static func json(_ report: SubjectExportReport) -> String {
        let places = report.places.map { place -> JSONValue in
            .object([
                ("kind", .text(place.kind)), ("name", .text(place.name)),
                ("files", .integer(place.files)), ("records", .integer(place.records)),
                ("unreadable", .integer(place.unreadable)),
                ("undecided", .integer(place.undecided)),
            ])
        }
        let rows = report.partialRows.map { month, rows -> JSONValue in
            .object([("month", .text(month)), ("rows", .integer(rows))])
        }
        return JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))), ("failure", .null),
            ("pipeline", .text(report.pipeline)), ("records", .integer(report.records)),
            ("places", .array(places)), ("unpublished_statistics", .array(rows)),
            ("limits", .array(report.limits.map { .text($0) })),
            ("files", .array(report.files.map { .text($0) })),
        ]).json
    }
}
