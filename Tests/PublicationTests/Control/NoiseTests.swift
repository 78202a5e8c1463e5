import KeyedHashing
import Publication
import Statistics
import TestSupport
import Testing

/// Random rounding and the cell-key method (science.md §5.5 and §5.6; SDC handbook, chapter 5).
@Suite struct NoiseTests {
    private static func key(_ byte: UInt8, period: String = "2026-01") throws -> RoundingKey {
        let bytes = [UInt8](repeating: byte, count: 32)
        return RoundingKey(
            HMACSHA256(key: try SecretKey.copying(bytes.span)), period: Array(period.utf8))
    }

    /// Base 3: 1 becomes 0 with probability 2/3 and 3 with 1/3, and so on.
    @Test(arguments: [3, 5])
    func roundingIsUnbiased(_ base: Int) throws {
        let rounding = try #require(RandomRounding(base: base))
        for count in Int64(0)..<20 {
            let rest = count % Int64(base)
            var sum: Int64 = 0
            // One draw in the middle of each of the equal shares of all draws.
            for share in 0..<base {
                let draw = (UInt64.max / UInt64(base * 2)) * UInt64(2 * share + 1)
                let rounded = rounding.rounded(count, draw: draw)
                #expect(rounded % Int64(base) == 0)
                #expect(abs(rounded - count) < Int64(base))
                if rest == 0 { #expect(rounded == count) }
                sum += rounded
            }
            #expect(sum == count * Int64(base))
        }
        #expect(RandomRounding(base: 4) == nil)
    }

    @Test func theEdgesOfDraws() throws {
        let rounding = try #require(RandomRounding(base: 3))
        #expect(rounding.rounded(1, draw: 0) == 3)
        #expect(rounding.rounded(1, draw: .max / 3) == 3)
        #expect(rounding.rounded(1, draw: .max / 3 + 1) == 0)
        #expect(rounding.rounded(2, draw: .max) == 0)
    }

    /// Keys .9 + .3 + .6 = .8 (modulo 1), three members: 3 becomes 4.
    @Test func cellKeysOfTheHandbook() throws {
        let table = try #require(
            PerturbationTable([
                [(-1, 0.5), (1, 0.5)], [(0, 0.8), (1, 0.2)], [(-1, 0.3), (0, 0.4), (1, 0.3)],
            ]))
        func key(_ share: Double) -> UInt64 { UInt64(share * 0x1p64) }
        let sum = key(0.9) &+ key(0.3) &+ key(0.6)
        #expect(table.perturbed(3, key: sum) == 4)
        #expect(table.perturbed(300, key: sum) == 301)
        #expect(table.perturbed(1, key: key(0.5)) == 0)
        #expect(table.perturbed(1, key: key(0.51)) == 2)
        #expect(table.perturbed(2, key: key(0.79)) == 2)
        #expect(table.perturbed(2, key: key(0.81)) == 3)
        #expect(table.perturbed(3, key: key(0.29)) == 2)
        #expect(table.perturbed(3, key: key(0.5)) == 3)
        // Key 0 belongs to the last interval, which is closed at 1.
        #expect(table.perturbed(3, key: 0) == 4)
        #expect(table.perturbed(0, key: key(0.1)) == 0)
        #expect(table.largestChange == 1)
        #expect(PerturbationTable([[(-2, 1)]]) == nil)
        #expect(PerturbationTable([[(0, 0.5)]]) == nil)
    }

