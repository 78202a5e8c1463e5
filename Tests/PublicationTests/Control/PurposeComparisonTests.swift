import Publication
import Statistics
import TestSupport
import Testing

/// Figures for two purposes, or of tables that read other categories: opt-outs from one of them
/// make them differ by few persons.
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

    @Test func ofFiguresThatAreCloseThatWithFewerIsHidden() throws {
        #expect(try Self.told(30, 30) == [.value(.integer(30)), .value(.integer(30))])
        #expect(try Self.told(30, 29) == [.value(.integer(30)), .suppressed(.difference)])
        #expect(try Self.told(30, 21) == [.value(.integer(30)), .suppressed(.difference)])
        #expect(try Self.told(21, 30) == [.suppressed(.difference), .value(.integer(30))])
        #expect(try Self.told(30, 20) == [.value(.integer(30)), .value(.integer(20))])
        // The stricter of the two says what is close.
        #expect(
            try Self.told(40, 26, least: 15) == [.value(.integer(40)), .suppressed(.difference)])
        #expect(try Self.told(40, 25, least: 15) == [.value(.integer(40)), .value(.integer(25))])
    }

    @Test func whatIsHiddenForOnePurposeIsHiddenForTheOther() throws {
        #expect(
            try Self.told(30, 30, least: 31) == [.suppressed(.linked), .suppressed(.persons)])
        #expect(try Self.told(30, 9) == [.value(.integer(30)), .suppressed(.persons)])
    }

    private static func record(
        _ text: String, _ other: String, _ person: Int
    ) -> InventedLog.Record {
        InventedLog.Record(
            day: 0, texts: [text, other], amount: 1, person: person, customer: person % 50)
    }

    /// By table and row what is told of `records`: of all of them by the first text, and without
    /// those of `leftOut` persons by both.
    private static func finer(
        _ records: [InventedLog.Record], leftOut: Range<Int>, customers: Int? = nil,
        isFiner: Bool = true
    ) throws -> [[ControlledCell]] {
        let a = GroupKey.text(input: 0, column: "a")
        let tables = [
            InventedLog.Table(keys: [a], columns: [.times(when: nil)]),
            InventedLog.Table(
                keys: isFiner ? [a, .text(input: 1, column: "b")] : [a],
                columns: [.times(when: nil)]),
        ]
        return try told(tables, records, leftOut: leftOut, customers: customers)
            .map { $0.map { $0[0] } }
    }

    /// By table, row and column what is told of two tables, the second without the records of
    /// `leftOut` persons.
    private static func told(
        _ tables: [InventedLog.Table], _ records: [InventedLog.Record], leftOut: Range<Int>,
        customers: Int? = nil
    ) throws -> [[[ControlledCell]]] {
        let rule = SuppressionRule.persons(10, customers: customers)
        var fewer = InventedLog()
        fewer.records = records.filter { !leftOut.contains($0.person) }
        var all = InventedLog()
        all.records = records
        let more = all.publication(tables, rule)
        let publication = MeasuredPublication(
            statistics: more.statistics,
            tables: [more.tables[0], fewer.publication(tables, rule).tables[1]], groups: [0, 1])
        let made = try controlled(publication, ControlRules(persons: 10, customers: customers))
        #expect(made.unproven == 0)
        return made.tables.map { $0.rows.map(\.cells) }
    }

    /// Outside of a part there are no figures of a column about it: what the other table has there
    /// is no difference, and hides none that is one.
    @Test(arguments: [0, 1], [false, true])
    func columnsAboutAPartHideNoDifference(_ withPart: Int, _ isFiner: Bool) throws {
        let records = (0..<120).map {
            Self.record($0 < 60 ? "x" : "y", $0 % 60 < 25 ? "p" : "q", $0)
        }
        let a = GroupKey.text(input: 0, column: "a")
        var tables = [[a], isFiner ? [a, .text(input: 1, column: "b")] : [a]].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil)])
        }
        tables[withPart].columns.append(.times(when: (input: 0, text: "x")))
        func isWithheld(_ cells: [ControlledCell]) -> Bool {
            if case .suppressed = cells[0] { true } else { false }
        }
        // Those that are left out are outside of the part, then inside of it.
        for (leftOut, row) in [(60..<63, 1), (0..<3, 0)] {
            let told = try Self.told(tables, records, leftOut: leftOut)
            let rows = isFiner ? 2 * row..<2 * row + 2 : row..<row + 1
            #expect(told[1][rows].contains(where: isWithheld), "\(told)")
            #expect(told[0].allSatisfy { !isWithheld($0) }, "\(told)")
            let others = told[1].indices.filter { !rows.contains($0) }
            #expect(others.allSatisfy { !isWithheld(told[1][$0]) }, "\(told)")
        }
        let several = try Self.told(tables, records, leftOut: 60..<75)
        #expect(several.joined().allSatisfy { !isWithheld($0) }, "\(several)")
    }

    /// Rows of a finer table add up to what another table counts of more records.
    @Test(arguments: [(0, 0), (1, 1), (9, 1), (10, 0)])
    func whatFewLeaveOutIsNotToldBySums(_ leftOut: Int, _ hidden: Int) throws {
        let records = (0..<120).map {
            Self.record($0 < 60 ? "x" : "y", $0 % 60 < 25 ? "p" : "q", $0)
        }
        let told = try Self.finer(records, leftOut: 0..<leftOut)
        #expect(told[0] == [.value(.integer(60)), .value(.integer(60))])
        let withheld = told[1].filter { if case .suppressed = $0 { true } else { false } }
        #expect(withheld.count == hidden, "\(told[1])")
        // What nobody is left out of is told.
        #expect(told[1][2...] == [.value(.integer(25)), .value(.integer(35))])
    }

    /// Two tables that leave out the same, for whatever reason, tell of it together.
    @Test func whatOneTableWithholdsNoOtherThatLeavesOutTheSameTells() throws {
        let records = (0..<120).map {
            Self.record($0 % 2 == 0 ? "x" : "y", $0 < 50 ? "p" : "q", $0)
        }
        let (a, b) = (GroupKey.text(input: 0, column: "a"), GroupKey.text(input: 1, column: "b"))
        let tables = [[], [b], [a, b]].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil)])
        }
        let rule = SuppressionRule.persons(10, customers: nil)
        let more = InventedLog(records: records).publication(tables, rule)
        let fewer = InventedLog(records: Array(records.dropFirst(3))).publication(tables, rule)
        let publication = MeasuredPublication(
            statistics: more.statistics, tables: [more.tables[0]] + fewer.tables.dropFirst(),
            groups: [0, 1, 2])
        let made = try controlled(publication, ControlRules(persons: 10, customers: nil)).tables
        func isHidden(_ row: ControlledTable.Row) -> Bool {
            if case .suppressed = row.cells[0] { true } else { false }
        }
        #expect(made[1].rows.contains(where: isHidden))
        for row in made[1].rows where isHidden(row) {
            #expect(made[2].rows.contains { $0.key[1] == row.key[0] && isHidden($0) })
        }
    }

    /// Many persons of one customer are that customer's figures.
    @Test func whatOneCustomerLeavesOutIsNotTold() throws {
        var records = (0..<120).map { Self.record("x", $0 < 50 ? "p" : "q", $0) }
        for at in 0..<20 { records[at].customer = 99 }
        let told = try Self.finer(records, leftOut: 0..<20, customers: 3)
        #expect(told[0] == [.value(.integer(120))])
        #expect(told[1].contains { if case .suppressed = $0 { true } else { false } })
        for at in 0..<20 { records[at].customer = 90 + at % 5 }
        let several = try Self.finer(records, leftOut: 0..<20, customers: 3, isFiner: false)
        #expect(several[1] == [.value(.integer(100))])
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
