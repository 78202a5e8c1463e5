import Foundation
import Pipelines
import TestSupport
import Testing

/// Pipelines with state as tasks: night after night the same files, state and figures as on one
/// machine.
@Suite struct DividedStateTests {
    private static let pipeline = """
        name: kept
        source: { format: jsonl, files: "in/*", time: ts, limits: { record: 1KiB } }
        identity: { user: user }
        window: P1M
        fields:
          ts: keep
          user: pseudonymize
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          action: keep
        quarantine: { limit: 60%, keep_lines: true }
        keys: keys
        state: state
        outputs:
          - name: log
            purpose: security
            path: "out/log/{date}.jsonl.gz"
            expires: P6M
            recipients: [own]
            safeguards: { reason: abuse, readers: [soc], delete_after: P3M }
          - { name: use, purpose: statistics, path: "out/use.jsonl" }
        statistics:
          - name: months
            purpose: statistics
            by: [month]
            measures: { times: count, users: { distinct: user } }
            path: out/months.csv
            suppression: { persons: 2 }

        """

    /// The same pipeline twice: run on one machine, and as tasks.
    private struct Pair {
        let whole: DividedRun
        let divided: DividedRun

        init() throws {
            whole = try DividedRun(pipeline: DividedStateTests.pipeline, files: [:])
            divided = try DividedRun(pipeline: DividedStateTests.pipeline, files: [:])
        }

        func write(_ name: String, _ content: some Sequence<UInt8>) throws {
            try whole.write("in/\(name)", Array(content))
            try divided.write("in/\(name)", Array(content))
        }

        /// Somebody who writes the file in both, until what is returned is closed.
        func writers(_ name: String) throws -> [FileHandle] {
            try [whole, divided].map {
                try #require(FileHandle(forWritingAtPath: "\($0.folder.folder)/in/\(name)"))
            }
        }

        /// Gives the run on one machine the month keys that the plan has made.
        func shareKeys() throws {
            let keys = "\(whole.folder.folder)/keys"
            try FileManager.default.copyItem(
                atPath: "\(divided.folder.folder)/keys", toPath: keys)
            for name in whole.folder.files(below: "keys")
            where name.hasSuffix(".state") || name.hasSuffix(".pipeline") {
                try whole.folder.remove("keys/\(name)")
            }
        }

        /// What is the same in both: results, what is counted, and what is set aside.
        func expectSame(_ comment: Comment) throws {
            #expect(try whole.results() == divided.results(), comment)
            for folder in ["state/partials", "state/quarantine"] {
                #expect(try contents(whole, folder) == contents(divided, folder), comment)
            }
        }

        /// Contents alone, in order: lists have random names, and name the folder of the test.
        private func contents(_ run: DividedRun, _ name: String) throws -> [Data] {
            try run.folder.files(below: name).map { file in
                let path = "\(run.folder.folder)/\(name)/\(file)"
                let content = try Data(contentsOf: URL(fileURLWithPath: path))
                guard file.hasSuffix(".jsonl") else { return content }
                let text = String(decoding: content, as: UTF8.self)
                return Data(text.replacingOccurrences(of: run.folder.folder, with: "").utf8)
            }.sorted { $0.lexicographicallyPrecedes($1) }
        }
    }

    private func attempt(_ run: DividedRun, _ plan: TaskPlanReport, _ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for task in plan.tasks.shuffled(using: &random) { try run.attempt(task.name, of: plan) }
    }

    private func expectSame(_ divided: RunReport, _ whole: RunReport) {
        #expect(divided.totals == whole.totals)
        #expect(divided.sources.map(\.counts) == whole.sources.map(\.counts))
        #expect(divided.sources.map(\.bytes) == whole.sources.map(\.bytes))
        #expect(divided.sources.map(\.wasKnown) == whole.sources.map(\.wasKnown))
        #expect(divided.sources.map(\.openBytes) == whole.sources.map(\.openBytes))
        #expect(divided.quarantine == whole.quarantine)
        #expect(divided.agedParts == whole.agedParts)
    }

    /// A night: both take in what is new; `first` is the month since when keys are there.
    private func night(
        _ pair: Pair, _ now: String, first: String, seed: UInt64
    ) throws -> TaskPlanReport {
        let plan = try pair.divided.plan(rangeBytes: 3000, now: now, firstMonth: first)
        if !FileManager.default.fileExists(atPath: "\(pair.whole.folder.folder)/keys") {
            try pair.shareKeys()
        }
        try attempt(pair.divided, plan, seed)
        let divided = try #require(try Sluice.commitTasks(folder: plan.folder))
        let whole = try pair.whole.folder.run(now: now)
        expectSame(divided, whole)
        try pair.expectSame("\(now), seed \(seed)")
        return plan
    }

