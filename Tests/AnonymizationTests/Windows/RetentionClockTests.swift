import Anonymization
import Records
import TestSupport
import Testing

@Suite("Retention clocks")
struct RetentionClockTests {
    private static let day: Int64 = 86_400_000
    private static let now = EventTime(milliseconds: 20_558 * day + 40_000_000)
    private static let clock = RunClock(now: now, zone: .utc)
    private static let month = CalendarDuration(months: 1, days: 0)
    private static let year = CalendarDuration(months: 12, days: 0)

    private func set(
        _ after: [RetentionClock] = [],
        window: CalendarDuration = month,
        skew: CalendarDuration? = CalendarDuration(months: 0, days: 1)
    ) throws -> ClockSet {
        try #require(
            ClockSet(window: window, after: after, runClock: Self.clock, skew: skew)
        )
    }

    @Test("The window: due before the cut-off, not at it")
    func window() throws {
        let set = try set()
        let cutOff = Self.clock.cutOff(Self.month)
        let before = EventTime(milliseconds: cutOff.milliseconds - 1)
        #expect(set.isWindowOnly)
        #expect(set.age(eventTime: cutOff) == RecordAge(due: [], noKey: false))
        #expect(set.age(eventTime: before) == RecordAge(due: DueSet(rawValue: 1), noKey: false))
        #expect(set.age(eventTime: Self.now).due.isEmpty)
    }

    @Test("No time, or a time too far ahead, is due in everything and gets no key")
    func untimed() throws {
        let limit = Self.now.milliseconds + Self.day
        let field = RetentionClock(start: .field(slot: 3), length: Self.year)
        for set in [try set(), try set([field])] {
            let reading: (Int) -> ClockReading = { _ in .at(Self.now) }
            #expect(set.age(eventTime: nil, reading: reading) == .untimed)
            let late = EventTime(milliseconds: limit + 1)
            #expect(set.age(eventTime: late, reading: reading) == .untimed)
            let allowed = EventTime(milliseconds: limit)
            #expect(set.age(eventTime: allowed, reading: reading).due.isEmpty)
        }
        let open = try set(skew: nil)
        #expect(open.age(eventTime: EventTime(milliseconds: limit * 2)).due.isEmpty)
        #expect(open.age(eventTime: nil) == .untimed)
    }

    @Test("A window of zero has nothing in it, today's records neither")
    func zero() throws {
        let set = try set(window: .zero)
        #expect(set.age(eventTime: Self.now).due == DueSet(rawValue: 1))
    }

    @Test("Clocks of fields and other lengths have bits of their own")
    func several() throws {
        let handled = RetentionClock(start: .field(slot: 2), length: Self.year)
        let longer = RetentionClock(start: .event, length: Self.year)
        let same = RetentionClock(start: .event, length: Self.month)
        let set = try set([handled, longer, same, handled])
        #expect(set.clocks.count == 3)
        #expect(set.bit(of: same) == DueSet(rawValue: 1))
        let handledBit = try #require(set.bit(of: handled))
        let longerBit = try #require(set.bit(of: longer))
        #expect(set.bit(of: RetentionClock(start: .event, length: .zero)) == nil)

        let old = EventTime(milliseconds: Self.now.milliseconds - 100 * Self.day)
        let older = EventTime(milliseconds: Self.now.milliseconds - 500 * Self.day)
        let cases: [(EventTime, ClockReading, DueSet)] = [
            (Self.now, .at(Self.now), []),
            (Self.now, .at(older), handledBit),
            (Self.now, .unknown, handledBit),
            (Self.now, .notStarted, []),
            (old, .notStarted, DueSet(rawValue: 1)),
            (older, .at(Self.now), [DueSet(rawValue: 1), longerBit]),
            (older, .at(older), [DueSet(rawValue: 1), longerBit, handledBit]),
            // A date ahead, of a contract's end: not a bad time.
            (Self.now, .at(EventTime(milliseconds: Self.now.milliseconds * 2)), []),
        ]
        for (event, reading, expected) in cases {
            let age = set.age(eventTime: event) { slot in slot == 2 ? reading : .unknown }
            #expect(age == RecordAge(due: expected, noKey: false))
        }
        #expect(set.age(eventTime: Self.now).due == handledBit)
        #expect(set.dueSet(eventTime: Self.now) { _ in nil } == handledBit)
        #expect(set.dueSet(eventTime: Self.now) { _ in Self.now }.isEmpty)
    }

    @Test("A clock of length zero runs out even where it has not started")
    func zeroNotStarted() throws {
        let clock = RetentionClock(start: .field(slot: 0), length: .zero)
        let set = try set([clock])
        #expect(set.age(eventTime: Self.now) { _ in .notStarted }.due == set.bit(of: clock))
    }

    @Test("At most 64 distinct clocks")
    func limit() {
        func clocks(_ count: Int) -> [RetentionClock] {
            (0..<count).map { RetentionClock(start: .field(slot: $0), length: Self.year) }
        }
        let full = ClockSet(window: Self.month, after: clocks(63), runClock: Self.clock)
        #expect(full?.clocks.count == 64)
        #expect(full?.age(eventTime: Self.now).due.rawValue == UInt64.max - 1)
        #expect(ClockSet(window: Self.month, after: clocks(64), runClock: Self.clock) == nil)
    }

    @Test("The key's month is that of the event, or of the day a field becomes due")
    func keyMonth() throws {
        let handled = RetentionClock(start: .field(slot: 0), length: Self.year)
        let set = try set([handled])
        func month(_ clock: RetentionClock, _ reading: ClockReading) -> String? {
            set.keyMonth(of: clock, eventTime: Self.now, reading: reading)?.text
        }
        #expect(month(set.clocks[0], .unknown) == "2026-04")
        #expect(month(handled, .at(Self.now)) == "2027-04")
        #expect(month(handled, .notStarted) == nil)
        #expect(month(handled, .unknown) == nil)
    }

    @Test("Whatever the readings: a start before its cut-off is always in the set")
    func property() throws {
        let seed: UInt64 = 77
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let clocks = (0..<Int.random(in: 0...6, using: &generator)).map { slot in
                RetentionClock(
                    start: Bool.random(using: &generator) ? .event : .field(slot: slot),
                    length: CalendarDuration(
                        months: .random(in: 0...30, using: &generator),
                        days: .random(in: 0...40, using: &generator)
                    )
                )
            }
            let set = try set(clocks)
            for _ in 0..<20 {
                let event = Self.randomTime(&generator)
                let fields = (0..<6).map { _ in
                    Bool.random(using: &generator) ? Self.randomTime(&generator) : nil
                }
                let due = set.dueSet(eventTime: event) { fields[$0] }
                for clock in set.clocks {
                    let start: EventTime?
                    switch clock.start {
                    case .event: start = event
                    case .field(let slot): start = fields[slot]
                    }
                    let isOver = start.map { $0 < Self.clock.cutOff(clock.length) } ?? true
                    let bit = try #require(set.bit(of: clock))
                    #expect(due.contains(bit) == isOver, "seed \(seed)")
                }
            }
        }
    }

    private static func randomTime(_ generator: inout SeededGenerator) -> EventTime {
        let ago = Int64.random(in: 0...1000, using: &generator) * day
        return EventTime(milliseconds: now.milliseconds - ago)
    }
}
