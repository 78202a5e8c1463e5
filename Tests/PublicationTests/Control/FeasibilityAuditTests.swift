import FileSystem
import Foundation
import Statistics
import TestSupport
import Testing

@testable import Publication

/// The audit does not believe what it is told.
@Suite struct FeasibilityAuditTests {
    private static let unit: Int128 = 1_000_000_000

    /// A table of two rows and two columns with its totals, in which everything is hidden but the
    /// totals: cells 0...3, then rows, columns and the sum of all.
    private static func family(need: Int128 = 3) throws -> Family {
        let log = InventedLog.twoByTwo
        let row = GroupKey.text(input: 0, column: "a")
        let column = GroupKey.text(input: 1, column: "b")
        let tables = [[row, column], [row], [column], []].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil)])
        }
        let publication = log.publication(tables, .persons(3, customers: nil))
        var family = try FamilyBuilder(publication).families()[0]
        for cell in 0..<4 {
            family.hide(cell)
            family.floors[cell] = 1
        }
        if need > 0 { family.markUnsafe(0, need: need * unit, hasFewPersons: true) }
        return family
    }

    private static func outcome(
        _ changes: [Int128], _ family: Family
    ) throws -> FeasibilityAudit.Outcome {
        var proofs = ChangeProofs()
        proofs.add(changes.enumerated().filter { $1 != 0 }.map { ($0, $1 * unit) })
        return try FeasibilityAudit(family, proofs).run()
    }

    @Test func whatFitsIsTaken() throws {
        let outcome = try Self.outcome([3, -3, -3, 3], try Self.family())
        #expect(outcome.audited == 1 && outcome.failed.isEmpty)
    }

    @Test(
        "what does not fit is not",
        arguments: [
            // Too little, totals that change, more than there are, a figure that is shown.
            [2, -2, -2, 2], [3, -3, 0, 0], [3, 0, -3, 0], [3, -3, -3, 2], [7, -7, -7, 7],
            [3, 0, 0, 0, 3, 0, 3, 0, 3], [],
        ] as [[Int128]])
    func whatDoesNot(_ changes: [Int128]) throws {
        let outcome = try Self.outcome(changes, try Self.family())
        #expect(outcome.failed == [0])
    }

    /// What is not proven to be safe is not published: neither between two proofs nor before a
    /// range does an audit go on that a signal has stopped.
    @Test func aSignalEndsIt() async {
        await #expect(processExitsWith: .exitCode(0)) {
            stopThisProcess()
            let (unsafe, safe) = (try Self.family(), try Self.family(need: 0))
            exit(
                isStopped { _ = try Self.outcome([3, -3, -3, 3], safe) }
                    && isStopped { _ = try FeasibilityAudit(unsafe, ChangeProofs()).run() }
                    ? 0 : 1)
        }
    }

    /// The range of a programme is believed before any proof.
    @Test func theExactRange() throws {
        var family = try Self.family()
        family.needs[0] = 6 * Self.unit
        // The other corner has 6 - 1 to give: not 6.
        #expect(try Self.outcome([5, -5, -5, 5], family).failed == [0])
        family.needs[0] = 5 * Self.unit
        #expect(try Self.outcome([5, -5, -5, 5], family).failed.isEmpty)
    }

    /// Proofs that are none, for ranges that are asked for alone.
    private static func misleading(_ cells: [Int], up: Int128) -> ChangeProofs {
        var proofs = ChangeProofs()
        for cell in cells { proofs.add([(cell, up * unit)]) }
        return proofs
    }

    @Test(arguments: [(5, true), (6, false)] as [(Int128, Bool)])
    func theRangeIsBelievedBeforeTheProof(_ need: Int128, _ fits: Bool) throws {
        var family = try Self.family()
        family.needs[0] = need * Self.unit
        let audit = FeasibilityAudit(
            family, Self.misleading([0], up: 6), believesProofs: true)
        let outcome = try audit.run()
        #expect(outcome.failed == (fits ? [] : [0]))
        #expect(outcome.audited == (fits ? 1 : 0))
    }

    /// Nothing can be taken from the other one of the row: not even the smallest need is met.
    @Test func theSmallestNeedIsLookedAt() throws {
        var family = try Self.family()
        family.floors[1] = 6
        family.needs[0] = 1
        let outcome = try FeasibilityAudit(
            family, Self.misleading([0], up: 4), believesProofs: true
        ).run()
        #expect(outcome.failed == [0] && outcome.audited == 0)
    }

    @Test("a proof that names a cell twice proves nothing, though each of its amounts fits")
    func twice() throws {
        let family = try Self.family()
        let equations = FamilyEquations(family)
        let unit = Self.unit
        #expect(equations.allows([0, 1, 2, 3], [unit, -unit, -unit, unit]))
        #expect(!equations.allows([0, 1, 2, 3, 0, 0], [unit, -unit, -unit, unit, unit, -unit]))
        var proofs = ChangeProofs()
        proofs.add([(0, 3 * unit), (0, -3 * unit)])
        #expect(try FeasibilityAudit(family, proofs).run().audited == 0)
        #expect(!ChangeProofs.namesTwice(Array(0..<40)))
        #expect(ChangeProofs.namesTwice(Array(0..<40) + [3]))
        #expect(ChangeProofs.namesTwice([7, 7]) && !ChangeProofs.namesTwice([7]))
        #expect(!ChangeProofs.namesTwice([]))
    }

    /// Five by five by five cells and what they make up two by two, all hidden: 200 in 105
    /// equations, too much work when all of them are unsafe, and not when one is.
    @Test(arguments: [true, false])
    func theWorkIsLimited(_ areAllUnsafe: Bool) throws {
        var log = InventedLog()
        for at in 0..<125 {
            for person in 0..<2 {
                log.records.append(
                    InventedLog.Record(
                        day: 0, texts: ["x\(at / 25)", "y\(at / 5 % 5)", "z\(at % 5)"], amount: 1,
                        person: 2 * at + person, customer: person))
            }
        }
        let keys = (0..<3).map { GroupKey.text(input: $0, column: "k\($0)") }
        let tables = [[0, 1, 2], [0, 1], [0, 2], [1, 2], [0], [1], [2]].map { numbers in
            InventedLog.Table(keys: numbers.map { keys[$0] }, columns: [.times(when: nil)])
        }
        var family = try FamilyBuilder(log.publication(tables, .persons(3, customers: nil)))
            .families()[0]
        for cell in 0..<200 {
            family.hide(cell)
            // Nothing can be taken from any: all are known.
            if cell > 0 && areAllUnsafe { family.needs[cell] = 1 }
        }
        family.markUnsafe(0, need: Self.unit, hasFewPersons: true)
        let outcome = try FeasibilityAudit(
            family, Self.misleading([0], up: 1), believesProofs: true
        ).run()
        #expect(!outcome.failed.contains(0) == areAllUnsafe)
        #expect(outcome.audited == (areAllUnsafe ? 1 : 0))
    }

    /// Two lines that have nothing to do with each other, both too narrow: in the order of cells.
    @Test func groupsOfOneSizeKeepTheirOrder() throws {
        let log = InventedLog.twoByTwo
        let row = GroupKey.text(input: 0, column: "a")
        let tables = [[row, .text(input: 1, column: "b")], [row]].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil)])
        }
        var family = try FamilyBuilder(log.publication(tables, .persons(3, customers: nil)))
            .families()[0]
        for cell in 0..<4 {
            family.hide(cell)
            family.floors[cell] = 1
        }
        // The others of the lines have 5 and 7 to give.
        for (first, second, failed) in [(5, 7, []), (6, 7, [0]), (5, 8, [2]), (6, 8, [0, 2])] {
            family.needs[0] = Int128(first) * Self.unit
            family.needs[2] = Int128(second) * Self.unit
            let audit = FeasibilityAudit(
                family, Self.misleading([0, 2], up: 8), believesProofs: true)
            let outcome = try audit.run()
            #expect(outcome.failed == failed && outcome.audited == 2 - failed.count)
        }
    }

    /// A line of as many cells as one programme takes, each but one with four to give, and of one
    /// more: of that only the proof is looked at.
    @Test(arguments: [(FeasibilityAudit.cellsMax, false), (FeasibilityAudit.cellsMax + 1, true)])
    func theLargestGroup(_ count: Int, _ isTaken: Bool) throws {
        var log = InventedLog()
        for at in 0..<count {
            for person in 0..<5 {
                log.records.append(
                    InventedLog.Record(
                        day: 0, texts: ["r\(at)"], amount: 1, person: 5 * at + person,
                        customer: person))
            }
        }
        let tables = [[GroupKey.text(input: 0, column: "a")], []].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil)])
        }
        var family = try FamilyBuilder(log.publication(tables, .persons(3, customers: nil)))
            .families()[0]
        for cell in 0..<count {
            family.hide(cell)
            family.floors[cell] = 1
        }
        family.markUnsafe(0, need: Int128(4 * count) * Self.unit, hasFewPersons: true)
        let proofs = Self.misleading([0], up: Int128(4 * count))
        let outcome = try FeasibilityAudit(family, proofs, believesProofs: true).run()
        #expect(FeasibilityAudit.cellsMax == 200)
        #expect(outcome.failed == (isTaken ? [] : [0]))
    }

    /// Sums are no whole numbers: nothing is rounded.
    @Test(arguments: [
        (6 * unit + 1, 6 * unit + 1, true), (6 * unit + 2, 6 * unit + 1, false), (1, 1, true),
        (1, 0, false),
    ] as [(Int128, Int128, Bool)])
    func sums(_ need: Int128, _ change: Int128, _ fits: Bool) throws {
        var log = InventedLog()
        for (at, amount) in [5, 6, 7, 8].enumerated() {
            log.records.append(
                InventedLog.Record(
                    day: 0, texts: ["r\(at / 2)", "c\(at % 2)"], amount: Int64(amount),
                    person: at, customer: at))
        }
        let row = GroupKey.text(input: 0, column: "a")
        let column = GroupKey.text(input: 1, column: "b")
        let tables = [[row, column], [row], [column], []].map {
            InventedLog.Table(keys: $0, columns: [.sum])
        }
        var family = try FamilyBuilder(log.publication(tables, .persons(3, customers: nil)))
            .families()[0]
        for cell in 0..<4 { family.hide(cell) }
        // The second and the third have an odd number of billionths to give.
        family.values[1] += 1
        family.values[2] += 1
        family.markUnsafe(0, need: need, hasFewPersons: true)
        var proofs = ChangeProofs()
        if change > 0 { proofs.add([(0, change), (1, -change), (2, -change), (3, change)]) }
        let outcome = try FeasibilityAudit(family, proofs).run()
        #expect(outcome.failed == (fits ? [] : [0]))
        #expect(outcome.audited == (fits ? 1 : 0))
    }

    /// Every table with the same totals and with what is shown is tried: some of them have more of
    /// what is unsafe, by as much as must be.
    @Test func againstEveryTable() throws {
        let seed: UInt64 = 19
        var generator = SeededGenerator(seed: seed)
        var unsafe = 0
        for _ in 0..<60 {
            let log = InventedLog.random(
                Int.random(in: 8...30, using: &generator), persons: 12, days: 1, sizes: [3, 3],
                &generator)
            let keys = [
                GroupKey.text(input: 0, column: "a"), GroupKey.text(input: 1, column: "b"),
            ]
            let tables = [keys, [keys[0]], [keys[1]], []].map {
                InventedLog.Table(keys: $0, columns: [.times(when: nil)])
            }
            let publication = log.publication(tables, .persons(3, customers: nil))
            let made = try controlled(publication, ControlRules(persons: 3, customers: nil))
            let tried = EveryTable(publication, made)
            for (cell, reason) in tried.hidden where reason == .persons {
                unsafe += 1
                let truth = tried.truth(cell)
                let need = max(3, Int((Double(truth) * 0.2).rounded(.up)))
                let isReached = tried.canReach(truth + need, cell)
                #expect(isReached, "seed \(seed): \(truth) and \(need) more")
            }
        }
        #expect(unsafe > 60)
    }
}

