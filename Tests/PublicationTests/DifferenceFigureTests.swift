import KeyedHashing
import Publication
import Statistics
import TestSupport
import Testing

/// One figure of one row, as it was published, as it is now, and what came between.
@Suite("Differences of single figures")
struct DifferenceFigureTests {
    private static let rules = ControlRules(persons: 10, customers: 3)
    private static let place = FigurePlace(row: 0, column: 0)

    private struct Figure {
        var value: Quantity?
        var persons = 0
        var customers = 5

        init(_ value: Quantity?, persons: Int = 0, customers: Int = 5) {
            self.value = value
            self.persons = persons
            self.customers = customers
        }

        init(_ value: Int64, persons: Int, customers: Int = 5) {
            self.init(.integer(value), persons: persons, customers: customers)
        }
    }

    private func measured(
        _ figure: Figure, _ role: ColumnRole, columns: [String] = ["c"], group: String = "g"
    ) -> MeasuredTable {
        MeasuredTable(
            name: "t", groupColumns: [group],
            columns: columns.map { MeasuredColumn(name: $0, role: role) },
            rows: [
                MeasuredRow(
                    key: [bytes("x")],
                    cells: columns.map { _ in
                        MeasuredCell(
                            value: figure.value, basis: 1, persons: 0, customers: 0,
                            unreadable: 0,
                            backing: CellBacking(
                                persons: figure.persons, customers: figure.customers, total: nil))
                    }, persons: 50, customers: 9)
            ], suppression: .standard)
    }

    private func controlled(
        _ cell: ControlledCell, _ role: ColumnRole, columns: [String] = ["c"],
        group: String = "g"
    ) -> ControlledTable {
        ControlledTable(
            name: "t", groupColumns: [group],
            columns: columns.map { MeasuredColumn(name: $0, role: role) },
            rows: [ControlledTable.Row(key: [bytes("x")], cells: columns.map { _ in cell })],
            persons: 10,
            withheld: WithheldShare(cells: 0, cellsTotal: 1, records: 0, recordsTotal: 1))
    }

    /// What is found in `now` after `told`, of which `left` is left, and to which `added` came.
    private func findings(
        _ told: ControlledCell, left: Figure, added: Figure, now: Figure,
        _ role: ColumnRole = .count, addition: ControlledCell = .value(.integer(1))
    ) -> DifferenceFindings {
        DifferenceCheck(
            earlier: [
                PublishedTable(
                    purpose: "statistics", customers: 3, table: controlled(told, role))
            ],
            recounted: [measured(left, role)], added: [measured(added, role)],
            controlledAdditions: [controlled(addition, role)], Self.rules
        ).findings(in: measured(now, role))
    }

    @Test("a withheld figure is told when at least as much came to it, from enough")
    func outgrown() {
        for (added, persons, customers, isTold) in [
            (12, 10, 3, true), (11, 10, 3, false), (12, 9, 3, false), (12, 10, 2, false),
            (13, 11, 4, true),
        ] as [(Int64, Int, Int, Bool)] {
            for role in [ColumnRole.count, .distinctCount] {
                let found = findings(
                    .suppressed(.complementary), left: Figure(12, persons: 12),
                    added: Figure(added, persons: persons, customers: customers),
                    now: Figure(12 + added, persons: 30), role)
                #expect(found.withheldBefore == (isTold ? [] : [Self.place]), "\(added)")
                #expect(found.isolating.isEmpty && found.toldBefore.isEmpty)
            }
        }
        // A sum says nothing of how many there were: who came must be enough.
        let sum = findings(
            .suppressed(.persons), left: Figure(1000, persons: 2),
            added: Figure(1, persons: 10), now: Figure(1001, persons: 12), .magnitude)
        #expect(sum.withheldBefore.isEmpty)
        // Who came is not known: nobody may have.
        let unknown = DifferenceCheck(
            earlier: [
                PublishedTable(
                    purpose: "statistics", customers: 3,
                    table: controlled(.suppressed(.complementary), .count))
            ],
            recounted: [], added: [], controlledAdditions: [], Self.rules
        ).findings(in: measured(Figure(40, persons: 40), .count))
        #expect(unknown.withheldBefore == [Self.place])
        // Of nothing anything is as much.
        let none = findings(
            .suppressed(.zero), left: Figure(nil), added: Figure(10, persons: 10),
            now: Figure(10, persons: 10))
        #expect(none.withheldBefore.isEmpty)
    }

