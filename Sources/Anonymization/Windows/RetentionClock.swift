package import Records

/// From when and how long a field or a record may stay: a start and a length of calendar time.
package struct RetentionClock: Hashable, Sendable {
    /// Where a date (or a length) stands.
    package enum Start: Hashable, Sendable {
        /// The time of the event.
        case event
        /// The field of this slot; a slot below zero is a field that the records do not have.
        case field(slot: Int)
        /// A reference table.
        case table(TableCell)
    }

    /// What sets the clock going.
    package let start: Start
    /// How long it runs, unless the record or its row has a length of its own.
    package let length: CalendarDuration
    /// A date that stops the clock from that date on; never `.event`.
    package let unless: Start?
    /// Where a length of the record's own may stand, an ISO 8601 duration; never `.event`.
    package let lengthFrom: Start?

    package init(
        start: Start, length: CalendarDuration, unless: Start? = nil, lengthFrom: Start? = nil
    ) {
        self.start = start
        self.length = length
        self.unless = unless
        self.lengthFrom = lengthFrom
    }

    /// True for a start at the event and one length for all records: nothing has to be read.
    package var isPlain: Bool { start == .event && unless == nil && lengthFrom == nil }

    /// What must be read of a record to know the state of the clock.
    package var sources: [Start] {
        [start, unless, lengthFrom].compactMap { $0 }.filter { $0 != .event }
    }
}

/// A cell of a reference table: the row is looked up with the value of a field.
package struct TableCell: Hashable, Sendable {
    /// The table's index in the plan.
    package let table: Int
    /// The column's index among those that the plan reads of the table.
    package let column: Int
    /// The slot of the field whose value is the key; below zero when the records do not have it.
    package let keySlot: Int

    package init(table: Int, column: Int, keySlot: Int) {
        self.table = table
        self.column = column
        self.keySlot = keySlot
    }
}

extension RetentionClock.Start {
    /// The slot of the field that is read; nil for the event.
    package var slot: Int? {
        switch self {
        case .event: nil
        case .field(let slot): slot
        case .table(let cell): cell.keySlot
        }
    }

    /// The same place in records whose fields have other slots.
    package func moved(_ slots: (Int) -> Int?) -> RetentionClock.Start {
        switch self {
        case .event: .event
        case .field(let slot): .field(slot: slots(slot) ?? -1)
        case .table(let cell):
            .table(
                TableCell(
                    table: cell.table, column: cell.column, keySlot: slots(cell.keySlot) ?? -1))
        }
    }
}

/// What is known of a date for one record.
package enum ClockReading: Equatable, Sendable {
    /// The date. May lie ahead: a closing date, the end of a contract.
    case at(EventTime)
    /// There is none: the account is active, the request is open.
    case notStarted
    /// No row, unreadable or impossible: a clock that starts there is taken as run out.
    case unknown
    /// The same of a stored record that may have said it before it was stored.
    case lost

    /// A reading of a field that is either a time or unknown.
    @inlinable package init(_ time: EventTime?) {
        self = time.map { .at($0) } ?? .unknown
    }
}

/// What is known of a record's own length.
package enum LengthReading: Equatable, Sendable {
    /// None of its own: that of the clock holds.
    case standard
    case own(CalendarDuration)
    /// No row or unreadable: the clock is taken as run out.
    case unknown
}

/// What was read of one record for the clocks of a `ClockSet`, in the order of its sources.
package struct ClockReadings: Sendable {
    package var dates: [ClockReading]
    package var lengths: [LengthReading]

    /// Readings of which nothing is known yet.
    package init(of clocks: ClockSet) {
        dates = Array(repeating: .unknown, count: clocks.dateSources.count)
        lengths = Array(repeating: .standard, count: clocks.lengthSources.count)
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
