@testable import Publication
import Statistics
import TestSupport
import Testing

/// Boxes that are evaluated corner by corner give what those give of which nothing is known.
@Suite struct PlainBoxTests {
    private static let a = GroupKey.text(input: 0, column: "a")
    private static let b = GroupKey.text(input: 1, column: "b")
    private static let c = GroupKey.text(input: 2, column: "c")

    static let layouts: [[[GroupKey]]] = [
        [[a, b]], [[a, b], [a]], [[a, b], [a], [b], []], [[a, b, c], [a], [b], [c]],
        [[a, b, c], [a, b], [b, c], [a, c]], [[a, b], [b, c], [a, c]],
        [[a, b, c], [a, b], [a, c], [b, c], [a], [b], [c], []],
        [[.day, a], [.month, a], [.day], [.month], [a], []],
        [[.day, a, b], [.month, a], [.month, b]], [[a, b], [b, c], [.day, c], [.day, a]],
    ]

    /// Tables by these keys, all with the same columns.
    static func publication(
        of log: InventedLog, _ layout: [[GroupKey]], _ columns: [InventedLog.Column]
    ) -> MeasuredPublication {
        log.publication(
            layout.map { InventedLog.Table(keys: $0, columns: columns) },
            .persons(4, customers: nil))
    }

    /// Families with unsafe cells, some of their figures told before, some with noise.
    static func families(
        _ publication: MeasuredPublication, _ generator: inout SeededGenerator
    ) throws -> [Family] {
        try FamilyBuilder(publication).families().map { family in
            var family = family
            let isNoisy = family.measurand.isCount && Bool.random(using: &generator)
            let radius = Int.random(in: 1...2, using: &generator)
            for cell in family.keys.indices {
                if family.persons[cell] < 4 {
                    let value = family.values[cell]
                    let need = family.measurand.isCount
                        ? max(4, value / Family.one / 5) * Family.one : value / 5 + 1
                    family.markUnsafe(cell, need: need, hasFewPersons: true)
                } else if Int.random(in: 0..<8, using: &generator) == 0 {
                    family.markToldBefore(cell)
                } else if isNoisy {
                    family.blur(
                        cell, change: Int.random(in: -radius...radius, using: &generator),
                        radius: radius)
                }
            }
            return family
        }
    }

    /// True when a box of the family is plain; false when what is found differs.
    private static func check(_ family: Family, _ name: String) throws -> Bool {
        var plain = ChangeSearch(family)
        var twin = ChangeSearch(family, knowsPlainBoxes: false)
        try plain.protectAll()
        try twin.protectAll()
        #expect(plain.family.states == twin.family.states, "\(name)")
        #expect(plain.proofs == twin.proofs, "\(name)")
        return plain.choices.joined().contains(where: \.isPlain) && plain.proofs.count > 0
    }

    @Test("the same cells are left out", arguments: layouts.indices)
    func tables(_ layout: Int) throws {
        var compared = 0
        for round in 0..<40 {
            let seed = UInt64(90_000 + 1000 * layout + round)
            var generator = SeededGenerator(seed: seed)
            let log = InventedLog.random(
                Int.random(in: 10...200, using: &generator),
                persons: Int.random(in: 4...25, using: &generator), days: 8, sizes: [4, 3, 3],
                &generator)
            let publication = Self.publication(
                of: log, Self.layouts[layout], [.times(when: nil), .sum])
            for family in try Self.families(publication, &generator)
            where try Self.check(family, "seed \(seed)") {
                compared += 1
            }
        }
        // Where no table has the attributes of all others, no box is plain.
        #expect(compared > 10 || [5, 9].contains(layout), "\(compared)")
    }

    @Test func cubes() throws {
        for (seed, measure) in [MeasureKind.count, .sum(input: 9)].enumerated() {
            let cube = InventedCube([12, 8, 5], measure, seed: UInt64(seed))
            var generator = SeededGenerator(seed: UInt64(seed))
            for family in try Self.families(cube.publication(), &generator) {
                #expect(try Self.check(family, "\(measure)"))
            }
        }
    }
}
