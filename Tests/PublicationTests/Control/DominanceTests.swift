import Statistics
import Testing

@testable import Publication

/// How far an attacker must stay away from a sum that one or two make up (science.md §5.1).
@Suite struct DominanceTests {
    private static func protection(
        _ total: Int128?, persons: [Int128] = [], customers: [Int128] = [],
        percent: Int? = nil, _ dominance: DominanceRule? = nil
    ) -> Int128 {
        protectionOfDominance(
            CellBacking(
                persons: 30, customers: 9, total: total, largestPersons: persons,
                largestCustomers: customers),
            ControlRules(dominance: dominance, priorPercent: percent))
    }

    /// X - x2 - x1 lacks so much to p% of x1, rounded up to where it surely suffices.
    @Test(arguments: [
        (100_000, 50_000, 49_000, 10, 4001), (1_100, 800, 220, 10, 0), (1_099, 800, 220, 10, 2),
        (1_000, 800, 150, 10, 31), (100, 100, 0, 10, 11), (100, 0, 0, 10, 0),
        (199, 100, 0, 100, 2), (200, 100, 0, 100, 0), (101, 100, 0, 1, 0),
    ] as [(Int128, Int128, Int128, Int, Int128)])
    func byPercent(
        _ total: Int128, _ first: Int128, _ second: Int128, _ percent: Int, _ far: Int128
    ) {
        let both = [first, second]
        #expect(Self.protection(total, persons: both, percent: percent) == far)
        // Persons and customers are contributors alike, and what is taken off counts as what is
        // added.
        #expect(Self.protection(total, customers: both, percent: percent) == far)
        #expect(Self.protection(-total, persons: both, percent: percent) == far)
        #expect(Self.protection(total, persons: both) == 0)
        #expect(Self.protection(nil, persons: both, percent: percent) == 0)
        if second == 0 {
            #expect(Self.protection(total, persons: [first], percent: percent) == far)
        }
    }

    @Test(arguments: [
        (1, 80, 80, 20, 0), (1, 80, 81, 9, 2), (1, 80, 40, 40, 0), (2, 80, 40, 40, 0),
        (2, 80, 41, 40, 2), (2, 90, 99, 0, 11), (1, 90, 99, 0, 11),
    ] as [(Int, Int, Int128, Int128, Int128)])
    func byShare(
        _ contributors: Int, _ percent: Int, _ first: Int128, _ second: Int128, _ far: Int128
    ) throws {
        let rule = try #require(DominanceRule(contributors: contributors, percent: percent))
        #expect(Self.protection(100, persons: [first, second], rule) == far)
        #expect(Self.protection(100, customers: [first, second], rule) == far)
    }

    @Test func theStrictestRuleSaysHowFar() throws {
        let rule = try #require(DominanceRule(contributors: 1, percent: 50))
        // By share 80 lacks 60 of a hundred to 50%, by percent 20 - 5 of 40 are missing.
        let share = Self.protection(100, persons: [80, 15], rule)
        let percent = Self.protection(100, persons: [80, 15], percent: 50)
        #expect(share == 61 && percent == 36)
        #expect(Self.protection(100, persons: [80, 15], percent: 50, rule) == 61)
        let wide = try #require(DominanceRule(contributors: 1, percent: 79))
        #expect(Self.protection(100, persons: [80, 15], percent: 50, wide) == 36)
        #expect(Self.protection(100, persons: [20, 10], customers: [80, 15], percent: 50) == 36)
        #expect(Self.protection(100, persons: [80, 15], customers: [20, 10], percent: 50) == 36)
    }

    @Test(arguments: [(0, 50, false), (1, 1, true), (2, 99, true), (3, 50, false), (1, 0, false),
        (2, 100, false)])
    func whatIsARule(contributors: Int, percent: Int, isOne: Bool) {
        #expect((DominanceRule(contributors: contributors, percent: percent) != nil) == isOne)
    }

    /// One hundredth of a billionth is missing: that is enough to be unsafe.
    @Test func theSmallestThatIsMissing() throws {
        let rule = try #require(DominanceRule(contributors: 1, percent: 99))
        #expect(Self.protection(1, persons: [1], percent: 1) == 1)
        #expect(Self.protection(1, persons: [1], rule) == 1)
    }

    /// Without contributors there is no largest one.
    @Test func nobodyDominatesNothing() throws {
        let rule = try #require(DominanceRule(contributors: 1, percent: 50))
        #expect(Self.protection(0, percent: 10, rule) == 0)
    }
}
