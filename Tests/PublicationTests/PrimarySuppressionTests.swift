import Publication
import Records
import TestSupport
import Testing

@testable import Statistics

@Suite struct PrimarySuppressionTests {
    private static func cell(
        _ value: Int64?, basis: Int64 = 100, persons: Int, customers: Int = 3
    ) -> MeasuredCell {
        MeasuredCell(
            value: value.map { .integer($0) }, basis: basis, persons: persons,
            customers: customers, unreadable: 0)
    }

    private static func table(
        _ rule: SuppressionRule, _ cells: [MeasuredCell], _ roles: [ColumnRole],
        persons: Int = 10, customers: Int = 3, key: String = "p01"
    ) -> StatisticTable {
        suppressed(
            MeasuredTable(
                name: "t", groupColumns: ["partner"],
                columns: roles.enumerated().map { MeasuredColumn(name: "c\($0)", role: $1) },
                rows: [
                    MeasuredRow(
                        key: [bytes(key)], cells: cells, persons: persons, customers: customers)
                ], suppression: rule))
    }

    private static func csv(_ table: StatisticTable) -> String {
        var buffer = ByteBuffer()
        table.appendCSV(to: &buffer)
        return text(buffer.array())
    }

    private static func jsonLines(_ table: StatisticTable) -> String {
        var buffer = ByteBuffer()
        table.appendJSONLines(to: &buffer)
        return text(buffer.array())
    }

    @Test func personsDecideNotEvents() {
        let table = Self.table(
            .persons(10, customers: 3),
            [
                Self.cell(5000, persons: 9), Self.cell(5000, persons: 10),
                Self.cell(5000, persons: 10, customers: 2), Self.cell(0, persons: 0, customers: 0),
                Self.cell(nil, persons: 0, customers: 0), Self.cell(0, persons: 4),
                Self.cell(nil, persons: 0, customers: 1),
            ], Array(repeating: .count, count: 7))
        #expect(
            table.rows[0].cells == [
                .suppressed(below: 10), .value(.integer(5000)), .suppressed(below: 10), .zero,
                .notMeasured, .suppressed(below: 10), .suppressed(below: 10),
            ])
    }

    @Test("no count is fewer than one where one person is enough")
    func nobodyIsToldApart() {
        let table = Self.table(
            .persons(1, customers: 1),
            [Self.cell(5, persons: 0, customers: 0), Self.cell(5, persons: 1, customers: 0)],
            Array(repeating: .count, count: 2), persons: 0, customers: 0)
        #expect(table.rows[0].cells == [.withheld, .withheld])
        #expect(Self.csv(table) == "partner,c0,c1\np01,x,x\n")
    }

    /// Somebody is behind the cell, of no customer: it is no cell of nobody.
    @Test func aZeroOfFewPersonsOfNoCustomerIsHidden() {
        let cells = [Self.cell(0, persons: 4, customers: 0), Self.cell(0, persons: 0, customers: 1)]
        let table = Self.table(.persons(10, customers: 3), cells, [.count, .count])
        #expect(table.rows[0].cells == [.suppressed(below: 10), .suppressed(below: 10)])
    }

    @Test func aZeroOfASmallRowIsHidden() {
        let cells = [Self.cell(0, persons: 0, customers: 0)]
        let few = Self.table(.standard, cells, [.count], persons: 9)
        #expect(few.rows[0].cells == [.suppressed(below: 10)])
        let oneCustomer = Self.table(.standard, cells, [.count], customers: 2)
        #expect(oneCustomer.rows[0].cells == [.suppressed(below: 10)])
    }

    @Test func countsDecideWhereAskedTo() {
        let table = Self.table(
            .count(10),
            [
                Self.cell(9, persons: 0), Self.cell(10, persons: 0), Self.cell(0, persons: 0),
                Self.cell(3, basis: 10, persons: 0), Self.cell(3, basis: 9, persons: 0),
                Self.cell(0, basis: 10, persons: 0),
            ], [.count, .distinctCount, .count, .magnitude, .magnitude, .magnitude])
        #expect(Self.csv(table) == "partner,c0,c1,c2,c3,c4,c5\np01,<10,10,<10,3,,0\n")
    }

    @Test func theThreeMarksLookDifferent() {
        let cells = [
            Self.cell(7, persons: 10), Self.cell(0, persons: 10), Self.cell(1, persons: 1),
            Self.cell(nil, persons: 10),
        ]
        let roles: [ColumnRole] = [.count, .count, .count, .magnitude]
        let table = Self.table(.standard, cells, roles)
        #expect(Self.csv(table) == "partner,c0,c1,c2,c3\np01,7,0,<10,n/a\n")
        #expect(
            Self.jsonLines(table)
                == #"{"partner":"p01","c0":7,"c1":0,"c2":{"suppressed":true,"below":10},"c3":null}"#
                + "\n")
    }

    @Test(arguments: [
        ("plain", "plain"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""),
        ("=1+1", "'=1+1"), ("-x", "'-x"), ("+x", "'+x"), ("@x,y", "\"'@x,y\""),
        ("\tx", "'\tx"), ("\rx", "\"'\rx\""), (" =x", " =x"), ("", ""),
    ])
    func textsAreQuotedAndDefused(_ value: String, _ expected: String) {
        let table = Self.table(
            .standard, [Self.cell(-5, persons: 10)], [.magnitude], key: value)
        #expect(Self.csv(table) == "partner,c0\n\(expected),-5\n")
    }

    @Test func jsonTextsAreEscaped() {
        let table = Self.table(
            .standard, [Self.cell(1, persons: 10)], [.count], key: "a\"\\\u{1}\n")
        #expect(Self.jsonLines(table) == #"{"partner":"a\"\\\u0001\n","c0":1}"# + "\n")
    }
}
