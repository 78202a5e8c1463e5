import Foundation
import Testing

@testable import Pipelines

/// Clocks that stand too early: what is written meanwhile lies ahead of them, and would lose its
/// identifiers and figures for good.
@Suite("clocks that stand too early")
struct EarlyClockTests {
    private func scene(
        _ more: String = "", days: [String] = ["04-13"]
    ) throws -> TemporaryPipeline {
        try TemporaryPipeline(
            """
            name: early
            source: { format: jsonl, files: "in/*", time: ts }
            fields: { ts: keep, user: drop }
            outputs: [{ name: o, purpose: statistics, path: "out/{date}.jsonl" }]
            \(more)

            """,
            files: ["in/a.jsonl": lines(days)])
    }

    private func lines(_ days: [String]) -> String {
        days.map { #"{"ts":"2026-\#($0)T10:00:00Z","user":"anna"}"# + "\n" }.joined()
    }

    private func status(_ scene: TemporaryPipeline, now: String?) -> Int32? {
        var request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        request.workers = 1
        return exitStatus { _ = try unlessBusy { try Sluice.run(request, observer: nil) } }
    }

    private func refusal(_ scene: TemporaryPipeline) -> String {
        let request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        do {
            _ = try Sluice.run(request, observer: nil)
            return ""
        } catch PipelineFailure.refused(let sentence) { return sentence } catch { return "" }
    }

    @Test("a clock of the system before that of an earlier run is refused until somebody says so")
    func ofTheSystem() throws {
        let scene = try scene("state: state")
        #expect(status(scene, now: "2126-04-15") == nil)
        let before = scene.files(below: "out")
        try scene.write("in/b.jsonl", lines(["04-12"]))
        #expect(status(scene, now: nil) == ExitStatus.refused)
        #expect(status(scene, now: nil) == ExitStatus.refused)
        #expect(scene.files(below: "out") == before)
        // What the refusal says can be said as it stands, and is this instant, not midnight.
        let named = try #require(refusal(scene).split(separator: "`").dropFirst().first)
        let clock = String(named.dropFirst("--now ".count))
        #expect(named.hasPrefix("--now 20") && clock.contains("T"))
        #expect(status(scene, now: clock) == nil)
        // From then on the word of somebody counts, and not that of the clock that stood wrong.
        #expect(scene.files(below: "out") != before)
        #expect(status(scene, now: nil) == nil)
        // Who says what time it is is told of the later one, and alarmed only when he does not.
        for (now, isAlarm) in [("2026-04-16", false), (nil, true)] as [(String?, Bool)] {
            var request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
            request.now = now
            let report = try unlessBusy { try Sluice.run(request, observer: nil) }
            func isTold(_ sentence: String) -> Bool { sentence.contains("of an earlier one, 2126") }
            #expect(report.notes.contains(where: isTold), "\(report.notes)")
            #expect(report.alarms.contains(where: isTold) == isAlarm)
        }
        #expect(status(try self.scene("state: state\nskew: off"), now: nil) == nil)
    }

    @Test("a clock may stand as far behind that of an earlier run as records may lie ahead")
    func asFarAsTimesMayBe() throws {
        for (earlier, isRefused) in [("00:05:00", false), ("00:05:01", true)] {
            let scene = try scene("state: state\nskew: PT5M")
            #expect(status(scene, now: "2026-04-15T\(earlier)Z") == nil)
            var plan = try Sluice.loadPlan(
                "\(scene.folder)/pipeline.yaml", now: "2026-04-15T00:00:00Z")
            plan.isClockStated = false
            let run = StatefulRun(
                plan: plan, statePath: "\(scene.folder)/state", request: RunSettings(),
                observer: nil)
            #expect(exitStatus { _ = try run.run() } == (isRefused ? ExitStatus.refused : nil))
        }
    }

    /// What a run does by the system's clock, if that says `now`.
    private func runBySystem(_ scene: TemporaryPipeline, _ now: String) throws -> Int32? {
        var plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: now)
        plan.isClockStated = false
        let run = StatefulRun(
            plan: plan, statePath: "\(scene.folder)/state", request: RunSettings(), observer: nil)
        return try unlessBusy { exitStatus { _ = try run.run() } }
    }

