import Records
import Statistics
import TestSupport
import Testing

@testable import Publication

/// The rules on a figure taken by itself (science.md §5.1 and `sdc_reference.json`).
@Suite struct PrimaryRuleTests {
    private static let unit: Int128 = 1_000_000_000

    private static func cell(
        _ value: Int64?, persons: Int, customers: Int = 5, largest: [Int64]? = nil
    ) -> MeasuredCell {
        MeasuredCell(
            value: value.map { .integer($0) }, basis: 100, persons: min(persons, 10),
            customers: min(customers, 3), unreadable: 0,
            backing: CellBacking(
                persons: persons, customers: customers,
                total: largest == nil ? nil : value.map { Int128($0) * unit },
                largestPersons: (largest ?? []).map { Int128($0) * unit },
                largestCustomers: (largest ?? []).map { Int128($0) * unit }))
    }

    private static func control(
        _ cells: [MeasuredCell], _ role: ColumnRole, _ rules: ControlRules = ControlRules(),
        own: SuppressionRule = .standard, row: RowBacking = RowBacking(persons: 50, customers: 9)
    ) throws -> [ControlledCell] {
        let columns = cells.indices.map { "c\($0)" }
        let statistic = StatisticPlan(
            name: "t", purposeIndex: 0, groupBy: [.text(input: 0, column: "partner")],
            measures: columns.map {
                MeasurePlan(name: $0, kind: .percentile(input: 1, .median))
            }, suppression: own)
        let table = MeasuredTable(
            name: "t", groupColumns: ["partner"],
            columns: columns.map { MeasuredColumn(name: $0, role: role) },
            rows: [
                MeasuredRow(
                    key: [bytes("p01")], cells: cells, persons: row.persons,
                    customers: row.customers, backing: row)
            ], suppression: own)
        let made = try controlled(
            MeasuredPublication(statistics: [statistic], tables: [table]), rules)
        return made.tables[0].rows[0].cells
    }

