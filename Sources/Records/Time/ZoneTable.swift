/// The UTC offsets of one time zone for all time: immutable, shared by all workers.
///
/// The transitions of the zone's file are followed by those of its rule for 402 years. The
/// Gregorian calendar and so every such rule repeats after 400 years, which carries the table to
/// any year. Before the first transition the zone's first offset (its local mean time) holds.
package final class ZoneTable: Sendable {
    /// The name as it was asked for, for example `Europe/Amsterdam`.
    package let name: String

    /// True when the zone has one offset, zero, at all times.
    package let isUTC: Bool

    /// Offset `i` holds from `starts[i]` (seconds since 1970) until `starts[i + 1]`; the first
    /// start is `Int64.min`.
    let starts: [Int64]
    let offsets: [Int32]

    /// Times from here on are moved back by whole cycles of 400 years; `Int64.max` for a zone
    /// without a rule.
    let foldStart: Int64

    /// 146,097 days in seconds.
    static let cycleSeconds: Int64 = 146_097 * 86_400

    /// Coordinated universal time; needs no file.
    package static let utc = ZoneTable(name: "UTC", starts: [.min], offsets: [0], foldStart: .max)

    init(name: String, starts: [Int64], offsets: [Int32], foldStart: Int64) {
        self.name = name
        self.starts = starts
        self.offsets = offsets
        self.foldStart = foldStart
        isUTC = offsets == [0]
    }

    /// Seconds to add to UTC to get the zone's local time at `time`.
    package func utcOffsetSeconds(at time: EventTime) -> Int {
        isUTC ? 0 : Int(offsets[interval(of: folded(floorSeconds(time)).seconds)])
    }

    /// The local day at `time`, in days since 1970-01-01.
    package func localDay(at time: EventTime) -> Int {
        let local = floorSeconds(time) + Int64(utcOffsetSeconds(at: time))
        return Int(floorDivide(local, 86_400))
    }

    /// The local hour at `time`, 0 to 23.
    package func localHour(at time: EventTime) -> Int {
        let local = floorSeconds(time) + Int64(utcOffsetSeconds(at: time))
        return Int((local - floorDivide(local, 86_400) * 86_400) / 3600)
    }

    /// The local calendar month at `time`.
    package func month(at time: EventTime) -> CalendarMonth {
        let date = CivilDate(daysSince1970: localDay(at: time))
        return CalendarMonth(year: date.year, month: date.month)
    }

    /// The instant, in seconds since 1970, at which the local clock showed `localSeconds` (seconds
    /// since 1970-01-01T00:00:00 local).
    ///
    /// A local time that came twice is the earlier of its instants. One that was skipped is the
    /// earlier of the two instants that the offsets before and after the gap give it.
    package func instant(localSeconds: Int64) -> Int64 {
        if isUTC { return localSeconds }
        let (local, moved) = folded(localSeconds)
        let range = candidates(local)
        for index in range where holds(local, index) {
            return local - Int64(offsets[index]) + moved
        }
        // In a gap the offset grows, so the one after it gives the earlier instant.
        return gap(local, range).map { local - Int64(offsets[$0]) + moved } ?? localSeconds
    }

    /// The instant from which on the local day is `day` (days since 1970-01-01) or a later one.
    ///
    /// That is 00:00 local; where the clocks skip it, the end of the gap; where they go back from
    /// `day` into the day before, the second 00:00; where 00:00 comes twice within `day`, the
    /// first.
    package func startOfDay(_ day: Int) -> EventTime {
        if isUTC { return EventTime(milliseconds: Int64(day) * 86_400_000) }
        let (local, moved) = folded(Int64(day) * 86_400)
        let range = candidates(local)
        var found: Int64?
        for index in range.reversed() where holds(local, index) {
            let instant = local - Int64(offsets[index])
            found = instant
            let beganInDay =
                index > 0 && instant == starts[index]
                && instant + Int64(offsets[index - 1]) > local
            if !beganInDay { break }
        }
        let instant = found ?? gap(local, range).map { starts[$0] } ?? local
        return EventTime(milliseconds: (instant + moved) * 1000)
    }

    // MARK: Written form

    /// When the written form ends, in seconds since 1970: the year 2100.
    private static let writtenUntil: Int64 = 4_102_444_800

    /// The changes of the offset until 2100, the same for data that say the same of the zone: what
    /// other processes, and later runs, are held against.
    package var written: String {
        var parts: [String] = []
        for (index, start) in starts.enumerated() where start < Self.writtenUntil {
            if index == 0 {
                parts.append("\(offsets[0])")
            } else if offsets[index] != offsets[index - 1] {
                parts.append("\(start):\(offsets[index])")
            }
        }
        return parts.joined(separator: ",")
    }

    /// Reads the written form; nil for anything else.
    package convenience init?(name: String, written: String) {
        var starts: [Int64] = []
        var offsets: [Int32] = []
        for part in written.split(separator: ",", omittingEmptySubsequences: false) {
            let numbers = part.split(separator: ":", omittingEmptySubsequences: false)
            guard numbers.count == (starts.isEmpty ? 1 : 2),
                let offset = numbers.last.flatMap({ Int32($0) }),
                abs(Int64(offset)) <= Self.offsetSecondsMax,
                let start = starts.isEmpty ? .min : Int64(numbers[0]),
                starts.last.map({ $0 < start }) ?? true
            else { return nil }
            starts.append(start)
            offsets.append(offset)
        }
        self.init(name: name, starts: starts, offsets: offsets, foldStart: .max)
    }

    // MARK: The table

    /// The greatest distance of local time from UTC that a zone file may state (RFC 8536 §3.2).
    static let offsetSecondsMax: Int64 = 26 * 3600

    /// The index of the offset at `seconds`, which is before `foldStart`.
    func interval(of seconds: Int64) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= seconds { low = middle } else { high = middle }
        }
        return low
    }

    /// When the offset at `index` ends.
    func end(of index: Int) -> Int64 { index + 1 < starts.count ? starts[index + 1] : .max }

    /// The same second of an earlier cycle that the table covers, and how far it was moved.
    func folded(_ seconds: Int64) -> (seconds: Int64, moved: Int64) {
        guard seconds >= foldStart else { return (seconds, 0) }
        let moved = ((seconds - foldStart) / Self.cycleSeconds + 1) * Self.cycleSeconds
        return (seconds - moved, moved)
    }

    private func candidates(_ local: Int64) -> ClosedRange<Int> {
        interval(of: local - Self.offsetSecondsMax)...interval(of: local + Self.offsetSecondsMax)
    }

    private func holds(_ local: Int64, _ index: Int) -> Bool {
        let instant = local - Int64(offsets[index])
        return starts[index] <= instant && instant < end(of: index)
    }

    /// The index of the offset behind the gap that swallowed `local`.
    private func gap(_ local: Int64, _ range: ClosedRange<Int>) -> Int? {
        range.first { index in
            index > 0 && local - Int64(offsets[index]) < starts[index]
                && local - Int64(offsets[index - 1]) >= starts[index]
        }
    }
}

