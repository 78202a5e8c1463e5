import Foundation
@testable import Publication
import Statistics
import TestSupport
import Testing

/// How far distinct counts can be moved, and what keeps them from moving on, is the same in every
/// build (see `ControlChoiceTests`), in families of which any cell may be hidden, and of any cell
/// something may be known; whatever is called protected in them, the audit calls so, too.
@Suite("How far distinct counts can be moved") struct DistinctRangeTests {
    private static let a = GroupKey.text(input: 0, column: "a")
    private static let b = GroupKey.text(input: 1, column: "b")
    private static let c = GroupKey.text(input: 2, column: "c")

    /// Breakdowns in each other, beside each other below a total, and beside each other without
    /// one.
    private static let layouts: [[[GroupKey]]] = [
        [[a, b], [a], [b], []], [[a, b, c], [a, b], [a]], [[a, b, c], [a, b], [b, c], [a, c], []],
        [[.month, a], [.month, b]], [[.month, a, b], [.month, c]], [[a, b], [a, c], [b, c]],
        [[.month, a, b], [.month, b, c], [.month, a], [.month, c]],
    ]
    private static let digests = [
        "4a039e56ba97cdf2", "a7a8524b131f4159", "e0840bc8a9b5e630", "b598d016ff9713a7",
        "f5f4998e155f87a0", "af31c1b7bdc71f68", "7d082b83ac9d56f5",
    ]

    @Test("the same ranges", arguments: layouts.indices)
    func ranges(_ layout: Int) throws {
        var lines: [String] = []
        for round in 0..<32 {
            var generator = SeededGenerator(seed: UInt64(80_000 + 1000 * layout + round))
            let family = try Self.family(layout, &generator)
            for cell in family.needs.indices where family.needs[cell] > 0 {
                for repairsMax in [1, 2, 3, 64] {
                    var search = DistinctSearch(family, repairsMax: repairsMax)
                    let (width, obstacle) = search.range(cell)
                    lines.append("\(cell) \(width) \(obstacle)")
                }
            }
            for repairsMax in [1, 2, 3, 5, 64] {
                var search = DistinctSearch(family, repairsMax: repairsMax)
                let open = try search.protectAll()
                lines.append("\(open) \(search.family.states)")
                lines += (0..<search.proofs.count).map { "\(search.proofs.proof($0))" }
            }
        }
        #expect(digest(of: lines) == Self.digests[layout])
    }

    @Test("what is found is so", arguments: layouts.indices)
    func proofs(_ layout: Int) throws {
        var audited = 0
        for round in 0..<4 {
            var generator = SeededGenerator(seed: UInt64(90_000 + 1000 * layout + round))
            var search = DistinctSearch(try Self.family(layout, &generator))
            let open = try search.protectAll()
            let outcome = try DistinctAudit(search.family, search.proofs).run()
            #expect(Set(outcome.failed).isSubset(of: open), "round \(round)")
            audited += outcome.audited
        }
        #expect(audited > 4, "\(audited)")
    }

    /// A small family: some cells are hidden, of some more is known than that there is somebody,
    /// some were told before, and some are unsafe.
    private static func family(
        _ layout: Int, _ generator: inout SeededGenerator
    ) throws -> Family {
        // Of few persons many figures are the same, and one change moves many of them.
        let isTiny = Bool.random(using: &generator)
        let log = InventedLog.random(
            Int.random(in: isTiny ? 4...24 : 20...120, using: &generator),
            persons: Int.random(in: isTiny ? 2...5 : 6...20, using: &generator), days: 6,
            sizes: isTiny ? [2, 2, 2] : [3, 3, 2], &generator)
        let publication = PlainBoxTests.publication(of: log, layouts[layout], [.users])
        var family = try FamilyBuilder(publication).families()[0]
        let share = Int.random(in: 1...4, using: &generator)
        for cell in family.keys.indices {
            let value = Int32(clamping: family.values[cell] / Family.one)
            if Int.random(in: 0..<4, using: &generator) < share { family.hide(cell) }
            family.floors[cell] = Int32.random(in: 0...value, using: &generator)
            if Bool.random(using: &generator) {
                family.ceilings[cell] = value + Int32.random(in: 0...9, using: &generator)
            }
            if family.states[cell] == .shown, Int.random(in: 0..<3, using: &generator) == 0 {
                family.markToldBefore(cell)
            } else if Bool.random(using: &generator) {
                let need = Int128(Int.random(in: 1...12, using: &generator)) * Family.one
                family.markUnsafe(cell, need: need, hasFewPersons: value < 4)
            }
        }
        return family
    }

    // MARK: Lines that are not there

    /// Nothing is known of a total of which there are no parts.
    @Test func aTotalWithoutParts() throws {
        let one = DistinctAuditTests.users(["r0", "c0"], day: 0)
        let family = try DistinctAuditTests.joined(
            [[Self.a, Self.b], [Self.a]], one,
            one + DistinctAuditTests.users(["r1", "c0"], day: 0))
        #expect(try Self.width(of: 2, in: family) == 40)
    }

    /// Nothing is known of parts beside which there is no other breakdown, nor of those.
    @Test(arguments: [0, 1]) func partsWithoutATwin(_ first: Int) throws {
        let one = DistinctAuditTests.users(["r0", "c0"], day: 0)
        let both = one + DistinctAuditTests.users(["r0", "c0"], day: 4)
        let family = try DistinctAuditTests.joined(
            [[.month, Self.a], [.month, Self.b]], first == 0 ? both : one, first == 0 ? one : both)
        let month = family.tables[0].mask & family.tables[1].mask
        let others = Set(family.tables[1 - first].cells.map { family.keys[$0] & month })
        let alone = try #require(
            family.tables[first].cells.first { !others.contains(family.keys[$0] & month) })
        #expect(try Self.width(of: alone, in: family) == 40)
    }

    /// The range of the cell up to 40, when it alone is hidden.
    private static func width(of cell: Int, in family: Family) throws -> Int128 {
        #expect(family.keys.count == 3)
        var family = family
        family.markUnsafe(cell, need: 40 * Family.one, hasFewPersons: true)
        var search = DistinctSearch(family)
        return search.range(cell).width / Family.one
    }

    @Test func aSignalEndsIt() async {
        await #expect(processExitsWith: .exitCode(0)) {
            stopThisProcess()
            var generator = SeededGenerator(seed: 1)
            let family = try Self.family(0, &generator)
            exit(
                isStopped {
                    var search = DistinctSearch(family)
                    _ = try search.protectAll()
                } ? 0 : 1)
        }
    }
}
