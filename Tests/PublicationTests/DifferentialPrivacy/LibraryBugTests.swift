import Statistics
import TestSupport
import Testing

@testable import Publication

/// What went wrong in other libraries (science.md §4.5) does not go wrong here.
@Suite struct LibraryBugTests {
    /// OpenDP issue 2922: keys were kept at "noisy ≥ T", and δ was told for "noisy > T".
    @Test func thresholdRuleAndDeltaAgree() throws {
        let noise = NoiseMechanism.laplace(try #require(DiscreteLaplace(scale: Ratio(whole: 1))))
        let delta = noise.releaseDelta(threshold: 20, cells: 1)
        #expect(isNear(delta, 4.095972399979252e-09, relative: 1e-7))
        #expect(!isNear(delta, 1.5068240375580187e-09, relative: 0.5))
        #expect(noise.leastThreshold(delta: 1.6e-9, cells: 1) == 21)
        #expect(noise.leastThreshold(delta: 4.1e-9, cells: 1) == 20)
        for row in DPReference.laplaceThresholds + DPReference.gaussianThresholds {
            #expect(row.delta > row.wrong * 1.05)
        }
        // As often as said: at T = 3 a key of one person is shown with P[1 + X ≥ 3].
        let values = try sample(noise, count: 40_000, seed: 601)
        let share = Double(values.count { 1 + $0 >= 3 }) / 40_000
        #expect(abs(share - noise.releaseDelta(threshold: 3, cells: 1)) < 0.007)
    }

    /// OpenDP 2820 corrected the conversion to δ: it holds at both ends and never leaves 0 to 1.
    @Test func conversionAtItsEnds() {
        for rho in [1e-12, 1e-6, 0.01, 1, 50, 1e4] {
            var last = 1.0
            for epsilon in [0, 1e-9, 0.01, 0.5, 1, 10, 100, 700, 1e5] {
                let delta = concentratedDelta(rho: rho, epsilon: epsilon)
                #expect(delta >= 0 && delta <= 1)
                #expect(delta <= last * (1 + 1e-9), "δ falls as ε grows")
                last = delta
            }
            for delta in [1e-300, 1e-30, 1e-6, 0.1, 0.9] {
                let epsilon = concentratedEpsilon(rho: rho, delta: delta)
                #expect(epsilon >= 0 && epsilon < .infinity)
                #expect(concentratedDelta(rho: rho, epsilon: epsilon) <= delta)
            }
        }
        #expect(concentratedDelta(rho: 0, epsilon: 0) == 0)
        #expect(concentratedEpsilon(rho: 0, delta: 1e-9) == 0)
        #expect(PrivacyLoss.none.epsilon(delta: 0) == 0)
        let loss = PrivacyLoss(rho: Ratio(whole: 1), delta: ratio(1, 1000))
        #expect(loss.epsilon(delta: 0.001) == nil)
        #expect((loss.epsilon(delta: 0.0011) ?? 0) > (loss.epsilon(delta: 0.1) ?? 0))
    }

    /// SmartNoise 624, an odometer that lost count: ten times a tenth is one, exactly, and the
    /// eleventh is refused; so is a sum that has no room.
    @Test func budgetsAddUpExactly() throws {
        var budget = PrivacyBudget(limit: PrivacyLoss(rho: Ratio(whole: 1)))
        let tenth = PrivacyLoss(rho: ratio(1, 10))
        for number in 0..<10 {
            try budget.spend(
                .init(period: "2026-03", statistic: "s\(number)", loss: tenth))
        }
        #expect(budget.spent(period: "2026-03")?.rho == Ratio(whole: 1))
        #expect(throws: PrivacyFault.self) {
            try budget.spend(
                .init(
                    period: "2026-03", statistic: "one more",
                    loss: PrivacyLoss(rho: ratio(1, 1 << 62))))
        }
        #expect(budget.spendings.count == 10)
        var odd = PrivacyBudget(limit: PrivacyLoss(rho: Ratio(whole: 100)))
        let primes: [UInt128] = [2_147_483_647, 2_147_483_629, 2_147_483_587]
        try odd.spend(
            .init(period: "p", statistic: "a", loss: PrivacyLoss(rho: ratio(1, primes[0]))))
        try odd.spend(
            .init(period: "p", statistic: "b", loss: PrivacyLoss(rho: ratio(1, primes[1]))))
        #expect(throws: PrivacyFault.self) {
            try odd.spend(
                .init(period: "p", statistic: "c", loss: PrivacyLoss(rho: ratio(1, primes[2]))))
        }
    }

    /// Privacy on Beam pull requests 84 and 87, both in bounding: see `BoundingTests`. The rule
    /// broken: what is bounded is a person's whole share of a cell, also of distinct values.
    @Test func distinctValuesOfOnePersonAreBounded() throws {
        let deeds = (0..<50).map {
            Deed(
                time: BoundingWorld.start + Int64($0), action: "login", amount: "", user: 9,
                customer: 200 + $0)
        }
        let plan = try NoisePlan(
            BoundingWorld.settings(), statistic: 1, of: BoundingWorld.plan)
        let table = try plan.boundedTable(
            of: BoundingWorld.partials(deeds, parts: 5) { $0 % 5 }, key: BoundingWorld.key())
        let row = try #require(table.rows.first)
        #expect(row.sums[2] == 2)
        #expect(row.sums[1] == 1)
    }

    /// Presto's noisy aggregates began with doubles: whole numbers in, whole numbers out, also for
    /// sums of fractions, whose steps are declared.
    @Test func noiseComesInWholeSteps() throws {
        let bound = try #require(
            ColumnBound(least: -4, most: 6, step: .init(billionths: 500_000_000)))
        #expect(bound.clamped(billionths: 1_749_999_999) == 3)
        #expect(bound.clamped(billionths: -1) == -1)
        #expect(bound.clamped(billionths: -9_000_000_000) == -4)
        #expect(bound.clamped(billionths: .max) == 6)
        #expect(bound.change == 6)
    }
}

