private import Anonymization
package import Pipelines
private import Records

/// What a run did, as people read it at its end: plain text, tables of at most `columnsMax`
/// characters, no value of any record.
package struct ClosingTable: Sendable {
    /// The most files and quarantine positions that are listed when nobody asked for more.
    package static let filesShown = 20
    package static let positionsShown = 10

    let report: RunReport
    let columnsMax: Int
    let isVerbose: Bool

    /// The table of `report`; `isVerbose` lists every source, file and quarantine position.
    package init(_ report: RunReport, columnsMax: Int, isVerbose: Bool = false) {
        self.report = report
        self.columnsMax = columnsMax
        self.isVerbose = isVerbose
    }

    /// All parts that have something to say, an empty line between them, with a last line feed.
    package var text: String {
        let parts = [
            headline, sources, outputs, risks, conservation, statistics, quarantine, files, aged,
            store, keys, notes,
        ]
        return parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
            .joined(separator: "\n\n") + "\n"
    }

    /// The line that proves that every record is accounted for, for each output:
    /// `read 12,345 = written 12,000 + dropped 300 + blank 5 + quarantined 40`.
    package var conservation: [String] {
        let totals = report.totals
        if totals.outputs.isEmpty {
            let accepted = totals.read - totals.blank - totals.quarantinedTotal
            return paragraph(equation(totals, ["accepted \(NumberText.grouped(accepted))"]))
        }
        return zip(report.outputNames, totals.outputs).flatMap { name, counts in
            let outcome = equation(
                totals,
                [
                    "written \(NumberText.grouped(counts.written))",
                    "dropped \(NumberText.grouped(counts.droppedTotal))",
                ]
            )
            return paragraph(totals.outputs.count > 1 ? "\(short(name)): \(outcome)" : outcome)
        }
    }

    /// What was set aside: how often for which reason, and where the first of it stands.
    package var quarantine: [String] {
        let totals = report.totals
        guard totals.quarantinedTotal > 0 else { return [] }
        let reasons = QuarantineReason.allCases
            .filter { totals.quarantined[$0, default: 0] > 0 }
        let counts = reasons.map { ($0.code, totals.quarantined[$0, default: 0]) }
        let share =
            "\(NumberText.grouped(totals.quarantinedTotal)) of "
            + NumberText.counted(totals.read, "record")
        let lines =
            paragraph("quarantined \(share): \(listed(counts))")
            + reasons.flatMap { paragraph("\($0.code): \($0.words)") }
        let shown = isVerbose ? report.quarantine.count : Self.positionsShown
        return lines + positions(Array(report.quarantine.prefix(shown)), of: totals)
    }
}

// MARK: - The parts

extension ClosingTable {
    private var headline: [String] {
        let known = report.sources.filter(\.wasKnown).count
        let bytes = report.sources.filter { !$0.wasKnown }.map(\.bytes).reduce(0, +)
        var facts = [NumberText.counted(report.sources.count, "source")]
        if known > 0 { facts[0] += " (\(NumberText.grouped(known)) known already, not read again)" }
        facts.append(NumberText.counted(report.totals.read, "record"))
        facts.append(NumberText.size(bytes: bytes))
        facts.append(NumberText.elapsed(seconds: report.elapsedSeconds))
        var line = facts.joined(separator: ", ")
        if !report.pipeline.isEmpty { line = "\(report.pipeline): \(line)" }
        var lines = paragraph(line)
        let open = report.sources.filter { $0.openBytes > 0 }
        if !open.isEmpty {
            lines += paragraph(
                "not ended yet: the last line of \(NumberText.counted(open.count, "source")), "
                    + "\(NumberText.size(bytes: open.map(\.openBytes).reduce(0, +))); left for a "
                    + "later run")
        }
        if !report.cutOff.isEmpty {
            lines += paragraph("identifiers before \(report.cutOff) are due")
        }
        if report.isDryRun { lines.append("dry run: nothing was written") }
        return lines
    }

    private var sources: [String] {
        guard isVerbose else { return [] }
        var table = TextTable([
            .text("source", shrinksTo: 16), .number("records"), .number("blank"),
            .number("quarantined"), .number("size"), .text("known"),
        ])
        for source in report.sources {
            table.add([
                source.name, NumberText.grouped(source.counts.read),
                NumberText.grouped(source.counts.blank),
                NumberText.grouped(source.counts.quarantinedTotal),
                NumberText.size(bytes: source.bytes), source.wasKnown ? "yes" : "no",
            ])
        }
        return table.isEmpty ? [] : table.lines(columnsMax: columnsMax)
    }

