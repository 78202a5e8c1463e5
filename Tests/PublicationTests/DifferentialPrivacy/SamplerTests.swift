import TestSupport
import Testing

@testable import Publication

/// The draws follow their exact distributions.
@Suite struct SamplerTests {
    private static let draws = 20_000

    @Test("discrete Laplace", arguments: [(1, 2), (1, 1), (2, 1), (7, 3), (10, 1), (1000, 7)])
    func laplace(_ numerator: UInt128, _ denominator: UInt128) throws {
        let noise = try #require(DiscreteLaplace(scale: ratio(numerator, denominator)))
        let values = try sample(.laplace(noise), count: Self.draws, seed: 401)
        let result = chiSquare(values) { noise.probability(of: $0) }
        #expect(result.statistic < chiSquareBound(result.freedom))
    }

    @Test(
        "discrete Gaussian",
        arguments: [(1, 4), (1, 1), (4, 1), (50, 3), (25, 1), (1000, 7), (99, 100)])
    func gaussian(_ numerator: UInt128, _ denominator: UInt128) throws {
        let noise = try #require(
            DiscreteGaussian(varianceAtLeast: numerator, over: denominator))
        let values = try sample(.gaussian(noise), count: Self.draws, seed: 402)
        let result = chiSquare(values) { noise.probability(of: $0) }
        #expect(result.statistic < chiSquareBound(result.freedom))
    }

    @Test("the test itself sees a scale that is a tenth off, a shift and a doubled zero")
    func powerOfTheTest() throws {
        let noise = try #require(DiscreteLaplace(scale: ratio(2)))
        let other = try #require(DiscreteLaplace(scale: ratio(22, 10)))
        let values = try sample(.laplace(noise), count: Self.draws, seed: 403)
        func isCaught(_ values: [Int64], _ noise: DiscreteLaplace) -> Bool {
            let result = chiSquare(values) { noise.probability(of: $0) }
            return result.statistic > chiSquareBound(result.freedom)
        }
        #expect(isCaught(values, other))
        #expect(isCaught(values.map { $0 + 1 }, noise))
        #expect(isCaught(values + values.filter { $0 == 0 }, noise))
        #expect(!isCaught(values, noise))
    }

    @Test("hits of e^-γ", arguments: [(0, 1), (1, 7), (1, 1), (5, 2), (9, 4)])
    func exponentialHits(_ numerator: UInt128, _ denominator: UInt128) throws {
        var draws = NoiseDraws(SeededNoise(404))
        var hits = 0
        for _ in 0..<Self.draws
        where try draws.isHit(exponent: numerator, over: denominator) { hits += 1 }
        let share = exponential(-Double(numerator) / Double(denominator))
        let spread = (share * (1 - share) * Double(Self.draws)).squareRoot()
        #expect(abs(Double(hits) - share * Double(Self.draws)) <= 6 * spread + 0.5)
    }

    @Test("numbers below a limit are even, for limits of any width")
    func numbersBelow() throws {
        var draws = NoiseDraws(SeededNoise(405))
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<30_000 { counts[Int(try draws.number(below: 6))] += 1 }
        #expect(counts.allSatisfy { abs($0 - 5000) < 400 })
        for limit in [1, 2, 3, 1 << 64, (1 << 64) + 1, UInt128.max] as [UInt128] {
            var isUpperSeen = false
            for _ in 0..<200 {
                let number = try draws.number(below: limit)
                #expect(number < limit)
                if number >= limit / 2 { isUpperSeen = true }
            }
            #expect(isUpperSeen)
        }
    }

    @Test("bits are used once each, in order")
    func bits() throws {
        struct Counter: NoiseSource, ~Copyable {
            var next: UInt64 = 0x0123_4567_89ab_cdef
            mutating func nextWord() -> UInt64 {
                defer { next = ~next }
                return next
            }
        }
        var draws = NoiseDraws(Counter())
        let low = try draws.bits(4)
        let wide = try draws.bits(64)
        #expect(low == 0xf)
        #expect(wide == 0x0012_3456_789a_bcde << 4 | 0x0)
        var whole = NoiseDraws(Counter())
        #expect(try whole.bits(128) == 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210)
    }

    @Test("the largest noise stays in 128 bits, and very large variances keep their spread")
    func extremes() throws {
        let variance = DiscreteGaussian.varianceMax
        let noise = try #require(DiscreteGaussian(varianceAtLeast: variance - 2, over: 1))
        let values = try sample(.gaussian(noise), count: 3000, seed: 406)
        let sigma = Double(variance).squareRoot()
        let inside = values.count { abs(Double($0)) < sigma }
        #expect(abs(Double(inside) - 0.6827 * 3000) < 6 * (0.6827 * 0.3173 * 3000).squareRoot())
        let fine = try #require(DiscreteGaussian(varianceAtLeast: 1 << 47, over: 4095))
        #expect(try sample(.gaussian(fine), count: 100, seed: 407).contains { $0 != 0 })
        let wide = try #require(DiscreteLaplace(scale: ratio(DiscreteLaplace.scaleMax)))
        #expect(try sample(.laplace(wide), count: 100, seed: 408).contains { $0 > 1 << 38 })
        #expect(DiscreteLaplace(scale: ratio(DiscreteLaplace.scaleMax + 1)) == nil)
        #expect(DiscreteLaplace(scale: .zero) == nil)
        #expect(DiscreteGaussian(varianceAtLeast: variance - 1, over: 1) == nil)
        #expect(DiscreteGaussian(varianceAtLeast: 0, over: 1) == nil)
    }

    @Test("a variance that can't be drawn exactly is rounded up, never down")
    func roundedUp() throws {
        let cases: [(UInt128, UInt128, Ratio)] = [
            (1, 3, ratio(1, 3)), (1, 4097, ratio(1, 4096)), (10, 4097, ratio(10, 4096)),
            (4097 * 5 + 1, 4097, ratio(5 * 4096 + 1, 4096)),
            (UInt128(1) << 59, (1 << 70) + 1, ratio(2, 4096)),
            ((1 << 59) * 4097 + 1, 4097, ratio((1 << 59) + 1)),
        ]
        for (numerator, denominator, expected) in cases {
            let noise = try #require(
                DiscreteGaussian(varianceAtLeast: numerator, over: denominator))
            #expect(noise.variance == expected)
        }
    }

    /// A big-number library divided wrongly and a noise library inherited it: the division of 256
    /// by 128 bits that the Gaussian rests on, against schoolbook division bit by bit.
    @Test func wideDivision() {
        var generator = SeededGenerator(seed: 409)
        func random(_ bits: Int) -> UInt128 {
            let word = UInt128(generator.next()) << 64 | UInt128(generator.next())
            return bits == 128 ? word : word & ((1 << UInt128(bits)) - 1)
        }
        for round in 0..<2000 {
            let divisor = max(1, random(round % 127 + 2))
            let high = random(round % 128 + 1) % divisor
            let low = random(128)
            var rest = high
            var quotient: UInt128 = 0
            for bit in stride(from: UInt128(127), through: 0, by: -1) {
                let carry = rest >> 127
                rest = rest << 1 | (low >> bit & 1)
                quotient <<= 1
                if carry == 1 || rest >= divisor {
                    rest &-= divisor
                    quotient |= 1
                }
            }
            let fast = divisor.dividingFullWidth((high, low))
            #expect(fast.quotient == quotient && fast.remainder == rest)
        }
        for value in [0, 1, 2, 3, 4, 8, 9, 15, 16, (1 << 60) - 1, 1 << 60] as [UInt128] {
            let root = DiscreteGaussian.root(value)
            #expect(root * root <= value && (root + 1) * (root + 1) > value)
        }
    }

    /// Log-likelihood ratios of neighbouring counts: never above ε for any value seen, and at ε
    /// where the distributions fall.
    @Test(arguments: [(1, 1), (1, 2), (11, 10)])
    func logLikelihoodRatios(_ numerator: UInt128, _ denominator: UInt128) throws {
        let epsilon = ratio(numerator, denominator)
        let noise = try #require(DiscreteLaplace(change: 1, epsilon: epsilon))
        let values = try sample(.laplace(noise), count: 30_000, seed: 410)
        let neighbours = try sample(.laplace(noise), count: 30_000, seed: 411)
        var seen: [Int64: (Double, Double)] = [:]
        for value in values { seen[value, default: (0, 0)].0 += 1 }
        for value in neighbours { seen[value + 1, default: (0, 0)].1 += 1 }
        var ratios: [Double] = []
        for (one, other) in seen.values where one >= 200 && other >= 200 {
            let slack = 5 * (1 / one + 1 / other).squareRoot()
            #expect(abs(logarithm(one / other)) <= epsilon.approximate + slack)
            ratios.append(abs(logarithm(one / other)))
        }
        let most = ratios.max() ?? 0
        #expect(most > epsilon.approximate * 0.8, "the noise is larger than it need be")
        for value in -20...20 as ClosedRange<Int64> {
            let gap = logarithm(
                noise.probability(of: value) / noise.probability(of: value - 1))
            #expect(abs(gap) <= epsilon.approximate + 1e-12)
        }
    }

    /// Σ max(0, p - e^ε q) over neighbouring Gaussian counts stays below the δ that is claimed.
    @Test func gaussianHockeyStick() throws {
        let noise = try #require(DiscreteGaussian(cells: 1, change: 1, rho: ratio(1, 8)))
        for epsilon in [0.25, 0.5, 1, 2] {
            var delta = 0.0
            for value in -200...200 as ClosedRange<Int64> {
                let gap = noise.probability(of: value)
                    - exponential(epsilon) * noise.probability(of: value - 1)
                delta += max(0, gap)
            }
            #expect(delta <= concentratedDelta(rho: 0.125, epsilon: epsilon))
            #expect(delta > 0)
        }
    }

    @Test("the system's generator gives fair and different words")
    func system() throws {
        var draws = NoiseDraws(SystemNoiseSource())
        var ones = 0
        var words: Set<UInt128> = []
        for _ in 0..<2000 {
            let word = try draws.bits(64)
            ones += word.nonzeroBitCount
            words.insert(word)
        }
        #expect(words.count == 2000)
        #expect(abs(ones - 64_000) < 6 * 179)
    }
}