    @Test func nightAfterNightTheSameFilesAndState() throws {
        let pair = try Pair()
        var lines = EventLines(seed: 401)
        let log = lines.json(120)
        try pair.write("a.jsonl", log)
        try pair.write("b.jsonl.gz", try gzipMember(lines.json(50)))
        try pair.write("c.jsonl", lines.json(9))
        let first = try night(pair, "2026-03-10", first: "2026-02", seed: 402)
        #expect(first.tasks.count > 5)
        #expect(try pair.divided.results().count > 5)

        // A file that grew, a copy, and a new one; the day on which February becomes due.
        try pair.write("a.jsonl", log + lines.json(20))
        try pair.write("copy.jsonl", log)
        try pair.write("d.jsonl", lines.json(90))
        let second = try night(pair, "2026-03-31", first: "2026-02", seed: 403)
        #expect(second.tasks.first?.range == nil)
        #expect(try pair.divided.folder.verify(now: "2026-03-31").isProven)

        // Nothing new: what has become due is aged out all the same.
        let third = try night(pair, "2026-04-20", first: "2026-03", seed: 404)
        #expect(third.tasks.isEmpty)
        #expect(try Sluice.commitTasks(folder: third.folder) == nil)
        #expect(try pair.divided.folder.verify(now: "2026-04-20").isProven)
    }

    /// A line that is still being written is left by ranges of a file as by a run.
    @Test func openLinesAreLeft() throws {
        let pair = try Pair()
        var lines = EventLines(seed: 405)
        let (log, small) = (lines.json(120), lines.json(3))
        try pair.write("a.jsonl", log.dropLast(5))
        try pair.write("b.jsonl", small.dropLast(5))
        let writers = try ["a.jsonl", "b.jsonl"].flatMap(pair.writers)
        let first = try night(pair, "2026-03-10", first: "2026-02", seed: 406)
        #expect(first.tasks.contains { $0.range != nil })
        for writer in writers { try writer.close() }
        try pair.write("a.jsonl", log)
        try pair.write("b.jsonl", small)
        let second = try night(pair, "2026-03-11", first: "2026-02", seed: 407)
        #expect(second.tasks.count == 2)
    }

    @Test func whoOptsOutBeforeThePlanIsOutInTheTasks() throws {
        let pair = try Pair()
        var lines = EventLines(seed: 411)
        try pair.write("a.jsonl", lines.json(60))
        _ = try night(pair, "2026-03-10", first: "2026-02", seed: 412)
        let before = try pair.divided.folder.text("out/months.csv")
        for run in [pair.whole, pair.divided] {
            for number in 1...4 { try optOut(run, "user\(number)@one.example") }
        }
        try pair.write("b.jsonl", lines.json(60))
        _ = try night(pair, "2026-03-12", first: "2026-02", seed: 413)
        #expect(try pair.divided.folder.text("out/months.csv") != before)
    }

    private func optOut(_ run: DividedRun, _ user: String) throws {
        var request = OptOutRequest(
            pipeline: "\(run.folder.folder)/pipeline.yaml", subject: OptOutSubject(user: user))
        request.purposes = ["statistics"]
        request.now = "2026-03-11"
        _ = try Sluice.addOptOut(request)
    }

    @Test func whoOptsOutBehindThePlanIsOutAllTheSame() throws {
        let pair = try Pair()
        var lines = EventLines(seed: 421)
        let run = pair.divided
        try pair.write("a.jsonl", lines.json(60))
        _ = try night(pair, "2026-03-10", first: "2026-02", seed: 422)
        try optOut(run, "user1@one.example")
        try pair.write("b.jsonl", lines.json(60))
        let plan = try run.plan(rangeBytes: 3000, now: "2026-03-12")
        let results = try run.results()
        try optOut(run, "user2@one.example")
        // The tasks ask the registry, and notice; those that were done before do not count.
        let name = try #require(plan.tasks.first).name
        #expect(exitStatus { try run.attempt(name, of: plan) } == ExitStatus.refused)
        #expect(
            exitStatus { _ = try Sluice.commitTasks(folder: plan.folder) } == ExitStatus.refused)
        #expect(try run.results().keys.sorted() == results.keys.sorted())
        let anew = try run.plan(rangeBytes: 3000, now: "2026-03-12")
        #expect(anew.folder != plan.folder)
        try attempt(run, anew, 423)
        #expect(try Sluice.commitTasks(folder: anew.folder) != nil)
    }

    @Test func aRunThatComesBetweenIsNotCountedTwice() throws {
        let pair = try Pair()
        let run = pair.divided
        var lines = EventLines(seed: 431)
        try pair.write("a.jsonl", lines.json(60))
        let plan = try run.plan(rangeBytes: 3000, now: "2026-03-10", firstMonth: "2026-02")
        try attempt(run, plan, 432)
        try run.folder.run(now: "2026-03-10")
        let results = try run.results()
        #expect(
            exitStatus { _ = try Sluice.commitTasks(folder: plan.folder) } == ExitStatus.refused)
        #expect(try run.results() == results)
        let anew = try run.plan(rangeBytes: 3000, now: "2026-03-10", firstMonth: "2026-02")
        #expect(anew.tasks.isEmpty)
    }

    @Test("a commit by the plan's clock says that the state has changed, not that the clock is off")
    func clockOfThePlan() throws {
        let run = try Pair().divided
        var lines = EventLines(seed: 441)
        try run.write("in/a.jsonl", lines.json(60))
        let plan = try run.plan(rangeBytes: 3000, now: nil, firstMonth: "2026-02")
        try attempt(run, plan, 442)
        try run.folder.run(now: "2126-03-10")
        #expect(refusal(plan.folder).contains("has changed since the tasks were planned"))
    }

    private func refusal(_ folder: String) -> String {
        do {
            _ = try Sluice.commitTasks(folder: folder)
            return ""
        } catch PipelineFailure.refused(let sentence) { return sentence } catch {
            return "\(error)"
        }
    }
}