@Suite struct RatioTests {
    @Test(
        arguments: [
            ("0.05", 1, 20), ("1/200", 1, 200), ("0", 0, 1), ("3", 3, 1), ("2/4", 1, 2),
            ("0.010", 1, 100), ("1.5", 3, 2),
        ] as [(String, UInt64, UInt64)])
    func textsAreReadExactly(_ text: String, _ numerator: UInt64, _ denominator: UInt64) throws {
        let ratio = try #require(Ratio(text: text))
        #expect(ratio.numerator == numerator && ratio.denominator == denominator)
    }

    @Test(arguments: [
        "", ".5", "5.", "1/0", "-1", "+1", "1e3", "1.5/2", "1/2/3", "0x1", " 1", "1 ", "½",
        "99999999999999999999", "1.", "/", "0.0000000000000000000001",
    ])
    func otherTextsAreRefused(_ text: String) { #expect(Ratio(text: text) == nil) }

    @Test func sumsAndProducts() {
        #expect(ratio(1, 10).adding(ratio(1, 15)) == ratio(1, 6))
        #expect(ratio(1, 10).times(5) == ratio(1, 2))
        #expect(ratio(2, 3).times(ratio(3, 4)) == ratio(1, 2))
        #expect(ratio(1, 3).divided(by: 2) == ratio(1, 6))
        #expect(ratio(1, 3).divided(by: 0) == nil)
        #expect(ratio(1, 3) < ratio(34, 100))
        #expect(ratio(UInt128(Int64.max)).adding(ratio(1)) == nil)
        #expect(Ratio(UInt128(1) << 63) == nil)
        #expect(Ratio(1, 0) == nil)
        #expect(ratio(1, 200).text == "1/200")
    }
}
