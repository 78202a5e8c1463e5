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
            path: "a", content: ContentIdentity(digest: Digest256.of(bytes("").span), byteCount: 0), held: 0,
            isAged: false, nextDue: EventTime(milliseconds: due.milliseconds + milliseconds))
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
}
