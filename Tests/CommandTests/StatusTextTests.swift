import Records
import Testing

@testable import Pipelines
@testable import SluiceCommand

@Suite struct StatusTextTests {
    private static func moment(_ day: String) -> StatusReport.Moment {
        let time = RunClock(text: day, zone: .utc)?.now ?? EventTime(milliseconds: 0)
        return StatusReport.Moment(time: time, text: "\(day)T00:00:00Z", day: day)
    }

    static func report(isLate: Bool) -> StatusReport {
        var report = StatusReport(pipeline: "nightly", now: moment("2026-04-25"))
        report.lastRun = StatusReport.Run(
            id: 7, command: "run", clock: moment("2026-04-15"), finished: moment("2026-04-15"),
            read: 2584, quarantined: 17)
        report.readable = [
            StatusReport.Readable(
                output: "actions", files: 4, oldest: moment("2026-03-16"),
                due: moment("2026-04-17")),
            StatusReport.Readable(
                output: "accounts", files: 1, oldest: moment("2026-01-12"), due: nil),
        ]
        report.nextDue = moment("2026-05-01")
        var keys = StatusReport.Keys()
        (keys.active, keys.closing, keys.destroyed) = (2, 1, 4)
        keys.next = StatusReport.Keys.Next(
            month: "2026-01", from: "2026-03-08T00:00:00Z", day: "2026-03-08")
        report.keys = keys
        report.bindingHolds = ["claim-7"]
        report.optOutsInForce = 3
        report.erasuresOpen = 2
        report.erasuresBlocked = 1
        report.unpublished = [
            StatusReport.Unpublished(
                month: "2026-01", closing: moment("2026-02-08"), isDue: true,
                waitsFor: "2026-01 may count somebody"),
            StatusReport.Unpublished(month: "2026-02", closing: moment("2026-03-08"), isDue: true),
            StatusReport.Unpublished(month: "2026-04", closing: moment("2026-05-08"), isDue: false),
        ]
        if isLate {
            report.due.parts = 2
            report.lateness = Lateness(due: moment("2026-04-17").time, days: 8)
        }
        return report
    }

    @Test func whatRefusesEveryRunComesBeforeWhatIsLate() {
        var report = Self.report(isLate: true)
        report.refusal = "the registry has opt-outs from `x` (1)"
        let text = StatusText(columnsMax: 80).text(report)
        #expect(text.hasPrefix("nightly: every run is refused\n  refused   the registry has"))
        report = Self.report(isLate: false)
        report.refusal = "why"
        #expect(StatusText.json(report).hasPrefix(#"{"status":1,"#))
        #expect(StatusText.json(report).contains(#""refused":"why","#))
    }

    @Test func filesOfALostOutputThatAreAwayDoNotLieThere() {
        var report = Self.report(isLate: false)
        report.lostOutputs = [StatusReport.LostOutput(name: "soc", files: 2, missing: 1)]
        let text = StatusText(columnsMax: 80)
        #expect(text.text(report).contains("any more, and files of it lie there\n"))
        report.lostOutputs[0].missing = 2
        #expect(text.text(report).contains("any more, and its files are away\n"))
    }

    @Test func aChangedListOfQuarantineIsNotWell() {
        var report = Self.report(isLate: false)
        report.changedLists = ["state/quarantine/list"]
        let text = StatusText(columnsMax: 400).text(report)
        #expect(text.hasPrefix("nightly: a list of quarantine is not what the last run left\n"))
        #expect(text.contains("erasures wait until it is there as it was left, or is taken away"))
        #expect(StatusText.json(report).hasPrefix(#"{"status":1,"#))
        #expect(StatusText.json(report).contains(#""changed_lists":["state/quarantine/list"]"#))
    }

