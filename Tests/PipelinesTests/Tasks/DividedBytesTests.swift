import Anonymization
import Foundation
import Pipelines
import TestSupport
import Testing

/// A run that is dealt out to tasks ends in the same bytes as a run on one machine.
@Suite struct DividedBytesTests {
    private static let ranges = [400, 3000, 1 << 20]

    private func check(_ run: DividedRun, seed: UInt64, ranges: [Int] = Self.ranges) throws {
        var random = SeededGenerator(seed: seed)
        let onOne = try run.folder.run(now: DividedRun.now)
        let expected = try run.takeResults()
        #expect(expected.count >= 4, "seed \(seed)")
        #expect((expected["days.csv"]?.count ?? 0) > 20)
        for range in ranges {
            let (plan, report) = try run.divide(
                rangeBytes: range, workers: Int.random(in: 1...2, using: &random), using: &random)
            #expect(try run.takeResults() == expected, "seed \(seed), ranges of \(range)")
            let found = try #require(report)
            #expect(found.totals == onOne.totals)
            #expect(found.sources.map(\.counts) == onOne.sources.map(\.counts))
            #expect(found.sources.map(\.bytes) == onOne.sources.map(\.bytes))
            #expect(found.quarantine == onOne.quarantine)
            #expect(Set(plan.tasks.map(\.name)).count == plan.tasks.count)
            // Ranges that make the same tasks would find the run complete.
            try run.folder.remove(DividedRun.work)
        }
    }

    @Test func linesOfJSONMayBeCutAnywhere() throws {
        for seed in UInt64(11)...12 {
            var lines = EventLines(seed: seed)
            let sources = [lines.json(60), [], lines.json(1), lines.json(40)]
            let run = try DividedRun(format: "jsonl", sources: sources)
            try check(run, seed: seed)
        }
    }

