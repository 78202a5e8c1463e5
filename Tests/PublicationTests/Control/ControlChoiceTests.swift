import KeyedHashing
@testable import Publication
import Statistics
import TestSupport
import Testing

/// What is left out of tables is the same in every build: where two builds left out different
/// figures of one month, what the one tells would complete what the other does.
///
/// Another choice is a change of the rules (`Sluice.rules`), and these digests change with it.
@Suite("What is left out") struct ControlChoiceTests {
    /// By the layouts of `ControlAttackTests`.
    private static let sums = [
        "3645e7bd81f8adc4", "64995fa148689854", "1e014736fa02df44", "92eba7b12bdb4a4e",
        "88843aa4212a0607", "f85e5f5de378c212", "c8ee9436e7c6334d", "b5ccd0a1d7c5994e",
        "2b37bb2c751cd865", "3596f26ddebe1584", "7de6b84891946a65", "b3c97a0e939ceaf4",
        "6b74654527e3a376", "abc86157e3758b12", "cb3a0ed04dcde919", "1afe0687dca3351f",
        "8f896566f5413810", "96e589ae20d65e67",
    ]
    private static let persons = [
        "2e7b1a6e5171204b", "73105da5af2e47bf", "483f111b09342a69", "bf8895aa3d8a52db",
        "d169055c9fc1d5f0", "1d0eaca14f03a4c5", "5be770cb656d2038", "2cec8c0b3bdd3a5c",
        "28cf3a238865bb35", "d14fba9b34d22153", "ae4674ab6f66f8ee", "2178e3db7c31af79",
        "846853b94095f876", "772b6ccb69bbca68", "bea9f35eb61f2cd0",
    ]

    @Test("the same counts and sums", arguments: ControlAttackTests.layouts.indices)
    func sums(_ layout: Int) throws {
        let lines = try Self.lines(
            layout, [.times(when: nil), .sum], .persons(3, customers: 2), rounds: 8)
        Self.compare(lines, Self.sums, layout)
    }

    /// Layouts of few tables: proofs about persons take long in many.
    private static let few = ControlAttackTests.layouts.indices.filter {
        ControlAttackTests.layouts[$0].count < 5
    }

    @Test("the same numbers of persons", arguments: few.indices)
    func persons(_ place: Int) throws {
        let layout = Self.few[place]
        let lines = try Self.lines(
            layout, [.users, .times(when: (0, "v1"))], .persons(3, customers: nil), rounds: 1)
        Self.compare(lines, Self.persons, place)
    }

    private static func lines(
        _ layout: Int, _ columns: [InventedLog.Column], _ rule: SuppressionRule, rounds: Int
    ) throws -> [String] {
        var lines: [String] = []
        for round in 0..<rounds {
            var generator = SeededGenerator(seed: UInt64(70_000 + 1000 * layout + round))
            let log = InventedLog.random(36, persons: 12, days: 6, sizes: [3, 2, 2], &generator)
            let tables = ControlAttackTests.layouts[layout].map {
                InventedLog.Table(keys: $0, columns: columns)
            }
            let made = try controlled(
                log.publication(tables, rule), ControlRules(persons: 3, customers: 2))
            lines.append("unproven \(made.unproven)")
            for table in made.tables {
                lines += table.rows.map { "\(table.name) \($0.key) \($0.cells)" }
            }
        }
        return lines
    }

    /// By the layouts of `PlainBoxTests`.
    private static let changes = [
        "cca8bc80de9ae2cd", "7d1d93391e91b59f", "0f1ff3944aa059b2", "d48874151bff9ddc",
        "d15d7a02e0da7b0a", "e3d2d84fb1d9c848", "82125af5178102f1", "f63ba99073a0bcb0",
        "21df7716a36ec33b", "2c0bb398e5ae493a",
    ]

    @Test("the same changes among hidden figures", arguments: PlainBoxTests.layouts.indices)
    func changes(_ layout: Int) throws {
        let lines = try Self.changes(layout, rounds: 24, seed: 80_000) { generator in
            InventedLog.random(
                Int.random(in: 40...200, using: &generator),
                persons: Int.random(in: 4...25, using: &generator), days: 8, sizes: [4, 3, 3],
                &generator)
        }
        Self.compare(lines, Self.changes, layout)
    }

