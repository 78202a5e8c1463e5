package import Records

/// That something waited for a run longer than a daily schedule would let it.
package struct Lateness: Sendable, Equatable {
    /// When the first of it became due.
    package var due: EventTime
    /// How many whole days it waited: at least one.
    package var days: Int

    package init(due: EventTime, days: Int) {
        self.due = due
        self.days = days
    }

    /// The same for people.
    package var sentence: String {
        "this run is late: something became due on \(dateText(due)), \(counted(days, "day")) ago, "
            + "and no run was there to deal with it"
    }
}