    @Test func theLastLineMayLackItsEnd() throws {
        var lines = EventLines(seed: 21)
        let open = lines.json(30) + bytes(#"{"ts":"2026-03-02T10:00:00Z","ip":"192.0.2.1"}"#)
        try check(try DividedRun(format: "jsonl", sources: [open, open]), seed: 21, ranges: [150])
        let text =
            #"192.0.2.7 - u1 [02/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-""#
        let rows = bytes(Array(repeating: text, count: 20).joined(separator: "\n"))
        let log = try DividedRun(
            format: "combined", time: "time", others: "status", sources: [rows])
        try check(log, seed: 22, ranges: [70, 400, 5000])
    }

    @Test func everyRangeKnowsTheHeader() throws {
        var lines = EventLines(seed: 31)
        let sources = [lines.rows(50, "\t"), lines.rows(9, "\t")]
        try check(try DividedRun(format: "tsv", sources: sources), seed: 31)
        // Ranges that end within the header have no record.
        let row = "2026-03-02T10:00:00Z\tu1\t192.0.2.1\tlogin\n"
        let short = bytes("ts\tuser\tip\taction\n" + row + row)
        try check(try DividedRun(format: "tsv", sources: [short]), seed: 32, ranges: [7])
    }

    @Test func quotedLineFeedsAreNoBorders() throws {
        var lines = EventLines(seed: 41)
        let run = try DividedRun(format: "csv", sources: [lines.rows(50, ",", quoted: true)])
        try check(run, seed: 41, ranges: [90])
        #expect(try run.plan(rangeBytes: 50).tasks.count == 1)
    }

    @Test func compressedFilesAreReadAsAWhole() throws {
        var lines = EventLines(seed: 51)
        let sources = [lines.json(30), try gzipMember(lines.json(70)), lines.json(30)]
        let run = try DividedRun(format: "jsonl", sources: sources)
        try check(run, seed: 51, ranges: [500, 4000])
        let whole = try run.plan(rangeBytes: 400).tasks.filter { $0.range == nil }
        #expect(whole.count == 1)
    }

    /// Plans, does everything in one order and compares with a run; how many tasks there were.
    private func divideOnce(_ run: DividedRun, seed: UInt64) throws -> TaskPlanReport {
        var random = SeededGenerator(seed: seed)
        _ = try run.folder.run(now: DividedRun.now)
        let expected = try run.takeResults()
        #expect(expected.count > 1)
        let (plan, _) = try run.divide(rangeBytes: 60, using: &random)
        #expect(try run.takeResults() == expected, "seed \(seed)")
        return plan
    }

    @Test func headersInMidFileStayWhereTheyWere() throws {
        let pipeline = """
            name: web
            source: { format: w3c, files: "in/*" }
            fields: { date: keep, time: keep, c-ip: truncate_ip, sc-status: keep }
            others: keep-everything
            outputs:
              - { name: all, purpose: security, path: "out/all.log" }
              - { name: dated, purpose: security, path: "out/days/{date}.log" }
            """
        let log = """
            #Fields: date time c-ip sc-status
            2026-02-10 09:00:00 192.0.2.17 200
            2026-02-11 09:00:00 192.0.2.18 200
            #Fields: date time sc-status c-ip
            2026-02-11 10:00:00 404 192.0.2.19
            2026-02-12 10:00:00 200 192.0.2.20

            """
        let run = try DividedRun(
            pipeline: pipeline, files: ["in/1.log": log, "in/2.log": log, "in/3.log": log])
        let plan = try divideOnce(run, seed: 55)
        #expect(plan.tasks.allSatisfy { $0.range == nil })
    }

    @Test func elementsOfArraysStayOneDocument() throws {
        let pipeline = """
            name: documents
            source: { format: json_array, files: "in/*", time: ts }
            fields: { ts: keep, ip: truncate_ip }
            outputs:
              - { name: all, purpose: security, path: "out/all.json" }
              - { name: dated, purpose: security, path: "out/days/{date}.json" }
            """
        func document(_ days: ClosedRange<Int>) -> String {
            let records = days.map { #"{"ts":"2026-03-0\#($0)T10:00:00Z","ip":"192.0.2.\#($0)"}"# }
            return "[" + records.joined(separator: ",\n") + "]\n"
        }
        let run = try DividedRun(
            pipeline: pipeline, files: ["in/1": document(1...3), "in/2": document(2...5)])
        #expect(try divideOnce(run, seed: 56).tasks.count == 2)
    }

    @Test func otherEncodingsAreReadAsAWhole() throws {
        let pipeline = """
            name: words
            source: { format: jsonl, files: "in/*", time: ts, encoding: utf-16 }
            fields: { ts: keep, action: keep }
            outputs:
              - { name: all, purpose: security, path: "out/all" }
              - { name: dated, purpose: security, path: "out/days/{date}" }
            """
        let run = try DividedRun(pipeline: pipeline, files: [:])
        let line = #"{"ts":"2026-03-01T10:00:00Z","action":"opslaan é"}"# + "\n"
        let text = String(repeating: line, count: 20)
        let units = text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        try run.write("in/1", [0xff, 0xfe] + units)
        #expect(try divideOnce(run, seed: 57).tasks.count == 1)
    }

    @Test func smallFilesGoTogether() throws {
        var lines = EventLines(seed: 61)
        let sources = (0..<30).map { _ in lines.json(3) }
        let run = try DividedRun(format: "jsonl", sources: sources)
        let tasks = try run.plan(rangeBytes: 4000).tasks
        #expect(tasks.count < 10)
        #expect(tasks.map(\.files).reduce(0, +) == 30)
        try check(run, seed: 61, ranges: [4000, 100_000])
    }

    @Test func headersThatDifferAreRefusedAsByARun() throws {
        let pipeline = """
            name: rows
            source: { format: tsv, files: "in/*" }
            fields: { ip: truncate_ip, b: keep }
            others: keep-everything
            outputs:
              - { name: rows, purpose: security, path: "out/rows.tsv" }
            """
        let run = try DividedRun(
            pipeline: pipeline,
            files: ["in/1.tsv": "ip\tb\n192.0.2.1\t2\n", "in/2.tsv": "b\tip\n2\t192.0.2.2\n"])
        var kinds: [String] = []
        do { _ = try run.folder.run(now: DividedRun.now) } catch {
            kinds.append("\(error)")
        }
        var random = SeededGenerator(seed: 71)
        do { _ = try run.divide(rangeBytes: 5, using: &random) } catch { kinds.append("\(error)") }
        #expect(kinds.count == 2)
        #expect(run.folder.files(below: "out").isEmpty)
    }

    @Test func theLimitOfWhatIsSetAsideCountsAllTasks() throws {
        let good = #"{"ts":"2026-03-01T00:00:00Z","ip":"192.0.2.1"}"# + "\n"
        let pipeline = """
            name: limited
            source: { format: jsonl, files: "in/*", time: ts }
            fields: { ts: keep, ip: truncate_ip }
            outputs:
              - { name: all, purpose: statistics, path: "out/all.jsonl" }
            quarantine: { limit: 10% }
            """
        let run = try DividedRun(
            pipeline: pipeline,
            files: ["in/1": "broken\n", "in/2": String(repeating: good, count: 20)])
        var random = SeededGenerator(seed: 81)
        let (_, report) = try run.divide(rangeBytes: 100, using: &random)
        #expect(report?.totals.quarantinedTotal == 1)
        try run.folder.write("in/1", "broken\nbroken\nbroken\n")
        #expect(throws: PipelineFailure.self) { try run.divide(rangeBytes: 100, using: &random) }
    }
}