    /// By the layouts of `PlainBoxTests`.
    private static let changesOfMany = [
        "cface104793fa6fe", "2ddbfd49d1adf482", "3df357dde3958ab7", "43630597e9a7855e",
        "28d39b162ad3777a", "2cdcc47ef1f09fd1", "e0aa9ce03a92687f", "0ad78c450b1c0c4c",
        "ded1e99a866dc07b", "764afca3446d0f10",
    ]

    @Test("the same changes among many groups", arguments: PlainBoxTests.layouts.indices)
    func changesOfMany(_ layout: Int) throws {
        let lines = try Self.changes(layout, rounds: 1, seed: 85_000) { generator in
            InventedLog.random(1000, persons: 200, days: 60, sizes: [30, 12, 8], &generator)
        }
        Self.compare(lines, Self.changesOfMany, layout)
    }

    /// By the layouts of `PlainBoxTests`, with columns of one value.
    private static let changesOfParts = [
        "0e55b771bab67760", "4b1526f1d98c2001", "f89eb6edc2b5ac2c", "f65adeec80572956",
        "98a0af949dab0aab", "bcfbe23e55ca4731", "0aa7ac832e307a8d", "829b60d1a15425e8",
        "8a9abf65352eac27", "efba74cd8e25669d",
    ]

    @Test("the same changes beside columns of a part", arguments: PlainBoxTests.layouts.indices)
    func changesOfParts(_ layout: Int) throws {
        // Without the whole nobody knows what is not in a part.
        let parts: [InventedLog.Column] = [.times(when: (0, "v1")), .times(when: (2, "v2"))]
        var lines: [String] = []
        for columns in [parts, [.times(when: nil)] + parts] {
            lines += try Self.changes(layout, columns, rounds: 2, seed: 90_000) { generator in
                let isLarge = Bool.random(using: &generator)
                return InventedLog.random(
                    isLarge ? 300 : 120, persons: isLarge ? 80 : 20, days: 20,
                    sizes: isLarge ? [12, 8, 5] : [4, 3, 3], &generator)
            }
        }
        lines += try Self.changes(layout, parts, rounds: 5, seed: 900_100) { generator in
            InventedLog.random(120, persons: 20, days: 20, sizes: [6, 5, 4], &generator)
        }
        Self.compare(lines, Self.changesOfParts, layout)
    }

    /// By the layouts of `PlainBoxTests`, of attributes with one to three values.
    private static let changesOfFew = [
        "7c66d734ede5b412", "0b5d27c15c24be00", "2c617ece3768ac62", "2daf3fe3ea1a5fe3",
        "e092951ca193c5b2", "c21512ab1964a550", "92eb1441ae1272c7", "93da514b0240b08c",
        "426dcf2b17e8a914", "aa5bcfc7439ae74e",
    ]

    @Test("the same changes among few groups", arguments: PlainBoxTests.layouts.indices)
    func changesOfFew(_ layout: Int) throws {
        let lines = try Self.changes(layout, rounds: 40, seed: 97_000) { generator in
            let sizes = (0..<3).map { _ in Int.random(in: 1...3, using: &generator) }
            return InventedLog.random(
                Int.random(in: 4...40, using: &generator),
                persons: Int.random(in: 2...12, using: &generator), days: 8, sizes: sizes,
                &generator)
        }
        Self.compare(lines, Self.changesOfFew, layout)
    }

    /// Cubes with lines of so many cells that not all of them are tried.
    private static let cubes: [(sizes: [Int], measure: MeasureKind, digest: String)] = [
        ([400, 3, 2], .sum(input: 9), "d8af9207aa20b283"),
        ([60, 12, 3], .count, "fbac8d70fe011621"),
        ([60, 12, 3], .sum(input: 9), "53707ccc0575c339"),
        ([20, 20, 6], .count, "7c30d9208e6e69e2"),
        ([20, 20, 6], .sum(input: 9), "6e41311bb48b501b"),
        ([1500, 3, 1], .count, "0cd1bef70759d963"),
        ([150, 20, 2], .sum(input: 9), "9310145d9582d6bb"),
        ([30, 30, 12], .sum(input: 9), "4d40686c84c34427"),
    ]

