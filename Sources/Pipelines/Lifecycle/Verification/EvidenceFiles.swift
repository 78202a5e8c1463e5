internal import FileSystem
internal import Ledger

/// Writes the evidence of a verification into a folder: both files appear, or neither.
struct EvidenceFiles {
    static let names = (json: "evidence.json", html: "evidence.html")

    /// Returns the paths written. A folder in which only known files may lie is refused; what a
    /// killed verification with the same `mark` left in it goes.
    static func write(
        _ report: VerificationReport, into folder: String, mark: WriterMark
    ) throws(PipelineFailure) -> [String] {
        do {
            let directory = try Directory.open(folder, creating: true, mode: 0o700)
            _ = try DurableFile.removeLeftovers(
                in: directory, of: mark,
                living: try DurableFile.livingRuns(in: directory, of: mark))
            var prepared: [PreparedFile] = []
            do throws(FileFault) {
                for (name, bytes) in [
                    (names.json, EvidenceJSON(report).bytes),
                    (names.html, EvidencePage(report).bytes),
                ] {
                    let file = try DurableFile.begin(in: directory, named: name, mark: mark)
                    try file.write(bytes.span)
                    prepared.append(try file.prepare())
                }
            } catch {
                _ = try? DurableFile.discard(prepared, in: directory)
                throw error
            }
            try DurableFile.publish(prepared, in: directory)
        } catch {
            throw .storage("cannot write the evidence into \(folder): \(error)")
        }
        return ["\(folder)/\(names.json)", "\(folder)/\(names.html)"]
    }
}

/// The evidence for machines; the order of members is that of their names.
struct EvidenceJSON {
    private let report: VerificationReport
    private var evidence: Evidence { report.evidence }

    init(_ report: VerificationReport) { self.report = report }

    var bytes: [UInt8] {
        let document: CanonicalJSON = [
            "pipeline": .text(report.pipeline), "as_of": .text(report.now),
            "cut_off": .text(report.cutOff), "proven": .boolean(report.isProven),
            "pipeline_digest": .text(evidence.pipelineDigest), "zone": .text(evidence.zone),
            "window": .text(evidence.window), "chain_end": .text(evidence.chainEnd),
            "findings": .array(
                report.findings.map {
                    [
                        "kind": .text($0.kind.rawValue), "place": .text($0.place),
                        "sentence": .text($0.sentence),
                    ]
                }),
            "checks": .array(
                report.checks.map { ["what": .text($0.name), "count": .integer(Int64($0.count))] }),
            "outputs": .array(evidence.outputs.map(output)),
            "statistics": .array(
                evidence.statistics.map {
                    [
                        "name": .text($0.name), "suppressed": .text($0.suppression),
                        "files": .integer(Int64($0.files)), "figures": .integer($0.figures),
                        "withheld": .integer($0.withheld),
                    ]
                }),
            "publications": .array(
                evidence.published.map {
                    [
                        "publication": .text($0.publication), "table": .text($0.table),
                        "figures": .integer(Int64($0.figures)),
                        "withheld": .integer(Int64($0.withheld)),
                    ]
                }),
            "runs": .array(evidence.runs.map(run)), "keys": .array(evidence.keys.map(key)),
            "holds": .array(evidence.holds.map(hold)),
            "opt_outs": .array(evidence.optOuts.map(tally)),
            "requests": .array(evidence.rights.map(tally)),
            "notes": .array(report.notes.map { .text($0) }),
        ]
        return document.bytes + [0x0a]
    }

    private func list(_ texts: [String]) -> CanonicalJSON { .array(texts.map { .text($0) }) }

    private func number(_ value: Int) -> CanonicalJSON { .integer(Int64(value)) }

    private func output(_ output: Evidence.Output) -> CanonicalJSON {
        [
            "name": .text(output.name), "purpose": .text(output.purpose),
            "recipients": list(output.recipients), "readers": list(output.readers),
            "readable_because": .text(output.reason), "delete_after": .text(output.deleteAfter),
            "expires": .text(output.expires), "files": number(output.files),
            "records": number(output.records), "readable": number(output.readable),
            "held": number(output.held), "overdue": number(output.overdue),
            "fields": .array(
                output.rules.map { rule in
                    [
                        "field": .text(rule.field), "category": .text(rule.category),
                        "in_window": .text(rule.inWindow), "due": .text(rule.due),
                        "stays_for": .text(rule.clock), "class": .text(rule.action),
                        "released_values": number(rule.released),
                        "readable_values": number(rule.readable),
                    ]
                }),
        ]
    }

    private func run(_ run: Evidence.Run) -> CanonicalJSON {
        [
            "run": .integer(run.id), "command": .text(run.command), "clock": .text(run.clock),
            "finished": .text(run.finished), "read": .integer(run.read),
            "written": .integer(run.written), "dropped": .integer(run.dropped),
            "quarantined": .integer(run.quarantined),
            "counts": .object(run.details.map { ($0.code, .integer($0.count)) }),
        ]
    }

    private func key(_ key: Evidence.Key) -> CanonicalJSON {
        [
            "key": .text(key.id), "fingerprint": .text(key.fingerprint),
            "month": .text(key.month), "alive": .boolean(key.isAlive),
            "destroyed": .text(key.destroyed), "destroyed_by": .text(key.destroyedBy),
            "method": .text(key.method), "lives_because": list(key.reasons),
        ]
    }

    private func hold(_ hold: Evidence.Hold) -> CanonicalJSON {
        [
            "hold": .text(hold.name), "binds": .boolean(hold.binds), "ground": .text(hold.ground),
            "reason": .text(hold.reason), "from": .text(hold.start), "to": .text(hold.end),
            "released": .text(hold.released),
        ]
    }

    private func tally(_ tally: Evidence.Tally) -> CanonicalJSON {
        ["what": .text(tally.what), "count": number(tally.count)]
    }
}