    private var outputs: [String] {
        let totals = report.totals
        guard !totals.outputs.isEmpty else { return [] }
        var table = TextTable([
            .text("output", shrinksTo: 12), .number("read"), .number("kept"),
            .number("anonymised"), .number("dropped"), .number("quarantined"),
        ])
        var reasons: [String] = []
        for (name, counts) in zip(report.outputNames, totals.outputs) {
            let numbers = [
                totals.read, counts.kept + counts.held, counts.anonymised, counts.droppedTotal,
                totals.quarantinedTotal,
            ]
            table.add([name] + numbers.map(NumberText.grouped))
            if counts.held > 0 {
                reasons += paragraph(
                    "held in \(short(name)): \(NumberText.grouped(counts.held)) readable, as a "
                        + "hold asks")
            }
            let dropped = DropReason.allCases
                .compactMap { reason in counts.dropped[reason].map { (reason.code, $0) } }
                .filter { $0.1 > 0 }
            if !dropped.isEmpty {
                reasons += paragraph("dropped from \(short(name)): \(listed(dropped))")
            }
        }
        return table.lines(columnsMax: columnsMax) + reasons
    }

    private var risks: [String] {
        report.risks.flatMap { paragraph(RiskText.sentence($0)) }
    }

    private var statistics: [String] {
        var table = TextTable([.text("statistic", shrinksTo: 12), .number("records counted")])
        for (name, count) in zip(report.statisticNames, report.totals.observed) {
            table.add([name, NumberText.grouped(count)])
        }
        return table.isEmpty ? [] : table.lines(columnsMax: columnsMax)
    }

    private func positions(_ entries: [QuarantineEntry], of totals: RecordCounts) -> [String] {
        var table = TextTable([
            .text("source", shrinksTo: 16), .number("record"), .number("byte offset"),
            .text("reason"),
        ])
        for entry in entries {
            let isKnown = report.sources.indices.contains(entry.sourceIndex)
            table.add([
                isKnown ? report.sources[entry.sourceIndex].name : "?",
                NumberText.grouped(entry.recordNumber), NumberText.grouped(entry.byteOffset),
                entry.reason.code,
            ])
        }
        guard !table.isEmpty else { return [] }
        let more = totals.quarantinedTotal - entries.count
        let rest = more > 0 ? ["and \(NumberText.grouped(more)) more"] : []
        return table.lines(columnsMax: columnsMax) + rest
    }

    private var files: [String] {
        guard !report.files.isEmpty else { return [] }
        let shown = isVerbose ? report.files.count : Self.filesShown
        var table = TextTable([
            .text(report.isDryRun ? "file that would be written" : "file written", shrinksTo: 26),
            .text("output", shrinksTo: 12), .number("records"), .number("size"),
        ])
        for file in report.files.prefix(shown) {
            table.add([
                file.count == 1
                    ? file.path : "\(file.path) (\(NumberText.counted(file.count, "file")))",
                file.output, NumberText.grouped(file.records),
                NumberText.size(bytes: file.bytes),
            ])
        }
        let more = report.files.count - shown
        let rest = "and \(NumberText.counted(more, "more file")); --verbose lists all"
        return table.lines(columnsMax: columnsMax) + (more > 0 ? [rest] : [])
    }

    private var aged: [String] {
        rewritten + held
    }

    private var held: [String] {
        guard !report.bindingHolds.isEmpty else { return [] }
        let holds = NumberText.counted(report.bindingHolds.count, "hold")
        let names = report.bindingHolds.map { short($0) }.joined(separator: ", ")
        let records = NumberText.counted(report.heldRecords, "record")
        let parts =
            report.heldParts > 0
            ? "; \(NumberText.counted(report.heldParts, "expired part")) not deleted" : ""
        return paragraph(
            "\(holds) in force (\(names)): \(records) of earlier runs left as they are\(parts)")
    }

    private var rewritten: [String] {
        var lines: [String] = []
        let rewritten = report.agedParts - report.expiredParts
        if rewritten > 0 {
            let parts = NumberText.counted(rewritten, "part")
            lines += paragraph(
                "aged out \(parts) of earlier runs: \(agedWords) in them")
        }
        if report.expiredParts > 0 {
            let parts = NumberText.counted(report.expiredParts, "part")
            let records = report.ageing.reduce(0) { $0 + $1.expired }
            lines += paragraph(
                "deleted \(parts) of earlier runs, whose time had come: "
                    + "\(NumberText.counted(records, "record")) in them")
        }
        if report.removedAgain > 0 {
            let files = NumberText.counted(report.removedAgain, "file")
            lines += paragraph("removed \(files) that earlier runs had removed: restored copies")
        }
        if report.madeAgain > 0 {
            let parts = NumberText.counted(report.madeAgain, "part")
            lines += paragraph(
                "made \(parts) again, in whose place an earlier form lay: a restored copy")
        }
        return lines
    }

