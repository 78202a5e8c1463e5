import Glibc
import Records
import TestSupport
import Testing

@Suite("The clock of a run and its cut-offs")
struct RunClockTests {
    private func clock(_ now: String, _ zone: ZoneTable = .utc) throws -> RunClock {
        try #require(RunClock(text: now, zone: zone))
    }

    @Test("The system's clock is read to the millisecond")
    func system() {
        func look() -> Int64 {
            var time = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &time)
            return (Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)) / 1_000_000
        }
        let before = look()
        let now = RunClock.system(zone: .utc).now.milliseconds
        #expect(before <= now && now <= look())
    }

    @Test("A day ahead is the same time of day, by the clocks of the place")
    func dayAhead() throws {
        let zone = try ZoneTable.named("Europe/Amsterdam")
        let day = CalendarDuration(months: 0, days: 1, seconds: 5)
        for (now, ahead) in [
            ("2026-05-15T12:30:15.250+02:00", "2026-05-16T12:30:20.250+02:00"),
            ("2026-03-28T12:00:00+01:00", "2026-03-29T12:00:05+02:00"),
            ("2026-10-24T12:00:00+02:00", "2026-10-25T12:00:05+01:00"),
        ] {
            #expect(try clock(now, zone).instant(after: day) == clock(ahead, zone).now)
        }
    }

    private func text(_ time: EventTime) -> String {
        let date = CivilDate(daysSince1970: ZoneTable.utc.localDay(at: time)).text
        let ofDay = time.milliseconds - Int64(ZoneTable.utc.localDay(at: time)) * 86_400_000
        func two(_ value: Int64) -> String { (value < 10 ? "0" : "") + String(value) }
        let seconds = ofDay / 1000
        return "\(date)T\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))Z"
    }

    @Test(
        "Cut-offs in UTC",
        arguments: [
            ("2026-04-15T23:59:59.999Z", "P1M", "2026-03-15T00:00:00Z"),
            ("2026-04-15T00:00:00Z", "P1M", "2026-03-15T00:00:00Z"),
            ("2026-03-31T12:00:00Z", "P1M", "2026-02-28T00:00:00Z"),
            ("2024-03-30T12:00:00Z", "P1M", "2024-02-29T00:00:00Z"),
            ("2026-01-31T12:00:00Z", "P1M", "2025-12-31T00:00:00Z"),
            ("2026-04-15", "P24M", "2024-04-15T00:00:00Z"),
            ("2026-04-15T10:00:00Z", "P1D", "2026-04-14T00:00:00Z"),
            ("2026-04-15T10:00:00Z", "PT24H", "2026-04-14T10:00:00Z"),
            ("2026-04-15T10:00:00Z", "PT90M", "2026-04-15T08:30:00Z"),
            ("2026-03-31T10:00:00Z", "P1MT1H", "2026-02-28T09:00:00Z"),
            ("0001-01-01", "P1M", "0000-12-01T00:00:00Z"),
        ]
    )
    func utc(now: String, duration: String, expected: String) throws {
        let duration = try #require(CalendarDuration(text: duration))
        #expect(text(try clock(now).cutOff(duration)) == expected)
    }

    @Test(
        "Cut-offs in a zone with summer time",
        arguments: [
            // Already the next day in Amsterdam.
            ("2026-04-15T22:30:00Z", "P1M", "2026-03-15T23:00:00Z"),
            ("2026-04-15T21:30:00Z", "P1M", "2026-03-14T23:00:00Z"),
            // The days of the change themselves.
            ("2026-04-29T12:00:00Z", "P1M", "2026-03-28T23:00:00Z"),
            ("2026-04-30T12:00:00Z", "P1M", "2026-03-29T22:00:00Z"),
            ("2026-11-25T12:00:00Z", "P1M", "2026-10-24T22:00:00Z"),
            ("2026-11-26T12:00:00Z", "P1M", "2026-10-25T23:00:00Z"),
            ("2026-03-29T12:00:00Z", "PT24H", "2026-03-28T12:00:00Z"),
        ]
    )
    func amsterdam(now: String, duration: String, expected: String) throws {
        let zone = try ZoneTable.named("Europe/Amsterdam")
        let duration = try #require(CalendarDuration(text: duration))
        #expect(text(try clock(now, zone).cutOff(duration)) == expected)
    }

    @Test(
        "Every day of four years: the cut-off is the plain one and never moves back"
    )
    func everyDay() throws {
        let zone = try ZoneTable.named("Europe/Amsterdam")
        let month = CalendarDuration(months: 1, days: 0)
        var last = EventTime(milliseconds: .min)
        let first = CivilDate(year: 2024, month: 1, day: 1).daysSince1970
        for day in first..<first + 1461 {
            let morning = zone.startOfDay(day)
            let night = EventTime(milliseconds: zone.startOfDay(day + 1).milliseconds - 1)
            let cutOff = RunClock(now: morning, zone: zone).cutOff(month)
            #expect(RunClock(now: night, zone: zone).cutOff(month) == cutOff)
            #expect(cutOff == plainCutOff(day, zone))
            #expect(cutOff >= last)
            last = cutOff
            // An event is due at most 32 days after the start of its own day.
            let age = day - zone.localDay(at: cutOff)
            #expect((28...31).contains(age))
        }
    }

    @Test("A window of zero leaves no record in it")
    func zero() throws {
        for text in ["P0D", "PT0S", "P0M"] {
            let duration = try #require(CalendarDuration(text: text))
            let cutOff = try clock("2026-04-15T10:00:00Z").cutOff(duration)
            #expect(cutOff == EventTime(milliseconds: .max))
        }
    }

    @Test("The due time is the first instant whose run would find the record due")
    func dueTime() throws {
        let seed: UInt64 = 12
        var generator = SeededGenerator(seed: seed)
        let zone = try ZoneTable.named("Europe/Amsterdam")
        for text in ["P1M", "P1D", "P6M", "P1M3D", "P4W", "P1Y"] {
            let duration = try #require(CalendarDuration(text: text))
            for _ in 0..<300 {
                let event = EventTime(
                    milliseconds: .random(
                        in: 1_700_000_000_000...1_900_000_000_000,
                        using: &generator
                    )
                )
                let due = RunClock(now: event, zone: zone).dueTime(from: event, duration)
                let before = EventTime(milliseconds: due.milliseconds - 1)
                #expect(event < RunClock(now: due, zone: zone).cutOff(duration), "seed \(seed)")
                #expect(event >= RunClock(now: before, zone: zone).cutOff(duration), "seed \(seed)")
            }
        }
        let midnight = zone.startOfDay(20_000)
        let day = CalendarDuration(months: 0, days: 1)
        let due = RunClock(now: midnight, zone: zone).dueTime(from: midnight, day)
        #expect(due == zone.startOfDay(20_002))
        #expect(RunClock(now: midnight, zone: zone).dueTime(from: midnight, .zero) == midnight)
    }

    @Test("Values of --now")
    func now() throws {
        #expect(try clock("2026-04-15T00:00:00+02:00").now.milliseconds == 1_776_204_000_000)
        let zone = try ZoneTable.named("Europe/Amsterdam")
        #expect(try clock("2026-04-15", zone).now.milliseconds == 1_776_204_000_000)
        #expect(try clock("2026-04-15", zone).date.text == "2026-04-15")
        for bad in ["", "now", "2026-04-15 12:00:00", "2026-04", "1776204000", "2026-04-31"] {
            #expect(RunClock(text: bad, zone: .utc) == nil, "\(bad)")
        }
    }
}

/// One month back by walking: to the last day of the month before, then to the same day if it has
/// it.
private func plainCutOff(_ day: Int, _ zone: ZoneTable) -> EventTime {
    let date = CivilDate(daysSince1970: day)
    var back = day
    while CivilDate(daysSince1970: back).month == date.month { back -= 1 }
    while CivilDate(daysSince1970: back).day > date.day { back -= 1 }
    // Walk by hours to the first one of that local day.
    var time = Int64(back - 2) * 86_400_000
    while zone.localDay(at: EventTime(milliseconds: time)) < back { time += 3_600_000 }
    return EventTime(milliseconds: time)
}
