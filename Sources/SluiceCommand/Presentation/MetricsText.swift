private import Anonymization
package import Pipelines
private import Records

/// Metrics in the text exposition format of Prometheus, version 0.0.4: what a run did and how the
/// pipeline stands. Gauges only: each run writes the whole file anew.
///
/// Labels are names that the pipeline gives; there is nothing about a record or a person in it.
package struct MetricsText: Sendable {
    /// One metric with its samples.
    private struct Family {
        let name: String
        let help: String
        var samples: [(labels: [(name: String, value: String)], value: String)] = []
    }

    private var families: [Family] = []
    private let pipeline: String

    /// Of a run that ended well at `finished`, seconds since 1970, and of what it left.
    package init(run report: RunReport, finished: Int64, status: StatusReport?) {
        pipeline = report.pipeline
        add(
            "last_success_timestamp_seconds", "When a run last ended well, seconds since 1970.",
            "\(finished)")
        addRun(report)
        if let status { addStatus(status) }
        addBuild()
    }

    /// Of how a pipeline stands, without a run.
    package init(status report: StatusReport) {
        pipeline = report.pipeline
        if let run = report.lastRun {
            add(
                "last_success_timestamp_seconds",
                "When a run last ended well, seconds since 1970.",
                Self.seconds(run.finished.time.milliseconds))
            addShare(quarantined: Int(run.quarantined), read: Int(run.read))
        }
        addStatus(report)
        addBuild()
    }

    /// The whole file.
    package var text: String {
        families.map { family in
            "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) gauge\n"
                + family.samples.map { sample in
                    let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
                    return "\(family.name){\(labels.joined(separator: ","))} \(sample.value)\n"
                }.joined()
        }.joined()
    }

    // MARK: What there is

    private mutating func addRun(_ report: RunReport) {
        let totals = report.totals
        add("run_duration_seconds", "How long the last run took.",
            NumberText.decimal(NumberText.wholeNumber(report.elapsedSeconds * 1000), places: 3))
        add("run_records_read", "Records that the last run read.", "\(totals.read)")
        addShare(quarantined: totals.quarantinedTotal, read: totals.read)
        add("run_untimely_records",
            "Records of the last run with a time further ahead of its clock than skew allows.",
            "\(totals.untimely + (report.store?.untimely ?? 0))")
        for (name, counts) in zip(report.outputNames, totals.outputs) {
            let decisions = [
                ("kept", counts.kept), ("anonymised", counts.anonymised), ("held", counts.held),
                ("dropped", counts.droppedTotal),
            ]
            for (decision, count) in decisions {
                add(
                    "run_records", "Records of the last run by output and decision.", "\(count)",
                    [("output", name), ("decision", decision)])
            }
        }
        add("run_aged_records", "Stored records that the last run aged out.",
            "\(report.agedRecords + (report.store?.changed ?? 0))")
        add("run_destroyed_keys", "Keys that the last run destroyed.",
            "\(report.destroyedKeys.count)")
        for cells in report.unreadableCells {
            add(
                "run_unreadable_cells",
                "Cells of reference tables that the last run could not read: clocks count as run "
                    + "out by them.",
                "\(cells.count)", [("table", cells.table), ("column", cells.column)])
        }
    }

    private mutating func addShare(quarantined: Int, read: Int) {
        let share = read > 0 ? quarantined * 1_000_000 / read : 0
        add("run_quarantined_records", "Records that the last run set aside.", "\(quarantined)")
        add("run_quarantine_share", "The same as a share of those it read, 0 to 1.",
            NumberText.decimal(share, places: 6))
    }

    private mutating func addStatus(_ report: StatusReport) {
        add("late_days", "Whole days that something due has waited for a run.",
            "\(report.lateness?.days ?? 0)")
        add("due_files", "Files with something to age out or to delete now.",
            "\(report.due.parts + report.due.expired + report.due.storeFiles)")
        for readable in report.readable {
            add(
                "oldest_readable_timestamp_seconds",
                "The time of the oldest readable record of an output, seconds since 1970.",
                Self.seconds(readable.oldest.time.milliseconds), [("output", readable.output)])
        }
        for readable in report.readable {
            guard let due = readable.due else { continue }
            let lag = max(report.now.time.milliseconds - due.time.milliseconds, 0)
            add(
                "readable_lag_seconds",
                "How long the oldest readable record of an output has been due.",
                Self.seconds(lag), [("output", readable.output)])
        }
        if let keys = report.keys { addKeys(keys) }
        for (what, count) in [
            ("holds_binding", report.bindingHolds.count),
            ("opt_outs_in_force", report.optOutsInForce),
            ("erasures_open", report.erasuresOpen), ("recalls_open", report.recallsOpen),
            ("unpublished_months", report.unpublished.filter(\.isDue).count),
        ] {
            add(what, Self.help[what] ?? "", "\(count)")
        }
        for month in report.unpublished where month.isDue {
            add(
                "unpublished_month", "A month that may be published and is not; `blocked` says "
                    + "whether somebody has to do something first.",
                "1",
                [("month", month.month), ("blocked", month.waitsFor == nil ? "false" : "true")])
        }
    }

    private static let help = [
        "holds_binding": "Holds that bind now.",
        "opt_outs_in_force": "Opt-outs and objections of the registry in force.",
        "erasures_open": "Erasures that are not done yet.",
        "recalls_open": "Delivered files that are called back and not answered for.",
        "unpublished_months": "Months that may be published and are not.",
    ]

    private mutating func addKeys(_ keys: StatusReport.Keys) {
        let states = [
            ("active", keys.active), ("closing", keys.closing), ("destroyed", keys.destroyed),
            ("missing", keys.missing),
        ]
        for (state, count) in states {
            add("keys", "Keys of months by state.", "\(count)", [("state", state)])
        }
    }

    private mutating func addBuild() {
        families.append(
            Family(
                name: "sluice_build_info", help: "The version of the tool; always 1.",
                samples: [([("version", Sluice.version)], "1")]))
    }

    // MARK: How it is written

    private mutating func add(
        _ name: String, _ help: String, _ value: String,
        _ labels: [(name: String, value: String)] = []
    ) {
        let sample = ([("pipeline", pipeline)] + labels, value)
        if families.last?.name == "sluice_\(name)" {
            families[families.count - 1].samples.append(sample)
        } else {
            families.append(Family(name: "sluice_\(name)", help: help, samples: [sample]))
        }
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        NumberText.decimal(Int(milliseconds), places: 3)
    }

    /// A label's value: `\`, `"` and line feeds escaped.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
    }
}
