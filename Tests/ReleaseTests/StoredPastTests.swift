@testable import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// What is known of a stored record's past: what was dealt with, what a hold kept, and when a later
/// run has to look at it.
@Suite("What was done to stored records")
struct StoredPastTests {
    /// What came out of some chunks, with what a later run is told of the records.
    private struct Outcome {
        var lines: [String] = []
        var areReadable: [Bool] = []
        var dealings: [DueSet] = []
        var counts = RecordCounts(outputs: 1, statistics: 0)
    }

    private func trial() -> ReleaseTrial {
        ReleaseTrial(["ts": Keep(), "user": Replace(with: "GONE")])
    }

    /// Releases chunks of stored lines, each with the place of its past in `earlierRuns`, or -1.
    private func run(
        _ chunks: [(lines: [String], earlier: Int)], _ trial: ReleaseTrial? = nil,
        _ change: (inout ReleasePlan) throws -> Void
    ) throws -> Outcome {
        let trial = trial ?? self.trial()
        var plan = try #require(trial.makePlan())
        plan.isStored = true
        try change(&plan)
        let releaser = Releaser(plan: plan, keyRing: trial.keyRing)
        let reader = trial.format.makeReader(fields: plan.fields, limits: RecordLimits())
        var table = RecordTable(slotCount: trial.fields.count)
        var outcome = Outcome()
        var buffer = ByteBuffer()
        for (lines, earlier) in chunks {
            var chunk = Chunk(capacity: 16)
            chunk.earlierClocks = earlier
            trial.release(lines, &chunk, by: releaser, reader, &table, into: &buffer)
            for index in releaser.outputs[0].batch.records.indices {
                outcome.areReadable.append(releaser.outputs[0].batch.records[index].isReadable)
            }
            outcome.dealings += releaser.outputs[0].batch.dealings.map(\.done.clocks)
            outcome.counts.add(releaser.counts)
        }
        outcome.lines = text(buffer.array()).split(separator: "\n").map(String.init)
        return outcome
    }

    private func line(_ time: String = ReleaseTrial.due, _ user: String = "ann") -> String {
        #"{"ts":"\#(time)","user":"\#(user)"}"#
    }

