import KeyedHashing

/// Where the rows of some event days go when a partial is taken apart.
package struct PartialPart {
    /// Days since 1970-01-01.
    let days: ClosedRange<Int>
    /// What the part says of itself.
    let header: PartialHeader
    /// Takes the part.
    let file: any SpillFile

    /// The rows of `days`, as a partial under `header` in `file`, which must be empty.
    package init(days: ClosedRange<Int>, header: PartialHeader, file: any SpillFile) {
        self.days = days
        self.header = header
        self.file = file
    }
}

extension Partials {
    /// Takes the merge of all partials apart by event day; the days of two parts must not meet, and
    /// the rows of days that no part names go nowhere. Needs separable partials.
    ///
    /// The bytes of a part are those of a partial that never counted anything else. All parts are
    /// made in two passes over the rows, as far as what is remembered of `tokens` (how many tokens
    /// the partials hold, roughly) fits the memory for it: so a log of two years costs little more
    /// for each row than one of a month.
    package func split(into parts: [PartialPart], tokens: Int) throws(PartialFault) {
        let atOnce = max(1, Self.splitBytesMax / (Self.bytesOfToken * max(tokens, 1)))
        var rest = parts[...]
        while !rest.isEmpty {
            try splitAtOnce(Array(rest.prefix(atOnce)))
            rest = rest.dropFirst(atOnce)
        }
    }

    /// The memory for the parts made at once, in bytes.
    private static let splitBytesMax = 32 << 20
    /// What a part remembers of each token: whether it is used, and its number.
    private static let bytesOfToken = 5

    private func splitAtOnce(_ parts: [PartialPart]) throws(PartialFault) {
        let removals = parts.map { PartialRemoval(keepingDays: $0.days, in: plan) }
        let days = parts.map(\.days)
        var surveys = DayDealing(
            days, layouts, removals.map { RemovalSurvey(RowSelection($0, layouts)) })
        try merge(into: &surveys)
        var writers: [RemovalWriter] = []
        for (index, part) in parts.enumerated() {
            writers.append(
                RemovalWriter(
                    RowSelection(removals[index], layouts), surveys.sinks[index],
                    try PartialWriter(part.header, to: part.file)))
        }
        var dealing = DayDealing(days, layouts, writers)
        try merge(into: &dealing)
        for writer in dealing.sinks { try writer.finish() }
    }
}

/// Deals the rows of a partial out to a sink for each range of days, by the day that ends a key.
private struct DayDealing<Sink: PartialSink>: PartialSink {
    private let days: [ClosedRange<Int>]
    private(set) var sinks: [Sink]
    /// The sink of the row at hand; nil when no range has its day.
    private var current: Int?

    init(_ days: [ClosedRange<Int>], _ layouts: [StatisticLayout], _ sinks: [Sink]) {
        precondition(layouts.allSatisfy(\.isSeparable), "only separable rows have a day")
        self.days = days
        self.sinks = sinks
    }

    private func sink(of key: [UInt32]) -> Int? {
        guard let word = key.last else { return nil }
        let day = TimeWord.day(ofWord: word)
        if let current, days[current].contains(day) { return current }
        return days.firstIndex { $0.contains(day) }
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) {
        for index in sinks.indices { try sinks[index].text(text) }
    }

    mutating func token(_ token: Token) throws(PartialFault) {
        for index in sinks.indices { try sinks[index].token(token) }
    }

    mutating func endDictionary() throws(PartialFault) {
        for index in sinks.indices { try sinks[index].endDictionary() }
    }

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        current = sink(of: row.key)
        if let current { try sinks[current].beginRow(row) }
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        if let current { try sinks[current].listedToken(number) }
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {
        if let current { try sinks[current].listedNumber(billionths, times: times) }
    }

    mutating func endList() throws(PartialFault) {
        if let current { try sinks[current].endList() }
    }

    mutating func endRows() throws(PartialFault) {
        for index in sinks.indices { try sinks[index].endRows() }
    }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        current = sink(of: key)
        if let current { try sinks[current].interval(key, interval) }
    }

    mutating func endIntervals() throws(PartialFault) {
        for index in sinks.indices { try sinks[index].endIntervals() }
    }
}
