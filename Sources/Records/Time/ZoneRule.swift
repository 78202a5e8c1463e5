/// The rule by which a zone goes on for ever: the footer of a zone file, in the form of the POSIX
/// `TZ` variable with the longer hours of RFC 8536 §3.3.1.
struct ZoneRule {
    /// Seconds east of UTC outside of summer time.
    let standardOffset: Int32
    /// Summer time; nil for a zone that never changes.
    let summer: Summer?

    struct Summer {
        /// Seconds east of UTC; may be less than the standard offset (Ireland).
        let offset: Int32
        let begin: ZoneRuleDay
        let end: ZoneRuleDay
    }

    /// Reads for example `CET-1CEST,M3.5.0,M10.5.0/3`; nil for anything else.
    init?(_ bytes: [UInt8]) {
        var text = ZoneRuleText(bytes: bytes)
        guard text.skipName(), let west = text.clock(hoursMax: 24) else { return nil }
        standardOffset = Int32(-west)
        if text.isAtEnd {
            summer = nil
            return
        }
        guard text.skipName() else { return nil }
        var offset = standardOffset + 3600
        if !text.isNext(UInt8(ascii: ",")) {
            guard let west = text.clock(hoursMax: 24) else { return nil }
            offset = Int32(-west)
        }
        guard text.take(UInt8(ascii: ",")), let begin = text.day(),
            text.take(UInt8(ascii: ",")), let end = text.day(), text.isAtEnd
        else { return nil }
        summer = Summer(offset: offset, begin: begin, end: end)
    }
}

/// A day of each year on which the offset changes, and the local time of the change.
struct ZoneRuleDay {
    enum Form {
        /// Day 1 to 365, 29 February never counted.
        case julian(Int)
        /// Day 0 to 365, 29 February counted.
        case zeroBased(Int)
        /// Day of the week (0 is Sunday) in week 1 to 4, or 5 for the last, of a month.
        case weekday(month: Int, week: Int, day: Int)
    }

    let form: Form
    /// Seconds from 00:00, -167 to 167 hours.
    let seconds: Int

    /// The instant of the change in `year`, in seconds since 1970; `offset` is what holds before
    /// it.
    func instant(year: Int, offset: Int32) -> Int64 {
        Int64(daysSince1970(year) * 86_400 + seconds) - Int64(offset)
    }

    private func daysSince1970(_ year: Int) -> Int {
        let newYear = CivilDate(year: year, month: 1, day: 1).daysSince1970
        switch form {
        case .julian(let day):
            let isPastLeapDay = day >= 60 && CivilDate.days(inMonth: 2, of: year) == 29
            return newYear + day - 1 + (isPastLeapDay ? 1 : 0)
        case .zeroBased(let day):
            return newYear + day
        case .weekday(let month, let week, let weekday):
            let first = CivilDate(year: year, month: month, day: 1).daysSince1970
            // 1970-01-01 was a Thursday.
            let weekdayOfFirst = ((first + 4) % 7 + 7) % 7
            let day = (weekday - weekdayOfFirst + 7) % 7 + (week - 1) * 7
            return first + (day < CivilDate.days(inMonth: month, of: year) ? day : day - 7)
        }
    }
}

/// Takes the text of a rule apart from front to back.
private struct ZoneRuleText {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    func isNext(_ byte: UInt8) -> Bool { at < bytes.count && bytes[at] == byte }

    mutating func take(_ byte: UInt8) -> Bool {
        guard isNext(byte) else { return false }
        at += 1
        return true
    }

    /// Skips an abbreviation: three or more letters, or anything between `<` and `>`.
    mutating func skipName() -> Bool {
        if take(UInt8(ascii: "<")) {
            guard let end = bytes[at...].firstIndex(of: UInt8(ascii: ">")) else { return false }
            at = end + 1
            return true
        }
        let start = at
        while at < bytes.count, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[at] | 0x20) {
            at += 1
        }
        return at - start >= 3
    }

    mutating func number(max: Int) -> Int? {
        let start = at
        var value = 0
        while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10, at - start < 3 {
            value = value * 10 + Int(bytes[at] - UInt8(ascii: "0"))
            at += 1
        }
        return at > start && value <= max ? value : nil
    }

    /// Reads `[±]h[:mm[:ss]]` as seconds.
    mutating func clock(hoursMax: Int) -> Int? {
        let isNegative = take(UInt8(ascii: "-"))
        if !isNegative { _ = take(UInt8(ascii: "+")) }
        guard let hours = number(max: hoursMax) else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where isNext(UInt8(ascii: ":")) {
            at += 1
            guard let part = number(max: 59) else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    /// Reads `Jn`, `n` or `Mm.w.d`, each with an optional `/time`.
    mutating func day() -> ZoneRuleDay? {
        let form: ZoneRuleDay.Form
        if take(UInt8(ascii: "J")) {
            guard let day = number(max: 365), day >= 1 else { return nil }
            form = .julian(day)
        } else if take(UInt8(ascii: "M")) {
            guard let month = number(max: 12), month >= 1, take(UInt8(ascii: ".")),
                let week = number(max: 5), week >= 1, take(UInt8(ascii: ".")),
                let weekday = number(max: 6)
            else { return nil }
            form = .weekday(month: month, week: week, day: weekday)
        } else {
            guard let day = number(max: 365) else { return nil }
            form = .zeroBased(day)
        }
        guard take(UInt8(ascii: "/")) else { return ZoneRuleDay(form: form, seconds: 7200) }
        return clock(hoursMax: 167).map { ZoneRuleDay(form: form, seconds: $0) }
    }
}
