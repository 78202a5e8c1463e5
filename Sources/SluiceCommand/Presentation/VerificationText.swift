package import Pipelines

/// What a verification found, for people and for machines.
package enum VerificationText {
    /// The verdict, the findings, what was looked at and the notes, no line longer than
    /// `columnsMax` but for paths; with a last line feed.
    package static func text(
        _ report: VerificationReport,
        columnsMax: Int,
        _ palette: Palette
    ) -> String {
        var lines = [verdict(report, palette)]
        for finding in report.findings {
            lines.append("")
            lines.append(
                "\(palette.bad(finding.kind.rawValue))  \(FaultReport.printable(finding.place))"
            )
            lines += indented(finding.sentence, columnsMax)
        }
        lines.append("")
        let width = report.checks.map { NumberText.grouped($0.count).count }.max() ?? 0
        for check in report.checks {
            let number = NumberText.grouped(check.count)
            let padding = String(repeating: " ", count: width - number.count)
            lines.append("  \(padding)\(number)  \(check.name)")
        }
        if !report.notes.isEmpty { lines.append("") }
        for note in report.notes {
            lines += wrapped(
                "note: \(FaultReport.printable(note))", columnsMax: columnsMax, indent: 6)
        }
        for file in report.files { lines.append("wrote \(FaultReport.printable(file))") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func verdict(_ report: VerificationReport, _ palette: Palette) -> String {
        let name = FaultReport.printable(report.pipeline)
        let time = report.now.isEmpty ? "" : " as of \(report.now)"
        guard !report.isProven else { return "\(name): \(palette.good("proven"))\(time)" }
        let count = NumberText.counted(report.findings.count, "finding")
        return "\(name): \(palette.bad(count))\(time)"
    }

    private static func indented(_ sentence: String, _ columnsMax: Int) -> [String] {
        wrapped(FaultReport.printable(sentence), columnsMax: columnsMax - 4, indent: 0)
            .map { "    \($0)" }
    }

    /// The same for machines.
    package static func json(_ report: VerificationReport) -> JSONValue {
        let status = report.isProven ? ExitStatus.success : ExitStatus.testsFailed
        return .object([
            ("status", .integer(Int(status))),
            ("pipeline", .text(report.pipeline)),
            ("proven", .boolean(report.isProven)),
            ("as_of", .text(report.now)),
            ("cut_off", .text(report.cutOff)),
            ("findings", .array(report.findings.map(item))),
            (
                "checks",
                .array(
                    report.checks.map {
                        .object([("what", .text($0.name)), ("count", .integer($0.count))])
                    }
                )
            ),
            ("notes", .array(report.notes.map { .text($0) })),
            ("files", .array(report.files.map { .text($0) })),
        ])
    }

    private static func item(_ finding: VerificationFinding) -> JSONValue {
        .object([
            ("kind", .text(finding.kind.rawValue)),
            ("place", .text(finding.place)),
            ("sentence", .text(finding.sentence)),
        ])
    }
}
