/// A length of calendar time as ISO 8601 writes it: `P1M`, `P0D`, `P4W`, `P1Y2M3DT4H5M6S`.
///
/// Upper case, no sign, units in their order, weeks alone. The last number may have a fraction
/// behind a comma or a point where that comes to whole seconds or months: `PT1.5H`, `P0,5D`. Years
/// are twelve months and weeks seven days, a part of a day counts as hours; months and days stay
/// apart, because a month has no fixed length. Equal means the same months, days and seconds, so
/// `P1Y` equals `P12M`, and `P1D` does not equal `PT24H`.
package struct CalendarDuration: Hashable, Sendable {
    /// Whole months, years included.
    package let months: Int
    /// Whole days, weeks included.
    package let days: Int
    /// Whole seconds of the part behind `T`.
    package let seconds: Int

    /// The most that a duration may add up to in years; longer ones are refused.
    package static let yearsMax = 1000

    /// No time at all: what makes everything due.
    package static let zero = CalendarDuration(months: 0, days: 0)

    /// A duration of parts that the caller knows to be within the limit and not negative.
    package init(months: Int, days: Int, seconds: Int = 0) {
        self.months = months
        self.days = days
        self.seconds = seconds
    }

    /// True for `P0D`, `PT0S` and every other way to say nothing.
    package var isZero: Bool { months == 0 && days == 0 && seconds == 0 }

    /// The duration in the shortest form that keeps months, days and seconds apart: `P14M`, `P28D`,
    /// `PT1H30M`; `P0D` for zero. Parsing it gives an equal duration.
    package var text: String {
        if isZero { return "P0D" }
        var text = "P"
        if months > 0 { text += "\(months)M" }
        if days > 0 { text += "\(days)D" }
        if seconds == 0 { return text }
        text += "T"
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        if hours > 0 { text += "\(hours)H" }
        // Some grammars want the minutes named between hours and seconds.
        if minutes > 0 || (hours > 0 && rest > 0) { text += "\(minutes)M" }
        if rest > 0 { text += "\(rest)S" }
        return text
    }

    /// Reads a duration; nil for anything that is not one.
    package init?(text: String) {
        guard let parsed = CalendarDuration(parsing: text.utf8.span) else { return nil }
        self = parsed
    }

    /// Reads a duration from the whole of `bytes`; nil for anything that is not one.
    package init?(parsing bytes: Span<UInt8>) {
        guard bytes.count >= 3, bytes[0] == UInt8(ascii: "P") else { return nil }
        var parts = DurationParts()
        var at = 1
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "T") {
                guard parts.beginTime() else { return nil }
                at += 1
                continue
            }
            guard let number = DurationNumber(bytes, &at), at < bytes.count,
                parts.add(number, unit: bytes[at])
            else { return nil }
            at += 1
        }
        guard let total = parts.total else { return nil }
        self = total
    }
}

/// A number in a duration, in millionths.
private struct DurationNumber {
    static let one = 1_000_000
    private static let fractionDigitsMax = 6

    private(set) var millionths = 0
    private(set) var hasFraction = false

    /// Reads digits and a fraction from `at` on; nil when there is no number.
    init?(_ bytes: Span<UInt8>, _ at: inout Int) {
        var whole = 0
        let start = at
        while at < bytes.count, let digit = Self.digit(bytes[at]) {
            whole = min(whole * 10 + digit, 1 << 40)
            at += 1
        }
        guard at > start else { return nil }
        millionths = whole * Self.one
        guard at < bytes.count,
            bytes[at] == UInt8(ascii: ".") || bytes[at] == UInt8(ascii: ",")
        else { return }
        at += 1
        hasFraction = true
        let point = at
        var weight = Self.one
        while at < bytes.count, let digit = Self.digit(bytes[at]) {
            weight /= 10
            millionths += digit * weight
            at += 1
        }
        guard at > point, at - point <= Self.fractionDigitsMax else { return nil }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        let digit = byte &- UInt8(ascii: "0")
        return digit < 10 ? Int(digit) : nil
    }

    /// The number times `factor`; nil unless that is whole.
    func times(_ factor: Int) -> Int? {
        let (product, overflows) = millionths.multipliedReportingOverflow(by: factor)
        guard !overflows, product % Self.one == 0 else { return nil }
        return product / Self.one
    }
}

/// The numbers read so far and the place in `Y M W D T H M S`.
private struct DurationParts {
    private static let units: [UInt8] = Array("YMWDTHMS".utf8)
    private static let timeMark = 4
    private static let secondsOfDay = 86_400

    private var months = 0
    private var days = 0
    private var seconds = 0
    /// The place in `units` of the last unit named on this side of the `T`.
    private var last: Int?
    private var isInTime = false
    private var namesWeeks = false
    private var hasFraction = false
    private var count = 0

    mutating func beginTime() -> Bool {
        guard !isInTime, !hasFraction else { return false }
        isInTime = true
        last = nil
        return true
    }

    mutating func add(_ number: DurationNumber, unit: UInt8) -> Bool {
        let side = isInTime ? Self.timeMark + 1..<Self.units.count : 0..<Self.timeMark
        guard let place = side.first(where: { Self.units[$0] == unit }), !namesWeeks,
            !hasFraction, last.map({ $0 < place }) ?? true
        else { return false }
        if place == 2 {
            guard count == 0 else { return false }
            namesWeeks = true
        }
        hasFraction = number.hasFraction
        last = place
        count += 1
        return take(number, place)
    }

    private mutating func take(_ number: DurationNumber, _ place: Int) -> Bool {
        switch place {
        case 0, 1:
            guard let added = number.times(place == 0 ? 12 : 1) else { return false }
            months += added
        case 2, 3:
            guard let added = number.times(Self.secondsOfDay * (place == 2 ? 7 : 1)) else {
                return false
            }
            days += added / Self.secondsOfDay
            seconds += added % Self.secondsOfDay
        default:
            let length = [3600, 60, 1][place - Self.timeMark - 1]
            guard let added = number.times(length) else { return false }
            seconds += added
        }
        return true
    }

    var total: CalendarDuration? {
        guard last != nil, !(namesWeeks && isInTime) else { return nil }
        let years = CalendarDuration.yearsMax
        guard months <= years * 12, days <= years * 366,
            seconds <= years * 366 * Self.secondsOfDay
        else { return nil }
        return CalendarDuration(months: months, days: days, seconds: seconds)
    }
}

// MARK: Reckoning with dates

extension CivilDate {
    /// The date `months` before this one (after it, when negative), its day clamped to the length
    /// of the month that it falls into.
    package func subtracting(months: Int) -> CivilDate {
        let index = year * 12 + month - 1 - months
        let newYear = Int(floorDivide(Int64(index), 12))
        let newMonth = index - newYear * 12 + 1
        let length = CivilDate.days(inMonth: newMonth, of: newYear)
        return CivilDate(year: newYear, month: newMonth, day: min(day, length))
    }

    /// This date minus the months of `duration`, day clamped, and then minus its days; its seconds
    /// do not count.
    package func subtracting(_ duration: CalendarDuration) -> CivilDate {
        let moved = subtracting(months: duration.months)
        return CivilDate(daysSince1970: moved.daysSince1970 - duration.days)
    }

    /// This date plus the months of `duration`, day clamped, and then plus its days.
    package func adding(_ duration: CalendarDuration) -> CivilDate {
        let moved = subtracting(months: -duration.months)
        return CivilDate(daysSince1970: moved.daysSince1970 + duration.days)
    }
}