    @Test("a first run before nearly all of its records is refused until somebody says so")
    func ofFirstRuns() throws {
        let early = try scene("state: state", days: ["04-10", "04-12", "04-13"])
        // A day is what a record may lie ahead, and the first of three did not.
        for day in ["1970-01-01", "2026-04-08"] {
            #expect(try runBySystem(early, "\(day)T00:00:00Z") == ExitStatus.refused)
        }
        #expect(early.files(below: "out").isEmpty)
        #expect(try runBySystem(early, "2026-04-14T00:00:00Z") == nil)
        #expect(early.files(below: "out").count == 3)
        // Later runs go by the clocks of those before: sources that lie ahead are told.
        try early.write("in/b.jsonl", lines(["04-20"]))
        #expect(try runBySystem(early, "2026-04-14T00:00:00Z") == nil)
        #expect(early.files(below: "out").count == 4)

        let partly = try scene("state: state", days: ["04-10", "04-12", "04-13"])
        #expect(try runBySystem(partly, "2026-04-10T00:00:00Z") == nil)
        let said = try scene("state: state")
        #expect(status(said, now: "1970-01-01") == nil)
        let meant = try scene("state: state\nquarantine: { limit: 100% }")
        #expect(try runBySystem(meant, "1970-01-01T00:00:00Z") == nil)
    }

    @Test("a first run leaves a store alone that lies ahead of its clock")
    func ofFirstStores() throws {
        let scene = try TemporaryPipeline(
            storePipeline(), files: ["data/a.jsonl": storeRecord("04-18")])
        let before = try scene.text("data/a.jsonl")
        #expect(try runBySystem(scene, "2026-04-15T00:00:00Z") == ExitStatus.refused)
        #expect(try scene.text("data/a.jsonl") == before)
        #expect(try runBySystem(scene, "2026-04-19T00:00:00Z") == nil)
        try scene.write("data/b.jsonl", storeRecord("04-25"))
        #expect(try runBySystem(scene, "2026-04-19T00:00:00Z") == nil)
    }

    @Test("what takes nothing in is carried out by any clock")
    func ofCommands() throws {
        let scene = try scene("state: state\nidentity: { user: user }")
        #expect(status(scene, now: "2126-04-15") == nil)
        var subject = scene.request(.user, "anna")
        subject.now = nil
        let request = SubjectEraseRequest(subject: subject)
        #expect(exitStatus { _ = try unlessBusy { try Sluice.eraseSubject(request) } } == nil)
        #expect(status(scene, now: nil) == ExitStatus.refused)
    }

    @Test("sources that lie ahead as a whole stop no other and are told, with and without state")
    func ofSources() throws {
        for state in ["", "state: state"] {
            let ahead = try scene(state)
            try ahead.write("in/b.jsonl", lines(["04-17", "04-17"]))
            let report = try ahead.run(now: "2026-04-15")
            #expect(report.notes == report.alarms)
            let alarm = try #require(report.alarms.first)
            #expect(report.alarms.count == 1)
            #expect(alarm.hasPrefix("2 records in ") && alarm.contains("in/b.jsonl with a time"))
            #expect(alarm.contains("2026-04-15T00:00:00Z"))
            #expect(ahead.files(below: "out").count == 2)
            let meant = try scene(state + "\nquarantine: { limit: 100% }", days: ["04-17"])
            #expect(try meant.run(now: "2026-04-15").alarms.isEmpty)
            #expect(meant.files(below: "out").count == 1)
        }
    }

    @Test("as many records ahead as might be set aside are no alarm")
    func ofRecords() throws {
        let limit = "quarantine: { limit: 50% }"
        let report = try scene(limit, days: ["04-17", "04-13"]).run(now: "2026-04-15")
        #expect(report.alarms.isEmpty)
        let more = try scene(limit, days: ["04-17", "04-13", "04-17"]).run(now: "2026-04-15")
        #expect(more.alarms.count == 1)
    }

    @Test("a store that lies ahead as a whole ages, and is told")
    func ofStores() throws {
        let record = storeRecord("04-18")
        let scene = try TemporaryPipeline(
            storePipeline(), files: ["data/a.jsonl": record + storeRecord("01-02")])
        for isDryRun in [true, false] {
            let report = try scene.run(now: "2026-04-15", isDryRun: isDryRun)
            let alarm = try #require(report.alarms.first)
            #expect(alarm.hasPrefix("1 record in store `"))
            #expect(report.store?.changed == 2)
        }
    }
}
