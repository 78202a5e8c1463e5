internal import Publication

/// The evidence as a page for people.
struct EvidencePage {
    /// The most runs that the page lists; the JSON has all.
    private static let runsMax = 40

    private let report: VerificationReport
    private var evidence: Evidence { report.evidence }

    init(_ report: VerificationReport) { self.report = report }

    var bytes: [UInt8] {
        HTMLPage.write(title: "Evidence: \(report.pipeline)") { page in
            head(&page)
            findings(&page)
            checks(&page)
            page.element("h2", text: "Rules in force")
            for output in evidence.outputs { rules(output, &page) }
            statistics(&page)
            runs(&page)
            keys(&page)
            registries(&page)
            notes(&page)
        }
    }

    private func head(_ page: inout HTMLWriter) {
        page.element("h1", text: "Evidence: \(report.pipeline)")
        page.element(
            "p", ["class": "soft"],
            text: "What the pipeline promises, held against what lies there. Row-level outputs "
                + "that carry tokens are pseudonymised, not anonymous; only published statistics "
                + "are.")
        let count = report.findings.count
        let verdict =
            report.isProven
            ? "Proven: nothing was found that breaks a promise."
            : "\(count == 1 ? "1 finding" : "\(count) findings"): see below."
        page.element(
            "p", ["class": report.isProven ? "verdict good" : "verdict bad", "role": "status"],
            text: verdict)
        let facts = [
            ("As of", report.now), ("Identifiers are due before", report.cutOff),
            ("Window", "\(evidence.window), counted in \(evidence.zone)"),
            ("Digest of the pipeline file", evidence.pipelineDigest),
            ("End of the chain of events", evidence.chainEnd),
        ]
        page.element("dl") { list in
            for (name, value) in facts where !value.isEmpty {
                list.element("dt", text: name)
                list.element("dd") { $0.element("code", text: value) }
            }
        }
    }

    private func findings(_ page: inout HTMLWriter) {
        guard !report.isProven else { return }
        page.element("h2", text: "Findings")
        page.table(
            caption: "What is not as it should be", [.text("Kind"), .text("Place"), .text("What")],
            report.findings.map { [$0.kind.rawValue, $0.place, $0.sentence] })
    }

    private func checks(_ page: inout HTMLWriter) {
        page.element("h2", text: "What was looked at")
        page.table(
            caption: "Everything was read back; nothing is taken from the ledger alone",
            [.text("What"), .number("Count")], report.checks.map { [$0.name, grouped($0.count)] })
    }

    private func rules(_ output: Evidence.Output, _ page: inout HTMLWriter) {
        page.element("h3", text: "Output \(output.name)")
        var terms = [
            ("Purpose", output.purpose),
            ("Recipients", output.recipients.joined(separator: ", ")),
            ("Readers", output.readers.joined(separator: ", ")),
            ("Readable in the window because of", output.reason),
            ("Nothing readable after", output.deleteAfter),
            ("Files are deleted after", output.expires),
        ]
        terms.append(
            (
                "Read back",
                "\(grouped(output.records)) records in \(grouped(output.files)) files: "
                    + "\(grouped(output.readable)) still readable, \(grouped(output.held)) held, "
                    + "\(grouped(output.overdue)) overdue"
            ))
        page.element("dl") { list in
            for (name, value) in terms where !value.isEmpty {
                list.element("dt", text: name)
                list.element("dd", text: value)
            }
        }
        page.table(
            caption: "Fields of \(output.name), and the due values found in its files",
            [
                .text("Field"), .text("Category"), .text("In the window"), .text("When due"),
                .text("Stays for"), .text("Class"), .number("In released form"), .number("Not"),
            ],
            output.rules.map { rule in
                [
                    rule.field, rule.category, rule.inWindow, rule.due, rule.clock, rule.action,
                    grouped(rule.released), grouped(rule.readable),
                ]
            })
    }

    private func statistics(_ page: inout HTMLWriter) {
        publications(&page)
        guard !evidence.statistics.isEmpty else { return }
        page.element("h2", text: "Statistics")
        page.table(
            caption: "What is suppressed",
            [
                .text("Statistic"), .text("Suppressed"), .number("Files"), .number("Figures"),
                .number("Withheld"),
            ],
            evidence.statistics.map {
                [
                    $0.name, $0.suppression, grouped($0.files), grouped($0.figures),
                    grouped($0.withheld),
                ]
            })
    }

