/// How a source writes its times; the raw values are the words of pipeline files.
///
/// Parsing is strict: nothing may stand before or after the time, an impossible date is no time,
/// and a leap second (second 60) is no time, because `EventTime` has no place for it. What can't be
/// read is nil and never a guess; a record without a time is treated as due. Digits behind the
/// millisecond are cut off.
package enum TimeFormat: String, Sendable, CaseIterable {
    /// RFC 3339: `2026-03-01T12:00:00.123Z`, `T` and `Z` in either case, or an offset `±hh:mm` of
    /// at most 23:59; 0 to 9 digits of fraction, and a dot needs at least one.
    case rfc3339
    /// The form of access logs, without brackets: `01/Mar/2026:12:00:00 +0100`, English month names
    /// with a capital, offset of at most 2359.
    case accessLog = "access-log"
    /// Seconds since 1970 in decimal without sign, exponent or leading zeros, 0 to 9 digits of
    /// fraction, at most the end of year 9999.
    case epochSeconds = "epoch"
    /// Milliseconds since 1970, a whole number under the same rules.
    case epochMilliseconds = "epoch-ms"
    /// `yyyy-MM-dd HH:mm:ss`, also with `T`, and 0 to 9 digits of fraction: local time of a
    /// declared zone. A local time that the clocks showed twice, or skipped, is the earlier of the
    /// two instants it can mean: an older record is due sooner.
    case dateTime = "datetime"
    /// `yyyy-MM-dd`: the start of that day in a declared zone.
    case date
    /// Nanoseconds since 1970, a whole number under the rules of `epoch`.
    case epochNanoseconds = "epoch-ns"
    /// The form of HAProxy: `01/Mar/2026:12:00:00.123`, local time of a declared zone.
    case haproxy
    /// The form of RFC 3164 section 4.1.2, `Mar  1 12:00:00`, local time of a declared zone and
    /// without a year: the latest year in which it lies at most a day ahead of the run's clock. A
    /// time of RFC 3339, which newer daemons write in its place, is read as such.
    case syslog

    /// True when a time of this form means nothing without a time zone.
    package var needsZone: Bool {
        switch self {
        case .dateTime, .date, .haproxy, .syslog: true
        case .rfc3339, .accessLog, .epochSeconds, .epochMilliseconds, .epochNanoseconds: false
        }
    }

    /// The forms that name an instant by themselves, whatever the clock of the run.
    package static let withYear = allCases.filter { $0 != .syslog }

    /// The instant that `bytes` names, or nil when they are not a time of this form.
    ///
    /// `zone` is asked by the local forms only; `now`, the clock of the run, by `syslog` only,
    /// which is no time without it. Allocates nothing.
    package func parse(
        _ bytes: Span<UInt8>, zone: ZoneTable, now: EventTime? = nil
    ) -> EventTime? {
        unsafe bytes.withUnsafeBufferPointer { view in
            guard let start = view.baseAddress else { return nil }
            return switch self {
            case .rfc3339: unsafe parseRFC3339(start, view.count)
            case .accessLog: unsafe parseAccessLogTime(start, view.count)
            case .epochSeconds: unsafe parseEpochSeconds(start, view.count)
            case .epochMilliseconds: unsafe parseEpochMilliseconds(start, view.count)
            case .dateTime: unsafe parseLocalDateTime(start, view.count, zone)
            case .date: unsafe parseLocalDate(start, view.count, zone)
            case .epochNanoseconds: unsafe parseEpochNanoseconds(start, view.count)
            case .haproxy: unsafe parseLocalAccessLogTime(start, view.count, zone)
            case .syslog: unsafe parseSyslogTime(start, view.count, zone, now)
            }
        }
    }
}

/// The last second of year 9999, the end of what any form can name.
let lastEpochSecond: UInt64 = 253_402_300_799

