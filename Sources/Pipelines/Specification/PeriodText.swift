/// An ISO 8601 duration as a pipeline writes it, for example `P1M`, `P0D` or `PT30M`.
///
/// Years count as twelve months and weeks as seven days; months, days and seconds are kept apart,
/// because how long a month or a day is depends on the calendar (ISO 8601-1, 5.5.2).
package struct PeriodText: Sendable, Equatable {
    /// 0 to 12 000 months.
    package let months: Int
    /// 0 to 400 000 days.
    package let days: Int
    /// 0 or more seconds.
    package let seconds: Int
    /// The text as it is written.
    package let text: String

    /// True for `P0D` and all its spellings.
    package var isZero: Bool { months == 0 && days == 0 && seconds == 0 }

    /// Reads `text`; nil unless it is `P[nY][nM][nW][nD][T[nH][nM][nS]]` with at least one part,
    /// the parts in this order, each a whole number of at most six digits.
    package init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard rest.popFirst() == UInt8(ascii: "P") else { return nil }
        guard let date = Self.parts(&rest, units: "YMWD") else { return nil }
        var time = [-1, -1, -1]
        if rest.popFirst() == UInt8(ascii: "T") {
            guard let parts = Self.parts(&rest, units: "HMS"), parts.contains(where: { $0 >= 0 })
            else { return nil }
            time = parts
        }
        guard (date + time).contains(where: { $0 >= 0 }) else { return nil }
        guard rest.isEmpty else { return nil }
        let values = (date + time).map { max(0, $0) }
        months = values[0] * 12 + values[1]
        days = values[2] * 7 + values[3]
        seconds = values[4] * 3600 + values[5] * 60 + values[6]
        guard months <= 12_000, days <= 400_000 else { return nil }
        self.text = text
    }

    /// Numbers before `units` in order, -1 for a unit that is not written; stops at `T` or the end.
    private static func parts(_ rest: inout ArraySlice<UInt8>, units: String) -> [Int]? {
        let letters = Array(units.utf8)
        var values = letters.map { _ in -1 }
        var next = 0
        while let first = rest.first, first != UInt8(ascii: "T") {
            let digits = rest.prefix { (48...57).contains($0) }
            guard (1...6).contains(digits.count) else { return nil }
            rest = rest.dropFirst(digits.count)
            guard let letter = rest.popFirst(),
                let unit = letters[next...].firstIndex(of: letter)
            else { return nil }
            values[unit] = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
            next = unit + 1
        }
        return values
    }
}

/// Reads a size such as `512KiB`: a whole number with `B`, `KiB` or `MiB`; nil for anything else.
func sizeInBytes(_ text: String) -> Int? {
    let digits = text.utf8.prefix { (48...57).contains($0) }
    guard (1...9).contains(digits.count) else { return nil }
    let number = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    var unit = Array(text.utf8.dropFirst(digits.count))
    if unit.first == UInt8(ascii: " ") { unit.removeFirst() }
    switch String(decoding: unit, as: UTF8.self) {
    case "B": return number
    case "KiB": return number << 10
    case "MiB": return number << 20
    default: return nil
    }
}
