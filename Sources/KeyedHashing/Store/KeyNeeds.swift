package import Records

/// How long one pipeline needs the key of a month.
///
/// A field whose clock starts at the event needs the key of the event's month until the last record
/// of that month is due. A field whose clock starts elsewhere needs the key of the month in which
/// it becomes due, so until that month is over.
package struct KeyNeeds: Hashable, Sendable {
    /// The lengths of the clocks that start at the event; the longest counts.
    package var lengths: [CalendarDuration]
    /// True when a field takes the key of the month in which it becomes due.
    package var usesDueMonths: Bool
    /// How long a key stays for late records after its last record must have been aged out.
    package var grace: CalendarDuration
    /// True when no field stays readable longer than the key: a readable record of a month in a
    /// stored part then tells that the key of the month is needed.
    package var partsTell: Bool

    package init(
        lengths: [CalendarDuration], usesDueMonths: Bool, grace: CalendarDuration,
        partsTell: Bool = false
    ) {
        self.lengths = lengths
        self.usesDueMonths = usesDueMonths
        self.grace = grace
        self.partsTell = partsTell
    }

    /// The instant from which on every record of `month` is due, whatever its day; never before the
    /// month is over. Months are counted in `zone`.
    package func lastDue(of month: CalendarMonth, in zone: ZoneTable) -> EventTime {
        let end = month.end(in: zone)
        let last = EventTime(milliseconds: end.milliseconds - 1)
        let clock = RunClock(now: end, zone: zone)
        return lengths.map { clock.dueTime(from: last, $0) }.reduce(end, max)
    }

    /// `lastDue` and the grace: the instant from which on the key of `month` may die.
    package func end(of month: CalendarMonth, in zone: ZoneTable) -> EventTime {
        RunClock(now: lastDue(of: month, in: zone), zone: zone).instant(after: grace)
    }
}

extension KeyNeeds {
    /// The lengths as they stand in records: `P1M P2Y`.
    package var lengthsText: String { lengths.map(\.text).joined(separator: " ") }

    /// Reads what a record holds; nil when a duration is none.
    package init?(
        lengthsText: String, usesDueMonths: Bool, graceText: String, partsTell: Bool = false
    ) {
        let texts = lengthsText.split(separator: " ")
        let lengths = texts.compactMap { CalendarDuration(text: String($0)) }
        guard lengths.count == texts.count, let grace = CalendarDuration(text: graceText) else {
            return nil
        }
        self.init(
            lengths: lengths, usesDueMonths: usesDueMonths, grace: grace, partsTell: partsTell)
    }
}

extension CalendarMonth {
    /// The first instant of the month in `zone`.
    package func start(in zone: ZoneTable) -> EventTime {
        zone.startOfDay(CivilDate(year: year, month: month, day: 1).daysSince1970)
    }

    /// The first instant after the month in `zone`.
    package func end(in zone: ZoneTable) -> EventTime {
        CalendarMonth(index: index + 1).start(in: zone)
    }
}
