import Publication
import Statistics
import TestSupport
import Testing

/// The same figure for two purposes: opt-outs from one of them make it another by few persons.
@Suite struct PurposeComparisonTests {
    private static func log(_ persons: Int) -> InventedLog {
        var log = InventedLog()
        for person in 0..<persons {
            log.records.append(
                InventedLog.Record(
                    day: 0, texts: ["x"], amount: 1, person: person, customer: person))
        }
        return log
    }

    /// What is told of `first` persons for one purpose and of `second` for the other, which asks
    /// for `least`.
    private static func told(
        _ first: Int, _ second: Int, least: Int = 10
    ) throws -> [ControlledCell] {
        let tables = [0, 1].map {
            InventedLog.Table(
                keys: [.text(input: 0, column: "a")], columns: [.times(when: nil)], purpose: $0)
        }
        let one = log(first).publication(tables, .persons(10, customers: nil))
        let two = log(second).publication(tables, .persons(least, customers: nil))
        let publication = MeasuredPublication(
            statistics: [one.statistics[0], two.statistics[1]],
            tables: [one.tables[0], two.tables[1]])
        let made = try controlled(publication, ControlRules(persons: 10, customers: nil))
        return made.tables.map { $0.rows[0].cells[0] }
    }

    @Test func figuresThatAreCloseAreBothHidden() throws {
        #expect(try Self.told(30, 30) == [.value(.integer(30)), .value(.integer(30))])
        #expect(try Self.told(30, 29) == [.suppressed(.difference), .suppressed(.difference)])
        #expect(try Self.told(30, 21) == [.suppressed(.difference), .suppressed(.difference)])
        #expect(try Self.told(21, 30) == [.suppressed(.difference), .suppressed(.difference)])
        #expect(try Self.told(30, 20) == [.value(.integer(30)), .value(.integer(20))])
        // The stricter of the two says what is close.
        #expect(
            try Self.told(40, 26, least: 15)
                == [.suppressed(.difference), .suppressed(.difference)])
        #expect(try Self.told(40, 25, least: 15) == [.value(.integer(40)), .value(.integer(25))])
    }

    @Test func whatIsHiddenForOnePurposeIsHiddenForTheOther() throws {
        #expect(
            try Self.told(30, 30, least: 31) == [.suppressed(.linked), .suppressed(.persons)])
        #expect(try Self.told(30, 9) == [.value(.integer(30)), .suppressed(.persons)])
    }

    @Test func aRowOfWhichNobodyKnowsWhoIsBehindItIsRefused() throws {
        let table = InventedLog.Table(keys: [], columns: [.times(when: nil)])
        let made = Self.log(30).publication([table], .persons(10, customers: nil))
        var bare = made.tables[0]
        let row = bare.rows[0]
        bare.rows[0] = MeasuredRow(
            key: row.key, cells: row.cells, persons: row.persons, customers: row.customers,
            backing: nil)
        #expect(throws: ControlRefusal.notSeparable(table: "t0")) {
            try controlled(
                MeasuredPublication(statistics: made.statistics, tables: [bare]), ControlRules())
        }
    }
}
