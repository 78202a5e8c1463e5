import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// What was due when, and how late a run is.
@Suite("deadlines of what earlier runs left")
struct DeadlinesTests {
    /// Deadlines of a pipeline in Amsterdam, by a run at noon of 2026-05-15.
    private func deadlines(_ zone: String = "Europe/Amsterdam") throws -> Deadlines {
        let scene = try TemporaryPipeline(
            """
            name: late
            zone: \(zone)
            source: { format: jsonl, files: "in/*", time: ts }
            fields: { ts: keep }
            outputs: [{ name: o, purpose: statistics, path: "out/{date}.jsonl" }]

            """)
        return Deadlines(
            try Sluice.loadPlan(
                "\(scene.folder)/pipeline.yaml", now: "2026-05-15T12:00:00+02:00"))
    }

    private func time(_ text: String) throws -> EventTime {
        try #require(RunClock(text: text, zone: .utc)).now
    }

    private func place(_ due: EventTime, later milliseconds: Int64 = 0) -> StorePlace {
        StorePlace(
            path: "a",
            content: ContentIdentity(digest: Digest256.of(bytes("").span), byteCount: 0),
            held: 0, isAged: false,
            nextDue: EventTime(milliseconds: due.milliseconds + milliseconds))
    }

    @Test("a run deals with what became due after the one before it, up to its own time")
    func between() throws {
        let deadlines = try deadlines()
        let now = try time("2026-05-15T12:00:00+02:00")
        let last = try time("2026-05-14T12:00:00+02:00")
        let all = [place(now, later: 1), place(now), place(last, later: 1), place(last)]
        #expect(deadlines.first(after: last, [], all) == place(last, later: 1).nextDue)
        #expect(deadlines.first(after: last, [], [place(last)]) == nil)
        #expect(deadlines.first(after: last, [], [place(now)]) == now)
        #expect(deadlines.first(after: last, [], [place(now, later: 1)]) == nil)
        #expect(deadlines.next([], all) == place(now, later: 1).nextDue)
        #expect(deadlines.next([], [place(now)]) == nil)
    }

    @Test("days are counted by the calendar of the pipeline, and today is not late")
    func days() throws {
        let deadlines = try deadlines()
        let last = try time("2026-05-01T00:00:00Z")
        for (text, days) in [
            ("2026-05-14T22:00:00Z", 0), ("2026-05-14T21:59:59Z", 1),
            ("2026-05-13T22:00:00Z", 1), ("2026-05-13T21:59:59Z", 2),
        ] {
            let due = try time(text)
            #expect(deadlines.days(since: due) == days)
            let late = deadlines.lateness(after: last, [], [place(due)])
            #expect(late == (days == 0 ? nil : Lateness(due: due, days: days)))
        }
    }

    /// Runs a pipeline on `days` and says what each run told of its time.
    private func told(_ scene: TemporaryPipeline, _ days: [String]) throws -> [String] {
        try days.map { day in
            let report = try scene.run(now: day)
            let notes = report.notes.filter {
                $0.contains("is late") || $0.contains("stands before")
            }
            #expect(report.lateness.map(\.sentence) == notes.first { $0.contains("is late") })
            return notes.isEmpty ? "-" : notes.joined(separator: "; ")
        }
    }

    @Test("a run says how late it is, and that its clock stands before that of an earlier one")
    func notes() throws {
        let kept = """
            outputs:
              - { name: o, purpose: security, path: "out/{date}.jsonl",
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
            """
        let parts = try TemporaryPipeline(
            """
            name: parts
            source: { format: jsonl, files: "in/*", time: ts }
            fields: { ts: keep, user: drop }
            state: state
            \(kept)

            """,
            files: [
                "in/a.jsonl": #"{"ts":"2026-04-10T10:00:00Z","user":"anna"}"# + "\n"
                    + #"{"ts":"2026-04-12T10:00:00Z","user":"anna"}"# + "\n"
            ])
        let days = ["2026-04-15", "2026-05-11", "2026-05-14", "2026-05-14", "2026-05-13"]
        func late(_ day: String, _ ago: String) -> String {
            "this run is late: something became due on \(day)T00:00:00Z, \(ago) ago, "
                + "and no run was there to deal with it"
        }
        let toldOfParts = try told(parts, days)
        #expect(
            toldOfParts == [
                "-", "-", late("2026-05-13", "1 day"), "-",
                "the clock of this run, 2026-05-13T00:00:00Z, stands before that of an earlier "
                    + "one, 2026-05-14T00:00:00Z: what is due is judged by the clock of now",
            ])
        let store = try TemporaryPipeline(
            storePipeline(),
            files: ["data/a.jsonl": storeRecord("03-20") + storeRecord("03-22")])
        let toldOfStore = try told(
            store, ["2026-04-15", "2026-04-24", "2026-04-24", "2026-04-25"])
        #expect(toldOfStore == ["-", late("2026-04-21", "3 days"), "-", "-"])
    }

    @Test("a window that starts elsewhere says nothing of a part, and none nothing of any")
    func windows() throws {
        let seen = "{ start: { field: seen }, length: P1M }"
        for (window, isKnown) in [("P1M", true), (seen, false)] {
            let scene = try TemporaryPipeline(
                """
                name: windows
                source: { format: jsonl, files: "in/*", time: ts }
                window: \(window)
                fields: { ts: keep, seen: keep, user: drop }
                outputs:
                  - { name: o, purpose: security, path: "out/{date}.jsonl",
                      safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }
                state: state

                """,
                files: [
                    "in/a.jsonl":
                        #"{"ts":"2026-04-10T10:00:00Z","seen":"2026-04-11","user":"a"}"# + "\n"
                ])
            try scene.run(now: "2026-04-15")
            let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-04-15")
            let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
            let part = try #require(try ledger.currentParts(pipeline: "windows").first)
            #expect(part.oldestReadable != nil)
            #expect(
                Deadlines(plan).due(part)
                    == (isKnown ? try time("2026-05-11T00:00:00Z") : nil))
            try scene.write(
                "pipeline.yaml",
                try scene.text("pipeline.yaml").replacing("window: \(window)", with: "window: P0D"))
            let none = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-04-15")
            #expect(Deadlines(none).due(part) == nil)
        }
    }
}
