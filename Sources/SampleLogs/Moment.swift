import Records

/// A moment of the samples as the clocks in Amsterdam show it.
struct Moment: Comparable {
    /// The local day, counted from 1970.
    let day: Int
    /// Milliseconds since local midnight.
    let milliseconds: Int

    static func < (left: Self, right: Self) -> Bool {
        (left.day, left.milliseconds) < (right.day, right.milliseconds)
    }

    func later(byMilliseconds gap: Int) -> Moment {
        let total = milliseconds + gap
        return Moment(day: day + total / 86_400_000, milliseconds: total % 86_400_000)
    }

    /// The offset of Amsterdam in 2026: summer time begins on 29 March at 02:00.
    private var offsetHours: Int {
        let change = CivilDate(year: 2026, month: 3, day: 29).daysSince1970
        return Moment(day: change, milliseconds: 2 * 3_600_000) <= self ? 2 : 1
    }

    private func part(_ unit: Int, _ range: Int) -> String {
        padded(milliseconds / unit % range, 2)
    }

    private var clock: String {
        part(3_600_000, 24) + ":" + part(60_000, 60) + ":" + part(1000, 60)
    }

    /// `yyyy-MM-dd`
    var date: String { CivilDate(daysSince1970: day).text }

    /// RFC 3339 with milliseconds and offset.
    var rfc3339: String {
        "\(date)T\(clock).\(padded(milliseconds % 1000, 3))+0\(offsetHours):00"
    }

    /// `yyyy-MM-dd HH:mm:ss`, local.
    var dateTime: String { "\(date) \(clock)" }

    /// The form of access logs, without brackets.
    var accessLog: String {
        let date = CivilDate(daysSince1970: day)
        let names = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return "\(padded(date.day, 2))/\(names[date.month - 1])/\(date.year):\(clock) "
            + "+0\(offsetHours)00"
    }
}

/// `number` with leading zeros.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
