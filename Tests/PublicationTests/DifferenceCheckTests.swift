import Publication
import Statistics
import TestSupport
import Testing

/// Differences between publications are figures too (science.md §5.4).
@Suite struct DifferenceCheckTests {
    private static let tables = [
        InventedLog.Table(
            keys: [.month, .text(input: 0, column: "a")], columns: [.times(when: nil), .users])
    ]
    private static let rule = SuppressionRule.persons(10, customers: nil)
    private static let rules = ControlRules(persons: 10, customers: nil)

    /// Three records of each person in one group of one month.
    private static func log(_ persons: ClosedRange<Int>) -> InventedLog {
        var log = InventedLog()
        for person in persons {
            for day in 0..<3 {
                log.records.append(
                    InventedLog.Record(
                        day: day, texts: ["x"], amount: 1, person: person, customer: person))
            }
        }
        return log
    }

    private static func shown(_ log: InventedLog) throws -> [ControlledTable] {
        try controlled(log.publication(tables, rule), rules).tables
    }

    /// What is found in `now`, after `published`, of which `left` is left, and `added` was not
    /// counted.
    private static func findings(
        _ now: InventedLog, published: InventedLog, left: InventedLog, added: InventedLog
    ) throws -> DifferenceFindings {
        let check = DifferenceCheck(
            earlier: try shown(published).map {
                PublishedTable(purpose: "statistics", customers: 0, table: $0)
            },
            recounted: left.publication(tables, rule).tables,
            added: added.publication(tables, rule).tables,
            controlledAdditions: try shown(added), rules)
        return check.findings(in: now.publication(tables, rule).tables[0])
    }

    /// The handbook's case: 12 persons, then 13 in a wider group, and the one is known.
    @Test(arguments: [(12, 13, false), (12, 21, false), (12, 22, true), (40, 50, true)])
    func moreThanWasTold(_ old: Int, _ new: Int, _ isSafe: Bool) throws {
        let found = try Self.findings(
            Self.log(1...new), published: Self.log(1...old), left: Self.log(1...old),
            added: Self.log(old + 1...new))
        // The count of records tells it, and that of users.
        #expect(found.isolating.count == (isSafe ? 0 : 2))
        #expect(found.withheldBefore.isEmpty && found.toldBefore.isEmpty)
    }

    @Test func theSameIsToldAgain() throws {
        let log = Self.log(1...12)
        let found = try Self.findings(log, published: log, left: log, added: InventedLog())
        #expect(found.places.isEmpty)
        #expect(
            found.toldBefore == [
                FigurePlace(row: 0, column: 0), FigurePlace(row: 0, column: 1),
            ])
    }

    /// Of what was taken out nobody can say who is behind it.
    @Test func lessThanWasTold() throws {
        let left = Self.log(1...15)
        let found = try Self.findings(
            left, published: Self.log(1...40), left: left, added: InventedLog())
        #expect(found.isolating.count == 2)
    }

    /// Many records of persons who were counted before are no more users.
    @Test func otherRecordsOfTheSamePersons() throws {
        let old = Self.log(1...20)
        var new = old
        new.records += Self.log(1...15).records
        let found = try Self.findings(
            new, published: old, left: old, added: Self.log(1...15))
        #expect(found.isolating.isEmpty)
        #expect(found.toldBefore == [FigurePlace(row: 0, column: 1)])
        new = old
        new.records += Self.log(1...1).records
        let one = try Self.findings(new, published: old, left: old, added: Self.log(1...1))
        #expect(one.isolating == [FigurePlace(row: 0, column: 0)])
    }

    @Test(arguments: [(12, false), (17, false), (19, true)])
    func whatWasWithheld(_ new: Int, _ isTold: Bool) throws {
        let old = Self.log(1...9)
        let found = try Self.findings(
            Self.log(1...new), published: old, left: old, added: Self.log(10...new))
        #expect(found.isolating.isEmpty)
        #expect(found.withheldBefore.isEmpty == isTold)
    }

    /// Enough persons are behind what was added, and one of them makes up nearly all of it.
    @Test(arguments: [(1, true), (1000, false)] as [(Int64, Bool)])
    func anAdditionThatOneDominates(_ largest: Int64, _ isSafe: Bool) throws {
        let sums = [
            InventedLog.Table(keys: [.text(input: 0, column: "a")], columns: [.sum])
        ]
        let old = Self.log(1...40)
        var added = Self.log(41...60)
        added.records[0].amount = largest
        var new = old
        new.records += added.records
        func told(_ log: InventedLog) throws -> [ControlledTable] {
            try controlled(log.publication(sums, Self.rule), Self.rules).tables
        }
        let check = DifferenceCheck(
            earlier: try told(old).map {
                PublishedTable(purpose: "statistics", customers: 0, table: $0)
            },
            recounted: old.publication(sums, Self.rule).tables,
            added: added.publication(sums, Self.rule).tables,
            controlledAdditions: try told(added), Self.rules)
        let found = check.findings(in: new.publication(sums, Self.rule).tables[0])
        #expect(found.isolating == (isSafe ? [] : [FigurePlace(row: 0, column: 0)]))
    }
}
