import Statistics
import TestSupport
import Testing

@testable import Publication

/// Tables that nobody is shown say what is part of what: figures by the part are protected against
/// those by the whole.
@Suite struct UnseenTests {
    private static let part = GroupKey.text(input: 0, column: "a")
    private static let whole = GroupKey.text(input: 1, column: "b")
    private static let tables = [
        [part, .month], [whole, .month], [part], [.month], [part, whole, .month],
    ]
        .map { InventedLog.Table(keys: $0, columns: [.times(when: nil), .sum]) }

    /// Each part belongs to one whole, but `v4`, which is what was put together, to both.
    private static func log(_ seed: UInt64, sharesOne: Bool) -> InventedLog {
        var generator = SeededGenerator(seed: seed)
        var log = InventedLog.random(70, persons: 22, days: 8, sizes: [5, 1], &generator)
        let wholes = ["v0": "f0", "v1": "f0", "v2": "f1", "v3": "f1", "v4": "f1"]
        for at in log.records.indices {
            let part = log.records[at].texts[0]
            let isShared = sharesOne && part == "v4" && at.isMultiple(of: 2)
            log.records[at].texts[1] = isShared ? "f0" : wholes[part] ?? ""
        }
        return log
    }

    /// The attacker knows which pairs there are, and none of their figures.
    private static func computed(
        _ seed: UInt64, sharesOne: Bool, isDeclared: Bool
    ) throws -> (found: Int, unsafe: Int) {
        let rules = ControlRules(persons: 3, customers: nil)
        let all = log(seed, sharesOne: sharesOne).publication(tables, .persons(3, customers: nil))
        let made = try controlled(
            MeasuredPublication(
                statistics: isDeclared ? all.statistics : Array(all.statistics.dropLast()),
                tables: isDeclared ? all.tables : Array(all.tables.dropLast()),
                unseen: isDeclared ? [4] : []), rules)
        #expect(made.unproven == 0, "seed \(seed)")
        #expect(made.tables.map(\.name) == ["t0", "t1", "t2", "t3"])
        var result = (found: 0, unsafe: 0)
        for column in [0, 1] {
            var attack = Attack(all, made, tables, persons: 3)
            for table in 0..<4 { attack.add(table, column: column, counts: column == 0) }
            attack.addUnseen(4, column: column)
            let findings = attack.additiveFindings()
            for (range, truth, _) in try #require(findings, "seed \(seed)") {
                result.unsafe += 1
                let need = truth == 0 ? 1 : max(column == 0 ? 3 : 0, truth * 0.2)
                if range.upperBound < truth + need - 1e-4 { result.found += 1 }
            }
        }
        return result
    }

    @Test("nobody computes a part from its whole", arguments: [false, true])
    func parts(_ sharesOne: Bool) throws {
        var found = 0
        var unsafe = 0
        var undeclared = 0
        for round in 0..<50 {
            let seed = UInt64(400_000 + round)
            let made = try Self.computed(seed, sharesOne: sharesOne, isDeclared: true)
            found += made.found
            unsafe += made.unsafe
            undeclared += try Self.computed(seed, sharesOne: sharesOne, isDeclared: false).found
        }
        #expect(found == 0 && unsafe > 40)
        // What control is not told, it cannot protect.
        #expect(undeclared > 0)
    }

    @Test("what is only counted for the sake of conditions asks for less of what is shown")
    func partsNeedLess() throws {
        let rules = ControlRules(persons: 3, customers: nil)
        func hidden(_ all: MeasuredPublication, ofParts: Set<Int>) throws -> Int {
            let made = try controlled(
                MeasuredPublication(
                    statistics: all.statistics, tables: all.tables, unseen: [4], ofParts: ofParts),
                rules)
            #expect(made.unproven == 0)
            return made.tables.flatMap(\.rows).flatMap(\.cells).count {
                if case .suppressed = $0 { true } else { false }
            }
        }
        var (less, more) = (0, 0)
        for seed in 400_000..<400_010 as Range<UInt64> {
            let all = Self.log(seed, sharesOne: true)
                .publication(Self.tables, .persons(3, customers: nil))
            let otherwise = try hidden(all, ofParts: [])
            less += try hidden(all, ofParts: [4])
            more += otherwise
            // Of what is shown nothing is only a part.
            #expect(try hidden(all, ofParts: [0, 1, 2, 3]) == otherwise)
        }
        #expect(less < more, "\(less) \(more)")
    }

    /// Columns about two fields with `count` values each that conditions name, and the table that
    /// nobody is shown; with `grouped`, another table is by one of the fields.
    private static func named(_ count: Int, isGrouped: Bool) -> MeasuredPublication {
        var log = InventedLog()
        for person in 0..<4 {
            log.records.append(
                InventedLog.Record(
                    day: 0, texts: ["v\(person)", "w\(person)"], amount: 1, person: person,
                    customer: 0))
        }
        let both = [
            GroupKey.month, .text(input: 0, column: "a"), .text(input: 1, column: "b"),
        ]
        let tables = [[.month], both] + (isGrouped ? [[.month, both[1]], [.month, both[2]]] : [])
        let all = log.publication(
            tables.map { InventedLog.Table(keys: $0, columns: [.times(when: nil)]) },
            .persons(3, customers: nil))
        var statistics = all.statistics
        statistics[0] = StatisticPlan(
            name: "t0", purposeIndex: 0, groupBy: [.month],
            measures: [
                MeasurePlan(
                    name: "c0",
                    conditions: ["v", "w"].enumerated().map { input, letter in
                        Condition(
                            input: input, texts: (0..<count).map { Array("\(letter)\($0)".utf8) })
                    }, kind: .count)
            ], suppression: statistics[0].suppression)
        return MeasuredPublication(
            statistics: statistics, tables: all.tables, unseen: [1], spanning: [1], ofParts: [1])
    }

    @Test(
        "rows that might have been are as many as values that something tells apart",
        arguments: [(1000, false, 4), (50, true, 2500), (1000, true, 4)])
    func namedKeys(_ count: Int, _ isGrouped: Bool, _ most: Int) throws {
        let publication = Self.named(count, isGrouped: isGrouped)
        let family = try #require(try FamilyBuilder(publication).families().first)
        let both = family.space.set(of: .text(0)).union(family.space.set(of: .text(1)))
        let cells = family.tables.filter { $0.set.isSuperset(of: both) }.map(\.cells.count)
        #expect(cells.count == 1 && cells[0] >= 4 && cells[0] <= most + 4, "\(cells)")
        if count == 50 { #expect(cells == [2500]) }
    }
}