    @Test("the same changes in long lines", arguments: cubes.indices)
    func changesInLongLines(_ place: Int) throws {
        let (sizes, measure, _) = Self.cubes[place]
        var generator = SeededGenerator(seed: 7)
        let cube = InventedCube(sizes, measure, seed: 7)
        let lines = try Self.changes(in: PlainBoxTests.families(cube.publication(), &generator))
        Self.compare(lines, Self.cubes.map(\.digest), place)
    }

    /// The changes in the tables of a layout of `PlainBoxTests`, each round made of another log.
    private static func changes(
        _ layout: Int, _ columns: [InventedLog.Column] = [.times(when: nil), .sum], rounds: Int,
        seed: Int, effort: SearchEffort = SearchEffort(),
        of log: (inout SeededGenerator) -> InventedLog
    ) throws -> [String] {
        var lines: [String] = []
        for round in 0..<rounds {
            var generator = SeededGenerator(seed: UInt64(seed + 1000 * layout + round))
            let log = log(&generator)
            let publication = PlainBoxTests.publication(
                of: log, PlainBoxTests.layouts[layout], columns)
            lines += try changes(
                in: PlainBoxTests.families(publication, &generator), effort: effort)
        }
        return lines
    }

    /// What is left out of `families`, and the changes that hide it.
    private static func changes(
        in families: [Family], effort: SearchEffort = SearchEffort()
    ) throws -> [String] {
        var lines: [String] = []
        for family in families {
            var search = ChangeSearch(family, effort: effort)
            try search.protectAll()
            lines.append("\(search.family.states)")
            for number in 0..<search.proofs.count {
                lines.append("\(search.proofs.proof(number))")
            }
        }
        return lines
    }

    /// Each bound of the search by itself, so low that it is met.
    private static let efforts: [(effort: SearchEffort, digest: String)] = [
        (SearchEffort(triesMax: 3), "5521009d33c041b1"),
        (SearchEffort(seenMax: 4), "ee67b32bab6f20fd"),
        (SearchEffort(nodesMax: 7), "812e04a69cf21936"),
        (SearchEffort(evaluationsMax: 3), "33dc9adf524818ab"),
        (SearchEffort(partsMax: 2), "c3f1d6ebc6fbba10"),
        (SearchEffort(boxesMax: 1), "6ff8b1a2703bb8e2"),
        (
            SearchEffort(rankedMax: [(0, 0), (3, 2), (2, 1), (2, 1), (1, 1), (1, 1)]),
            "4f0a00d8e0f99eb1"
        ),
    ]

    @Test("the same changes with little effort", arguments: efforts.indices)
    func changesWithLittleEffort(_ place: Int) throws {
        var lines: [String] = []
        for layout in PlainBoxTests.layouts.indices {
            lines += try Self.changes(
                layout, rounds: 1, seed: 95_000, effort: Self.efforts[place].effort
            ) { generator in
                InventedLog.random(500, persons: 70, days: 20, sizes: [8, 6, 4], &generator)
            }
        }
        Self.compare(lines, Self.efforts.map(\.digest), place)
    }

    @Test("the same bounds of the search") func bounds() {
        let effort = SearchEffort()
        #expect(effort.triesMax == 32)
        #expect(effort.seenMax == 256)
        #expect(effort.nodesMax == 1000)
        #expect(effort.evaluationsMax == 100)
        #expect(effort.partsMax == 1024)
        #expect(effort.boxesMax == 400)
        #expect(effort.rankedMax.map(\.0) == [0, 24, 12, 6, 3, 2])
        #expect(effort.rankedMax.map(\.1) == [0, 12, 6, 4, 2, 2])
        #expect(DistinctSearch.repairsMax == 64)
        #expect(ExactProgramme.stepsMax == 5000)
    }

    /// What ranks are compared by.
    @Test func largeNumbersAreApproximated() {
        for number: Int128 in [0, 1, 1 << 63, 1 << 64, 3 << 70, 5 << 90] {
            #expect(approximate(number) == Double(number))
        }
    }

    private static func compare(_ lines: [String], _ digests: [String], _ place: Int) {
        #expect(digest(of: lines) == digests[place])
    }
}

/// What stands for a choice in the tables of digests.
func digest(of lines: [String]) -> String {
    let text = Array(lines.joined(separator: "\n").utf8)
    return String(Digest256.of(text.span).hex.prefix(16))
}