/// Every table of counts that has the figures which are shown; the first table is by two keys, the
/// others are its totals over the second, the first and both.
private struct EveryTable {
    private let publication: MeasuredPublication
    private let controlled: ControlledPublication
    /// Of each shown figure, which cells of the first table it is the sum of, and the sum.
    private var shown: [(cells: [Int], sum: Int)] = []
    private(set) var hidden: [(cell: Int, reason: SuppressionReason)] = []
    /// The fewest that each cell can be.
    private var least: [Int] = []

    init(_ publication: MeasuredPublication, _ controlled: ControlledPublication) {
        self.publication = publication
        self.controlled = controlled
        let rows = publication.tables[0].rows
        for (number, table) in controlled.tables.enumerated() {
            for (at, row) in table.rows.enumerated() {
                let cells = rows.indices.filter { cell in
                    switch number {
                    case 0: cell == at
                    case 1: rows[cell].key[0] == row.key[0]
                    case 2: rows[cell].key[1] == row.key[0]
                    default: true
                    }
                }
                if case .suppressed(let reason) = row.cells[0] {
                    if number > 0 { continue }
                    hidden.append((at, reason))
                    let persons = rows[at].cells[0].backing?.persons ?? 0
                    least.append(reason == .persons ? 1 : persons)
                } else {
                    shown.append((cells, Self.count(publication.tables[number].rows[at])))
                    if number == 0 { least.append(Self.count(rows[at])) }
                }
            }
        }
    }

