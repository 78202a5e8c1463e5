import Foundation
import Publication
import Statistics
import TestSupport
import Testing

/// All totals of large tables at once.
///
/// `SLUICE_LONG_CUBE=100x10x10,1000x60x12 swift test -c release --filter CubeTests` prints what
/// control makes of cubes of these sizes, and what that takes.
@Suite(.serialized) struct CubeTests {
    private static let asked = Asked("SLUICE_LONG_CUBE", form: "AxBxC,AxBxC,… as 100x10x10")

    private static func sizes(_ word: Substring) -> [Int]? {
        let parts = word.split(separator: "x", omittingEmptySubsequences: false)
        let sizes = parts.compactMap(Asked.count)
        return sizes.count == parts.count && sizes.count == 3 ? sizes : nil
    }

    private static let rules = ControlRules(persons: 10, customers: nil)
    private static let measures: [MeasureKind] = [
        .count, .sum(input: 9), .distinct(token: 0),
    ]

    private static func suppressions(
        _ made: ControlledPublication
    ) -> (primary: Int, secondary: Int) {
        var found = (primary: 0, secondary: 0)
        for table in made.tables {
            for row in table.rows {
                guard case .suppressed(let reason) = row.cells[0] else { continue }
                if reason == .complementary { found.secondary += 1 } else { found.primary += 1 }
            }
        }
        return found
    }

    @Test("every unsafe cell of a cube is protected", arguments: measures.indices)
    func cube(_ measure: Int) throws {
        let seed: UInt64 = 7
        let cube = InventedCube([24, 10, 6], Self.measures[measure], seed: seed)
        let made = try controlled(cube.publication(), Self.rules)
        let found = Self.suppressions(made)
        #expect(made.unproven == 0, "seed \(seed)")
        #expect(found.primary > 300 && found.secondary > 0)
        // Less is left out for the others' sake than is unsafe by itself.
        #expect(found.secondary < found.primary)
        #expect(made.audited == found.primary)
    }

    /// What proven crossings cost: of small figures the totals over all but one attribute.
    @Test func provenDistinctCountsOfACube() throws {
        let cube = InventedCube([24, 10, 6], .distinct(token: 0), seed: 7)
        var rules = Self.rules
        let bounded = Self.suppressions(try controlled(cube.publication(), rules))
        rules.crossings = .proven
        let made = try controlled(cube.publication(), rules)
        let proven = Self.suppressions(made)
        #expect(made.unproven == 0)
        #expect(proven.primary == bounded.primary)
        #expect(proven.secondary > bounded.secondary)
        // The figures of whole cells stay: it is totals that go.
        let shown = made.tables[0].rows.count { row in
            if case .value = row.cells[0] { true } else { false }
        }
        #expect(shown * 2 > made.tables[0].rows.count - proven.primary, "\(proven)")
    }

    @Test func theSameTablesGiveTheSame() throws {
        let publication = InventedCube([12, 6, 6], .count, seed: 3).publication()
        let one = try controlled(publication, Self.rules)
        #expect(try controlled(publication, Self.rules) == one)
    }

    /// A search that looked at all pairs of cells would take sixteen times as long.
    @Test func fourTimesTheCellsTakeAboutFourTimesAsLong() throws {
        let seconds = try [10, 40].map { customers in
            let publication = InventedCube([customers, 8, 6], .count, seed: 5).publication()
            return try processorSeconds { _ = try controlled(publication, Self.rules) }
        }
        #expect(seconds[1] < 10 * seconds[0], "\(seconds)")
    }

    @Test(
        "cubes of a size that is asked for", .enabled(if: asked.isMade),
        arguments: try asked.list(sizes))
    func asLargeAsAskedFor(_ sizes: [Int]) throws {
        for measure in Self.measures {
            let publication = InventedCube(sizes, measure, seed: 7).publication()
            let cells = publication.tables.reduce(0) { $0 + $1.rows.count }
            var made: ControlledPublication?
            let seconds = try processorSeconds {
                made = try controlled(publication, Self.rules)
            }
            let control = try #require(made)
            let found = Self.suppressions(control)
            var usage = rusage()
            _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            let line =
                "\(sizes) \(measure): \(cells) cells of \(publication.tables.count) tables, "
                + "\(found.primary) primary, \(found.secondary) secondary, "
                + "\(control.unproven) unproven, \(control.audited) audited, \(seconds) s, "
                + "peak \(usage.ru_maxrss / 1024) MB\n"
            FileHandle.standardError.write(Data(line.utf8))
            #expect(control.unproven == 0)
        }
    }
}
