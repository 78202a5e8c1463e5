import Statistics
import Testing

@testable import Publication

/// Distinct counts about a part, and those about everybody.
@Suite struct WholePartTests {
    private static func statistic(
        _ name: String, _ keys: [GroupKey], _ conditions: [Condition]
    ) -> StatisticPlan {
        StatisticPlan(
            name: name, purposeIndex: 0, groupBy: keys,
            measures: [
                MeasurePlan(name: "users", conditions: conditions, kind: .distinct(token: 0))
            ], suppression: .standard)
    }

    /// `crowd` is by how many persons and customers more there are than are counted.
    private static func table(
        _ name: String, _ rows: [(key: [String], users: Int)],
        crowd: (persons: Int, customers: Int) = (0, 0)
    ) -> MeasuredTable {
        MeasuredTable(
            name: name, groupColumns: rows[0].key.map { _ in "a" },
            columns: [MeasuredColumn(name: "users", role: .distinctCount)],
            rows: rows.map { key, users in
                let (persons, customers) = (users + crowd.persons, users + crowd.customers)
                let backing = CellBacking(persons: persons, customers: customers, total: nil)
                let cell = MeasuredCell(
                    value: .integer(Int64(users)), basis: Int64(users), persons: persons,
                    customers: customers, unreadable: 0, backing: backing)
                return MeasuredRow(
                    key: key.map { Array($0.utf8) }, cells: [cell], persons: persons,
                    customers: customers,
                    backing: RowBacking(persons: persons, customers: customers))
            }, suppression: .standard)
    }

    private static func condition(_ texts: [String]) -> Condition {
        Condition(input: 0, texts: texts.map { Array($0.utf8) })
    }

    /// Users by a, and in all those with the `texts` of a; of z there is nobody.
    private static func family(_ texts: [String]) throws -> Family {
        let condition = condition(texts)
        let publication = MeasuredPublication(
            statistics: [
                statistic("byA", [.text(input: 0, column: "a")], []),
                statistic("all", [], [condition]),
            ],
            tables: [
                table("byA", [(["x"], 20), (["y"], 30), (["z"], 0)]), table("all", [([], 40)]),
            ])
        return try #require(try FamilyBuilder(publication).families().first)
    }

    @Test(arguments: [(["x", "y"], true), (["x", "y", "z"], true), (["x"], false)])
    func isAboutEverybody(_ texts: [String], _ isWhole: Bool) throws {
        #expect(try Self.family(texts).tables.contains { $0.set.isEmpty } == isWhole)
    }

    /// What is in all and not in a part is just as many as the two differ by.
    @Test(arguments: [(60, false), (59, true), (51, true), (50, false)])
    func aPartThatLeavesFewIsHidden(_ users: Int, _ isHidden: Bool) throws {
        func told(_ whole: [Condition], _ part: [Condition]) throws -> [ControlledCell] {
            let all = MeasuredPublication(
                statistics: [Self.statistic("all", [], whole), Self.statistic("part", [], part)],
                tables: [Self.table("all", [([], 60)]), Self.table("part", [([], users)])])
            let made = try controlled(all, ControlRules(persons: 10, customers: nil))
            return made.tables.map { $0.rows[0].cells[0] }
        }
        let expected: [ControlledCell] = [
            .value(.integer(60)),
            isHidden ? .suppressed(.linked) : .value(.integer(Int64(users))),
        ]
        #expect(try told([], [Self.condition(["x"])]) == expected)
        // Of a part of a part it is the same.
        #expect(try told([Self.condition(["x", "y"])], [Self.condition(["x"])]) == expected)
    }

    /// What is told of all, and of 30 and `users` of them by rows.
    private static func rows(
        _ users: Int, crowd: (persons: Int, customers: Int) = (0, 0)
    ) throws -> [[ControlledCell]] {
        let publication = MeasuredPublication(
            statistics: [
                statistic("all", [], []), statistic("byA", [.text(input: 0, column: "a")], []),
            ],
            tables: [
                table("all", [([], 60)], crowd: crowd),
                table("byA", [(["x"], users), (["y"], 30)], crowd: crowd),
            ])
        let made = try controlled(publication, ControlRules(persons: 10, customers: 3))
        #expect(made.unproven == 0)
        return made.tables.map { $0.rows.map { $0.cells[0] } }
    }

    /// Who subtracts a row from its total learns as much as from a column about a part.
    @Test(arguments: [(60, false), (59, true), (51, true), (50, false)])
    func aRowThatLeavesFewIsHidden(_ users: Int, _ isHidden: Bool) throws {
        #expect(
            try Self.rows(users) == [
                [.value(.integer(60))],
                [
                    isHidden ? .suppressed(.linked) : .value(.integer(Int64(users))),
                    .value(.integer(30)),
                ],
            ])
    }

    /// Nine devices may be one person's: what is neither persons nor customers needs as many as
    /// persons. Customers need as many as customers.
    @Test(arguments: [
        (5, 3, 51, true), (5, 3, 50, false), (-5, -20, 51, true), (5, 0, 58, true),
        (5, 0, 57, false), (0, 0, 57, true),
    ])
    func otherThingsNeedAsManyAsPersons(
        _ persons: Int, _ customers: Int, _ users: Int, _ isHidden: Bool
    ) throws {
        let told = try Self.rows(users, crowd: (persons, customers))[1][0]
        #expect(told == (isHidden ? .suppressed(.linked) : .value(.integer(Int64(users)))))
    }
}