    private static func count(_ row: MeasuredRow) -> Int {
        guard case .integer(let count)? = row.cells[0].value else { return 0 }
        return Int(count)
    }

    func truth(_ cell: Int) -> Int { Self.count(publication.tables[0].rows[cell]) }

    /// True when some table has at least `count` in the cell.
    func canReach(_ count: Int, _ cell: Int) -> Bool {
        var counts = least
        counts[cell] = max(counts[cell], count)
        return completes(&counts, hidden.map(\.cell)[...])
    }

    /// Raises the counts of `open` cells one after the other until every sum fits.
    private func completes(_ counts: inout [Int], _ open: ArraySlice<Int>) -> Bool {
        for (cells, sum) in shown {
            let now = cells.reduce(0) { $0 + counts[$1] }
            if now > sum || now < sum && !cells.contains(where: { open.contains($0) }) {
                return false
            }
        }
        guard let cell = open.first else { return true }
        let start = counts[cell]
        // Nothing can be more than all records.
        let most = publication.tables[3].rows.first.map(Self.count) ?? 0
        defer { counts[cell] = start }
        while counts[cell] <= most + 8 {
            if completes(&counts, open.dropFirst()) { return true }
            counts[cell] += 1
        }
        return false
    }
}

/// Gives this process, which is a test's own, the signal to stop.
func stopThisProcess() {
    Interruption.install()
    kill(getpid(), SIGTERM)
    // The system may give it to any thread.
    for _ in 0..<5000 where !Interruption.isRequested { usleep(1000) }
}

/// True when `body` ends because it was to stop.
func isStopped(_ body: () throws -> Void) -> Bool {
    do { try body() } catch ControlRefusal.stopped { return true } catch { return false }
    return false
}
