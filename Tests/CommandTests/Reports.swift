import Anonymization
import Pipelines
import Records

/// Reports as runs would make them, with invented numbers.
enum Reports {
    /// Counts that close: 12,345 read, 5 blank, 40 quarantined; the two outputs differ.
    static func counts() -> RecordCounts {
        var counts = RecordCounts(outputs: 2, statistics: 1)
        counts.read = 12_345
        counts.blank = 5
        counts.quarantined = [.badTime: 10, .notJSON: 30]
        counts.outputs[0].kept = 11_000
        counts.outputs[0].anonymised = 1000
        counts.outputs[0].dropped = [.optedOut: 250, .otherPurpose: 50]
        counts.outputs[1].anonymised = 12_300
        counts.observed = [12_000]
        return counts
    }

    static func nightly() -> RunReport {
        var report = RunReport()
        report.pipeline = "nightly"
        report.outputNames = ["actions", "research"]
        report.statisticNames = ["sessions"]
        report.sources = [
            RunReport.Source(name: "logs/a.jsonl.gz", counts: counts(), bytes: 45_600_000)
        ]
        report.files = [
            RunReport.File(
                output: "actions",
                path: "out/actions/2026-08-01.jsonl.gz",
                records: 12_000,
                bytes: 1_234_567
            )
        ]
        report.quarantine = (1...40).map { number in
            QuarantineEntry(
                sourceIndex: 0,
                recordNumber: number * 100,
                byteOffset: number * 12_345,
                length: 80,
                reason: number <= 30 ? .notJSON : .badTime
            )
        }
        report.cutOff = "2026-07-21T22:00:00Z"
        report.elapsedSeconds = 1.234
        return report
    }

    /// A report whose names and numbers are as long as they get.
    static func enormous() -> RunReport {
        var report = nightly()
        let name = String(repeating: "long-name-", count: 12)
        report.outputNames = [name, "x"]
        report.statisticNames = [name]
        var counts = RecordCounts(outputs: 2, statistics: 1)
        counts.read = 9_223_372_036_854_775
        counts.outputs[0].anonymised = counts.read
        counts.outputs[1].dropped = [.overdue: counts.read]
        report.sources = [
            RunReport.Source(name: "\(name)/\(name).gz", counts: counts, bytes: .max)
        ]
        report.files[0].path = "\(name)/\(name)/2026-08-01.jsonl.gz"
        report.files[0].output = name
        report.files[0].records = counts.read
        return report
    }
}