/// Reads 26 bytes `dd/Mon/yyyy:hh:mm:ss ±hhmm`; `start` points to `count` readable bytes.
func parseAccessLogTime(_ start: UnsafePointer<UInt8>, _ count: Int) -> EventTime? {
    guard count == 26,
        unsafe start[2] == UInt8(ascii: "/"), unsafe start[6] == UInt8(ascii: "/"),
        unsafe start[11] == UInt8(ascii: ":"), unsafe start[14] == UInt8(ascii: ":"),
        unsafe start[17] == UInt8(ascii: ":"), unsafe start[20] == UInt8(ascii: " ")
    else { return nil }
    let local = unsafe accessLogSeconds(start)
    guard local != noLocalTime, let offsetHours = unsafe twoDigits(start + 22),
        let offsetMinutes = unsafe twoDigits(start + 24)
    else { return nil }
    let sign = unsafe start[21]
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
        offsetHours <= 23, offsetMinutes <= 59
    else { return nil }
    let offset = (offsetHours * 60 + offsetMinutes) * 60
    let seconds = sign == UInt8(ascii: "-") ? local + offset : local - offset
    return EventTime(milliseconds: Int64(seconds) &* 1000)
}

/// The local seconds of the 20 bytes `dd/Mon/yyyy:hh:mm:ss`, whose separators were checked;
/// `noLocalTime` when they are no time.
private func accessLogSeconds(_ start: UnsafePointer<UInt8>) -> Int {
    let month = unsafe monthNumber(start[3], start[4], start[5])
    guard month > 0,
        let day = unsafe twoDigits(start), let century = unsafe twoDigits(start + 7),
        let yearOfCentury = unsafe twoDigits(start + 9), let hour = unsafe twoDigits(start + 12),
        let minute = unsafe twoDigits(start + 15), let second = unsafe twoDigits(start + 18)
    else { return noLocalTime }
    return localSeconds(
        year: century * 100 + yearOfCentury,
        month: month,
        day: day,
        hour: hour,
        minute: minute,
        second: second
    )
}

/// Reads `dd/Mon/yyyy:hh:mm:ss[.fff]` as local time of `zone`.
func parseLocalAccessLogTime(
    _ start: UnsafePointer<UInt8>,
    _ count: Int,
    _ zone: ZoneTable
) -> EventTime? {
    guard count >= 20,
        unsafe start[2] == UInt8(ascii: "/"), unsafe start[6] == UInt8(ascii: "/"),
        unsafe start[11] == UInt8(ascii: ":"), unsafe start[14] == UInt8(ascii: ":"),
        unsafe start[17] == UInt8(ascii: ":"),
        let fraction = unsafe fractionMilliseconds(start + 20, count - 20),
        20 + fraction.length == count
    else { return nil }
    let local = unsafe accessLogSeconds(start)
    guard local != noLocalTime else { return nil }
    let instant = zone.instant(localSeconds: Int64(local))
    return EventTime(milliseconds: instant &* 1000 &+ Int64(fraction.milliseconds))
}

/// Reads whole or decimal seconds since 1970.
func parseEpochSeconds(_ start: UnsafePointer<UInt8>, _ count: Int) -> EventTime? {
    var whole = 0
    while whole < count, unsafe isDigit(start[whole]) { whole += 1 }
    let seconds = unsafe wholeNumber(start, whole, max: lastEpochSecond)
    guard let seconds else { return nil }
    guard let fraction = unsafe fractionMilliseconds(start + whole, count - whole),
        whole + fraction.length == count
    else { return nil }
    return EventTime(milliseconds: Int64(seconds) * 1000 + Int64(fraction.milliseconds))
}

/// Reads whole milliseconds since 1970.
func parseEpochMilliseconds(
    _ start: UnsafePointer<UInt8>,
    _ count: Int
) -> EventTime? {
    guard let value = unsafe wholeNumber(start, count, max: lastEpochSecond * 1000 + 999) else {
        return nil
    }
    return EventTime(milliseconds: Int64(value))
}

