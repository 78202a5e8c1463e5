import Pipelines
import Records
import TestSupport
import Testing

@Suite("the date of a source from its path")
struct PathDateTests {
    @Test(arguments: [
        ("{date}", "logs/access-2026-03-01.log.gz", "2026-03-01"),
        ("{date}", "logs/access.log-20260301", "2026-03-01"),
        ("u_ex{yy}{month}{day}.log", "W3SVC1/u_ex260301.log", "2026-03-01"),
        ("{year}/{month}/{day}/", "logs/2026/03/01/web1.log", "2026-03-01"),
        ("{year}/{month}/{day}/{hour}", "2026/03/01/23.gz", "2026-03-01 23:00:00"),
        // The earliest counts, and a day that does not exist is none.
        ("{date}", "2026-03-02/2026-03-01/2026-02-30.log", "2026-03-01"),
        ("{date}", "d-2026-03-14-to-2026-03-16.log", "2026-03-14"),
    ]) func found(_ pattern: String, _ path: String, _ date: String) throws {
        let found = try #require(PathDate(pattern)).text(in: path)
        #expect(found.map { text($0) } == date)
    }

    @Test(arguments: [
        ("{date}", "access.log"), ("{date}", "2026-02-29.log"), ("{date}", "2026-0301.log"),
        ("u_ex{yy}{month}{day}", "u_ex2603.log"), ("{date}-{hour}", "2026-03-01-24.log"),
        ("a{date}", "2026-03-01"), ("{date}", ""), ("{date}", "c-1702026031599.jsonl"),
        ("{date}", "2026-03-011"),
    ]) func notFound(_ pattern: String, _ path: String) throws {
        #expect(try #require(PathDate(pattern)).text(in: path) == nil)
    }

    @Test(arguments: [
        "", "logs", "{month}{day}", "{date}{year}", "{year}{yy}{month}{day}", "{date}{date}",
        "{date", "{hour}", "{week}",
    ]) func noPattern(_ pattern: String) { #expect(PathDate(pattern) == nil) }

    // MARK: In a pipeline

    private static let pipeline = """
        name: dated
        source:
          format: w3c
          files: "logs/*.log"
          time: { path: "u_ex{yy}{month}{day}", field: time }
        zone: UTC
        fields: { time: keep, c-ip: { truncate_ip: { ipv4: /16 } }, sc-status: keep }
        outputs: [{ name: lines, purpose: statistics, path: "out/{date}.log" }]
        statistics:
          - { name: days, purpose: statistics, by: [day], measures: { n: count },
              path: "{name}.csv", suppression: { persons: 1, of: count } }
        tests:
          - name: the file says the day
            now: 2026-03-02
            path: W3SVC1/u_ex260301.log
            input: |
              #Fields: time c-ip sc-status
              23:59:59 192.0.2.1 200
              24:00:00 192.0.2.1 200
            quarantined: { bad-time: 1 }
        """

    private func log(_ time: String) -> String {
        "#Fields: time c-ip sc-status\n\(time) 192.0.2.1 200\n"
    }

    @Test func recordsAreOfTheDayOfTheirFile() throws {
        let world = try TemporaryPipeline(
            Self.pipeline,
            files: ["logs/u_ex260228.log": log("23:00:00"), "logs/u_ex260301.log": log("01:00:00")])
        let report = try world.run(now: "2026-04-15")
        #expect(report.sources.count == 2)
        #expect(world.files(below: "out") == ["2026-02-28.log", "2026-03-01.log"])
        #expect(try world.text("days.csv") == "day,n\n2026-02-28,1\n2026-03-01,1\n")
    }

    @Test func itsTestsPass() throws {
        let world = try TemporaryPipeline(Self.pipeline)
        let cases = try Sluice.test(pipeline: PipelineFile("\(world.folder)/pipeline.yaml")).cases
        #expect(cases.map(\.differences) == [[]])
    }

    /// The window counts from the day of the file: the day before it is due.
    @Test func windowCountsFromTheDayOfTheFile() throws {
        let pipeline = Self.pipeline
            .replacing(", field: time", with: "").replacing("time: keep, ", with: "")
            .replacing(
                "path: \"out/{date}.log\"",
                with: "path: \"out/all.log\", safeguards: { reason: abuse, "
                    + "readers: [soc], delete_after: P1M }")
            .replacing("purpose: statistics, path", with: "purpose: security, path")
            .replacing("tests:", with: "acknowledge: [readable-window]\ntests:")
        let world = try TemporaryPipeline(
            pipeline,
            files: ["logs/u_ex260314.log": log("00:00:00"), "logs/u_ex260315.log": log("00:00:00")])
        try world.run(now: "2026-04-15")
        let addresses = try world.text("out/all.log").split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ")[1] }
        #expect(addresses == ["192.0.0.0", "192.0.2.1"])
    }

    @Test func fileWithoutADateFailsTheRun() throws {
        let world = try TemporaryPipeline(
            Self.pipeline, files: ["logs/current.log": log("01:00:00")])
        do {
            try world.run(now: "2026-04-15")
            Issue.record("the run did not fail")
        } catch let failure as PipelineFailure {
            guard case .source(let fault) = failure else {
                Issue.record("another failure")
                return
            }
            #expect(fault.code == .noDate)
        }
        #expect(world.files(below: "out").isEmpty)
    }

    @Test(arguments: [
        ("time: { path: \"u_ex\" }", "expected a pattern"),
        ("time: { path: \"{date}\", field: time, format: date }", "expected no `format`"),
        ("time: { path: \"{date}{hour}\", field: time }", "expected one of them"),
    ]) func faults(_ time: String, _ message: String) throws {
        let world = try TemporaryPipeline(
            Self.pipeline.replacing(
                "time: { path: \"u_ex{yy}{month}{day}\", field: time }", with: time))
        let found = try Sluice.check(pipeline: "\(world.folder)/pipeline.yaml")
        #expect(found.contains { $0.message.contains(message) }, "\(found.map(\.message))")
    }

    /// A folder into which the pipeline was deployed says nothing of the log.
    @Test func folderOfThePipelineIsNoDate() throws {
        let world = try TemporaryPipeline("", files: ["logs/current.log": log("01:00:00")])
        try world.write("2026-04-14/pipeline.yaml", Self.pipeline)
        try world.write("2026-04-14/logs/current.log", log("01:00:00"))
        #expect(throws: PipelineFailure.self) {
            try world.run(now: "2026-04-15", file: "2026-04-14/pipeline.yaml")
        }
    }

    @Test func testsMustNameAPath() throws {
        let world = try TemporaryPipeline(
            Self.pipeline.replacing("    path: W3SVC1/u_ex260301.log\n", with: ""))
        let found = try Sluice.check(pipeline: "\(world.folder)/pipeline.yaml")
        #expect(found.map(\.message).contains { $0.contains("reads dates from paths") })
    }

    @Test func stateIsRefused() throws {
        let world = try TemporaryPipeline(Self.pipeline + "\nstate: state")
        let found = try Sluice.check(pipeline: "\(world.folder)/pipeline.yaml")
        #expect(found.map(\.message).contains { $0.contains("expected no `state`") })
    }
}
