private import Anonymization
package import Pipelines

/// One thing that a command has to tell, with counts and names; no value of any record.
package struct LogEvent: Sendable {
    /// How much it matters; the raw value is the priority in the journal (RFC 5424, 6.2.1).
    package enum Level: Int, Sendable {
        case error = 3
        case warning = 4
        case information = 6

        /// The word in JSON.
        package var word: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .information: "info"
            }
        }
    }

    package let level: Level
    /// What kind of event it is: `run-finished`, `warning` and so on.
    package let name: String
    package let message: String
    package let fields: [(name: String, value: JSONValue)]

    /// The line of a log, without a line feed; `time` is RFC 3339.
    package func json(at time: String) -> String {
        let head: [(name: String, value: JSONValue)] = [
            ("time", .text(time)), ("level", .text(level.word)), ("event", .text(name)),
            ("message", .text(message)),
        ]
        return JSONValue.object(head + fields).json
    }

    /// The fields of a journal entry.
    package var journalFields: [(name: String, value: String)] {
        let head = [
            ("MESSAGE", message), ("PRIORITY", "\(level.rawValue)"),
            ("SYSLOG_IDENTIFIER", "sluice"), ("SLUICE_EVENT", name),
        ]
        return head
            + fields.map { field in
                let value =
                    if case .text(let text) = field.value { text } else { field.value.json }
                return ("SLUICE_\(field.name.uppercased())", value)
            }
    }
}

extension LogEvent {
    /// What a run has to tell that ended well: its warnings, the keys it destroyed, its end.
    package static func events(of report: RunReport) -> [LogEvent] {
        let pipeline = (name: "pipeline", value: JSONValue.text(report.pipeline))
        let keys = report.destroyedKeys.map { key in
            LogEvent(
                level: .information, name: "key-destroyed",
                message: "destroyed the key of \(key.month)",
                fields: [
                    pipeline, ("month", .text(key.month)), ("key_id", .text(key.keyID)),
                    ("fingerprint", .text(key.fingerprint)),
                ])
        }
        return warnings(report.notes, pipeline) + keys + [finished(report)]
    }

    private static func warnings(
        _ notes: [String], _ pipeline: (name: String, value: JSONValue)
    ) -> [LogEvent] {
        notes.map { note in
            LogEvent(level: .warning, name: "warning", message: note, fields: [pipeline])
        }
    }

    private static func finished(_ report: RunReport) -> LogEvent {
        let totals = report.totals
        let written = totals.outputs.map(\.written).reduce(0, +)
        let aged = report.agedRecords + (report.store?.changed ?? 0)
        return LogEvent(
            level: .information, name: report.isDryRun ? "dry-run-finished" : "run-finished",
            message: "\(NumberText.counted(totals.read, "record")) read, "
                + "\(NumberText.grouped(written)) written, "
                + "\(NumberText.grouped(totals.quarantinedTotal)) set aside, "
                + "\(NumberText.grouped(aged)) aged out",
            fields: [
                ("pipeline", .text(report.pipeline)), ("read", .integer(totals.read)),
                ("written", .integer(written)),
                ("quarantined", .integer(totals.quarantinedTotal)), ("aged", .integer(aged)),
                ("held", .integer(report.heldRecords)),
                ("late_days", .integer(report.lateness?.days ?? 0)),
                ("elapsed_seconds", .seconds(report.elapsedSeconds)),
            ])
    }

    /// What `publish` has to tell that ended well.
    package static func events(of report: PublishReport) -> [LogEvent] {
        let pipeline = (name: "pipeline", value: JSONValue.text(report.pipeline))
        return warnings(report.notes, pipeline)
            + report.entries.map { entry in
                LogEvent(
                    level: .information, name: "publication",
                    message: "\(entry.period): \(entry.outcome.rawValue)",
                    fields: [
                        pipeline, ("period", .text(entry.period)),
                        ("outcome", .text(entry.outcome.rawValue)),
                    ])
            }
    }

    /// That a command could not do what it was asked.
    package static func event(
        of failure: PipelineFailure, effect: FailureEffect, pipeline: String
    ) -> LogEvent {
        let text = FailureText(failure, effect: effect)
        let lines = text.message.split(separator: "\n").joined(separator: "; ")
        return LogEvent(
            level: .error, name: "failed", message: lines.isEmpty ? failure.kind : lines,
            fields: [
                ("file", .text(pipeline)), ("kind", .text(failure.kind)),
                ("status", .integer(Int(failure.exitStatus))),
            ])
    }
}
