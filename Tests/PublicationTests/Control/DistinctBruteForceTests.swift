import Publication
import Statistics
import TestSupport
import Testing

/// The ranges in which distinct counts are held to be hidden, against all worlds that there are:
/// every way in which a few persons can be in the four cells of a small table.
@Suite struct DistinctBruteForceTests {
    private static let a = GroupKey.text(input: 0, column: "a")
    private static let b = GroupKey.text(input: 1, column: "b")
    /// Tables in each other, and side by side: there the inequalities between parts and wholes are
    /// all there is to know.
    private static let layouts: [[[GroupKey]]] = [
        [[a, b], [a]], [[a], [b]], [[a], [b], []], [[a, b], []],
    ]
    /// Tables that cross. Where everybody of a total is in one part as well, and in one of the
    /// other breakdown, it follows who is who, which no inequality says: with `bounded` a limit
    /// that the README states.
    private static let crossed: [[[GroupKey]]] = [
        [[a, b], [a], [b]], [[a, b], [a], [b], []],
    ]
    private static let threshold = 3

    /// By table the persons of each row; rows without any are not there.
    private typealias Figures = [[[String]: Int]]

    /// What the persons of a world, each a set of cells as bits, give.
    private static func figures(_ world: [Int], _ layout: [[GroupKey]]) -> Figures {
        layout.map { keys in
            var rows: [[String]: Int] = [:]
            for person in world {
                var seen: Set<[String]> = []
                for cell in 0..<4 where person >> cell & 1 == 1 {
                    let texts = ["v\(cell / 2)", "w\(cell % 2)"]
                    seen.insert(
                        keys.map { if case .text(let input, _) = $0 { texts[input] } else { "" } })
                }
                for key in seen { rows[key, default: 0] += 1 }
            }
            return rows
        }
    }

    /// All worlds of at most `most` persons, each of whom is in one cell at least.
    private static func worlds(_ most: Int) -> [[Int]] {
        var all: [[Int]] = [[]]
        var last: [[Int]] = [[]]
        for _ in 0..<most {
            last = last.flatMap { world in
                ((world.last ?? 1)...15).map { world + [$0] }
            }
            all += last
        }
        return all
    }

    private static func log(_ world: [Int]) -> InventedLog {
        var log = InventedLog()
        for (person, cells) in world.enumerated() {
            for cell in 0..<4 where cells >> cell & 1 == 1 {
                log.records.append(
                    InventedLog.Record(
                        day: 0, texts: ["v\(cell / 2)", "w\(cell % 2)"], amount: 1,
                        person: person + 1, customer: person + 1))
            }
        }
        return log
    }

    /// What the attacker knows of a row: its figure, or why there is none.
    private static func fits(_ figures: Figures, _ tables: [ControlledTable]) -> Bool {
        zip(figures, tables).allSatisfy { rows, table in
            rows.count == table.rows.count
                && table.rows.allSatisfy { row in
                    guard let count = rows[row.key.map { text($0) }] else { return false }
                    switch row.cells[0] {
                    case .value(.integer(let told)): return Int64(count) == told
                    case .suppressed(.persons): return count < threshold
                    case .suppressed: return count >= threshold
                    default: return false
                    }
                }
        }
    }

    @Test("what is hidden can be otherwise in a world that there is", arguments: layouts.indices)
    func ranges(_ layout: Int) throws {
        let found = try Self.pinned(Self.layouts[layout])
        #expect(found.hidden > Self.hiddenEnough)
        #expect(found.pinned == 0)
    }

    @Test("where tables cross, bounds make that hold of most", arguments: crossed.indices)
    func crossings(_ layout: Int) throws {
        let found = try Self.pinned(Self.crossed[layout])
        #expect(found.hidden > Self.hiddenEnough)
        #expect(found.pinned * 5 < found.hidden, "\(found)")
    }

    @Test("where tables cross, worlds make that hold of all", arguments: crossed.indices)
    func provenCrossings(_ layout: Int) throws {
        let found = try Self.pinned(Self.crossed[layout], .proven)
        #expect(found.pinned == 0, "\(found)")
        #expect(found.hidden > Self.hiddenEnough)
        // Little is refused because no world was found.
        #expect(found.refused < 30, "\(found)")
    }

    /// Behind so many hidden figures no further publication is drawn, unless everything is asked
    /// for.
    private static let hiddenEnough = 20

    /// How many figures of few persons were hidden, and how many of them have one value only in all
    /// worlds that fit what is told.
    private static func pinned(
        _ layout: [[GroupKey]], _ crossings: ControlRules.Crossings = .bounded
    ) throws -> (hidden: Int, pinned: Int, refused: Int) {
        let tables = layout.map { InventedLog.Table(keys: $0, columns: [.users]) }
        let worlds = worlds(6).map { ($0, figures($0, layout)) }
        let usual = worlds.filter { $0.0.count == 4 || $0.0.count == 5 }
        var generator = SeededGenerator(seed: 77)
        var hidden = 0
        var pinned = 0
        var refused = 0
        for _ in 0..<60 where Want.isLong || hidden <= hiddenEnough {
            let drawn = usual.randomElement(using: &generator)
            let (world, truth) = try #require(drawn)
            let made = try controlled(
                Self.log(world).publication(tables, .persons(Self.threshold, customers: nil)),
                ControlRules(persons: Self.threshold, customers: nil, crossings: crossings))
            if made.unproven > 0 {
                refused += 1
                continue
            }
            let possible = worlds.filter { Self.fits($0.1, made.tables) }
            #expect(possible.contains { $0.1 == truth })
            for (at, table) in made.tables.enumerated() {
                for row in table.rows where row.cells[0] == .suppressed(.persons) {
                    let key = row.key.map { text($0) }
                    let values = Set(possible.compactMap { $0.1[at][key] })
                    hidden += 1
                    if values.count < 2 { pinned += 1 }
                }
            }
        }
        return (hidden, pinned, refused)
    }
}