    /// Tables of largest entropy, computed independently (`sdc_reference.json`): the upper borders
    /// of the intervals of the counts named.
    @Test(arguments: [
        (2, 0.9, 0, 1, [(-1, 0.368984517517), (0, 0.712030964965), (1, 0.918984517517)]),
        (2, 0.9, 0, 2, [(-2, 0.051546089313), (-1, 0.295361732061), (0, 0.704638267939)]),
        (2, 1.05, 1, 1, [(-1, 0.508333333333), (1, 0.983333333333), (2, 1)]),
        (2, 1.05, 1, 3, [(-1, 0.412313011056), (0, 0.700373977883), (1, 0.887313011056)]),
        (2, 1.05, 1, 4, [(-2, 0.07012498385), (-1, 0.31462504845), (0, 0.68537495155)]),
        (3, 1, 0, 2, [(-2, 0.060276507161), (-1, 0.307507546671), (0, 0.699007166376)]),
        (5, 3, 2, 1, [(-1, 0.734469541083), (2, 0.871189731135), (3, 0.943986044727)]),
        (5, 3, 2, 6, [(-3, 0.072029824766), (-2, 0.208746903235), (-1, 0.406098286294)]),
        (5, 3, 2, 8, [(-5, 0.003791860385), (-4, 0.020382788694), (-3, 0.072675422117)]),
    ] as [(Int, Double, Int, Int64, [(Int64, Double)])])
    func largestEntropy(
        _ change: Int, _ variance: Double, _ hidden: Int, _ count: Int64,
        _ borders: [(Int64, Double)]
    ) throws {
        let table = try #require(
            PerturbationTable(
                largestChange: change, variance: variance, smallestHidden: hidden))
        for (change, border) in borders where border < 1 {
            let near = 2e-9
            let below = table.perturbed(count, key: UInt64((border - near) * 0x1p64))
            let above = table.perturbed(count, key: UInt64((border + near) * 0x1p64))
            #expect(below == count + change)
            #expect(above > below)
        }
    }

    @Test func resultsThatMayNotBeNeverAre() throws {
        let table = try #require(
            PerturbationTable(largestChange: 5, variance: 3, smallestHidden: 2))
        var generator = SeededGenerator(seed: 3)
        for count in Int64(0)...12 {
            for _ in 0..<2000 {
                let made = table.perturbed(count, key: generator.next())
                #expect(made == 0 || made > 2)
                #expect(abs(made - count) <= 5)
            }
        }
        #expect(PerturbationTable(largestChange: 1, variance: 30) == nil)
    }

    private static let tables = [
        [GroupKey.month, .text(input: 0, column: "a"), .text(input: 1, column: "b")],
        [.month, .text(input: 1, column: "b"), .text(input: 0, column: "a")],
        [.month, .text(input: 0, column: "a")], [.month, .text(input: 1, column: "b")], [.month],
    ].map { InventedLog.Table(keys: $0, columns: [.times(when: nil), .users]) }

    @Test func roundedTheSameWhereverItIsShown() throws {
        var generator = SeededGenerator(seed: 17)
        let log = InventedLog.random(400, persons: 40, days: 8, sizes: [3, 3], &generator)
        let publication = log.publication(Self.tables, .persons(3, customers: nil))
        let rounding = try #require(RandomRounding(base: 5))
        func rules(_ byte: UInt8, _ period: String = "2026-01") throws -> ControlRules {
            ControlRules(
                persons: 3, customers: nil,
                method: .rounding(rounding, try Self.key(byte, period: period)))
        }
        let made = try controlled(publication, try rules(1))
        var compared = 0
        for row in made.tables[0].rows {
            let twin = try #require(
                made.tables[1].rows.first { $0.key == [row.key[0], row.key[2], row.key[1]] })
            #expect(twin.cells == row.cells)
            for case .value(.integer(let count)) in row.cells {
                #expect(count % 5 == 0)
                compared += 1
            }
        }
        #expect(compared > 10)
        #expect(try controlled(publication, try rules(1)).tables == made.tables)
        #expect(try controlled(publication, try rules(2)).tables != made.tables)
        #expect(try controlled(publication, try rules(1, "2026-02")).tables != made.tables)
    }

    @Test("nobody computes back through rounded totals", arguments: [3, 5])
    func rounded(_ base: Int) throws {
        let rounding = try #require(RandomRounding(base: base))
        var exact = 0
        var noisy = 0
        for round in 0..<60 {
            let seed = UInt64(base * 1000 + round)
            var generator = SeededGenerator(seed: seed)
            let log = InventedLog.random(
                150, persons: 30, days: 4, sizes: [4, 3], &generator)
            let publication = log.publication(Self.tables, .persons(3, customers: nil))
            let made = try controlled(
                publication,
                ControlRules(
                    persons: 3, customers: nil,
                    method: .rounding(rounding, try Self.key(1))))
            noisy += made.tables.reduce(0) { $0 + $1.withheld.cells }
            exact += try controlled(publication, ControlRules(persons: 3, customers: nil))
                .tables.reduce(0) { $0 + $1.withheld.cells }
            var attack = Attack(publication, made, Self.tables, persons: 3)
            for table in Self.tables.indices {
                attack.add(table, column: 0, counts: true, radius: Double(base - 1))
            }
            let findings = attack.additiveFindings()
            for (range, truth, _) in try #require(findings, "seed \(seed)") {
                #expect(
                    range.upperBound >= truth + max(3, truth * 0.2) - 1e-4,
                    "seed \(seed) \(truth) in \(range)")
            }
        }
        #expect(noisy < exact)
    }

    /// A mean beside a sum tells how many there were: then rounding protects nothing, and as much
    /// is left out as without it.
    @Test func meansThatTellTheCount() throws {
        let rounding = try #require(RandomRounding(base: 5))
        let tables = Self.tables.map {
            InventedLog.Table(keys: $0.keys, columns: [.times(when: nil), .sum, .mean])
        }
        var unsafe = 0
        for round in 0..<40 {
            let seed = UInt64(9000 + round)
            var generator = SeededGenerator(seed: seed)
            let log = InventedLog.random(150, persons: 30, days: 4, sizes: [4, 3], &generator)
            let publication = log.publication(tables, .persons(3, customers: nil))
            let made = try controlled(
                publication,
                ControlRules(
                    persons: 3, customers: nil, method: .rounding(rounding, try Self.key(1))))
            // The attacker divides: every count that is shown is known to him as it was.
            var attack = Attack(publication, made, tables, persons: 3)
            for table in tables.indices { attack.add(table, column: 0, counts: true) }
            let findings = attack.additiveFindings()
            for (range, truth, _) in try #require(findings, "seed \(seed)") {
                unsafe += 1
                #expect(
                    range.upperBound >= truth + max(3, truth * 0.2) - 1e-4,
                    "seed \(seed) \(truth) in \(range)")
            }
        }
        #expect(unsafe > 40)
    }
}
