import Foundation
import Statistics
import TestSupport
import Testing

@testable import Publication

/// The audit of distinct counts does not believe what it is told either.
@Suite struct DistinctAuditTests {
    private static let unit: Int128 = 1_000_000_000
    private static let row = GroupKey.text(input: 0, column: "a")
    private static let column = GroupKey.text(input: 1, column: "b")

    /// Users by row and column, 5, 6, 7 and 8 of them in cells 0...3, all of them hidden, and by
    /// what else `totals` says; cell 0 is unsafe.
    private static func family(
        _ totals: [[GroupKey]], cells: [GroupKey] = [row, column], need: Int128 = 3
    ) throws -> Family {
        let log = InventedLog.twoByTwo
        let tables = ([cells] + totals).map { InventedLog.Table(keys: $0, columns: [.users]) }
        let publication = log.publication(tables, .persons(3, customers: nil))
        var family = try FamilyBuilder(publication).families()[0]
        for cell in family.tables[0].cells {
            family.hide(cell)
            family.floors[cell] = 1
        }
        family.markUnsafe(0, need: need * unit, hasFewPersons: true)
        return family
    }

    private static func outcome(
        _ family: Family, _ changes: [[(cell: Int, amount: Int128)]]
    ) throws -> FeasibilityAudit.Outcome {
        var proofs = ChangeProofs()
        for change in changes { proofs.add(change.map { ($0.cell, $0.amount * unit) }) }
        return try DistinctAudit(family, proofs).run()
    }

