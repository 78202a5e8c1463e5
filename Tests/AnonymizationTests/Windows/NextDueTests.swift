import Anonymization
import Records
import TestSupport
import Testing

/// When the first of many records becomes due.
@Suite("The next due time")
struct NextDueTests {
    private static let day: Int64 = 86_400_000
    private static let now = EventTime(milliseconds: 20_558 * day)
    private static let lengths = [
        CalendarDuration(months: 1, days: 0), CalendarDuration(months: 0, days: 3),
        CalendarDuration(months: 12, days: 0),
    ]

    private func clocks() throws -> ClockSet {
        try #require(
            ClockSet(
                window: Self.lengths[0],
                after: Self.lengths.dropFirst().map { RetentionClock(start: .event, length: $0) },
                runClock: RunClock(now: Self.now, zone: .utc)))
    }

    private func at(_ days: Int64) -> EventTime {
        EventTime(milliseconds: Self.now.milliseconds + days * Self.day)
    }

    @Test("Without records there is none")
    func none() throws {
        #expect(NextDue().time(under: try clocks()) == nil)
    }

    @Test("Each clock counts from its earliest record", arguments: 0..<3)
    func earliest(_ index: Int) throws {
        let clocks = try clocks()
        var next = NextDue()
        for days in [-1, -2, 0, -2] as [Int64] { next.note(index, at(days)) }
        let due = clocks.runClock.dueTime(from: at(-2), Self.lengths[index])
        #expect(next.time(under: clocks) == due)
        for (stated, expected) in [(1, at(1)), (2, at(1)), (0, at(0))] as [(Int64, EventTime)] {
            next.note(at(stated))
            #expect(next.time(under: clocks) == expected)
        }
    }

    @Test("Merged in any order it is the earliest of all")
    func merged() throws {
        let clocks = try clocks()
        let seed: UInt64 = 31
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var parts = [NextDue(), NextDue()]
            var expected: EventTime?
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let part = Int.random(in: 0...1, using: &generator)
                let index = Int.random(in: 0...3, using: &generator)
                let time = at(Int64.random(in: -20...0, using: &generator))
                var due = time
                if index < 3 {
                    parts[part].note(index, time)
                    due = clocks.runClock.dueTime(from: time, Self.lengths[index])
                } else {
                    parts[part].note(time)
                }
                expected = expected.map { $0 < due ? $0 : due } ?? due
            }
            for order in [[0, 1], [1, 0]] {
                var all = NextDue()
                for part in order { all.merge(parts[part]) }
                #expect(all.time(under: clocks) == expected, "seed \(seed)")
            }
        }
    }
}
