/// An instant: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Digits behind the millisecond are cut off, never rounded, so that a time never moves into a
/// later day.
@usableFromInline package struct EventTime: Comparable, Hashable, Sendable, BitwiseCopyable {
    @usableFromInline package let milliseconds: Int64

    @inlinable package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    @inlinable package static func < (left: Self, right: Self) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

/// A date of the proleptic Gregorian calendar.
package struct CivilDate: Hashable, Comparable, Sendable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to the length of the month.
    package let day: Int

    /// A date that the caller knows to exist.
    package init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The days since 1970-01-01 that can be named: of the years 0 to 9999.
    package static let daysNamed: ClosedRange<Int32> = {
        let first = CivilDate(year: 0, month: 1, day: 1).daysSince1970
        let last = CivilDate(year: 9999, month: 12, day: 31).daysSince1970
        return Int32(first)...Int32(last)
    }()

    /// The date that lies `days` after 1970-01-01.
    ///
    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    package init(daysSince1970 days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// The number of days from 1970-01-01 to this date (same source, `days_from_civil`).
    package var daysSince1970: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The number of days of a month, 28 to 31; `month` is 1 to 12.
    package static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    /// `yyyy-MM-dd`.
    package var text: String { String(decoding: textBytes, as: UTF8.self) }

    /// The same as bytes.
    package var textBytes: [UInt8] {
        guard 0...9999 ~= year else {
            return Array("\(year)-\(Self.padded(month, 2))-\(Self.padded(day, 2))".utf8)
        }
        func digit(_ value: Int) -> UInt8 { UInt8(ascii: "0") + UInt8(value % 10) }
        return [
            digit(year / 1000), digit(year / 100), digit(year / 10), digit(year),
            UInt8(ascii: "-"), digit(month / 10), digit(month),
            UInt8(ascii: "-"), digit(day / 10), digit(day),
        ]
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// A calendar month, the unit of keys and publications: the month of the event in the pipeline's
/// time zone.
package struct CalendarMonth: Hashable, Comparable, Sendable {
    /// Months since year 0: `year * 12 + month - 1`.
    package let index: Int

    package init(index: Int) { self.index = index }

    package init(year: Int, month: Int) { index = year * 12 + month - 1 }

    /// Reads `yyyy-MM`; nil for anything else.
    package init?(text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[4] == UInt8(ascii: "-"),
            let year = Int(text.prefix(4)), let month = Int(text.suffix(2)),
            bytes.enumerated().allSatisfy({ $0 == 4 || (48...57).contains($1) }),
            (1...12).contains(month)
        else { return nil }
        self.init(year: year, month: month)
    }

    package var year: Int { index >= 0 ? index / 12 : (index + 1) / 12 - 1 }

    /// 1 to 12.
    package var month: Int { index - year * 12 + 1 }

    /// `yyyy-MM`.
    package var text: String { String(CivilDate(year: year, month: month, day: 1).text.prefix(7)) }

    package static func < (left: Self, right: Self) -> Bool { left.index < right.index }
}
