package import Records

/// The distinct clocks of a plan with their cut-offs, worked out once per run.
///
/// Bit 0 of every `DueSet` is the clock of `window`. Immutable; shared by all workers.
package final class ClockSet: Sendable {
    /// The clocks in the order of their bits.
    package let clocks: [RetentionClock]

    /// The instant before which the start of clock `i` makes it run out.
    package let cutOffs: [EventTime]

    /// The first of `cutOffs`: records of an earlier time are due under a plain `window`.
    package let windowCutOff: EventTime

    /// The instant before which every record is due; nil when the window depends on more than the
    /// time of the event.
    package var statedCutOff: EventTime? { clocks[0].isPlain ? windowCutOff : nil }

    /// True when all records are judged by the clock of `window` alone and that by the event's
    /// time, so that one comparison does.
    package let isWindowOnly: Bool

    /// A time after this one is a bad time.
    package let latestTime: EventTime

    /// The clock that the cut-offs were worked out with.
    package let runClock: RunClock

    /// Where the dates stand that the clocks need, each once.
    package let dateSources: [RetentionClock.Start]
    /// Where the lengths stand that the clocks need, each once.
    package let lengthSources: [RetentionClock.Start]

    /// For each clock, where its readings stand among those of the sources; -1 for none.
    private let wiring: [Wiring]

    private struct Wiring: Sendable {
        let start: Int
        let unless: Int
        let length: Int
    }

    /// The most distinct clocks: what a `DueSet` has bits for.
    package static let clocksMax = 64

    /// The clocks of a plan: `window` first and then the distinct ones of `after`. `skew` is how
    /// far ahead of the run an event may be; nil for as far as it likes. Nil when there are more
    /// than `clocksMax` distinct clocks.
    package convenience init?(
        window: RetentionClock,
        after: [RetentionClock] = [],
        runClock: RunClock,
        skew: CalendarDuration? = CalendarDuration(months: 0, days: 1)
    ) {
        var clocks = [window]
        for clock in after where !clocks.contains(clock) { clocks.append(clock) }
        guard clocks.count <= Self.clocksMax else { return nil }
        self.init(
            clocks: clocks, runClock: runClock,
            latestTime: skew.map { runClock.instant(after: $0) }
                ?? EventTime(milliseconds: .max))
    }

    /// The same for a window that counts from the event.
    package convenience init?(
        window: CalendarDuration,
        after: [RetentionClock] = [],
        runClock: RunClock,
        skew: CalendarDuration? = CalendarDuration(months: 0, days: 1)
    ) {
        self.init(
            window: RetentionClock(start: .event, length: window), after: after,
            runClock: runClock, skew: skew)
    }

    private init(clocks: [RetentionClock], runClock: RunClock, latestTime: EventTime) {
        self.clocks = clocks
        self.runClock = runClock
        self.latestTime = latestTime
        cutOffs = clocks.map {
            Self.cutOff($0.length, startsAtEvent: $0.start == .event, runClock)
        }
        windowCutOff = cutOffs[0]
        isWindowOnly = clocks.count == 1 && clocks[0].isPlain
        var dates: [RetentionClock.Start] = []
        var lengths: [RetentionClock.Start] = []
        wiring = clocks.map { clock in
            Wiring(
                start: clock.start == .event ? -1 : Self.place(clock.start, in: &dates),
                unless: clock.unless.map { Self.place($0, in: &dates) } ?? -1,
                length: clock.lengthFrom.map { Self.place($0, in: &lengths) } ?? -1)
        }
        dateSources = dates
        lengthSources = lengths
    }

    private static func place(
        _ source: RetentionClock.Start, in sources: inout [RetentionClock.Start]
    ) -> Int {
        if let known = sources.firstIndex(of: source) { return known }
        sources.append(source)
        return sources.count - 1
    }

    /// The same clocks, bit for bit, at another time, without a limit for times ahead.
    package func moved(to runClock: RunClock) -> ClockSet {
        ClockSet(
            clocks: clocks, runClock: runClock, latestTime: EventTime(milliseconds: .max))
    }

    /// The same clocks, bit for bit, for records that may have been written by a run whose clock
    /// stood at `other`: what was not too far ahead then can be trusted.
    package func trusting(runOf other: EventTime) -> ClockSet {
        let ahead = latestTime.milliseconds.subtractingReportingOverflow(
            runClock.now.milliseconds)
        guard other > runClock.now, !ahead.overflow else { return self }
        let latest = other.milliseconds.addingReportingOverflow(ahead.partialValue)
        return ClockSet(
            clocks: clocks, runClock: runClock,
            latestTime: latest.overflow
                ? latestTime : EventTime(milliseconds: latest.partialValue))
    }

    /// The same clocks, bit for bit, for records whose fields have other slots.
    package func moved(_ slots: (Int) -> Int?) -> ClockSet {
        ClockSet(
            clocks: clocks.map { clock in
                RetentionClock(
                    start: clock.start.moved(slots), length: clock.length,
                    unless: clock.unless?.moved(slots),
                    lengthFrom: clock.lengthFrom?.moved(slots))
            }, runClock: runClock, latestTime: latestTime)
    }

    /// The bit of `clock`, or nil when the plan does not have it.
    package func bit(of clock: RetentionClock) -> DueSet? {
        clocks.firstIndex(of: clock).map { DueSet(rawValue: 1 << UInt64($0)) }
    }

    // MARK: The age of a record

    /// The age of a record when nothing was read for its clocks: those that are not plain count as
    /// run out.
    @inlinable package func age(eventTime: EventTime?) -> RecordAge {
        guard let eventTime, eventTime <= latestTime else { return .untimed }
        if isWindowOnly {
            return RecordAge(
                due: DueSet(rawValue: eventTime < windowCutOff ? 1 : 0), noKey: false)
        }
        return age(eventTime: eventTime, unread)
    }

    @usableFromInline var unread: ClockReadings {
        var readings = ClockReadings(of: self)
        for index in readings.lengths.indices { readings.lengths[index] = .unknown }
        return readings
    }

    /// The age of a record with what was read for its clocks.
    ///
    /// A record without a time that can be trusted is due in everything, whatever its other clocks
    /// say.
    @usableFromInline package func age(
        eventTime: EventTime?, _ readings: ClockReadings
    ) -> RecordAge {
        guard let eventTime, eventTime <= latestTime else { return .untimed }
        var due: UInt64 = 0
        for index in clocks.indices where isDue(index, eventTime: eventTime, readings) {
            due |= 1 << UInt64(index)
        }
        return RecordAge(due: DueSet(rawValue: due), noKey: false)
    }

    /// True when clock `index` has run out for a record.
    ///
    /// A date ahead runs out when its length has passed from then on. A clock that was stopped or
    /// has not started does not run out; one whose start cannot be known has.
    package func isDue(
        _ index: Int, eventTime: EventTime?, _ readings: ClockReadings
    ) -> Bool {
        let wired = wiring[index]
        if wired.unless >= 0, case .at(let stop) = readings.dates[wired.unless],
            stop <= runClock.now
        {
            return false
        }
        let start = wired.start < 0 ? ClockReading(eventTime) : readings.dates[wired.start]
        switch start {
        case .notStarted: return false
        case .unknown, .lost: return true
        case .at(let instant): return instant < cutOff(index, wired, readings)
        }
    }

    /// True when everything that clock `index` needs could be read of the record. That nothing
    /// stopped it is known where the record never said more than it does.
    package func isKnown(_ index: Int, _ readings: ClockReadings) -> Bool {
        let wired = wiring[index]
        if wired.start >= 0 {
            let start = readings.dates[wired.start]
            if start == .unknown || start == .lost { return false }
        }
        if wired.unless >= 0, readings.dates[wired.unless] == .lost { return false }
        return wired.length < 0 || readings.lengths[wired.length] != .unknown
    }

    private func cutOff(_ index: Int, _ wired: Wiring, _ readings: ClockReadings) -> EventTime {
        guard wired.length >= 0 else { return cutOffs[index] }
        switch readings.lengths[wired.length] {
        case .standard: return cutOffs[index]
        case .own(let length):
            return Self.cutOff(length, startsAtEvent: wired.start < 0, runClock)
        case .unknown: return EventTime(milliseconds: .max)
        }
    }

    /// Under a length of zero nothing of the event is in the window, today's records neither; a
    /// date of its own has passed when it is reached.
    private static func cutOff(
        _ length: CalendarDuration, startsAtEvent: Bool, _ runClock: RunClock
    ) -> EventTime {
        if length.isZero, !startsAtEvent {
            return EventTime(milliseconds: runClock.now.milliseconds + 1)
        }
        return runClock.cutOff(length)
    }

    /// The instant at which clock `index`, which has not run out for a record, will have; nil when
    /// it does not by itself.
    package func dueTime(
        _ index: Int, eventTime: EventTime, _ readings: ClockReadings
    ) -> EventTime? {
        let wired = wiring[index]
        let start = wired.start < 0 ? ClockReading.at(eventTime) : readings.dates[wired.start]
        guard case .at(let instant) = start, let length = length(index, wired, readings) else {
            return nil
        }
        let due = runClock.dueTime(from: instant, length)
        if wired.unless >= 0, case .at(let stop) = readings.dates[wired.unless], stop <= due {
            return nil
        }
        return due
    }

    // MARK: Keys

    /// The calendar month whose key makes the tokens of a field under clock `index`: of the event,
    /// or of the instant at which the field becomes due when its clock starts elsewhere. Nil when
    /// that is not known (yet).
    package func keyMonth(
        _ index: Int, eventTime: EventTime, _ readings: ClockReadings
    ) -> CalendarMonth? {
        let wired = wiring[index]
        guard wired.start >= 0 else { return named(runClock.zone.month(at: eventTime)) }
        guard case .at(let start) = readings.dates[wired.start],
            let length = length(index, wired, readings)
        else { return nil }
        return named(runClock.zone.month(at: runClock.dueTime(from: start, length)))
    }

    /// Months of years that have no name have no key either.
    private func named(_ month: CalendarMonth) -> CalendarMonth? {
        0...9999 ~= month.year ? month : nil
    }

    private func length(
        _ index: Int, _ wired: Wiring, _ readings: ClockReadings
    ) -> CalendarDuration? {
        guard wired.length >= 0 else { return clocks[index].length }
        switch readings.lengths[wired.length] {
        case .standard: return clocks[index].length
        case .own(let length): return length
        case .unknown: return nil
        }
    }
}
