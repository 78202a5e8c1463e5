@testable import Publication
import Statistics
import TestSupport
import Testing

/// Which distinct counts are left out, and the other worlds that hide them, are the same in every
/// build (see `ControlChoiceTests`).
@Suite("What is left out of distinct counts") struct DistinctChoiceTests {
    /// By the layouts of `PlainBoxTests`.
    private static let digests = [
        "721aa813ca856290", "c2940e887a15f796", "e89860b576f18b05", "e40da905e41d245f",
        "96a2f437c5e564b8", "a692a816a41f78ee", "e509cb9aac64a1ac", "5489d990e1579fe7",
        "47b5dbd7dd45b29f", "0f39690048af1302",
    ]

    @Test("the same choice", arguments: PlainBoxTests.layouts.indices)
    func choice(_ layout: Int) throws {
        var lines: [String] = []
        for round in 0..<24 {
            var generator = SeededGenerator(seed: UInt64(60_000 + 1000 * layout + round))
            let isLarge = round % 4 == 0
            let log = InventedLog.random(
                Int.random(in: 40...200, using: &generator) * (isLarge ? 3 : 1),
                persons: Int.random(in: 10...40, using: &generator) * (isLarge ? 3 : 1), days: 8,
                sizes: isLarge ? [9, 6, 4] : [4, 3, 3], &generator)
            let columns: [InventedLog.Column] =
                round % 3 == 0 ? [.times(when: (2, "v1")), .users] : [.users]
            let tables = PlainBoxTests.layouts[layout].map {
                InventedLog.Table(keys: $0, columns: columns)
            }
            let publication = log.publication(tables, .persons(4, customers: nil))
            for family in try FamilyBuilder(publication).families() {
                guard case .distinct = family.measurand else { continue }
                lines += try Self.choice(in: Self.withNeeds(family, &generator))
            }
        }
        #expect(digest(of: lines) == Self.digests[layout])
    }

    /// The family with its cells of few persons unsafe, and some of the others told before.
    private static func withNeeds(
        _ family: Family, _ generator: inout SeededGenerator
    ) -> Family {
        var family = family
        for cell in family.keys.indices {
            if family.persons[cell] < 4 {
                family.markUnsafe(cell, need: 4 * Family.one, hasFewPersons: true)
            } else if Int.random(in: 0..<8, using: &generator) == 0 {
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
