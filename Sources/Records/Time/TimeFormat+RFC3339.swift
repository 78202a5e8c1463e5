// The one hot parser: times of action logs. The fixed part of a time, `yyyy-MM-ddThh:mm:ss`, is
// read as two words of eight bytes and one of four. XOR with a template turns each digit into its
// value and each separator into zero, so one mask per word checks all bytes and one multiplication
// joins pairs of digits.

/// What `localSeconds` gives when there is no such date or time of day.
let noLocalTime = Int.min

/// Reads an RFC 3339 time from the `count` readable bytes at `start`.
func parseRFC3339(_ start: UnsafePointer<UInt8>, _ count: Int) -> EventTime? {
    guard count >= 20, unsafe start[10] | 0x20 == UInt8(ascii: "t") else { return nil }
    let local = unsafe dateAndTime(start)
    guard local != noLocalTime,
        let fraction = unsafe fractionMilliseconds(start + 19, count - 19)
    else { return nil }
    let at = 19 + fraction.length
    guard at < count else { return nil }
    let milliseconds = Int64(local) &* 1000 &+ Int64(fraction.milliseconds)
    let zone = unsafe start[at]
    if zone | 0x20 == UInt8(ascii: "z") {
        return at + 1 == count ? EventTime(milliseconds: milliseconds) : nil
    }
    guard at + 6 == count, let offset = unsafe offsetSeconds(start + at) else { return nil }
    return EventTime(milliseconds: milliseconds &- Int64(offset) &* 1000)
}

/// The seconds of `yyyy-MM-dd?hh:mm:ss` since 1970 as if in UTC, or `noLocalTime`.
///
/// Reads exactly 19 bytes and does not look at the one between date and time.
func dateAndTime(_ start: UnsafePointer<UInt8>) -> Int {
    let raw = unsafe UnsafeRawPointer(start)
    let date = unsafe UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
    let middle = unsafe UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let last = unsafe UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 15, as: UInt32.self))
    // "0000-00-", "00?00:00" and the last four bytes "0:00".
    let years = date ^ 0x2D30_302D_3030_3030
    let hours = (middle ^ 0x3030_3A30_3000_3030) & 0xFFFF_FFFF_FF00_FFFF
    let seconds = last ^ 0x3030_3A30
    let wrong =
        (years | (years &+ 0x0006_0600_0606_0606)) & 0xFFF0_F0FF_F0F0_F0F0
        | (hours | (hours &+ 0x0606_0006_0600_0606)) & 0xF0F0_FFF0_F000_F0F0
        | UInt64((seconds | (seconds &+ 0x0606_0006)) & 0xF0F0_FFF0)
    guard wrong == 0 else { return noLocalTime }
    // In each byte: ten times this digit plus the next one.
    let datePairs = years &* 10 &+ years >> 8
    let timePairs = hours &* 10 &+ hours >> 8
    return localSeconds(
        year: Int(datePairs & 0xFF) &* 100 &+ Int(datePairs >> 16 & 0xFF),
        month: Int(datePairs >> 40 & 0xFF),
        day: Int(timePairs & 0xFF),
        hour: Int(timePairs >> 24 & 0xFF),
        minute: Int(timePairs >> 48 & 0xFF),
        second: Int(seconds >> 16 & 0xFF) &* 10 &+ Int(seconds >> 24)
    )
}

/// The seconds since 1970 of a date and time of day as if in UTC, or `noLocalTime` when there is no
/// such day or hour. All parts must be from 0 to 9999.
@inline(__always) func localSeconds(
    year: Int,
    month: Int,
    day: Int,
    hour: Int,
    minute: Int,
    second: Int
) -> Int {
    // Unsigned words of 32 bits: divisions by constants become one multiplication each.
    let (year, month, day) = (
        UInt32(truncatingIfNeeded: year), UInt32(truncatingIfNeeded: month),
        UInt32(truncatingIfNeeded: day)
    )
    guard month &- 1 < 12, hour <= 23, minute <= 59, second <= 59 else { return noLocalTime }
    let isLeap = year & 3 == 0 && (year % 25 != 0 || year & 15 == 0)
    let length = month == 2 ? (isLeap ? 29 : 28) : 30 &+ ((month &+ month >> 3) & 1)
    guard day &- 1 < length else { return noLocalTime }
    // Years that begin in March put the leap day last, where it disturbs no other month.
    let isEarly: UInt32 = month <= 2 ? 1 : 0
    let shiftedYear = year &+ 400 &- isEarly
    let shiftedMonth = month &+ isEarly &* 12 &- 3
    let century = shiftedYear / 100
    let days =
        shiftedYear &* 365 &+ shiftedYear / 4 &- century &+ century / 4
        &+ (153 &* shiftedMonth &+ 2) / 5 &+ day
    let daysSince1970 = Int(days) &- (1 &+ 719_468 &+ 146_097)
    return ((daysSince1970 &* 24 &+ hour) &* 60 &+ minute) &* 60 &+ second
}

/// Reads an optional fraction `.d` to `.ddddddddd` at the front of `count` bytes: its length with
/// the dot (0 when there is none) and its first three digits. Nil when the dot has no digit or more
/// than nine.
@inline(__always) func fractionMilliseconds(
    _ start: UnsafePointer<UInt8>,
    _ count: Int
) -> (length: Int, milliseconds: Int)? {
    guard count > 0, unsafe start[0] == UInt8(ascii: ".") else { return (0, 0) }
    var length = 1
    var value = 0
    while length < count {
        let digit = unsafe start[length] &- UInt8(ascii: "0")
        guard digit < 10 else { break }
        if length <= 3 { value = value &* 10 &+ Int(digit) }
        length &+= 1
    }
    switch length {
    case 1: return nil
    case 2: return (length, value &* 100)
    case 3: return (length, value &* 10)
    case 4...10: return (length, value)
    default: return nil
    }
}

/// The seconds east of UTC that the six bytes `±hh:mm` name, or nil.
@inline(__always) private func offsetSeconds(_ start: UnsafePointer<UInt8>) -> Int? {
    let sign = unsafe start[0]
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
        unsafe start[3] == UInt8(ascii: ":")
    else { return nil }
    let parts = unsafe (start[1], start[2], start[4], start[5])
    let zero = UInt8(ascii: "0")
    let digits = (parts.0 &- zero, parts.1 &- zero, parts.2 &- zero, parts.3 &- zero)
    guard digits.0 < 10, digits.1 < 10, digits.2 < 10, digits.3 < 10 else { return nil }
    let hours = Int(digits.0) * 10 + Int(digits.1)
    let minutes = Int(digits.2) * 10 + Int(digits.3)
    guard hours <= 23, minutes <= 59 else { return nil }
    let seconds = (hours * 60 + minutes) * 60
    return sign == UInt8(ascii: "-") ? -seconds : seconds
}
