import Anonymization
import Records
import TestSupport
import Testing

/// Borders of the clocks of a plan, with the date source that is read first.
@Suite("The clocks of a plan")
struct ClockSetTests {
    private static let day: Int64 = 86_400_000
    private static let now = EventTime(milliseconds: 20_558 * day + 40_000_000)
    private static let clock = RunClock(now: now, zone: .utc)
    private static let month = CalendarDuration(months: 1, days: 0)
    private static let year = CalendarDuration(months: 12, days: 0)
    private static let fortnight = CalendarDuration(months: 0, days: 14)

    private func at(days: Int64, _ milliseconds: Int64 = 0) -> EventTime {
        EventTime(milliseconds: Self.now.milliseconds + days * Self.day + milliseconds)
    }

    private func set(
        _ after: [RetentionClock] = [],
        skew: CalendarDuration? = CalendarDuration(months: 0, days: 1)
    ) throws -> ClockSet {
        try #require(
            ClockSet(window: Self.month, after: after, runClock: Self.clock, skew: skew))
    }

    @Test("Unless told otherwise an event may be a day ahead, and no more")
    func defaultSkew() throws {
        let event = RetentionClock(start: .event, length: Self.month)
        let sets = [
            ClockSet(window: event, runClock: Self.clock),
            ClockSet(window: Self.month, runClock: Self.clock),
        ]
        for set in try sets.map({ try #require($0) }) {
            #expect(set.age(eventTime: at(days: 1)).due.isEmpty)
            let untimed = RecordAge(due: .everything, noKey: true)
            #expect(set.age(eventTime: at(days: 1, 1)) == untimed)
        }
    }

    @Test("There are at most as many clocks as a set of them has bits, each counted once")
    func manyClocks() {
        func clocks(besides count: Int) -> ClockSet? {
            let after = (0..<count).map {
                RetentionClock(start: .event, length: CalendarDuration(months: 0, days: 100 + $0))
            }
            return ClockSet(window: Self.month, after: after + after, runClock: Self.clock)
        }
        #expect(clocks(besides: 63)?.clocks.count == 64)
        #expect(clocks(besides: 64) == nil)
    }

    @Test("Under a window of zero what lies ahead is due, too")
    func zeroAhead() throws {
        let window = CalendarDuration.zero
        let set = try #require(ClockSet(window: window, runClock: Self.clock))
        for time in [at(days: 0), at(days: 0, 1), at(days: 0, 3_600_000), at(days: 1)] {
            #expect(set.age(eventTime: time).due == DueSet(rawValue: 1))
        }
    }

    @Test("Every record before the stated cut-off is due; a window that starts elsewhere has none")
    func statedCutOff() throws {
        let field = RetentionClock(start: .field(slot: 0), length: Self.year)
        #expect(try set([field]).statedCutOff == Self.clock.cutOff(Self.month))
        let event = RetentionClock(start: .event, length: Self.year)
        let elsewhere = ClockSet(window: field, after: [event], runClock: Self.clock)
        #expect(elsewhere != nil && elsewhere?.statedCutOff == nil)
    }

    @Test("A date that several clocks need is read once")
    func sharedSources() throws {
        let lengths = [Self.year, Self.month, Self.fortnight]
        let set = try set(lengths.map { RetentionClock(start: .field(slot: 3), length: $0) })
        #expect(set.dateSources == [.field(slot: 3)])
        var readings = ClockReadings(of: set)
        readings.dates[0] = .at(at(days: -60))
        #expect(set.age(eventTime: Self.now, readings).due == DueSet(rawValue: 0b1100))
    }

    @Test("The first date stops a clock and is asked for like the others")
    func firstSource() throws {
        let stopped = RetentionClock(
            start: .event, length: Self.month, unless: .field(slot: 5))
        let set = try set([stopped])
        var readings = ClockReadings(of: set)
        for (stop, due) in [
            (ClockReading.at(Self.now), 1), (.at(at(days: 0, 1)), 3), (.notStarted, 3),
            (.unknown, 3),
        ] {
            readings.dates[0] = stop
            let age = set.age(eventTime: at(days: -100), readings)
            #expect(age.due == DueSet(rawValue: UInt64(due)), "\(stop)")
        }
        let started = try self.set([RetentionClock(start: .field(slot: 5), length: Self.month)])
        #expect(!started.isKnown(1, ClockReadings(of: started)))
        readings.dates[0] = .notStarted
        #expect(started.isKnown(1, readings))
        #expect(started.isKnown(0, ClockReadings(of: started)))
    }

    @Test("When a clock will have run out, and when it does not by itself")
    func dueTime() throws {
        let field = RetentionClock(start: .field(slot: 0), length: Self.year)
        let own = RetentionClock(
            start: .event, length: Self.year, lengthFrom: .field(slot: 1))
        let set = try set([field, own])
        var readings = ClockReadings(of: set)
        #expect(
            set.dueTime(0, eventTime: Self.now, readings)
                == Self.clock.dueTime(from: Self.now, Self.month))
        for reading in [ClockReading.unknown, .notStarted] {
            readings.dates[0] = reading
            #expect(set.dueTime(1, eventTime: Self.now, readings) == nil)
        }
        readings.dates[0] = .at(at(days: -5))
        #expect(
            set.dueTime(1, eventTime: Self.now, readings)
                == Self.clock.dueTime(from: at(days: -5), Self.year))
        for (length, expected) in [
            (LengthReading.standard, Self.year), (.own(Self.fortnight), Self.fortnight),
        ] {
            readings.lengths[0] = length
            #expect(
                set.dueTime(2, eventTime: Self.now, readings)
                    == Self.clock.dueTime(from: Self.now, expected))
        }
        readings.lengths[0] = .unknown
        #expect(set.dueTime(2, eventTime: Self.now, readings) == nil)
    }

    @Test("A clock that stops before it runs out never does")
    func stoppedDueTime() throws {
        let due = Self.clock.dueTime(from: Self.now, Self.month)
        let set = try set([
            RetentionClock(start: .event, length: Self.month, unless: .field(slot: 0))
        ])
        var readings = ClockReadings(of: set)
        for (stop, runsOut) in [(-1, false), (0, false), (1, true)] as [(Int64, Bool)] {
            readings.dates[0] = .at(EventTime(milliseconds: due.milliseconds + stop))
            let found = set.dueTime(1, eventTime: Self.now, readings)
            #expect(found == (runsOut ? due : nil))
        }
        readings.dates[0] = .notStarted
        #expect(set.dueTime(1, eventTime: Self.now, readings) == due)
    }

    @Test("What was not too far ahead for a later run is trusted, and nothing else")
    func trusting() throws {
        let set = try set()
        let later = set.trusting(runOf: at(days: 10))
        #expect(later.age(eventTime: at(days: 11)).due.isEmpty)
        #expect(later.age(eventTime: at(days: 11, 1)) == .untimed)
        #expect(later.age(eventTime: at(days: -100)).due == DueSet(rawValue: 1))
        for other in [at(days: 0), at(days: -10)] {
            #expect(set.trusting(runOf: other).latestTime == set.latestTime)
        }
        let open = try self.set(skew: nil)
        #expect(open.trusting(runOf: at(days: 10)).latestTime == open.latestTime)
    }

    @Test("A run before 1970 that trusts any time goes on to do so")
    func trustingLongAgo() throws {
        let old = RunClock(now: EventTime(milliseconds: -5 * Self.day), zone: .utc)
        let open = try #require(ClockSet(window: Self.month, runClock: old, skew: nil))
        #expect(open.trusting(runOf: Self.now).latestTime == EventTime(milliseconds: .max))
    }
}