    @Test func thresholdsCountPersonsAndCustomers() throws {
        let cells = [
            Self.cell(5000, persons: 9), Self.cell(5000, persons: 10),
            Self.cell(5000, persons: 10, customers: 2), Self.cell(0, persons: 0, customers: 0),
            Self.cell(nil, persons: 0, customers: 0), Self.cell(0, persons: 4),
            Self.cell(0, persons: 12),
        ]
        #expect(
            try Self.control(cells, .count) == [
                .suppressed(.persons), .value(.integer(5000)), .suppressed(.customers), .zero,
                .notMeasured, .suppressed(.persons), .zero,
            ])
        var rules = ControlRules()
        rules.zeros = .hidden
        #expect(try Self.control([cells[3], cells[6]], .count, rules)
            == [.suppressed(.zero), .suppressed(.zero)])
        #expect(
            try Self.control([cells[3]], .count, row: RowBacking(persons: 9, customers: 9))
                == [.suppressed(.persons)])
    }

    /// Nobody is behind the cell: enough must be behind its row, and nothing may be counted of it.
    @Test func aCellOfNobodyTellsOfItsRow() throws {
        let zero = [Self.cell(0, persons: 0, customers: 0)]
        for (persons, customers, expected) in [
            (10, 3, .zero), (9, 3, .suppressed(.persons)), (10, 2, .suppressed(.customers)),
        ] as [(Int, Int, ControlledCell)] {
            let row = RowBacking(persons: persons, customers: customers)
            #expect(try Self.control(zero, .count, row: row) == [expected])
        }
        let odd = [Self.cell(7, persons: 0, customers: 0), Self.cell(0, persons: 0, customers: 1)]
        #expect(
            try Self.control(odd, .count) == [.suppressed(.persons), .suppressed(.persons)])
    }

    @Test func theStricterThresholdOfCustomersHolds() throws {
        let cells = [Self.cell(50, persons: 15, customers: 5)]
        for (own, expected) in [
            (2, .value(.integer(50))), (5, .value(.integer(50))), (6, .suppressed(.customers)),
        ] as [(Int, ControlledCell)] {
            let rule = SuppressionRule.persons(10, customers: own)
            #expect(try Self.control(cells, .count, own: rule) == [expected])
        }
        let few = [Self.cell(50, persons: 15, customers: 2)]
        #expect(
            try Self.control(few, .count, own: .persons(10, customers: 2))
                == [.suppressed(.customers)])
    }

    /// A table about one customer asks for none of them.
    @Test(arguments: [(nil, nil, 0), (nil, 5, 0), (0, nil, 0), (0, 5, 5), (3, nil, 3), (3, 2, 3)]
        as [(Int?, Int?, Int)])
    func thresholdsOfCustomers(_ rule: Int?, _ own: Int?, _ customers: Int) {
        let table = MeasuredTable(
            name: "t", groupColumns: [], columns: [], rows: [],
            suppression: .persons(12, customers: own))
        let thresholds = Thresholds(ControlRules(persons: 10, customers: rule), table)
        #expect(thresholds.persons == 12 && thresholds.customers == customers)
    }

    /// Somebody is behind the cell, of no customer: it is no cell of nobody.
    @Test func aZeroOfFewPersonsOfNoCustomerIsHidden() throws {
        let cells = [(0, 4), (0, 12), (7, 12)].map { Self.cell($0, persons: $1, customers: 0) }
        #expect(
            try Self.control(cells, .count)
                == [.suppressed(.persons), .suppressed(.customers), .suppressed(.customers)])
        let rules = ControlRules(customers: nil)
        #expect(
            try Self.control(cells, .count, rules, own: .persons(10, customers: nil)) == [
                .suppressed(.persons), .zero, .value(.integer(7)),
            ])
    }

    /// The smallest sum that is one person's.
    @Test func oneBillionthOfOnePersonIsHidden() throws {
        var cell = Self.cell(1, persons: 30)
        cell.backing = CellBacking(
            persons: 30, customers: 5, total: 1, largestPersons: [1], largestCustomers: [])
        #expect(try Self.control([cell], .magnitude) == [.suppressed(.dominance)])
    }

    @Test func theStricterThresholdHolds() throws {
        let cells = [Self.cell(50, persons: 15)]
        #expect(try Self.control(cells, .count) == [.value(.integer(50))])
        #expect(
            try Self.control(cells, .count, own: .persons(20, customers: nil))
                == [.suppressed(.persons)])
        #expect(
            try Self.control(cells, .count, ControlRules(persons: 16)) == [.suppressed(.persons)])
        // A table about one customer asks for no others.
        #expect(
            try Self.control(
                [Self.cell(50, persons: 15, customers: 1)], .count, ControlRules(customers: nil))
                == [.value(.integer(50))])
        #expect(ControlRules(persons: 1).persons == 3)
    }

    /// X = 100000, x1 = 50000, x2 = 49000: passes (1,80), fails (2,90) and p = 10.
    @Test func dominanceOfTheHandbook() throws {
        let cells = [Self.cell(100_000, persons: 30, largest: [50_000, 49_000])]
        func rules(_ dominance: DominanceRule?, _ percent: Int?) -> ControlRules {
            ControlRules(dominance: dominance, priorPercent: percent)
        }
        #expect(
            try Self.control(cells, .magnitude, rules(nil, 10)) == [.suppressed(.dominance)])
        let one = DominanceRule(contributors: 1, percent: 80)
        #expect(
            try Self.control(cells, .magnitude, rules(one, nil)) == [.value(.integer(100_000))])
        let two = DominanceRule(contributors: 2, percent: 90)
        #expect(
            try Self.control(cells, .magnitude, rules(two, nil)) == [.suppressed(.dominance)])
        // Counts of records are no magnitudes.
        #expect(try Self.control(cells, .count, rules(two, 10)) == [.value(.integer(100_000))])
        #expect(DominanceRule(contributors: 3, percent: 50) == nil)
        #expect(DominanceRule(contributors: 1, percent: 100) == nil)
    }

    @Test(arguments: [(1_000, 80, 3, false), (1_000, 800, 150, true), (1_000, 100, 850, true)])
    func priorPercentAtItsEdge(_ total: Int64, _ x1: Int64, _ x2: Int64, _ unsafe: Bool) throws {
        let cells = [Self.cell(total, persons: 30, largest: [max(x1, x2), min(x1, x2)])]
        #expect(
            try Self.control(cells, .magnitude) == [
                unsafe ? .suppressed(.dominance) : .value(.integer(total))
            ])
        // X - x2 - x1 = p% of x1 exactly is safe.
        let edge = [Self.cell(1_100, persons: 30, largest: [800, 220])]
        #expect(try Self.control(edge, .magnitude) == [.value(.integer(1_100))])
    }

    @Test func whatCannotBeControlledIsRefused() throws {
        let cells = [Self.cell(1, persons: 1)]
        #expect(throws: ControlRefusal.countsRecords(table: "t")) {
            try Self.control(cells, .count, own: .count(10))
        }
        var bare = cells
        bare[0].backing = nil
        #expect(throws: ControlRefusal.notSeparable(table: "t")) {
            try Self.control(bare, .count)
        }
        #expect(throws: ControlRefusal.shape) {
            try controlled(
                MeasuredPublication(
                    statistics: [],
                    tables: [
                        MeasuredTable(
                            name: "t", groupColumns: [], columns: [], rows: [],
                            suppression: .standard)
                    ]), ControlRules())
        }
    }

    @Test func theShareWithheldIsTold() throws {
        let table = MeasuredTable(
            name: "t", groupColumns: ["partner"],
            columns: [MeasuredColumn(name: "a", role: .count)],
            rows: [("x", 5, 9), ("y", 95, 40)].map { key, value, persons in
                MeasuredRow(
                    key: [bytes(key)],
                    cells: [
                        MeasuredCell(
                            value: .integer(value), basis: value, persons: 0, customers: 0,
                            unreadable: 0,
                            backing: CellBacking(persons: persons, customers: 4, total: nil))
                    ], persons: 0, customers: 0,
                    backing: RowBacking(persons: persons, customers: 4))
            }, suppression: .standard)
        let statistic = StatisticPlan(
            name: "t", purposeIndex: 0, groupBy: [.text(input: 0, column: "partner")],
            measures: [MeasurePlan(name: "a", kind: .percentile(input: 1, .median))],
            suppression: .standard)
        let made = try controlled(
            MeasuredPublication(statistics: [statistic], tables: [table]), ControlRules())
        let share = made.tables[0].withheld
        #expect(share == WithheldShare(cells: 1, cellsTotal: 2, records: 5, recordsTotal: 100))
        #expect(share.isAbove(percent: 20))
        #expect(!share.isAbove(percent: 50))
        #expect(made.tables[0].persons == 10)
        #expect(made.tables[0].statisticTable.rows[0].cells == [.suppressed(below: 10)])
    }

    @Test(arguments: SuppressionReason.allCases)
    func onlyACountOfTooFewPersonsIsSaidToBeOne(reason: SuppressionReason) {
        let table = ControlledTable(
            name: "t", groupColumns: ["partner"],
            columns: [MeasuredColumn(name: "times", role: .count)],
            rows: [ControlledTable.Row(key: [Array("P-1".utf8)], cells: [.suppressed(reason)])],
            persons: 10,
            withheld: WithheldShare(cells: 1, cellsTotal: 1, records: 0, recordsTotal: 40))
        var csv = ByteBuffer(capacity: 64)
        table.statisticTable.appendCSV(to: &csv)
        var lines = ByteBuffer(capacity: 64)
        table.statisticTable.appendJSONLines(to: &lines)
        let isFew = reason == .persons
        #expect(text(csv.array()) == "partner,times\nP-1,\(isFew ? "<10" : "x")\n")
        #expect(text(lines.array()).contains("\"below\":10") == isFew)
        #expect(text(lines.array()).contains("\"suppressed\":true"))
    }
}