/// Reads whole nanoseconds since 1970; nothing finer than a millisecond is kept.
func parseEpochNanoseconds(
    _ start: UnsafePointer<UInt8>,
    _ count: Int
) -> EventTime? {
    // What does not fit 64 bits lies behind the year 2554 and is no time of a log.
    guard let value = unsafe wholeNumber(start, count, digitsMax: 19, max: .max) else { return nil }
    return EventTime(milliseconds: Int64(value / 1_000_000))
}

/// Reads `yyyy-MM-dd HH:mm:ss[.fff]` as local time of `zone`.
func parseLocalDateTime(
    _ start: UnsafePointer<UInt8>,
    _ count: Int,
    _ zone: ZoneTable
) -> EventTime? {
    guard count >= 19, unsafe start[10] == UInt8(ascii: " ") || start[10] == UInt8(ascii: "T")
    else { return nil }
    let local = unsafe dateAndTime(start)
    guard local != noLocalTime,
        let fraction = unsafe fractionMilliseconds(start + 19, count - 19),
        19 + fraction.length == count
    else { return nil }
    let instant = zone.instant(localSeconds: Int64(local))
    return EventTime(milliseconds: instant &* 1000 &+ Int64(fraction.milliseconds))
}

/// Reads `yyyy-MM-dd` as the start of that day in `zone`.
func parseLocalDate(
    _ start: UnsafePointer<UInt8>,
    _ count: Int,
    _ zone: ZoneTable
) -> EventTime? {
    guard let date = unsafe civilDate(start, count) else { return nil }
    return zone.startOfDay(date.daysSince1970)
}

extension CivilDate {
    /// Reads `yyyy-MM-dd`, the whole of `bytes`; nil for anything else or an impossible date.
    package init?(parsing bytes: Span<UInt8>) {
        let date = unsafe bytes.withUnsafeBufferPointer { view -> CivilDate? in
            guard let start = view.baseAddress else { return nil }
            return unsafe civilDate(start, view.count)
        }
        guard let date else { return nil }
        self = date
    }
}

private func civilDate(_ start: UnsafePointer<UInt8>, _ count: Int) -> CivilDate? {
    guard count == 10, unsafe start[4] == UInt8(ascii: "-"), unsafe start[7] == UInt8(ascii: "-"),
        let century = unsafe twoDigits(start), let yearOfCentury = unsafe twoDigits(start + 2),
        let month = unsafe twoDigits(start + 5), let day = unsafe twoDigits(start + 8)
    else { return nil }
    let year = century * 100 + yearOfCentury
    guard (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, of: year)
    else { return nil }
    return CivilDate(year: year, month: month, day: day)
}

/// 1 to 12 for the English abbreviation made of three bytes, else 0.
func monthNumber(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int {
    switch UInt32(first) << 16 | UInt32(second) << 8 | UInt32(third) {
    case 0x4A_616E: 1
    case 0x46_6562: 2
    case 0x4D_6172: 3
    case 0x41_7072: 4
    case 0x4D_6179: 5
    case 0x4A_756E: 6
    case 0x4A_756C: 7
    case 0x41_7567: 8
    case 0x53_6570: 9
    case 0x4F_6374: 10
    case 0x4E_6F76: 11
    case 0x44_6563: 12
    default: 0
    }
}

func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

/// The value of two digits at `start`, or nil.
func twoDigits(_ start: UnsafePointer<UInt8>) -> Int? {
    let tens = unsafe start[0] &- UInt8(ascii: "0")
    let ones = unsafe start[1] &- UInt8(ascii: "0")
    return tens < 10 && ones < 10 ? Int(tens) * 10 + Int(ones) : nil
}

/// The value of `count` digits, at least one, without leading zeros and at most `max`.
private func wholeNumber(
    _ start: UnsafePointer<UInt8>,
    _ count: Int,
    digitsMax: Int = 15,
    max: UInt64
) -> UInt64? {
    guard count >= 1, count <= digitsMax, unsafe start[0] != UInt8(ascii: "0") || count == 1
    else { return nil }
    var value: UInt64 = 0
    for index in 0..<count {
        let byte = unsafe start[index]
        guard isDigit(byte) else { return nil }
        value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
    }
    return value <= max ? value : nil
}