    @Test func whatIsLateComesFirst() {
        let text = StatusText(columnsMax: 80).text(Self.report(isLate: true))
        #expect(text.hasPrefix("nightly: late, by 8 days\n"))
        for part in [
            "last run  7, run, 2026-04-15T00:00:00Z: 2,584 records, 17 set aside",
            "due now   2 files to age out: waiting for 8 days", "next due  2026-05-01",
            "readable  actions: oldest record of 2026-03-16, due on 2026-04-17 (4 files)",
            "accounts: oldest record of 2026-01-12 (1 file)",
            "2 active, 1 closing, 4 destroyed; next to die: 2026-01, not before",
            "publish   waits: 2026-01 may count somebody", "2026-02: may be published",
            "2026-04: open until 2026-05-08",
            "holds     claim-7", "opt-outs  3 in force", "erasures  2 open, 1 of them blocked",
            "left out, not held",
        ] { #expect(text.contains(part), "\(part)") }
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }

    @Test func aPipelineThatIsWellSaysSo() {
        let text = StatusText(columnsMax: 80).text(Self.report(isLate: false))
        #expect(text.hasPrefix("nightly: well\n"))
        #expect(text.contains("due now   nothing\n"))
        var fresh = StatusReport(pipeline: "new", now: Self.moment("2026-04-25"))
        #expect(StatusText(columnsMax: 80).text(fresh).hasPrefix("new: no run yet\n"))
        fresh.lastRun = Self.report(isLate: false).lastRun
        fresh.owedFiles = 1
        #expect(StatusText(columnsMax: 80).text(fresh).hasPrefix("new: a killed run left work"))
    }

    @Test func theSameForMachines() {
        let late = StatusText.json(Self.report(isLate: true))
        #expect(late.hasPrefix(#"{"status":1,"failure":null,"pipeline":"nightly","now":"#))
        #expect(late.contains(#""late_days":8,"#))
        #expect(late.contains(#""due":{"files":2,"expired_files":0,"store_files":0}"#))
        let readable =
            #"{"output":"accounts","files":1,"oldest":"2026-01-12T00:00:00Z","due":null}"#
        #expect(late.contains(readable))
        #expect(late.contains(#""next_month":"2026-01","next_from":"2026-03-08T00:00:00Z""#))
        #expect(StatusText.json(Self.report(isLate: false)).hasPrefix(#"{"status":0,"#))
    }
}

@Suite struct MetricsTextTests {
    /// Each sample once, each family with its help and type before its samples, names and values as
    /// the text exposition format of Prometheus wants them.
    private func check(_ text: String) {
        var family = ""
        var seen: Set<String> = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP ") {
                family = String(words[2])
                #expect(seen.insert(family).inserted, "\(family) comes twice")
            } else if line.hasPrefix("# TYPE ") {
                #expect(words[2] == family && words[3] == "gauge")
            } else {
                #expect(line.hasPrefix("\(family){"), "\(line)")
                #expect(words.last.flatMap { Double($0) } != nil, "\(line)")
                #expect(seen.insert(String(line.prefix(while: { $0 != "}" }))).inserted, "\(line)")
            }
        }
        #expect(text.hasSuffix("\n"))
    }

    @Test func aRunAndWhatItLeft() {
        let status = StatusTextTests.report(isLate: true)
        let text = MetricsText(run: Reports.nightly(), finished: 1_777_000_000, status: status).text
        check(text)
        for line in [
            #"sluice_last_success_timestamp_seconds{pipeline="nightly"} 1777000000"#,
            #"sluice_run_records_read{pipeline="nightly"} 12345"#,
            #"sluice_run_untimely_records{pipeline="nightly"} 0"#,
            #"sluice_run_quarantine_share{pipeline="nightly"} 0.003240"#,
            #"sluice_run_records{pipeline="nightly",output="actions",decision="kept"} 11000"#,
            #"sluice_run_records{pipeline="nightly",output="actions",decision="dropped"} 300"#,
            #"sluice_late_days{pipeline="nightly"} 8"#,
            #"sluice_oldest_readable_timestamp_seconds{pipeline="nightly",output="actions"} "#
                + "1773619200.000",
            #"sluice_readable_lag_seconds{pipeline="nightly",output="actions"} 691200.000"#,
            #"sluice_keys{pipeline="nightly",state="closing"} 1"#,
            #"sluice_holds_binding{pipeline="nightly"} 1"#,
            #"sluice_unpublished_months{pipeline="nightly"} 2"#,
            #"sluice_unpublished_month{pipeline="nightly",month="2026-01",blocked="true"} 1"#,
            #"sluice_unpublished_month{pipeline="nightly",month="2026-02",blocked="false"} 1"#,
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        #expect(
            !text.contains(#"lag_seconds{pipeline="nightly",output="accounts"}"#),
            "nobody knows when a record of another clock is due")
    }

    @Test func aStateAloneAndARunAlone() {
        let state = MetricsText(status: StatusTextTests.report(isLate: false)).text
        check(state)
        #expect(state.contains(#"sluice_run_quarantine_share{pipeline="nightly"} 0.006578"#))
        #expect(!state.contains("sluice_run_records_read"))
        let run = MetricsText(run: Reports.nightly(), finished: 1, status: nil).text
        check(run)
        #expect(!run.contains("sluice_keys"))
    }

    @Test func namesCannotBreakOutOfTheirLabel() {
        var report = Reports.nightly()
        report.pipeline = "a\"} 1\n\\"
        let text = MetricsText(run: report, finished: 1, status: nil).text
        #expect(text.contains(#"{pipeline="a\"} 1\n\\"}"#))
    }
}
