import Records
import TestSupport
import Testing

@Suite("Calendar durations")
struct CalendarDurationTests {
    /// Well-formed and malformed texts after ISO 8601-1:2019, 5.5.2; the grammar of RFC 3339,
    /// appendix A, is narrower (no gaps, no fractions).
    @Test(
        "What is a duration",
        arguments: [
            ("P1M", 1, 0, 0, "P1M"), ("P0D", 0, 0, 0, "P0D"), ("PT0S", 0, 0, 0, "P0D"),
            ("P24M", 24, 0, 0, "P24M"), ("P1Y", 12, 0, 0, "P12M"), ("P4W", 0, 28, 0, "P28D"),
            ("P1Y2M3DT4H5M6S", 14, 3, 14_706, "P14M3DT4H5M6S"), ("PT36H", 0, 0, 129_600, "PT36H"),
            ("P1DT12H", 0, 1, 43_200, "P1DT12H"), ("P01D", 0, 1, 0, "P1D"),
            ("PT90S", 0, 0, 90, "PT1M30S"), ("PT3601S", 0, 0, 3601, "PT1H0M1S"),
            ("P1000Y", 12_000, 0, 0, "P12000M"), ("P1Y2D", 12, 2, 0, "P12M2D"),
            ("PT1H2S", 0, 0, 3602, "PT1H0M2S"), ("PT1.5H", 0, 0, 5400, "PT1H30M"),
            ("P0,5D", 0, 0, 43_200, "PT12H"), ("P1.5W", 0, 10, 43_200, "P10DT12H"),
            ("P1.5Y", 18, 0, 0, "P18M"), ("PT0.25M", 0, 0, 15, "PT15S"), ("P1.0D", 0, 1, 0, "P1D"),
            ("P0.500000D", 0, 0, 43_200, "PT12H"), ("P366000D", 0, 366_000, 0, "P366000D"),
            ("PT31622400000S", 0, 0, 31_622_400_000, "PT8784000H"),
        ]
    )
    func good(text: String, months: Int, days: Int, seconds: Int, canonical: String) throws {
        let duration = try #require(CalendarDuration(text: text))
        #expect(duration == CalendarDuration(months: months, days: days, seconds: seconds))
        #expect(duration.text == canonical)
        #expect(CalendarDuration(text: canonical) == duration)
    }

    @Test(
        "What is none",
        arguments: [
            "", "P", "PT", "1M", "P1", "p1m", "P1m", " P1M", "P1M ", "-P1M", "P-1M", "P1.5M",
            "P.5D", "P1.D", "P1.5DT1H", "P1.5D1H", "PT1.5H1M", "P0.1234567D", "P0.5Y0.5M",
            "PT0.5S", "P1YT", "PT1D", "P1D2H", "P2D1Y", "P2S", "P1Y2W", "P1WT1H", "P0Y1W", "P1W1D",
            "P1M1M", "PT1HT1M", "PTT1H", "P1e2D", "P1D\n", "P\u{661}D",
            "P1001Y", "P99999999999999999999D", "PT999999999999999999999H", "month", "30",
            "X1M", "P:D", "PT1.0000000S", "P366001D", "PT31622400001S",
            // So many weeks that 64 bits of seconds begin anew, at 1 day and 20 hours.
            "P476571389140W",
        ]
    )
    func bad(text: String) {
        #expect(CalendarDuration(text: text) == nil)
    }

    @Test(
        "Back and forth, day clamped",
        arguments: [
            ("2026-03-31", "P1M", "2026-02-28", "2026-04-30"),
            ("2024-03-31", "P1M", "2024-02-29", "2024-04-30"),
            ("2024-02-29", "P1Y", "2023-02-28", "2025-02-28"),
            ("2024-02-29", "P4Y", "2020-02-29", "2028-02-29"),
            ("2026-01-15", "P24M", "2024-01-15", "2028-01-15"),
            ("2026-01-01", "P1D", "2025-12-31", "2026-01-02"),
            ("2026-01-31", "P1M1D", "2025-12-30", "2026-03-01"),
            ("2026-03-01", "P4W", "2026-02-01", "2026-03-29"),
            ("0001-01-31", "P1M", "0000-12-31", "0001-02-28"),
            ("9999-12-31", "P0D", "9999-12-31", "9999-12-31"),
        ]
    )
    func reckoning(from: String, duration: String, before: String, after: String) throws {
        let start = try #require(date(from))
        let length = try #require(CalendarDuration(text: duration))
        #expect(start.subtracting(length).text == before)
        #expect(start.adding(length).text == after)
    }

    @Test("Random texts of the alphabet: what is read prints as something that reads the same")
    func random() {
        let seed: UInt64 = 41
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("PTYMWDHS.,0123456789")
        var good = 0
        for _ in 0..<40_000 {
            let length = Int.random(in: 1...6, using: &generator)
            let tail = (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "P" }
            let text = "P" + String(tail)
            guard let duration = CalendarDuration(text: text) else { continue }
            good += 1
            #expect(CalendarDuration(text: duration.text) == duration, "seed \(seed): \(text)")
        }
        #expect(good > 100)
    }

    @Test func monthsBeforeYearZeroHaveYearAndMonth() {
        for (year, month) in [(0, 1), (-1, 12), (-1, 1), (-2, 12), (2026, 12), (9999, 1)] {
            let found = CalendarMonth(year: year, month: month)
            #expect(found.year == year && found.month == month)
        }
    }
}
