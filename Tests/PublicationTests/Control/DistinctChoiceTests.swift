@testable import Publication
import Statistics
import TestSupport
import Testing

/// Which distinct counts are left out, and the other worlds that hide them, are the same in every
/// build (see `ControlChoiceTests`).
@Suite("What is left out of distinct counts") struct DistinctChoiceTests {
    /// By the layouts of `PlainBoxTests`.
    private static let digests = [
        "d32bea40c2109410", "097d3c9cc68d0bd6", "fdc21aa1b10457a6", "606965f1c07090ab",
        "1e7142cd4b04c0be", "6ef898ef5d85e12f", "6e52d6ab11ac6109", "20833402c283848e",
        "35ea88d5239e6836", "771088d1ff5c6334",
    ]

    @Test("the same choice", arguments: PlainBoxTests.layouts.indices)
    func choice(_ layout: Int) throws {
        var lines: [String] = []
        for round in 0..<20 {
            var generator = SeededGenerator(seed: UInt64(60_000 + 1000 * layout + round))
            let isLarge = round % 5 == 0
            let log = InventedLog.random(
                Int.random(in: 40...200, using: &generator) * (isLarge ? 3 : 1),
                persons: Int.random(in: 10...40, using: &generator) * (isLarge ? 3 : 1), days: 8,
                sizes: isLarge ? [9, 6, 4] : [4, 3, 3], &generator)
            let columns: [InventedLog.Column] =
                round % 3 == 0 ? [.times(when: (2, "v1")), .users] : [.users]
            let publication = PlainBoxTests.publication(
                of: log, PlainBoxTests.layouts[layout], columns)
            for family in try FamilyBuilder(publication).families() {
                guard case .distinct = family.measurand else { continue }
                lines += try Self.choice(in: Self.withNeeds(family, &generator))
            }
        }
        #expect(digest(of: lines) == Self.digests[layout])
    }

    /// The family with its cells of few persons unsafe, some of the others told before, and some
    /// of them unsafe for another reason: what needs a wide range takes many repairs.
    private static func withNeeds(
        _ family: Family, _ generator: inout SeededGenerator
    ) -> Family {
        var family = family
        let most = Int.random(in: 4...16, using: &generator)
        for cell in family.keys.indices {
            let need = Int128(Int.random(in: 2...most, using: &generator)) * Family.one
            let chance = Int.random(in: 0..<16, using: &generator)
            if family.persons[cell] < 4 {
                family.markUnsafe(cell, need: need, hasFewPersons: true)
            } else if chance < 2 {
                family.markUnsafe(cell, need: need, hasFewPersons: false)
            } else if chance < 5 {
                family.markToldBefore(cell)
            }
        }
        return family
    }

    private static func choice(in family: Family) throws -> [String] {
        var search = DistinctSearch(family)
        let open = try search.protectAll()
        return ["\(open)", "\(search.family.states)"]
            + (0..<search.proofs.count).map { "\(search.proofs.proof($0))" }
    }
}
