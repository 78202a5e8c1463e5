package import KeyedHashing

/// How many persons of a customer were counted.
package struct CustomerContent: Sendable, Equatable {
    package let customer: Token
    /// Distinct persons, counted up to a limit.
    package let persons: Int
}

extension Partials {
    /// The customers that some of the statistics counted, in the order of their tokens, each with
    /// its distinct persons, counted up to `personsMax`. Needs separable partials.
    package func customers(
        of statistics: [Int], personsMax: Int
    ) throws(PartialFault) -> [CustomerContent] {
        var survey = CustomerSurvey(layouts, statistics, personsMax)
        try merge(into: &survey)
        return survey.content
    }
}

/// Looks at the person and the customer of each row and interval.
private struct CustomerSurvey: PartialSink {
    private var selection: RowSelection
    private let statistics: [Int]
    private let personsMax: Int
    private var persons: [UInt32: Set<UInt32>] = [:]
    /// By their numbers; 0 is none.
    private var tokens: [Token] = [.none]

    init(_ layouts: [StatisticLayout], _ statistics: [Int], _ personsMax: Int) {
        selection = RowSelection(PartialRemoval(entries: layouts.map { _ in [] }), layouts)
        self.statistics = statistics
        self.personsMax = personsMax
    }

    var content: [CustomerContent] {
        persons.map { number, persons in
            CustomerContent(customer: tokens[Int(number)], persons: persons.count)
        }.sorted { $0.customer < $1.customer }
    }

    private mutating func note(_ key: [UInt32]) {
        guard selection.layout?.isSeparable == true, statistics.contains(selection.statistic)
        else { return }
        let person = key[key.count - 3]
        let customer = key[key.count - 2]
        // Nobody's rows are no customer's.
        if customer == 0 { return }
        if persons[customer, default: []].count < personsMax, person != 0 {
            persons[customer, default: []].insert(person)
        }
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) {}
    mutating func token(_ token: Token) throws(PartialFault) { tokens.append(token) }
    mutating func endDictionary() throws(PartialFault) {}
    mutating func beginRow(_ row: PartialRow) throws(PartialFault) { note(row.key) }
    mutating func listedToken(_ number: UInt32) throws(PartialFault) {}
    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {}
    mutating func endList() throws(PartialFault) {}
    mutating func endRows() throws(PartialFault) { selection.endRows() }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) { note(key) }

    mutating func endIntervals() throws(PartialFault) { selection.endIntervals() }
}