    @Test("nothing and zero are one to a reader")
    func zero() {
        let nothing = Figure(nil)
        let zero = Figure(0, persons: 0)
        for told in [ControlledCell.zero, .notMeasured, .value(.integer(0))] {
            for now in [nothing, zero] {
                let found = findings(told, left: zero, added: nothing, now: now)
                #expect(found.places.isEmpty)
                #expect(found.toldBefore == [Self.place])
            }
            let one = findings(told, left: zero, added: nothing, now: Figure(1, persons: 1))
            #expect(one.isolating == [Self.place])
            #expect(one.toldBefore.isEmpty)
        }
        let gone = findings(
            .value(.integer(12)), left: zero, added: nothing, now: zero)
        #expect(gone.isolating == [Self.place])
    }

    @Test("distinct counts differ by enough, and other figures by what enough made")
    func byHowMuch() {
        for (role, isSafe) in [
            (ColumnRole.distinctCount, false), (.count, true), (.magnitude, true),
        ] {
            let found = findings(
                .value(.integer(40)), left: Figure(40, persons: 40),
                added: Figure(9, persons: 10), now: Figure(49, persons: 45), role)
            #expect(found.isolating == (isSafe ? [] : [Self.place]))
        }
        let enough = findings(
            .value(.integer(40)), left: Figure(40, persons: 40), added: Figure(12, persons: 12),
            now: Figure(50, persons: 50), .distinctCount)
        #expect(enough.isolating.isEmpty)
        // From nothing to as many as there must be, and back.
        let first = findings(
            .zero, left: Figure(nil), added: Figure(10, persons: 10),
            now: Figure(10, persons: 10), .distinctCount)
        #expect(first.isolating.isEmpty)
        let last = findings(
            .value(.integer(10)), left: Figure(10, persons: 10),
            added: Figure(nil, persons: 10), now: Figure(nil), .distinctCount)
        #expect(last.isolating.isEmpty)
    }

    @Test("an addition that is withheld for another reason than few persons is no difference")
    func addition() {
        for reason in SuppressionReason.allCases {
            let same = findings(
                .value(.integer(40)), left: Figure(40, persons: 40), added: Figure(nil),
                now: Figure(40, persons: 40), addition: .suppressed(reason))
            #expect(same.isolating.isEmpty == [.persons, .customers].contains(reason))
            let distinct = findings(
                .value(.integer(40)), left: Figure(40, persons: 40), added: Figure(nil),
                now: Figure(40, persons: 40), .distinctCount, addition: .suppressed(reason))
            #expect(distinct.isolating.isEmpty)
        }
    }

    @Test("a table of other columns is another table")
    func columns() {
        let now = Figure(41, persons: 41)
        let old = Figure(40, persons: 40)
        for (columns, group) in [(["c"], "g"), (["d"], "g"), (["c"], "h")] {
            let check = DifferenceCheck(
                earlier: [
                    PublishedTable(
                        purpose: "statistics", customers: 3,
                        table: controlled(
                            .value(.integer(40)), .count, columns: columns, group: group))
                ],
                recounted: [measured(old, .count)],
                added: [measured(Figure(1, persons: 1), .count)],
                controlledAdditions: [], Self.rules)
            let isSame = columns == ["c"] && group == "g"
            #expect(check.findings(in: measured(now, .count)).isolating.isEmpty == !isSame)
        }
    }

