import Anonymization
import Records
import TestSupport
import Testing

@Suite struct TruncateTimeTests {
    @Test(arguments: [
        (TruncateTime.Unit.hour, "2026-03-15T14:59:59.999Z", "2026-03-15T14:00Z"),
        (.day, "2026-03-15T14:59:59.999Z", "2026-03-15"),
        (.week, "2026-03-15T14:59:59.999Z", "2026-W11"),
        (.month, "2026-03-15T14:59:59.999Z", "2026-03"),
        (.year, "2026-03-15T14:59:59.999Z", "2026"),
        (.day, "2026-03-15T23:30:00-01:00", "2026-03-16"),
        (.hour, "1969-12-31T23:59:59.5Z", "1969-12-31T23:00Z"),
        (.day, "2024-02-29T00:00:00Z", "2024-02-29"), (.day, "0001-01-01T00:00:00Z", "0001-01-01"),
    ])
    func keepsTheUnitInUTC(_ unit: TruncateTime.Unit, _ time: String, _ expected: String) {
        #expect(TruncateTime(to: unit).trial(time) == Outcome(.plainText, expected))
    }

    /// Borders of years in the weeks of ISO 8601.
    @Test(arguments: [
        ("2020-12-28", "2020-W53"), ("2021-01-03", "2020-W53"), ("2021-01-04", "2021-W01"),
        ("2024-12-29", "2024-W52"), ("2024-12-30", "2025-W01"), ("2026-01-01", "2026-W01"),
        ("2027-01-01", "2026-W53"), ("1970-01-01", "1970-W01"), ("1969-12-28", "1969-W52"),
    ])
    func weeksBelongToTheYearOfTheirThursday(_ day: String, _ expected: String) {
        let transform = TruncateTime(to: .week)
        #expect(transform.trial(day + "T00:00:00Z") == Outcome(.plainText, expected))
        #expect(transform.trial(day + "T23:59:59Z") == Outcome(.plainText, expected))
    }

    @Test(arguments: [
        (TruncateTime.Unit.hour, 3600, "2026-01-01T00:00+01:00"), (.day, 3600, "2026-01-01"),
        (.month, 3600, "2026-01"), (.year, 3600, "2026"), (.year, 0, "2025"),
        (.hour, -34_200, "2025-12-31T14:00-09:30"), (.hour, 19_800, "2026-01-01T05:00+05:30"),
        (.hour, 20, "2025-12-31T23:00Z"),
    ])
    func countsInThePipelinesZone(_ unit: TruncateTime.Unit, _ offset: Int, _ expected: String) {
        let outcome = TruncateTime(to: unit).trial("2025-12-31T23:59:00Z", utcOffsetSeconds: offset)
        #expect(outcome == Outcome(.plainText, expected))
    }

    @Test(arguments: [
        (TimeFormat.accessLog, "15/Mar/2026:23:30:00 +0000", "2026-03-16T00:00+01:00"),
        (.epochSeconds, "1773617400", "2026-03-16T00:00+01:00"),
        (.epochMilliseconds, "1773617400123", "2026-03-16T00:00+01:00"),
        (.dateTime, "2026-03-15 23:30:00", "2026-03-15T23:00"),
        (.date, "2026-03-15", "2026-03-15T00:00"),
    ])
    func readsTheStatedForm(_ format: TimeFormat, _ time: String, _ expected: String) {
        let transform = TruncateTime(to: .hour, format: format)
        #expect(transform.trial(time, utcOffsetSeconds: 3600) == Outcome(.plainText, expected))
        let strict = TruncateTime(to: .hour)
        #expect(strict.trial(time) == Outcome(.dropped))
    }

    @Test(arguments: [
        "", "2026-03-15", "2026-02-30T00:00:00Z", "2026-03-15T24:00:00Z", "2026-03-15T14:00:00",
        "2026-03-15T14:00:60Z", "2026-03-15T14:00:00Zx", " 2026-03-15T14:00:00Z", "now",
        "0000-01-01T00:00:00+01:00",
    ])
    func dropsWhatIsNoTime(_ time: String) {
        #expect(TruncateTime(to: .day).trial(time) == Outcome(.dropped))
        #expect(TruncateTime(to: .week).trial(time) == Outcome(.dropped))
    }

    @Test func isPlannedFromSettings() {
        let planned = TruncateTime.descriptor.planned([
            ("unit", setting("month")), ("format", setting("epoch")),
        ])
        #expect(planned.transform?.trial("1773617400", .number) == Outcome(.plainText, "2026-03"))
        #expect(TruncateTime.descriptor.planned([("unit", setting("minute"))]).transform == nil)
        #expect(planned.transform?.trial("true", .boolean) == Outcome(.dropped))
    }
}
