package import Records

/// The slow twin of the other forms of time, in UTC or in Amsterdam: a pattern for each, and the
/// clocks of the European Union since 1996 counted from their law.
package struct PlainClocks {
    private let isAmsterdam: Bool
    /// Milliseconds since 1970.
    private let now: Int64

    package init(isAmsterdam: Bool, now: Int64) {
        self.isAmsterdam = isAmsterdam
        self.now = now
    }

    /// What a text is: no time, a time, or one of a year whose law is not told here.
    package enum Answer: Equatable {
        case none, untold
        case milliseconds(Int64)
    }

    private static let clock = "([0-9]{2}):([0-9]{2}):([0-9]{2})"
    private static let month = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    private static let fraction = #"(?:\.([0-9]{1,9}))?\z"#
    private static let accessLog = "([0-9]{2})/\(month)/([0-9]{4}):\(clock)"

    private static let patterns: [TimeFormat: BytePattern] = [
        .accessLog: BytePattern(accessLog + #" ([+-])([0-9]{2})([0-9]{2})\z"#),
        .haproxy: BytePattern(accessLog + fraction),
        .dateTime: BytePattern("([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]" + clock + fraction),
        .date: BytePattern(#"([0-9]{4})-([0-9]{2})-([0-9]{2})\z"#),
        .epochSeconds: BytePattern("(0|[1-9][0-9]*)" + fraction),
        .epochMilliseconds: BytePattern(#"(0|[1-9][0-9]*)\z"#),
        .epochNanoseconds: BytePattern(#"(0|[1-9][0-9]*)\z"#),
        .syslog: BytePattern("\(month) ([ 0-9][0-9]) \(clock)" + fraction),
    ]

    package func time(_ text: [UInt8], _ format: TimeFormat) -> Answer {
        let isNew = format == .syslog && text.first.map { (48...57).contains($0) } == true
        if format == .rfc3339 || isNew {
            return plainRFC3339(text).map { .milliseconds($0) } ?? .none
        }
        guard let groups = Self.patterns[format]?.groups(in: text) else { return .none }
        let words = groups.dropFirst().map { range in
            range.map { String(decoding: text[$0], as: UTF8.self) } ?? ""
        }
        func number(_ index: Int) -> Int {
            Int(words[index].drop { $0 == " " }) ?? .max
        }
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        func named(_ index: Int) -> Int { (months.firstIndex(of: words[index]) ?? 12) + 1 }
        /// The first three digits of a fraction.
        func fraction(_ index: Int) -> Int64 { Int64((words[index] + "000").prefix(3)) ?? 0 }

        switch format {
        case .rfc3339: return .none
        case .epochSeconds:
            guard number(0) <= 253_402_300_799 else { return .none }
            return .milliseconds(Int64(number(0)) * 1000 + fraction(1))
        case .epochMilliseconds:
            return number(0) <= 253_402_300_799_999 ? .milliseconds(Int64(number(0))) : .none
        case .epochNanoseconds:
            // What has twenty digits lies behind the year 2286.
            guard words[0].count <= 19, let value = UInt64(words[0]) else { return .none }
            return .milliseconds(Int64(value / 1_000_000))
        case .accessLog:
            let clock = (number(3), number(4), number(5))
            let local = Self.seconds(number(2), named(1), number(0), clock)
            guard let local, number(7) <= 23, number(8) <= 59 else { return .none }
            let offset = (number(7) * 60 + number(8)) * 60 * (words[6] == "-" ? -1 : 1)
            return .milliseconds(Int64(local - offset) * 1000)
        case .haproxy:
            return instant(
                (number(2), named(1), number(0)), (number(3), number(4), number(5)), fraction(6))
        case .dateTime:
            return instant(
                (number(0), number(1), number(2)), (number(3), number(4), number(5)), fraction(6))
        case .date: return instant((number(0), number(1), number(2)), (0, 0, 0), 0)
        case .syslog:
            let clock = (number(2), number(3), number(4))
            return yearless(named(0), number(1), clock, fraction(5))
        }
    }

    /// The latest year that puts the time at most a day ahead.
    private func yearless(
        _ month: Int, _ day: Int, _ clock: (Int, Int, Int), _ fraction: Int64
    ) -> Answer {
        let year = 1970 + Int(now / 31_556_952_000)
        for candidate in (year - 9...year + 2).reversed() {
            guard case .milliseconds(let time) = instant((candidate, month, day), clock, fraction)
            else { continue }
            if time <= now + 86_400_000 { return .milliseconds(time) }
        }
        return .none
    }

    // MARK: Instants

    /// The seconds since 1970 of a date and time of day as if in UTC.
    private static func seconds(
        _ year: Int, _ month: Int, _ day: Int, _ clock: (hour: Int, minute: Int, second: Int)
    ) -> Int? {
        guard (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, of: year),
            clock.hour <= 23, clock.minute <= 59, clock.second <= 59
        else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        return ((days * 24 + clock.hour) * 60 + clock.minute) * 60 + clock.second
    }

    /// Of two instants with one local time, and of the two that a local time can mean which no
    /// clock showed, the earlier one.
    private func instant(
        _ date: (year: Int, month: Int, day: Int), _ clock: (Int, Int, Int), _ fraction: Int64
    ) -> Answer {
        guard let local = Self.seconds(date.year, date.month, date.day, clock) else { return .none }
        guard isAmsterdam else { return .milliseconds(Int64(local) * 1000 + fraction) }
        guard (1996...2036).contains(date.year) else { return .untold }
        let both = [local - 7200, local - 3600]
        let shown = both.filter { $0 + Self.offset($0, date.year) == local }
        return .milliseconds(Int64((shown.first ?? both[0])) * 1000 + fraction)
    }

    /// Directive 2000/84/EC: summer time from the last Sunday of March to that of October, at 01:00
    /// UTC.
    private static func offset(_ instant: Int, _ year: Int) -> Int {
        func change(_ month: Int) -> Int {
            let last = CivilDate(year: year, month: month, day: 31).daysSince1970
            // 1 January 1970 was a Thursday.
            return (last - (last + 4) % 7) * 86_400 + 3600
        }
        return (change(3)..<change(10)).contains(instant) ? 7200 : 3600
    }
}
