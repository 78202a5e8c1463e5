import KeyedHashing
import Records
import TestSupport
import Testing

struct KeyNeedsTests {
    struct Example: Sendable {
        let month: String
        let zone: String
        let lengths: String
        let grace: String
        let lastDue: String
        let end: String
    }

    /// Worked out by hand from Regulation 1182/71: the day does not count, then the period runs to
    /// the end of its last day.
    static let examples = [
        Example(
            month: "2026-01", zone: "UTC", lengths: "P1M", grace: "P0D",
            lastDue: "2026-03-01T00:00:00Z", end: "2026-03-01T00:00:00Z"),
        Example(
            month: "2026-02", zone: "UTC", lengths: "P1M", grace: "P7D",
            lastDue: "2026-04-01T00:00:00Z", end: "2026-04-08T00:00:00Z"),
        Example(
            month: "2026-03", zone: "Europe/Amsterdam", lengths: "P1M", grace: "P0D",
            lastDue: "2026-04-30T22:00:00Z", end: "2026-04-30T22:00:00Z"),
        Example(
            month: "2028-02", zone: "UTC", lengths: "P1Y", grace: "P0D",
            lastDue: "2029-03-01T00:00:00Z", end: "2029-03-01T00:00:00Z"),
        // The longest counts, whatever its place.
        Example(
            month: "2026-01", zone: "UTC", lengths: "P1M P1Y P30D", grace: "P1M",
            lastDue: "2027-02-01T00:00:00Z", end: "2027-03-01T00:00:00Z"),
        // Without a window a month is needed until it is over.
        Example(
            month: "2026-01", zone: "UTC", lengths: "P0D", grace: "P0D",
            lastDue: "2026-02-01T00:00:00Z", end: "2026-02-01T00:00:00Z"),
        Example(
            month: "2026-12", zone: "Europe/Amsterdam", lengths: "", grace: "P7D",
            lastDue: "2026-12-31T23:00:00Z", end: "2027-01-07T23:00:00Z"),
    ]

    @Test(arguments: examples) func byHand(_ example: Example) throws {
        let zone = try ZoneTable.named(example.zone)
        let month = try #require(CalendarMonth(text: example.month))
        let needs = try #require(
            KeyNeeds(
                lengthsText: example.lengths, usesDueMonths: false, graceText: example.grace))
        let lastDue = RunClock(text: example.lastDue, zone: zone)?.now
        let end = RunClock(text: example.end, zone: zone)?.now
        #expect(needs.lastDue(of: month, in: zone) == lastDue)
        #expect(needs.end(of: month, in: zone) == end)
    }

    /// At the last due time every record of the month is due, a moment before not every one is.
    @Test(arguments: ["UTC", "Europe/Amsterdam", "America/New_York", "Pacific/Apia"])
    func agreesWithTheCutOff(_ name: String) throws {
        let zone = try ZoneTable.named(name)
        for length in ["P1M", "P2M", "P30D", "P1Y", "P31D", "P6M", "PT36H"] {
            let duration = try #require(CalendarDuration(text: length))
            let needs = KeyNeeds(lengths: [duration], usesDueMonths: false, grace: .zero)
            for index in 0..<60 {
                let month = CalendarMonth(index: 2024 * 12 + index)
                let lastDue = needs.lastDue(of: month, in: zone)
                let last = EventTime(milliseconds: month.end(in: zone).milliseconds - 1)
                let at = RunClock(now: lastDue, zone: zone).cutOff(duration)
                #expect(last < at || duration.seconds > 0 && last <= at, "\(month.text) \(length)")
                let before = RunClock(
                    now: EventTime(milliseconds: lastDue.milliseconds - 1), zone: zone)
                #expect(before.cutOff(duration) <= last, "\(month.text) \(length)")
            }
        }
    }

    @Test func partsTellOnlyWhereSomebodySaysSo() {
        let needs = KeyNeeds(
            lengths: [], usesDueMonths: false, grace: CalendarDuration(months: 0, days: 7))
        #expect(!needs.partsTell)
    }

    @Test func theWrittenFormComesBack() throws {
        for text in ["P1M", "P1M P2Y P30D", ""] {
            let needs = try #require(
                KeyNeeds(lengthsText: text, usesDueMonths: true, graceText: "P7D"))
            let again = KeyNeeds(
                lengthsText: needs.lengthsText, usesDueMonths: true, graceText: needs.grace.text)
            #expect(again == needs)
        }
        #expect(KeyNeeds(lengthsText: "P1M x", usesDueMonths: false, graceText: "P7D") == nil)
        #expect(KeyNeeds(lengthsText: "P1M", usesDueMonths: false, graceText: "") == nil)
    }
}
