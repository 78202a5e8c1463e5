import KeyedHashing
package import Records

/// What separable partials hold, told without their content.
package struct PartialContent: Sendable, Equatable {
    /// The months of the events, in order.
    package var months: [CalendarMonth] = []
    /// The most records that one statistic has counted: a record may be in several of them.
    package var records: Int64 = 0
    /// How many tokens they hold.
    package var tokens = 0
}

extension Partials {
    /// Which months are in all partials together, and how many records. Needs separable partials;
    /// others have no days and tell of no month.
    package func content() throws(PartialFault) -> PartialContent {
        var survey = ContentSurvey(layouts)
        try merge(into: &survey)
        return survey.content
    }
}

extension CalendarMonth {
    /// The days of the month, since 1970-01-01.
    package var days: ClosedRange<Int> {
        let first = CivilDate(year: year, month: month, day: 1).daysSince1970
        return first...first + CivilDate.days(inMonth: month, of: year) - 1
    }
}

/// Looks at the day that ends each key, and adds up records: rows count them, and where a statistic
/// has sessions only, their intervals do.
private struct ContentSurvey: PartialSink {
    private var selection: RowSelection
    private var days: Set<UInt32> = []
    private var counted: [Int64]
    private var tokens = 0

    init(_ layouts: [StatisticLayout]) {
        selection = RowSelection(
            PartialRemoval(entries: layouts.map { _ in [] }), layouts)
        counted = layouts.map { _ in 0 }
    }

    var content: PartialContent {
        let months = Set(
            days.map { word in
                let date = CivilDate(daysSince1970: TimeWord.day(ofWord: word))
                return CalendarMonth(year: date.year, month: date.month)
            })
        return PartialContent(
            months: months.sorted(), records: counted.max() ?? 0, tokens: tokens)
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) {}
    mutating func token(_ token: Token) throws(PartialFault) { tokens += 1 }
    mutating func endDictionary() throws(PartialFault) {}

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        note(row.key)
        counted[selection.statistic] += row.cells.first ?? 0
    }

    private mutating func note(_ key: [UInt32]) {
        guard selection.layout?.isSeparable == true, let day = key.last else { return }
        days.insert(day)
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {}
    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {}
    mutating func endList() throws(PartialFault) {}
    mutating func endRows() throws(PartialFault) { selection.endRows() }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        note(key)
        if selection.layout?.hasRows == false {
            counted[selection.statistic] += Int64(interval.events)
        }
    }

    mutating func endIntervals() throws(PartialFault) { selection.endIntervals() }
}