    @Test("several publications forbid together")
    func union() {
        let places = (0..<6).map { FigurePlace(row: $0, column: 0) }
        var all = DifferenceFindings()
        var other = DifferenceFindings()
        all.isolating = [places[0]]
        all.withheldBefore = [places[1]]
        all.toldBefore = [places[2]]
        other.isolating = [places[3]]
        other.withheldBefore = [places[4]]
        other.toldBefore = [places[5]]
        all.formUnion(other)
        #expect(all.isolating == [places[0], places[3]])
        #expect(all.withheldBefore == [places[1], places[4]])
        #expect(all.toldBefore == [places[2], places[5]])
        #expect(all.places == [places[0], places[1], places[3], places[4]])
    }

    @Test("a hidden figure has nobody behind it that control could count on")
    func hiding() throws {
        let cell = try #require(
            measured(Figure(40, persons: 40), .count).hiding([Self.place]).rows[0].cells.first)
        #expect(cell.value == .integer(40))
        #expect(cell.backing?.persons == 1 && cell.backing?.customers == 1)
        #expect(cell.persons == 0 && cell.customers == 0)
        var table = measured(Figure(40, persons: 40), .count, columns: ["c", "d"])
        let counted = MeasuredCell(
            value: .integer(40), basis: 40, persons: 40, customers: 7, unreadable: 2,
            backing: CellBacking(
                persons: 40, customers: 7, total: 40, largestPersons: [3, 2],
                largestCustomers: [9, 8]))
        table.rows[0] = MeasuredRow(
            key: table.rows[0].key, cells: [counted, counted], persons: 50, customers: 9)
        let hidden = table.hiding([FigurePlace(row: 0, column: 1)]).rows[0].cells
        #expect(hidden[0] == counted)
        #expect(
            hidden[1]
                == MeasuredCell(
                    value: .integer(40), basis: 40, persons: 1, customers: 1, unreadable: 2,
                    backing: CellBacking(
                        persons: 1, customers: 1, total: 40, largestPersons: [3, 2],
                        largestCustomers: [9, 8])))
    }

    // MARK: Rounded counts

    /// What is found of a count that was told as `told`, of which `left` is left, when it is `now`;
    /// counts are rounded to multiples of five, which five and zero are.
    private func rounded(
        _ told: ControlledCell, left: Int64?, now: Int64
    ) throws -> DifferenceFindings {
        let secret = [UInt8](repeating: 3, count: 32)
        let key = RoundingKey(
            HMACSHA256(key: try SecretKey.copying(secret.span)), period: bytes("2026-01"))
        let statistic = StatisticPlan(
            name: "t", purposeIndex: 0, groupBy: [.text(input: 0, column: "g")],
            measures: [MeasurePlan(name: "c", kind: .count)], suppression: .standard)
        let base = try #require(RandomRounding(base: 5))
        let check = DifferenceCheck(
            earlier: [
                PublishedTable(
                    purpose: "statistics", customers: 3, table: controlled(told, .count))
            ],
            recounted: left.map { [measured(Figure($0, persons: 50), .count)] } ?? [], added: [],
            controlledAdditions: [], counts: ToldCounts(.rounding(base, key), [statistic]),
            Self.rules)
        return check.findings(in: measured(Figure(now, persons: 50), .count))
    }

    @Test("a rounded count is compared with what it was rounded from")
    func countsBeforeRounding() throws {
        let five = ControlledCell.value(.integer(5))
        for (told, left, now) in [
            (five, 5, 5), (.zero, 0, 0), (.zero, nil, 0),
        ] as [(ControlledCell, Int64?, Int64)] {
            let found = try rounded(told, left: left, now: now)
            #expect(found.isolating.isEmpty && found.toldBefore == [Self.place])
        }
        // Something was taken out since: it could be computed.
        for (told, left, now) in [
            (five, nil, 5), (five, nil, 0), (five, 10, 5), (five, 0, 5), (.zero, 5, 0),
        ] as [(ControlledCell, Int64?, Int64)] {
            let found = try rounded(told, left: left, now: now)
            #expect(found.isolating == [Self.place] && found.toldBefore.isEmpty)
        }
    }
}
