package import Records

/// When the next of many records becomes due. Merges in any order.
package struct NextDue: Sendable, Equatable {
    /// For each clock that counts from the event, the earliest event that is not due.
    private var starts: [EventTime] = []
    private var earliest: EventTime?

    private static let none = EventTime(milliseconds: .max)

    package init() {}

    /// Notes a record of `time` under the plain clock `index`.
    @inline(__always) package mutating func note(_ index: Int, _ time: EventTime) {
        while starts.count <= index { starts.append(Self.none) }
        if time < starts[index] { starts[index] = time }
    }

    /// Notes a record that becomes due at `due`.
    package mutating func note(_ due: EventTime) {
        earliest = earliest.map { min($0, due) } ?? due
    }

    package mutating func merge(_ other: Self) {
        for (index, time) in other.starts.enumerated() { note(index, time) }
        if let due = other.earliest { note(due) }
    }

    /// The instant at which something becomes due; nil when nothing does by itself.
    package func time(under clocks: ClockSet) -> EventTime? {
        var first = earliest
        for (index, time) in starts.enumerated() where time < Self.none {
            let due = clocks.runClock.dueTime(from: time, clocks.clocks[index].length)
            first = first.map { min($0, due) } ?? due
        }
        return first
    }
}