    private func publications(_ page: inout HTMLWriter) {
        guard !evidence.published.isEmpty else { return }
        page.element("h2", text: "Publications")
        page.table(
            caption: "How many figures are withheld",
            [
                .text("Publication"), .text("Table"), .number("Figures"), .number("Withheld"),
            ],
            evidence.published.map {
                [$0.publication, $0.table, grouped($0.figures), grouped($0.withheld)]
            })
    }

    private func runs(_ page: inout HTMLWriter) {
        page.element("h2", text: "Runs")
        let shown = evidence.runs.suffix(Self.runsMax)
        let all = evidence.runs.count
        let sum = evidence.runs.reduce(into: [Int64](repeating: 0, count: 4)) { sum, run in
            for (index, count) in run.totals.enumerated() { sum[index] += count }
        }
        page.table(
            caption: shown.count == all
                ? "Records read = written + dropped + quarantined"
                : "The last \(shown.count) of \(all) runs; records read = written + dropped + "
                    + "quarantined",
            [
                .text("Run"), .text("Clock"), .number("Read"), .number("Written"),
                .number("Dropped"), .number("Quarantined"), .text("What became of them"),
            ],
            shown.map { run in
                ["\(run.id) \(run.command)", run.clock] + run.totals.map(grouped) + [run.words]
            } + [["All \(all)", ""] + sum.map(grouped) + [""]])
    }

    private func keys(_ page: inout HTMLWriter) {
        guard !evidence.keys.isEmpty else { return }
        page.element("h2", text: "Keys")
        let alive = evidence.keys.filter(\.isAlive).count
        page.table(
            caption: "\(alive) alive, \(evidence.keys.count - alive) destroyed, in this store; "
                + "backups are the operator's",
            [.text("Month"), .text("State"), .text("Since"), .text("By"), .text("How, or why not")],
            evidence.keys.map { key in
                [
                    key.month, key.isAlive ? "alive" : "destroyed", key.destroyed,
                    key.destroyedBy,
                    key.isAlive ? key.reasons.joined(separator: "; ") : key.method,
                ]
            })
    }

    private func registries(_ page: inout HTMLWriter) {
        if !evidence.holds.isEmpty {
            page.element("h2", text: "Holds")
            page.table(
                caption: "What may not be aged out, erased or lose its key",
                [
                    .text("Hold"), .text("Binds"), .text("Ground"), .text("Reason"), .text("From"),
                    .text("To"), .text("Released"),
                ],
                evidence.holds.map { hold in
                    [
                        hold.name, hold.binds ? "yes" : "no", hold.ground, hold.reason, hold.start,
                        hold.end, hold.released,
                    ]
                })
        }
        for (title, tallies) in [
            ("Opt-outs and objections", evidence.optOuts), ("Requests of persons", evidence.rights),
        ] where !tallies.isEmpty {
            page.element("h2", text: title)
            page.table(
                caption: "Counts only: who asked is kept as a keyed hash",
                [.text("Scope and state"), .number("Entries")],
                tallies.map { [$0.what, grouped($0.count)] })
        }
    }

    private func notes(_ page: inout HTMLWriter) {
        guard !report.notes.isEmpty else { return }
        page.element("h2", text: "Worth knowing")
        page.element("ul") { list in
            for note in report.notes { list.element("li", text: note) }
        }
    }
}

/// A number with spaces between groups of three digits, so that it reads in any language.
func grouped(_ number: some BinaryInteger) -> String {
    let digits = Array("\(number)".utf8)
    var text: [UInt8] = []
    for (index, digit) in digits.enumerated() {
        let left = digits.count - index
        if index > 0, left % 3 == 0, digits[index - 1] != UInt8(ascii: "-") {
            text += Array("\u{202f}".utf8)
        }
        text.append(digit)
    }
    return String(decoding: text, as: UTF8.self)
}

extension Evidence.Run {
    /// Read, written, dropped, quarantined.
    var totals: [Int64] { [read, written, dropped, quarantined] }

    /// What became of the records, output by output, and why some were set aside.
    var words: String {
        details.filter { $0.count > 0 }.map { code, count in
            var parts = code.split(separator: "/").filter { $0 != "field" }
            guard parts.count >= 3 else { return "\(code) \(count)" }
            if parts[0] == "output" { parts.removeFirst() }
            let isNamed = ["aged", "store", "statistic"].contains(parts[0])
            let subject = isNamed && parts.count > 2 ? 2 : 1
            return parts[..<subject].joined(separator: " ") + ": "
                + parts[subject...].joined(separator: " ") + " \(count)"
        }.joined(separator: "; ")
    }
}