/// One caller's view of a zone: remembers the offset that it found last, so that records in about
/// the order of their times cost two comparisons.
package struct ZoneCursor: Sendable {
    /// The zone that is asked.
    package let zone: ZoneTable
    /// The remembered offset holds in `from ..< until`, milliseconds since 1970.
    private var from: Int64
    private var until: Int64
    private var offsetSeconds = 0
    /// The remembered day and hour hold in `hourFrom ..< hourUntil`, in the same unit.
    private var hourFrom: Int64 = 0
    private var hourUntil: Int64 = 0
    private var local: (day: Int32, hour: UInt8) = (0, 0)

    /// A cursor that remembers nothing yet.
    package init(_ zone: ZoneTable) {
        self.zone = zone
        from = zone.isUTC ? .min : 0
        until = zone.isUTC ? .max : 0
    }

    /// The same as `ZoneTable.utcOffsetSeconds(at:)`.
    package mutating func utcOffsetSeconds(at time: EventTime) -> Int {
        if _slowPath(time.milliseconds < from || time.milliseconds >= until) { look(time) }
        return offsetSeconds
    }

    /// The local day at `time` in days since 1970-01-01 and the local hour, 0 to 23.
    @inline(__always)
    package mutating func dayAndHour(at time: EventTime) -> (day: Int32, hour: UInt8) {
        if time.milliseconds < hourFrom || time.milliseconds >= hourUntil { lookAtHour(time) }
        return local
    }

    /// Finds the local hour of `time`, and for how long it and the offset hold.
    @inline(never)
    private mutating func lookAtHour(_ time: EventTime) {
        let offset = Int64(utcOffsetSeconds(at: time)) &* 1000
        let hours = floorDivide(time.milliseconds &+ offset, 3_600_000)
        let day = floorDivide(hours, 24)
        local = (Int32(truncatingIfNeeded: day), UInt8(truncatingIfNeeded: hours - day * 24))
        let start = hours &* 3_600_000 &- offset
        hourFrom = max(start, from)
        hourUntil = min(start &+ 3_600_000, until)
    }

    private mutating func look(_ time: EventTime) {
        let (seconds, moved) = zone.folded(floorSeconds(time))
        let index = zone.interval(of: seconds)
        offsetSeconds = Int(zone.offsets[index])
        from = Self.milliseconds(zone.starts[index], moved)
        // The last offset of the table must not reach past the fold.
        until = Self.milliseconds(min(zone.end(of: index), zone.foldStart), moved)
        if moved != 0 { from = max(from, Self.milliseconds(zone.foldStart, 0)) }
    }

    private static func milliseconds(_ seconds: Int64, _ moved: Int64) -> Int64 {
        let limit = Int64.max / 1000
        if seconds <= -limit { return .min }
        return seconds >= limit || seconds + moved >= limit ? .max : (seconds + moved) * 1000
    }
}

/// Whole seconds of `time`, rounded down.
@inline(__always) func floorSeconds(_ time: EventTime) -> Int64 {
    floorDivide(time.milliseconds, 1000)
}

@inline(__always) func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
}
