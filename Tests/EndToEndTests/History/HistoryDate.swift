import Foundation

/// A date by a calendar of the test's own: Foundation's, in Amsterdam.
struct HistoryDate: Equatable, Comparable {
    /// Days since 1970 of the local date.
    let day: Int

    static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "Europe/Amsterdam") ?? .gmt
        return calendar
    }()

    init(day: Int) { self.day = day }

    init(year: Int, month: Int, dayOfMonth: Int) {
        let parts = DateComponents(year: year, month: month, day: dayOfMonth, hour: 12)
        day = Self.day(of: Self.calendar.date(from: parts) ?? Date(timeIntervalSince1970: 0))
    }

    /// The first day of the month that is so many months behind `month`.
    init(firstOf month: String, later months: Int) {
        let numbers = month.split(separator: "-").compactMap { Int($0) }
        // A month too many is one of the next year.
        self.init(year: numbers[0], month: numbers[1] + months, dayOfMonth: 1)
    }

    static func < (left: Self, right: Self) -> Bool { left.day < right.day }

    /// Noon of the day in Amsterdam.
    private var noon: Date { Date(timeIntervalSince1970: Double(day) * 86_400 + 11 * 3600) }

    /// The local date of an instant, in days since 1970.
    static func day(of instant: Date) -> Int {
        let offset = calendar.timeZone.secondsFromGMT(for: instant)
        return Int((instant.timeIntervalSince1970 + Double(offset)) / 86_400)
    }

    /// `2028-02-29`.
    var text: String {
        let parts = Self.calendar.dateComponents([.year, .month, .day], from: noon)
        return [(parts.year ?? 0, 4), (parts.month ?? 0, 2), (parts.day ?? 0, 2)].map {
            String(repeating: "0", count: max(0, $0.1 - "\($0.0)".count)) + "\($0.0)"
        }.joined(separator: "-")
    }

    /// `2028-02`.
    var month: String { String(text.prefix(7)) }

    /// The first day that is not due when a run of this day counts back so many months: the day
    /// of the month clamped to its length.
    func cutOff(months: Int = 1) -> Int {
        let earlier = Self.calendar.date(byAdding: .month, value: -months, to: noon) ?? noon
        return Self.day(of: earlier)
    }

    /// The first day on which the key of `month` may be dead: every record of the month is due
    /// under a window of one month, and three days of grace are over.
    static func deathOfKey(month: String) -> HistoryDate {
        HistoryDate(firstOf: month, later: 2).adding(3)
    }

    func adding(_ days: Int) -> HistoryDate { HistoryDate(day: day + days) }
}
