package import Records

/// From when and how long a field may stay: a start and a length of calendar time.
package struct RetentionClock: Hashable, Sendable {
    /// What sets a clock going.
    package enum Start: Hashable, Sendable {
        /// The time of the event.
        case event
        /// A date in the field of this slot.
        case field(slot: Int)
    }

    package let start: Start
    package let length: CalendarDuration

    package init(start: Start, length: CalendarDuration) {
        self.start = start
        self.length = length
    }
}

/// What is known of the start of a clock for one record.
package enum ClockReading: Equatable, Sendable {
    /// It started then. May lie ahead: a closing date, the end of a contract.
    case at(EventTime)
    /// It is known not to have started: the account is active, the request is open.
    case notStarted
    /// Missing, unreadable or impossible: taken as run out.
    case unknown

    /// A reading of a field that is either a time or unknown.
    @inlinable package init(_ time: EventTime?) {
        self = time.map { .at($0) } ?? .unknown
    }
}

/// What the clocks of a plan say of one record.
package struct RecordAge: Equatable, Sendable {
    /// The clocks that have run out.
    package let due: DueSet
    /// True when the event's time can't be trusted (missing, unreadable, too far ahead): everything
    /// is due and no key may be made or used for the record.
    package let noKey: Bool

    @inlinable package init(due: DueSet, noKey: Bool) {
        self.due = due
        self.noKey = noKey
    }

    /// The age of a record without a time that can be trusted.
    package static let untimed = RecordAge(due: .everything, noKey: true)
}

/// The distinct clocks of a plan with their cut-offs, worked out once per run.
///
/// Bit 0 of every `DueSet` is the clock of `window`. Immutable; shared by all workers.
package struct ClockSet: Sendable {
    /// The clocks in the order of their bits.
    package let clocks: [RetentionClock]

    /// The instant before which the start of clock `i` makes it run out.
    package let cutOffs: [EventTime]

    /// The first of `cutOffs`: records of an earlier time are due under `window`.
    package let windowCutOff: EventTime

    /// True when all records are judged by the clock of `window` alone, so that one comparison
    /// does.
    package let isWindowOnly: Bool

    /// A time after this one is a bad time.
    package let latestTime: EventTime

    /// The clock that the cut-offs were worked out with.
    package let runClock: RunClock

    /// The most distinct clocks: what a `DueSet` has bits for.
    package static let clocksMax = 64

    /// The clocks of a plan: `window` first and then the distinct ones of `after`. `skew` is how
    /// far ahead of the run an event may be; nil for as far as it likes. Nil when there are more
    /// than `clocksMax` distinct clocks.
    package init?(
        window: CalendarDuration,
        after: [RetentionClock] = [],
        runClock: RunClock,
        skew: CalendarDuration? = CalendarDuration(months: 0, days: 1)
    ) {
        var clocks = [RetentionClock(start: .event, length: window)]
        for clock in after where !clocks.contains(clock) { clocks.append(clock) }
        guard clocks.count <= Self.clocksMax else { return nil }
        self.clocks = clocks
        cutOffs = clocks.map { runClock.cutOff($0.length) }
        windowCutOff = runClock.cutOff(window)
        isWindowOnly = clocks.count == 1
        self.runClock = runClock
        latestTime =
            skew.map { runClock.instant(after: $0) } ?? EventTime(milliseconds: .max)
    }

    /// The bit of `clock`, or nil when the plan does not have it.
    package func bit(of clock: RetentionClock) -> DueSet? {
        clocks.firstIndex(of: clock).map { DueSet(rawValue: 1 << UInt64($0)) }
    }

    /// The age of a record when all its clocks start at the event.
    ///
    /// A clock that starts elsewhere counts as run out: use the other form for those.
    @inlinable package func age(eventTime: EventTime?) -> RecordAge {
        guard let eventTime, eventTime <= latestTime else { return .untimed }
        if isWindowOnly { return RecordAge(due: windowDue(eventTime), noKey: false) }
        return age(eventTime: eventTime) { _ in .unknown }
    }

    /// The age of a record; `reading` says what is known of the clock that starts at a field's slot
    /// and is asked once for each such clock.
    ///
    /// A record without a time that can be trusted is due in everything, whatever its other clocks
    /// say.
    @inlinable package func age(
        eventTime: EventTime?,
        reading: (_ slot: Int) -> ClockReading
    ) -> RecordAge {
        guard let eventTime, eventTime <= latestTime else { return .untimed }
        var due = windowDue(eventTime).rawValue
        for index in 1..<max(clocks.count, 1) {
            let start: ClockReading
            switch clocks[index].start {
            case .event: start = .at(eventTime)
            case .field(let slot): start = reading(slot)
            }
            due |= isDue(start, index) ? 1 << UInt64(index) : 0
        }
        return RecordAge(due: DueSet(rawValue: due), noKey: false)
    }

    /// The clocks that have run out, as `age(eventTime:reading:)` says, where every field's date is
    /// either a time or unknown.
    @inlinable package func dueSet(
        eventTime: EventTime?,
        fieldTime: (_ slot: Int) -> EventTime?
    ) -> DueSet {
        age(eventTime: eventTime) { ClockReading(fieldTime($0)) }.due
    }

    /// The calendar month whose key makes the tokens of a field under `clock`: of the event, or of
    /// the instant at which the field becomes due when its clock starts elsewhere. Nil when that is
    /// not known (yet).
    package func keyMonth(
        of clock: RetentionClock,
        eventTime: EventTime,
        reading: ClockReading
    ) -> CalendarMonth? {
        guard clock.start != .event else { return runClock.zone.month(at: eventTime) }
        guard case .at(let start) = reading else { return nil }
        return runClock.zone.month(at: runClock.dueTime(from: start, clock.length))
    }

    @inlinable func windowDue(_ eventTime: EventTime) -> DueSet {
        DueSet(rawValue: eventTime < windowCutOff ? 1 : 0)
    }

    @inlinable func isDue(_ reading: ClockReading, _ index: Int) -> Bool {
        switch reading {
        case .at(let start): start < cutOffs[index]
        // Nothing may stay under a length of zero, started or not.
        case .notStarted: clocks[index].length.isZero
        case .unknown: true
        }
    }
}