    @Test func aSignalEndsIt() async {
        await #expect(processExitsWith: .exitCode(0)) {
            stopThisProcess()
            let family = try Self.family(Self.both)
            exit(isStopped { _ = try Self.outcome(family, [[(0, 3)]]) } ? 0 : 1)
        }
    }

    private static let both = [[row], [column], []]

    @Test func whatFitsIsTaken() throws {
        for changes in [
            [(0, 3)], [(0, 6)], [(0, -3), (1, 3), (2, 3)], [(0, -4), (1, 4), (2, 4)],
        ] as [[(cell: Int, amount: Int128)]] {
            let outcome = try Self.outcome(try Self.family(Self.both), [changes])
            #expect(outcome.audited == 1 && outcome.failed.isEmpty, "\(changes)")
        }
        // Up and down together.
        let parts: [[(cell: Int, amount: Int128)]] = [[(0, 1)], [(0, -2), (1, 2), (2, 2)]]
        #expect(try Self.outcome(try Self.family(Self.both), parts).audited == 1)
    }

    @Test(
        "what does not fit is not",
        arguments: [
            // Too little; more than a total; parts that make up too little of their totals.
            [(0, 2)], [(0, 7)], [(0, -3)], [(0, -3), (1, 3)], [(0, -3), (2, 3)],
            // Fewer than there are; a figure that is shown; another cell's proof; none.
            [(0, -5), (1, 5), (2, 5)], [(0, 3), (4, 1)], [(1, 3), (0, 3)], [],
            // One cell twice: each amount fits, and so does the last.
            [(0, 3), (0, 1)], [(0, 3), (1, 0), (1, 0)],
        ] as [[(cell: Int, amount: Int128)]])
    func whatDoesNot(_ changes: [(cell: Int, amount: Int128)]) throws {
        let outcome = try Self.outcome(
            try Self.family(Self.both), changes.isEmpty ? [] : [changes])
        #expect(outcome.failed == [0] && outcome.audited == 0)
    }

    @Test func peopleAreWholeAndNoMoreThanTheMarkSays() throws {
        var family = try Self.family(Self.both)
        var proofs = ChangeProofs()
        proofs.add([(0, 3 * Self.unit + 1)])
        #expect(try DistinctAudit(family, proofs).run().failed == [0])
        family.ceilings[0] = 7
        #expect(try Self.outcome(family, [[(0, 3)]]).failed == [0])
        family.ceilings[0] = 8
        #expect(try Self.outcome(family, [[(0, 3)]]).failed.isEmpty)
    }

    /// A hidden total is at least its largest part and at most all of them.
    @Test(arguments: [(-6, false), (-5, true), (1, false)] as [(Int128, Bool)])
    func totals(_ amount: Int128, _ fits: Bool) throws {
        var family = try Self.family([[Self.row]])
        family.needs[0] = 0
        let total = family.tables[1].cells.lowerBound
        family.hide(total)
        family.floors[total] = 1
        family.markUnsafe(total, need: Self.unit, hasFewPersons: false)
        let outcome = try Self.outcome(family, [[(total, amount)]])
        #expect(outcome.failed == (fits ? [] : [total]))
    }

    /// No total is shown: a part is at most all parts of the other breakdown together.
    @Test(arguments: [(15, true), (16, false), (-4, true)] as [(Int128, Bool)])
    func twins(_ amount: Int128, _ fits: Bool) throws {
        let family = try Self.family(
            [[.month, Self.column]], cells: [.month, Self.row])
        #expect(family.values.map { $0 / Self.unit } == [11, 15, 12, 14])
        let outcome = try Self.outcome(family, [[(0, amount)]])
        #expect(outcome.failed.isEmpty == fits)
    }

    /// The range of a programme is believed before any proof: from 1 to 11 there are ten steps.
    @Test(arguments: [(10, true), (11, false)] as [(Int128, Bool)])
    func theExactRange(_ need: Int128, _ fits: Bool) throws {
        let family = try Self.family(Self.both, need: need)
        let outcome = try Self.outcome(family, [[(0, 6)], [(0, 5)]])
        #expect(outcome.failed == (fits ? [] : [0]))
        #expect(outcome.audited == (fits ? 1 : 0))
    }

    // MARK: The range where the proofs say more

    /// Users by the tables that are asked for, of records of `counts` persons in the cells of row
    /// and column; all of them shown.
    private static func shown(
        _ counts: [(texts: [String], persons: Range<Int>)], _ keys: [[GroupKey]]
    ) throws -> Family {
        var log = InventedLog()
        for (texts, persons) in counts {
            for person in persons {
                log.records.append(
                    InventedLog.Record(
                        day: 0, texts: texts, amount: 1, person: person, customer: person))
            }
        }
        let tables = keys.map { InventedLog.Table(keys: $0, columns: [.users]) }
        return try FamilyBuilder(log.publication(tables, .persons(3, customers: nil)))
            .families()[0]
    }

    private static func hide(_ cell: Int, _ family: inout Family, need: Int128 = 0) {
        family.hide(cell)
        family.floors[cell] = 1
        if need > 0 { family.markUnsafe(cell, need: need * unit, hasFewPersons: true) }
    }

    /// Proofs of which each fits by itself, together wider than what is possible.
    private static func isTaken(
        _ family: Family, _ changes: [[(cell: Int, amount: Int128)]]
    ) throws -> Bool {
        let outcome = try outcome(family, changes)
        #expect(outcome.failed.isEmpty == (outcome.audited == 1))
        return outcome.failed.isEmpty
    }

    /// 11 by row are at least the 6 and at most the 5 and 6 by column.
    @Test(arguments: [(5, true), (6, false)] as [(Int128, Bool)])
    func theRangeOfATwin(_ need: Int128, _ fits: Bool) throws {
        var family = try Self.shown(
            [(["r", "c0"], 0..<5), (["r", "c1"], 5..<11)],
            [[.month, Self.row], [.month, Self.column]])
        #expect(family.values.map { $0 / Self.unit } == [11, 5, 6])
        Self.hide(0, &family, need: need)
        #expect(try Self.isTaken(family, [[(0, -5)], [(0, -5)]]) == fits)
        // Fewer than a part of the other breakdown are none.
        #expect(try !Self.isTaken(family, [[(0, -6)]]))
        #expect(try !Self.isTaken(family, [[(0, 1)], [(0, -4)]]))
    }

    /// A total is at least its largest part and at most all of them.
    @Test(arguments: [(5, true), (6, false)] as [(Int128, Bool)])
    func theRangeOfATotal(_ need: Int128, _ fits: Bool) throws {
        var family = try Self.shown(
            [(["r", "c0"], 0..<5), (["r", "c1"], 5..<11)], [[Self.row, Self.column], [Self.row]])
        Self.hide(2, &family, need: need)
        #expect(try Self.isTaken(family, [[(2, -5)], [(2, -5)]]) == fits)
    }

    /// Cells 0 and 1 of 5 and 6 make up the hidden total 4, which with cell 5 of 15 makes up 26.
    private static func chain(need: Int128) throws -> Family {
        var family = try shown(
            [
                (["r0", "c0"], 0..<5), (["r0", "c1"], 5..<11), (["r1", "c0"], 11..<18),
                (["r1", "c1"], 18..<26),
            ], [[row, column], [row], []])
        for cell in [1, 4] { hide(cell, &family) }
        hide(0, &family, need: need)
        return family
    }

    /// Up to 26, and down to 1: the other one rises.
    @Test(arguments: [(25, true), (26, false)] as [(Int128, Bool)])
    func theRangeOverAHiddenTotal(_ need: Int128, _ fits: Bool) throws {
        let up: [(cell: Int, amount: Int128)] = [(0, 21), (4, 15)]
        let family = try Self.chain(need: need)
        #expect(try Self.isTaken(family, [up, up]) == fits)
        #expect(try !Self.isTaken(family, [[(0, 22), (4, 15)], up]))
    }

    /// The other one is known to be 8 at most: no more than two are taken off.
    @Test(arguments: [(23, true), (24, false)] as [(Int128, Bool)])
    func theRangeWhereTheOtherCannotRise(_ need: Int128, _ fits: Bool) throws {
        let up: [(cell: Int, amount: Int128)] = [(0, 21), (4, 15)]
        var family = try Self.chain(need: need)
        family.ceilings[1] = 8
        #expect(try Self.isTaken(family, [up, up]) == fits)
    }

    /// From 1 to 9, as the mark says.
    @Test(arguments: [(8, true), (9, false)] as [(Int128, Bool)])
    func theRangeUnderACeiling(_ need: Int128, _ fits: Bool) throws {
        var family = try Self.family(Self.both, need: need)
        family.ceilings[0] = 9
        #expect(try Self.isTaken(family, [[(0, 4)], [(0, 4)], [(0, 4)]]) == fits)
    }

    /// Nothing is added to what was proven, not even a billionth.
    @Test func theSmallestNeeds() throws {
        var family = try Self.family(Self.both)
        family.needs[0] = 1
        #expect(try Self.outcome(family, []).failed == [0])
        #expect(try Self.outcome(family, [[(0, 1)]]).failed.isEmpty)
        family.needs[0] = 3 * Self.unit + 1
        #expect(try Self.outcome(family, [[(0, 3)]]).failed == [0])
        #expect(try Self.outcome(family, [[(0, 4)]]).failed.isEmpty)
    }

    /// Groups of five users of which nobody is in two: as many as one programme takes, and one
    /// more, of which only the proofs are looked at.
    @Test(arguments: [(DistinctAudit.cellsMax, false), (DistinctAudit.cellsMax + 1, true)])
    func theLargestGroup(_ count: Int, _ isTaken: Bool) throws {
        var family = try Self.shown(
            (0..<count).map { (["r\($0)"], 5 * $0..<5 * $0 + 5) }, [[Self.row], []])
        for cell in 1..<count { Self.hide(cell, &family) }
        // From 1 to all of them are one less than all.
        Self.hide(0, &family, need: Int128(5 * count))
        let up: [(cell: Int, amount: Int128)] = [(0, Int128(5 * count - 5))]
        #expect(DistinctAudit.cellsMax == 60)
        #expect(try Self.isTaken(family, [up, up]) == isTaken)
    }

    /// Rows and columns under a total that is shown: each are looked at by themselves, and once.
    @Test func theGroupsOfATotal() throws {
        let count = 40
        var family = try Self.shown(
            (0..<count).map { (["r\($0)", "c\($0)"], 5 * $0..<5 * $0 + 5) },
            [[Self.row], [Self.column], []])
        for cell in 0..<2 * count { Self.hide(cell, &family, need: cell < 30 ? 3 : 0) }
        // From 1 to all of them are one less than all.
        let column = count
        family.markUnsafe(column, need: Int128(5 * count) * Self.unit, hasFewPersons: true)
        let up = [(cell: column, amount: Int128(5 * count - 5))]
        let outcome = try Self.outcome(
            family, (0..<30).map { [(cell: $0, amount: 3)] } + [up, up])
        #expect(outcome.failed == [column])
        #expect(outcome.audited == 30)
    }

    /// A cell between two breakdowns that are shown around it hangs together with neither of them.
    @Test func theGroupBetweenTwoBreakdowns() throws {
        var groups = (0..<40).map { (texts: ["r\($0)", "c\($0)"], persons: 20 * $0..<20 * $0 + 5) }
        groups.append((["r0", "c40"], 1000..<1006))
        groups.append((["r40", "c0"], 1006..<1013))
        var family = try Self.shown(
            groups,
            [
                [.month, Self.row, Self.column], [.month, Self.row], [.month, Self.column],
            ])
        let cell = try #require(family.tables[0].cells.first { family.values[$0] == 5 * Self.unit })
        let key = family.keys[cell]
        for table in family.tables.dropFirst() {
            let own = table.index[key & table.mask]
            for other in table.cells where other != own { Self.hide(other, &family) }
        }
        // 11 by its row: from 5 to 11.
        Self.hide(cell, &family, need: 7)
        let up: [(cell: Int, amount: Int128)] = [(cell, 6)]
        #expect(try !Self.isTaken(family, [up, up]))
        family.needs[cell] = 6 * Self.unit
        #expect(try Self.isTaken(family, [up, up]))
    }

    // MARK: Lines that are not there

    /// A family of the first table of one log and the second of another.
    static func joined(
        _ keys: [[GroupKey]], _ first: [InventedLog.Record], _ second: [InventedLog.Record]
    ) throws -> Family {
        let tables = keys.map { InventedLog.Table(keys: $0, columns: [.users]) }
        let made = [first, second].map { records -> MeasuredPublication in
            var log = InventedLog()
            log.records = records
            return log.publication(tables, .persons(3, customers: nil))
        }
        return try FamilyBuilder(
            MeasuredPublication(
                statistics: made[0].statistics, tables: [made[0].tables[0], made[1].tables[1]])
        ).families()[0]
    }

    static func users(_ texts: [String], day: Int) -> [InventedLog.Record] {
        (0..<5).map {
            InventedLog.Record(day: day, texts: texts, amount: 1, person: $0, customer: $0)
        }
    }

    /// Nothing is known of a total of which there are no parts.
    @Test func aTotalWithoutParts() throws {
        let one = Self.users(["r0", "c0"], day: 0)
        var family = try Self.joined(
            [[Self.row, Self.column], [Self.row]], one, one + Self.users(["r1", "c0"], day: 0))
        #expect(family.keys.count == 3)
        Self.hide(2, &family, need: 40)
        #expect(try Self.isTaken(family, [[(2, 40)]]))
        #expect(try !Self.isTaken(family, [[(2, 39)]]))
        #expect(try Self.isTaken(family, [[(2, -4)], [(2, 36)]]))
    }

    /// Nothing is known of parts beside which there is no other breakdown.
    @Test func partsWithoutATwin() throws {
        let one = Self.users(["r0", "c0"], day: 0)
        var family = try Self.joined(
            [[.month, Self.row], [.month, Self.column]], one + Self.users(["r0", "c0"], day: 4),
            one)
        #expect(family.keys.count == 3)
        Self.hide(1, &family, need: 40)
        #expect(try Self.isTaken(family, [[(1, 40)]]))
        #expect(try !Self.isTaken(family, [[(1, 39)]]))
        #expect(try Self.isTaken(family, [[(1, -4)], [(1, 36)]]))
    }

    // MARK: Work

    /// In the first month three by three by three cells and what they make up two by two, 54 in 180
    /// inequalities, all hidden; in the second one of four cells, of 5 in 10 whichever way.
    private static func months() throws -> Family {
        var records: [InventedLog.Record] = []
        func add(_ day: Int, _ places: [Int], _ persons: Range<Int>) {
            for person in persons {
                records.append(
                    InventedLog.Record(
                        day: day, texts: zip("xyz", places).map { "\($0)\($1)" }, amount: 1,
                        person: person, customer: person))
            }
        }
        for at in 0..<27 { add(0, [at / 9, at / 3 % 3, at % 3], 2 * at..<2 * at + 2) }
        add(4, [0, 0, 0], 0..<5)
        for places in [[1, 0, 0], [0, 1, 0], [0, 0, 1]] { add(4, places, 0..<10) }
        let keys = (0..<3).map { GroupKey.text(input: $0, column: "k\($0)") }
        let tables = [[0, 1, 2], [0, 1], [0, 2], [1, 2], [0], [1], [2]].map { numbers in
            InventedLog.Table(
                keys: [GroupKey.month] + numbers.map { keys[$0] }, columns: [.users])
        }
        var log = InventedLog()
        log.records = records
        var family = try FamilyBuilder(log.publication(tables, .persons(3, customers: nil)))
            .families()[0]
        for cell in 0..<27 { hide(cell, &family) }
        for table in 1...3 {
            for cell in family.tables[table].cells.prefix(9) { hide(cell, &family) }
        }
        return family
    }

    /// The cell of the second month is known to be 1 to 10: when 14 cells of the first month are
    /// unsafe, too, that is too much work, and the proofs have to do.
    @Test(arguments: [(0, [27]), (14, [])] as [(Int, [Int])])
    func theWorkIsLimited(_ count: Int, _ failed: [Int]) throws {
        var family = try Self.months()
        for cell in 0..<count { family.needs[cell] = 1 }
        Self.hide(27, &family, need: 10)
        let proofs = (0..<count).map { [(cell: $0, amount: Int128(1))] } + [[(27, 5)], [(27, 5)]]
        let outcome = try Self.outcome(family, proofs)
        #expect(outcome.failed == failed && outcome.audited == count + 1 - failed.count)
    }
}
