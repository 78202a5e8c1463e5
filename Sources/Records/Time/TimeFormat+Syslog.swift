/// Reads `Mmm dd hh:mm:ss[.fff]` as local time of `zone`, in the latest year that puts it at most a
/// day ahead of `now`; or a time of RFC 3339.
///
/// A log is read after it was written, so its times lie behind the clock; the day is for clocks
/// that run ahead and for zones. 29 February is of the last leap year before that. nil without
/// `now`.
func parseSyslogTime(
    _ start: UnsafePointer<UInt8>,
    _ count: Int,
    _ zone: ZoneTable,
    _ now: EventTime?
) -> EventTime? {
    if count > 0, unsafe isDigit(start[0]) { return unsafe parseRFC3339(start, count) }
    guard let now, count >= 15,
        let fraction = unsafe fractionMilliseconds(start + 15, count - 15),
        15 + fraction.length == count,
        let text = unsafe YearlessTime(start)
    else { return nil }
    let latest = EventTime(milliseconds: now.milliseconds + 86_400_000)
    let year = CivilDate(daysSince1970: zone.localDay(at: latest)).year
    // Leap years are at most eight years apart.
    for candidate in stride(from: year, through: year - 8, by: -1) {
        let local = text.localSeconds(in: candidate)
        guard local != noLocalTime else { continue }
        let instant = zone.instant(localSeconds: Int64(local))
        let time = EventTime(milliseconds: instant &* 1000 &+ Int64(fraction.milliseconds))
        if time <= latest { return time }
    }
    return nil
}

/// The 15 bytes `Mmm dd hh:mm:ss`; a day below ten has a space or a zero in front.
private struct YearlessTime {
    private let month: Int
    private let day: Int
    private let hour: Int
    private let minute: Int
    private let second: Int

    init?(_ start: UnsafePointer<UInt8>) {
        let space = UInt8(ascii: " ")
        month = unsafe monthNumber(start[0], start[1], start[2])
        guard month > 0, unsafe start[3] == space, unsafe start[6] == space,
            unsafe start[9] == UInt8(ascii: ":"), unsafe start[12] == UInt8(ascii: ":"),
            let hour = unsafe twoDigits(start + 7), let minute = unsafe twoDigits(start + 10),
            let second = unsafe twoDigits(start + 13)
        else { return nil }
        if unsafe start[4] == space {
            guard unsafe isDigit(start[5]) else { return nil }
            day = unsafe Int(start[5] - UInt8(ascii: "0"))
        } else {
            guard let day = unsafe twoDigits(start + 4) else { return nil }
            self.day = day
        }
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// As in `localSeconds(year:month:day:hour:minute:second:)`.
    func localSeconds(in year: Int) -> Int {
        Records.localSeconds(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }
}
