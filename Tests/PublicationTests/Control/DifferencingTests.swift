import Publication
import Statistics
import TestSupport
import Testing

/// Differences between publications are figures too (science.md §5.4).
@Suite struct DifferencingTests {
    private static let byGroup = InventedLog.Table(
        keys: [.month, .text(input: 0, column: "a")], columns: [.times(when: nil), .users])
    private static let byMonth = InventedLog.Table(keys: [.month], columns: [.times(when: nil)])
    private static let byDay = InventedLog.Table(keys: [.day], columns: [.times(when: nil)])
    private static let rules = ControlRules(persons: 10, customers: nil)

    private static func log(_ persons: Int, times: Int = 3, group: String = "x") -> InventedLog {
        var log = InventedLog()
        for person in 1...persons {
            for time in 0..<times {
                log.records.append(
                    InventedLog.Record(
                        day: time % 3, texts: [group], amount: 1, person: person,
                        customer: person))
            }
        }
        return log
    }

    private static func findings(
        _ new: InventedLog, _ newTables: [InventedLog.Table], _ old: InventedLog,
        changed: InventedLog? = nil, oldRules: ControlRules = rules
    ) throws -> [DifferencingFinding] {
        let rule = SuppressionRule.persons(10, customers: nil)
        let before = old.publication(newTables, rule)
        let published = PublishedFigures(before, try controlled(before, oldRules))
        let publication = new.publication(newTables, rule)
        return differencingFindings(
            publication, try controlled(publication, rules), against: [published], rules,
            changed: changed?.publication(newTables, rule).tables)
    }

    /// The handbook's case: 12 persons, then 13 in a wider group: the one is known.
    @Test(arguments: [(12, 12, 0), (12, 13, 1), (12, 21, 1), (12, 22, 0), (30, 21, 1)])
    func fewPersonsMore(_ old: Int, _ new: Int, _ found: Int) throws {
        let findings = try Self.findings(Self.log(new), [Self.byGroup], Self.log(old))
        // Both the count of records and that of users tell it.
        #expect(findings.count == found * 2)
        #expect(findings.allSatisfy { $0.kind == .same && $0.table == "t0" && $0.figures == 1 })
    }

    @Test func otherRecordsOfAsManyPersons() throws {
        let old = Self.log(20)
        var new = old
        new.records.append(new.records[0])
        #expect(try Self.findings(new, [Self.byGroup], old).map(\.column) == ["c0"])
        // Known to be many: let through. Known to be one: not.
        #expect(
            try Self.findings(new, [Self.byGroup], old, changed: Self.log(15)).isEmpty)
        var one = InventedLog()
        one.records = [new.records[0]]
        #expect(try Self.findings(new, [Self.byGroup], old, changed: one).count == 1)
    }

    @Test func whatWasNotToldIsNotCompared() throws {
        #expect(try Self.findings(Self.log(11), [Self.byGroup], Self.log(8)).isEmpty)
        #expect(
            try Self.findings(Self.log(11, group: "y"), [Self.byGroup], Self.log(12)).isEmpty)
    }

    /// Days first, then their month: what came late is the difference.
    @Test func daysAndTheirMonth() throws {
        let old = Self.log(20)
        var new = old
        new.records += Self.log(4, times: 1).records
        let rule = SuppressionRule.persons(10, customers: nil)
        let days = old.publication([Self.byDay], rule)
        let published = PublishedFigures(days, try controlled(days, Self.rules))
        var renamed: [PublishedFigures.Table] = []
        for table in published.tables {
            renamed.append(.init(name: "t1", columns: table.columns, rows: table.rows))
        }
        let both = new.publication([Self.byMonth, Self.byDay], rule)
        let made = try controlled(both, Self.rules)
        let findings = differencingFindings(
            both, made, against: [PublishedFigures(tables: renamed)], Self.rules)
        #expect(findings.contains { $0.kind == .sum && $0.table == "t0" })
        let same = old.publication([Self.byMonth, Self.byDay], rule)
        #expect(
            differencingFindings(
                same, try controlled(same, Self.rules),
                against: [PublishedFigures(tables: renamed)], Self.rules
            ).isEmpty)
    }
}
