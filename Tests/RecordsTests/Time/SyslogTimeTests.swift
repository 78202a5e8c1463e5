import Records
import TestSupport
import Testing

/// Times without a year: the latest one that puts them at most a day ahead of the clock.
@Suite struct SyslogTimeTests {
    private func year(_ text: String, now: String, zone: ZoneTable = .utc) -> String? {
        guard let clock = RunClock(text: now, zone: .utc),
            let time = TimeFormat.syslog.parse(bytes(text).span, zone: zone, now: clock.now)
        else { return nil }
        return CivilDate(daysSince1970: zone.localDay(at: time)).text
    }

    @Test(arguments: [
        ("Mar  1 12:00:00", "2026-04-15", "2026-03-01"),
        ("Mar 01 12:00:00", "2026-04-15", "2026-03-01"),
        ("Apr 15 23:59:59", "2026-04-15", "2026-04-15"),
        ("Apr 16 00:00:00", "2026-04-15T00:00:00Z", "2026-04-16"),
        ("Apr 16 00:00:01", "2026-04-15T00:00:00Z", "2025-04-16"),
        ("Dec 31 23:59:59", "2026-01-01T00:00:10Z", "2025-12-31"),
        ("Jan  1 00:00:05", "2025-12-31T23:59:00Z", "2026-01-01"),
        ("Jan  2 00:00:05", "2025-12-31T23:59:00Z", "2025-01-02"),
        ("Feb 29 08:00:00", "2024-03-01", "2024-02-29"),
        ("Feb 29 08:00:00", "2026-03-01", "2024-02-29"),
        ("Feb 29 08:00:00", "2024-02-28", "2020-02-29"),
        ("Feb 28 23:30:00", "2025-03-01", "2025-02-28"),
    ]) func years(_ text: String, _ now: String, _ day: String) {
        #expect(year(text, now: now) == day)
    }

    @Test func theZoneDecidesWhenTheYearTurns() throws {
        let amsterdam = try ZoneTable.named("Europe/Amsterdam")
        // 00:30 in Amsterdam is 23:30 UTC of the day before.
        #expect(
            year("Jan  1 00:30:00", now: "2025-12-31T23:40:00Z", zone: amsterdam) == "2026-01-01")
        let time = TimeFormat.syslog.parse(
            bytes("Jul  1 12:00:00").span, zone: amsterdam,
            now: RunClock(text: "2026-08-01", zone: .utc)?.now)
        let same = TimeFormat.rfc3339.parse(bytes("2026-07-01T10:00:00Z").span, zone: .utc)
        #expect(time == same && time != nil)
    }

    @Test func newerDaemonsWriteTheYear() {
        #expect(year("2019-03-01T12:00:00.123+01:00", now: "2026-04-15") == "2019-03-01")
    }

    @Test(arguments: [
        "Feb 30 08:00:00", "Mar  0 08:00:00", "mar  1 08:00:00", "Mar  1 24:00:00",
        "Mar 1 08:00:00", "Mar  1 08:00:00 ", "Mar  1 08:00", "", "Mar  1 08:00:00.",
    ]) func noTimes(_ text: String) {
        #expect(year(text, now: "2026-04-15") == nil)
    }

    @Test func withoutAClockThereIsNoYear() {
        let time = TimeFormat.syslog.parse(bytes("Mar  1 08:00:00").span, zone: .utc)
        #expect(time == nil)
    }

    @Test func haproxyAndNanoseconds() throws {
        let amsterdam = try ZoneTable.named("Europe/Amsterdam")
        func time(_ format: TimeFormat, _ text: String) -> Int64? {
            format.parse(bytes(text).span, zone: amsterdam)?.milliseconds
        }
        #expect(time(.haproxy, "01/Mar/2026:12:00:00.655") == 1_772_362_800_655)
        #expect(time(.haproxy, "01/Mar/2026:12:00:00") == 1_772_362_800_000)
        #expect(time(.haproxy, "01/Mar/2026:12:00:00 +0100") == nil)
        #expect(time(.epochNanoseconds, "1772362800655999999") == 1_772_362_800_655)
        #expect(time(.epochNanoseconds, "1772362800655999999.5") == nil)
        #expect(time(.epochNanoseconds, "99999999999999999999") == nil)
    }
}