    private func clocks(_ now: String) throws -> ClockSet {
        let clock = try #require(RunClock(text: now, zone: .utc))
        return try #require(
            ClockSet(window: CalendarDuration(months: 1, days: 0), runClock: clock))
    }

    private func everybodyHeld(shownIn: UInt64) -> SubjectRegister {
        SubjectRegister(
            rules: [SubjectRegister.Rule(.everybody, effect: .held(0))],
            holds: [SubjectRegister.Hold(id: 3, shownIn: shownIn)], hasher: nil)
    }

    private let gone = #"{"ts":"2026-06-14T23:59:59Z","user":"GONE"}"#

    @Test("what is noted of a stretch counts before what the runs of the part did")
    func noted() throws {
        let now = try clocks("2026-07-15")
        let outcome = try run([([line()], 0), ([line()], 1), ([line()], -1), ([line()], 0)]) {
            $0.earlierRuns = [.exactly([]), .exactly(DueSet(rawValue: 1))]
            $0.generations = [WrittenGeneration(clocks: now, holds: .empty)]
        }
        #expect(outcome.lines == [gone, line(), line(), gone])
    }

    @Test("what was done field by field in one stretch says nothing of the next")
    func fieldwise() throws {
        let now = try clocks("2026-07-15")
        let time = try #require(RunClock(text: ReleaseTrial.due, zone: .utc)).now
        let later = EventTime(milliseconds: time.milliseconds + 1)
        let outcome = try run(
            [([line()], 0), ([line()], 1), ([line()], 2), ([line()], 3), ([line()], 1)]
        ) {
            $0.earlierRuns = [
                .fieldwise(now, knowsTables: false, [.never, .always]), .exactly([]),
                .fieldwise(now, knowsTables: false, [.never, .before(time)]),
                .fieldwise(now, knowsTables: false, [.never, .before(later)]),
            ]
        }
        #expect(outcome.lines == [line(), gone, gone, line(), gone])
    }

    @Test("the run that wrote a record left of a hold only what its output may show")
    func oldest() throws {
        let now = try clocks("2026-07-15")
        for shownIn in [0, 1] as [UInt64] {
            let outcome = try run([([line()], -1)]) {
                $0.generations = [
                    WrittenGeneration(clocks: now, holds: everybodyHeld(shownIn: shownIn))
                ]
            }
            #expect(outcome.lines == [shownIn == 0 ? line() : gone])
        }
    }

    /// Users have the window's clock of a month, devices one of three days, and after forty days or
    /// two weeks nothing readable may be left.
    @Test("behind the clock of the output only what is left is done", arguments: [
        // What was due when the record was written, and what becomes of it now.
        ("2026-07-01", 40, "ann", "d", "GONE", "GONE"), ("2026-07-10", 40, "ann", "x", "GONE", "x"),
        ("2026-08-01", 40, "x", "x", "x", "x"), ("2026-07-15", 14, "x", "x", "x", "x"),
    ])
    func behindTheReadableClock(
        _ written: String, _ days: Int, _ user: String, _ device: String, _ leftUser: String,
        _ leftDevice: String
    ) throws {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())),
            ("user", FieldRule(transform: Replace(with: "GONE"))),
            ("device", FieldRule(transform: Replace(with: "GONE"), clock: DueSet(rawValue: 2))),
        ])
        trial.clocks = [10, days].map {
            RetentionClock(start: .event, length: CalendarDuration(months: 0, days: $0))
        }
        trial.readableClock = DueSet(rawValue: 4)
        func line(_ user: String, _ device: String) -> String {
            #"{"ts":"2026-06-29T10:00:00Z","user":"\#(user)","device":"\#(device)"}"#
        }
        for isHeld in [false, true] {
            let outcome = try run([([line(user, device)], -1)], trial) { plan in
                let later = try #require(RunClock(text: "2026-08-20", zone: .utc))
                let before = try #require(RunClock(text: written, zone: .utc))
                plan.writtenUnder = plan.clocks.moved(to: before)
                plan.clocks = plan.clocks.moved(to: later)
                if isHeld { plan.subjects = everybodyHeld(shownIn: 0) }
            }
            let left = isHeld ? line(user, device) : line(leftUser, leftDevice)
            #expect(outcome.lines == [left], "\(written), \(days) days")
        }
    }

    @Test("where no record has a time, nothing counts as dealt with")
    func withoutTimes() throws {
        var trial = trial()
        trial.timeField = nil
        let outcome = try run([([line()], -1)], trial) { $0.writtenUnder = $0.clocks }
        #expect(outcome.lines == [gone])
    }

    @Test("a record whose time is gone is of its day: dealt with when the last of that day was")
    func recalledDay() throws {
        func instant(_ text: String) throws -> EventTime {
            try #require(RunClock(text: text, zone: .utc)).now
        }
        let day = try instant("2026-06-14").milliseconds / 86_400_000
        let (first, last) = (line("2026-06-14T00:00:00Z"), line("2026-06-14T23:59:59.999Z"))
        var all: Set<[Bool]> = []
        for now in [
            "2026-06-15T00:00:00Z", "2026-06-15T12:00:00Z", "2026-06-15T23:59:59.998Z",
            "2026-06-15T23:59:59.999Z", "2026-06-16T00:00:00Z",
        ] {
            let clock = RunClock(now: try instant(now), zone: .utc)
            let before = try #require(
                ClockSet(
                    window: CalendarDuration(months: 0, days: 0, seconds: 86_400),
                    runClock: clock))
            func areGone(_ lines: [String]) throws -> [Bool] {
                try run([(lines, -1)]) {
                    $0.writtenUnder = before
                    $0.storedDay = Int(day)
                }.lines.map { $0.contains("GONE") }
            }
            let (ofFirst, ofLast) = (try areGone([first]), try areGone([last]))
            let noTime = #"{"user":"ann"}"#
            let found = try areGone([noTime, first, noTime, line(ReleaseTrial.fresh)])
            #expect(found == ofLast + ofFirst + ofLast + [false], "\(now)")
            all.insert(ofFirst + ofLast)
        }
        #expect(all == [[true, true], [false, true], [false, false]])
        let young = try run([([#"{"user":"ann"}"#], -1)]) {
            $0.writtenUnder = try clocks("2026-06-20")
            $0.storedDay = Int(day) + 1
        }
        #expect(young.lines == [#"{"user":"ann"}"#])
    }

    @Test("a later run looks at what is still readable, held or not, and at nothing else")
    func readable() throws {
        let before = try clocks("2026-06-20")
        let lines = [line(), line(ReleaseTrial.fresh), line()]
        let aged = try run([(lines, -1)]) { $0.writtenUnder = before }
        #expect(aged.areReadable == [false, true, false])
        let held = try run([(lines, -1)]) {
            $0.writtenUnder = before
            $0.subjects = everybodyHeld(shownIn: 0)
        }
        #expect(held.areReadable == [true, true, true])
        #expect(held.lines == lines)
        let ofOthers = try run([(lines, -1)]) {
            $0.writtenUnder = before
            $0.subjects = SubjectRegister(
                rules: [
                    SubjectRegister.Rule(
                        .everybody, until: EventTime(milliseconds: 0), effect: .held(0))
                ], holds: [SubjectRegister.Hold(id: 3)], hasher: nil)
        }
        #expect(ofOthers.areReadable == [false, true, false])
        let dealtWith = try run([(lines, -1)]) {
            $0.writtenUnder = $0.clocks
            $0.subjects = everybodyHeld(shownIn: 0)
        }
        #expect(dealtWith.areReadable == [false, true, false])
        let shown = try run([(lines, -1)]) {
            $0.isStored = false
            $0.subjects = everybodyHeld(shownIn: 1)
        }
        #expect(shown.areReadable == [true, true, true])
    }

    @Test("of each held record of a part it is noted what is dealt with, in a store of none")
    func heldDealings() throws {
        for isInPlace in [false, true] {
            let outcome = try run([([line(ReleaseTrial.fresh)], -1)]) {
                $0.isInPlace = isInPlace
                $0.writtenUnder = $0.clocks
                $0.subjects = everybodyHeld(shownIn: 0)
            }
            #expect(outcome.dealings == (isInPlace ? [] : [[]]))
        }
    }

    @Test("without its key only what is still to be done counts as keyless")
    func keyless() throws {
        let june = try #require(CalendarMonth(text: "2026-06"))
        var trial = ReleaseTrial(["ts": Keep(), "user": Pseudonymize(field: "user")])
        trial.keyRing = MonthKeys(missing: [june])
        let before = try clocks("2026-06-20")
        let lines = [line(), line(ReleaseTrial.fresh)]
        let done = try run([(lines, -1)], trial) { $0.writtenUnder = $0.clocks }
        #expect(done.counts.keyless == 0)
        let open = try run([(lines, -1)], trial) { $0.writtenUnder = before }
        #expect(open.counts.keyless == 1)
    }

    @Test("in a store only lines of which nothing is noted are asked for their form")
    func forms() throws {
        let token = String(repeating: "0f", count: 16)
        let trial = ReleaseTrial(["ts": Keep(), "user": Pseudonymize(field: "user")])
        for (earlier, formed) in [(0, 0), (-1, 1)] as [(Int, Int)] {
            let outcome = try run([([line(ReleaseTrial.due, token)], earlier)], trial) {
                $0.isInPlace = true
                $0.earlierRuns = [.under($0.clocks, knowsTables: false)]
            }
            #expect(outcome.counts.formed == formed)
            #expect(outcome.lines == [line(ReleaseTrial.due, token)] || earlier < 0)
        }
    }

    @Test("a time that cannot be trusted deletes nothing by the event's clock")
    func deletes() throws {
        var trial = trial()
        trial.clocks = [RetentionClock(start: .event, length: .zero)]
        let lines = [line(ReleaseTrial.future), line("at noon"), line()]
        let outcome = try run([(lines, -1)], trial) {
            $0.writtenUnder = $0.clocks
            $0.deleteClocks = DueSet(rawValue: 2)
        }
        #expect(outcome.counts.outputs[0].dropped == [.deleted: 1])
        #expect(outcome.lines.count == 2)
    }

    @Test("the time of the record in front says nothing of one whose time cannot be read")
    func offsets() throws {
        var trial = ReleaseTrial(["ts": Keep(), "at": TruncateTime(to: .day)])
        trial.keyRing = nil
        let outcome = try run(
            [([#"{"ts":"at noon","at":"2026-06-14T23:59:59Z"}"#], -1)], trial
        ) { $0.writtenUnder = $0.clocks }
        #expect(outcome.lines.first?.contains("2026-06-14") == true)
    }

    @Test("the first of the watched times is when the next record becomes due")
    func watched() throws {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())), ("user", FieldRule(transform: nil)),
            ("seen", FieldRule(transform: Keep())),
        ])
        let month = CalendarDuration(months: 1, days: 0)
        trial.clocks = [RetentionClock(start: .field(slot: 2), length: month)]
        func next(_ watched: UInt64, _ seen: String) throws -> EventTime? {
            var plan = try #require(trial.makePlan())
            plan.watchedClocks = DueSet(rawValue: watched)
            let releaser = Releaser(plan: plan, keyRing: nil)
            let line = #"{"ts":"2026-07-01T10:00:00Z","user":"ann","seen":"\#(seen)"}"#
            _ = trial.run([bytes(line + "\n")], releaser: releaser)
            return releaser.nextDue.time(under: plan.clocks)
        }
        func day(_ text: String) throws -> EventTime {
            try #require(RunClock(text: text, zone: .utc)).now
        }
        let (byEvent, bySeen) = (try day("2026-08-02"), try day("2026-07-21"))
        #expect(try next(0, "2026-06-20T10:00:00Z") == nil)
        #expect(try next(1, "2026-06-20T10:00:00Z") == byEvent)
        #expect(try next(2, "2026-06-20T10:00:00Z") == bySeen)
        #expect(try next(3, "2026-06-20T10:00:00Z") == bySeen)
        #expect(try next(3, "2026-07-10T10:00:00Z") == byEvent)
        // What is due already does not become so.
        #expect(try next(2, "2026-06-01T10:00:00Z") == nil)
    }
}
