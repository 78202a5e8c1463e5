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
            let reading = Self.readings(set) { _ in .at(Self.now) }
            #expect(set.age(eventTime: nil, reading) == .untimed)
            let late = EventTime(milliseconds: limit + 1)
            #expect(set.age(eventTime: late, reading) == .untimed)
            let allowed = EventTime(milliseconds: limit)
            #expect(set.age(eventTime: allowed, reading).due.isEmpty)
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

    @Test("Fields have other slots in another format, and none where it does not have them")
    func moved() throws {
        let cell = TableCell(table: 4, column: 5, keySlot: 2)
        let clock = RetentionClock(
            start: .field(slot: 2), length: Self.month, unless: .table(cell),
            lengthFrom: .field(slot: 3))
        let here = try set([clock]).moved { $0 == 2 ? 7 : nil }
        #expect(
            here.clocks[1]
                == RetentionClock(
                    start: .field(slot: 7), length: Self.month,
                    unless: .table(TableCell(table: 4, column: 5, keySlot: 7)),
                    lengthFrom: .field(slot: -1)))
        let nowhere = RetentionClock.Start.table(cell).moved { _ in nil }
        #expect(nowhere == .table(TableCell(table: 4, column: 5, keySlot: -1)))
        #expect(RetentionClock.Start.event.moved { _ in nil } == .event)
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
            let age = set.age(eventTime: event, Self.readings(set) { $0 == 2 ? reading : .unknown })
            #expect(age == RecordAge(due: expected, noKey: false))
        }
        #expect(set.age(eventTime: Self.now).due == handledBit)
    }

    @Test("A length of zero after a date of its own: not before that date, and then at once")
    func zeroElsewhere() throws {
        let clock = RetentionClock(start: .field(slot: 0), length: .zero)
        let set = try set([clock])
        let cases: [(ClockReading, Bool)] = [
            (.notStarted, false), (.unknown, true), (.at(Self.now), true),
            (.at(EventTime(milliseconds: Self.now.milliseconds - 1)), true),
            (.at(EventTime(milliseconds: Self.now.milliseconds + 1)), false),
        ]
        for (reading, isDue) in cases {
            let due = set.age(eventTime: Self.now, Self.readings(set) { _ in reading }).due
            #expect(due == (isDue ? set.bit(of: clock) : []), "\(reading)")
        }
    }

    @Test("A window that starts elsewhere has bit 0, and the event's age does not matter")
    func windowElsewhere() throws {
        let window = RetentionClock(start: .field(slot: 0), length: Self.month)
        let set = try #require(ClockSet(window: window, runClock: Self.clock))
        #expect(!set.isWindowOnly)
        let old = EventTime(milliseconds: 0)
        #expect(set.age(eventTime: old, Self.readings(set) { _ in .notStarted }).due.isEmpty)
        let due = set.age(eventTime: Self.now, Self.readings(set) { _ in .at(old) }).due
        #expect(due == DueSet(rawValue: 1))
    }

    @Test("A date stops a clock from then on, whether it has run out or not")
    func unless() throws {
        let clock = RetentionClock(
            start: .field(slot: 0), length: Self.month, unless: .field(slot: 1))
        let set = try set([clock])
        let year = EventTime(milliseconds: Self.now.milliseconds - 365 * Self.day)
        let ahead = EventTime(milliseconds: Self.now.milliseconds + 1)
        let cases: [(ClockReading, ClockReading, Bool)] = [
            (.at(year), .notStarted, true), (.at(year), .unknown, true),
            (.at(year), .at(ahead), true), (.at(year), .at(Self.now), false),
            (.at(year), .at(year), false), (.notStarted, .unknown, false),
            (.unknown, .at(year), false), (.unknown, .notStarted, true),
        ]
        for (start, stop, isDue) in cases {
            let readings = Self.readings(set) { $0 == 0 ? start : stop }
            #expect(
                set.age(eventTime: Self.now, readings).due == (isDue ? set.bit(of: clock) : []),
                "\(start) \(stop)")
        }
    }

    @Test("A length of its own takes the place of the clock's; an unreadable one leaves no time")
    func ownLengths() throws {
        let clock = RetentionClock(
            start: .event, length: Self.month, lengthFrom: .field(slot: 4))
        let set = try set([clock], window: Self.year)
        #expect(set.lengthSources == [.field(slot: 4)])
        func isDue(_ daysAgo: Int64, _ length: LengthReading) -> Bool {
            var readings = ClockReadings(of: set)
            readings.lengths[0] = length
            let event = EventTime(milliseconds: Self.now.milliseconds - daysAgo * Self.day)
            return !set.age(eventTime: event, readings).due.isEmpty
        }
        #expect(!isDue(20, .standard) && isDue(40, .standard))
        #expect(isDue(20, .own(CalendarDuration(months: 0, days: 14))))
        #expect(!isDue(40, .own(CalendarDuration(months: 3, days: 0))))
        #expect(isDue(0, .own(.zero)) && isDue(0, .unknown))
        var unread = ClockReadings(of: set)
        #expect(set.isKnown(1, unread))
        unread.lengths[0] = .unknown
        #expect(!set.isKnown(1, unread))
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
            set.clocks.firstIndex(of: clock).flatMap { index in
                set.keyMonth(
                    index, eventTime: Self.now, Self.readings(set) { _ in reading })?.text
            }
        }
        #expect(month(set.clocks[0], .unknown) == "2026-04")
        #expect(month(handled, .at(Self.now)) == "2027-04")
        #expect(month(handled, .notStarted) == nil)
        #expect(month(handled, .unknown) == nil)
        // Years that have no name have no keys.
        let year = 31_556_952_000.0
        for (start, named) in [
            (-1971.5, nil), (-1970.5, "0000"), (8028.5, "9999"), (8029.5, nil),
        ] as [(Double, String?)] {
            let time = EventTime(milliseconds: Int64(start * year))
            #expect(month(handled, .at(time)).map { String($0.prefix(4)) } == named, "\(start)")
        }
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
                let due = set.age(
                    eventTime: event, Self.readings(set) { ClockReading(fields[$0]) }).due
                for clock in set.clocks {
                    let start: EventTime?
                    switch clock.start {
                    case .event: start = event
                    case .field(let slot): start = fields[slot]
                    case .table: start = nil
                    }
                    let isZero = clock.length.isZero && clock.start != .event
                    let isOver = start.map {
                        isZero ? $0 <= Self.now : $0 < Self.clock.cutOff(clock.length)
                    } ?? true
                    let bit = try #require(set.bit(of: clock))
                    #expect(due.contains(bit) == isOver, "seed \(seed)")
                }
            }
        }
    }

    /// Readings of fields, by their slots.
    private static func readings(
        _ set: ClockSet, _ field: (Int) -> ClockReading
    ) -> ClockReadings {
        var readings = ClockReadings(of: set)
        for (index, source) in set.dateSources.enumerated() {
            if let slot = source.slot { readings.dates[index] = field(slot) }
        }
        return readings
    }

    private static func randomTime(_ generator: inout SeededGenerator) -> EventTime {
        let ago = Int64.random(in: 0...1000, using: &generator) * day
        return EventTime(milliseconds: now.milliseconds - ago)
    }
}