    /// `3 records anonymised, 1 erased, 2 deleted`.
    private var agedWords: String {
        let anonymised = report.ageing.reduce(0) { $0 + $1.anonymised }
        var words = ["\(NumberText.counted(anonymised, "record")) anonymised"]
        for reason in DropReason.allCases {
            let count = report.ageing.reduce(0) { $0 + ($1.dropped[reason] ?? 0) }
            if count > 0 { words.append("\(NumberText.grouped(count)) \(reason.code)") }
        }
        return words.joined(separator: ", ")
    }

    /// What became of keys; those that live on are told to who asks.
    private var keys: [String] {
        var lines: [String] = []
        if !report.destroyedKeys.isEmpty {
            let months = report.destroyedKeys.map(\.month).joined(separator: ", ")
            lines += paragraph("destroyed the keys of \(months): nothing can need them any more")
        }
        for month in report.erasedAgainKeys {
            lines += paragraph(
                "erased a key file of \(month) that lay beside the record of its destruction")
        }
        let closing = report.closingKeys
        if isVerbose {
            for key in closing {
                let reasons = key.reasons.joined(separator: "; ")
                lines += paragraph("the key of \(key.month) lives on: \(reasons)")
            }
        } else if !closing.isEmpty {
            let months = closing.map(\.month).joined(separator: ", ")
            lines += paragraph(
                "keys that wait for their end: \(months); --verbose or `sluice keys list` says why")
        }
        return lines
    }

    private var notes: [String] {
        let totals = report.totals
        var notes = report.notes
        let untimely = totals.untimely + (report.store?.untimely ?? 0)
        let keyless = report.keyless
        if untimely > 0 {
            notes.append(
                "\(NumberText.counted(untimely, "record")) with a time later than the "
                    + "run's clock: identifiers left out"
            )
        }
        if keyless > 0 {
            notes.append(
                "\(NumberText.counted(keyless, "record")) of months whose key is destroyed: no "
                    + "token is made for them; what is due and needs one is left out"
            )
        }
        notes += storeNotes
        if !report.unmatchedOptOuts.isEmpty {
            let lines = report.unmatchedOptOuts.prefix(20).map(NumberText.grouped)
            let more = report.unmatchedOptOuts.count - lines.count
            notes.append(
                "opt-outs that no record matched, by line of the list: "
                    + lines.joined(separator: "; ")
                    + (more > 0 ? "; and \(NumberText.grouped(more)) more" : "")
            )
        }
        if !report.unmatchedRegistryOptOuts.isEmpty {
            let ids = report.unmatchedRegistryOptOuts.prefix(20).map(String.init)
            let more = report.unmatchedRegistryOptOuts.count - ids.count
            notes.append(
                "opt-outs of the registry that no record of this run matched, by number: "
                    + ids.joined(separator: "; ")
                    + (more > 0 ? "; and \(NumberText.grouped(more)) more" : "")
            )
        }
        return notes.flatMap { paragraph("note: \($0)") }
    }
}

// MARK: - Sentences

extension ClosingTable {
    /// `read … = … + blank … + quarantined …`; a sum that does not close says so.
    private func equation(_ totals: RecordCounts, _ outcomes: [String]) -> String {
        let parts =
            outcomes + [
                "blank \(NumberText.grouped(totals.blank))",
                "quarantined \(NumberText.grouped(totals.quarantinedTotal))",
            ]
        let sign = totals.isConserved ? "=" : "is NOT"
        return "read \(NumberText.grouped(totals.read)) \(sign) \(parts.joined(separator: " + "))"
    }

    /// `30 not-json, 10 bad-time`, the most frequent first.
    private func listed(_ reasons: [(code: String, count: Int)]) -> String {
        reasons.enumerated()
            .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }
            .map { "\(NumberText.grouped($0.element.count)) \($0.element.code)" }
            .joined(separator: ", ")
    }

    /// A name cut to a part of the line.
    private func short(_ name: String) -> String {
        TextTable.shortened(name, to: columnsMax / 2)
    }

    func paragraph(_ text: String) -> [String] {
        wrapped(FaultReport.printable(text), columnsMax: columnsMax)
    }
}
