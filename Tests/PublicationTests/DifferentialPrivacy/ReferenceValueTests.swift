import TestSupport
import Testing

@testable import Publication

/// The published and independently computed values of science.md §4.4.
@Suite struct ReferenceValueTests {
    private static func laplace(_ numerator: UInt128, _ denominator: UInt128) throws
        -> NoiseMechanism
    {
        .laplace(try #require(DiscreteLaplace(scale: ratio(numerator, denominator))))
    }

    private static func gaussian(_ numerator: UInt128, _ denominator: UInt128) throws
        -> NoiseMechanism
    {
        .gaussian(
            try #require(
                DiscreteGaussian(
                    varianceAtLeast: numerator * numerator, over: denominator * denominator)))
    }

    @Test func concentratedToApproximate() {
        for row in DPReference.concentratedEpsilons {
            let epsilon = concentratedEpsilon(rho: row.rho, delta: row.delta)
            #expect(isNear(epsilon, row.epsilon, relative: 1e-9))
            #expect(epsilon <= row.rho + 2 * (row.rho * -logarithm(row.delta)).squareRoot())
        }
        for row in DPReference.concentratedDeltas {
            #expect(
                isNear(
                    concentratedDelta(rho: row.rho, epsilon: row.epsilon), row.delta,
                    relative: 1e-8))
        }
        #expect(isNear(concentratedEpsilon(rho: 1, delta: 1e-9), 9.52146, relative: 1e-6))
    }

    @Test func aYearOfMonths() throws {
        for row in DPReference.monthly {
            let rho = try #require(Ratio(text: "\(row.rho)"))
            let loss = PrivacyLoss(rho: rho)
            let all = try #require(loss.times(row.months)?.epsilon(delta: row.delta))
            let one = try #require(loss.epsilon(delta: row.delta))
            #expect(isNear(all, row.all, relative: 1e-9))
            #expect(isNear(one, row.one, relative: 1e-9))
            #expect(all < one * Double(row.months))
        }
    }

    @Test func distributions() throws {
        for row in DPReference.laplaces {
            let noise = try #require(
                DiscreteLaplace(scale: ratio(row.scale.numerator, row.scale.denominator)))
            #expect(isNear(noise.variance, row.variance, relative: 1e-12))
            if let tail = row.tailOfFive { #expect(isNear(noise.upperTail(5), tail)) }
            for (value, probability) in row.probabilities.enumerated() {
                #expect(isNear(noise.probability(of: Int64(value)), probability))
                #expect(isNear(noise.probability(of: -Int64(value)), probability))
            }
        }
        for row in DPReference.gaussians {
            let noise = try Self.gaussian(row.scale.numerator, row.scale.denominator)
            var variance = 0.0
            for value in 1...200 as ClosedRange<Int64> {
                variance += 2 * Double(value * value) * noise.probability(of: value)
            }
            #expect(isNear(variance, row.variance))
            for (value, probability) in row.probabilities.enumerated() {
                #expect(isNear(noise.probability(of: Int64(value)), probability))
            }
        }
        #expect(isNear(try Self.laplace(1, 1).probability(of: 0), 0.462117157, relative: 1e-8))
    }

    @Test("tails are sums of probabilities, on both sides of every switch of method")
    func tails() throws {
        for sigma in [1, 3, 9, 10, 11, 300, 1023, 1025, 3000] as [UInt128] {
            let noise = try Self.gaussian(sigma, 1)
            for factor in [0, 1, 2, 6] as [Int64] {
                let start = Int64(sigma) * factor + 1
                var sum = 0.0
                for value in start..<start + 12 * Int64(sigma) + 12 {
                    sum += noise.probability(of: value)
                }
                #expect(isNear(noise.upperTail(start), sum, relative: 1e-9))
            }
            #expect(isNear(noise.upperTail(0) + noise.upperTail(1), 1, relative: 1e-12))
        }
        let wide = try Self.laplace(10, 1)
        #expect(isNear(wide.upperTail(-3) + wide.upperTail(4), 1, relative: 1e-12))
    }

    @Test func thresholds() throws {
        for row in DPReference.laplaceThresholds + DPReference.gaussianThresholds {
            let isLaplace = DPReference.laplaceThresholds.contains {
                $0.delta == row.delta
            }
            let (top, bottom) = row.scale
            let noise = try isLaplace ? Self.laplace(top, bottom) : Self.gaussian(top, bottom)
            let delta = noise.releaseDelta(
                threshold: row.threshold, cells: row.cells, most: row.most)
            #expect(isNear(delta, row.delta, relative: 1e-7))
            let least = noise.leastThreshold(
                delta: row.delta * 1.001, cells: row.cells, most: row.most)
            #expect(least == row.threshold)
            let stricter = noise.leastThreshold(
                delta: row.delta * 0.999, cells: row.cells, most: row.most)
            #expect(stricter == row.threshold + 1)
        }
    }

    /// The continuous thresholds of another library: ours are whole, and less than two above.
    @Test func thresholdsBesideContinuousOnes() throws {
        for row in DPReference.laplaceThresholdsOfGoogle {
            let scale = Double(row.cells * row.most) / row.epsilon
            let parts = UInt128(scale * 0x1p40)
            let noise = try Self.laplace(parts, 1 << 40)
            let least = noise.leastThreshold(
                delta: row.delta, cells: row.cells, most: Int64(row.most))
            #expect(Double(least) >= row.threshold - 0.01)
            #expect(Double(least) < row.threshold + 2)
        }
        for row in DPReference.gaussianThresholdsOfGoogle {
            let least = try Self.gaussian(1, 1)
                .leastThreshold(delta: row.delta, cells: row.cells)
            #expect(Double(least) >= row.threshold)
            #expect(Double(least) < row.threshold + 2)
        }
    }

    @Test func partitionSelection() throws {
        for row in DPReference.keepProbabilities {
            let selection = try #require(
                PartitionSelection(epsilon: row.epsilon, delta: row.delta, cells: row.cells))
            #expect(
                isNear(
                    selection.keepProbability(persons: row.persons), row.keep, relative: 1e-6))
        }
        for row in DPReference.selections {
            let selection = try #require(
                PartitionSelection(epsilon: row.epsilon, delta: row.delta, cells: row.cells))
            #expect(selection.keepProbability(persons: row.half) >= 0.5)
            #expect(selection.keepProbability(persons: row.half - 1) < 0.5)
            #expect(selection.keepProbability(persons: Int64(row.always)) == 1)
            #expect(selection.keepProbability(persons: Int64(row.always) - 1) < 1)
            #expect(isNear(selection.keepProbability(persons: 10), row.ten))
            #expect(isNear(selection.keepProbability(persons: 20), row.twenty))
            #expect(selection.keepProbability(persons: 0) == 0)
        }
        #expect(PartitionSelection(epsilon: 0, delta: 0.1, cells: 1) == nil)
        #expect(PartitionSelection(epsilon: 1, delta: 1, cells: 1) == nil)
    }

    @Test("keys are shown as often as the selection says")
    func partitionDraws() throws {
        let selection = try #require(
            PartitionSelection(epsilon: logarithm(1.5), delta: 0.1, cells: 1))
        var draws = NoiseDraws(SeededNoise(420))
        for persons in 0...8 as ClosedRange<Int64> {
            var shown = 0
            for _ in 0..<10_000 where try selection.isShown(persons: persons, &draws) {
                shown += 1
            }
            let expected = selection.keepProbability(persons: persons)
            #expect(abs(Double(shown) / 10_000 - expected) < 0.03)
        }
    }

    /// The reference gives the least a with P[|X| ≥ a] ≤ 5 %; ours is the least with P[|X| > a],
    /// which for whole numbers is one less.
    @Test func accuracies() throws {
        for row in DPReference.laplaceAccuracies {
            let noise = try Self.laplace(row.scale, 1)
            #expect(noise.accuracy(missing: row.miss) == Int64(row.accuracy.rounded(.down)))
        }
        for row in DPReference.gaussianAccuracies {
            let noise = try Self.gaussian(row.sigma, 1)
            #expect(noise.accuracy(missing: row.miss) == row.accuracy - 1)
        }
    }

    @Test("95 of 100 draws lie within the stated accuracy")
    func accuracyHolds() throws {
        let noises = [try Self.laplace(10, 1), try Self.gaussian(10, 1)]
        for noise in noises {
            let reach = noise.accuracy()
            let values = try sample(noise, count: 20_000, seed: 421)
            let share = Double(values.count { abs($0) <= reach }) / 20_000
            #expect(share > 0.945 && share < 0.965)
        }
    }

    /// The scales and losses of the reference: change 1 at scales 1, 2, 10, change 4 at 10, ….
    @Test(
        "scale and variance for a loss",
        arguments: [(1, 1), (1, 2), (1, 10), (4, 10), (30, 100)])
    func scaleForLoss(_ change: UInt64, _ scale: UInt128) throws {
        // ε = Δ / scale.
        let epsilon = ratio(UInt128(change), scale)
        let noise = try #require(DiscreteLaplace(change: change, epsilon: epsilon))
        #expect(noise.scale == ratio(scale))
        // ρ = Δ² / 2σ².
        let rho = ratio(UInt128(change * change), 2 * scale * scale)
        let other = try #require(DiscreteGaussian(cells: 1, change: change, rho: rho))
        #expect(other.variance == ratio(scale * scale))
        // Four cells of half the change cost the same.
        let spread = try #require(DiscreteGaussian(cells: 4, change: change, rho: rho))
        #expect(spread.variance == ratio(4 * scale * scale))
    }
}
