import Glibc
import Publication
import TestSupport

/// Repeatable bits: for tests only, as whoever knows the seed can take the noise away.
struct SeededNoise: NoiseSource, ~Copyable {
    private var generator: SeededGenerator

    init(_ seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func nextWord() -> UInt64 { generator.next() }
}

/// How far a sample is from a distribution: Pearson's chi-square over all values expected at least
/// ten times, with one bin for either tail, and the number of bins less one.
func chiSquare(
    _ sample: [Int64], expected: (Int64) -> Double
) -> (statistic: Double, freedom: Double) {
    var counts: [Int64: Int] = [:]
    for value in sample { counts[value, default: 0] += 1 }
    let size = Double(sample.count)
    var reach: Int64 = 0
    while expected(reach + 1) * size >= 10 { reach += 1 }
    var statistic = 0.0
    var inside = 0.0
    for value in -reach...reach {
        let mean = expected(value) * size
        let gap = Double(counts[value] ?? 0) - mean
        statistic += gap * gap / mean
        inside += expected(value)
    }
    let tail = (1 - inside) / 2 * size
    guard tail >= 5 else { return (statistic, Double(2 * reach)) }
    for isUpper in [true, false] {
        let seen = sample.count { isUpper ? $0 > reach : $0 < -reach }
        let gap = Double(seen) - tail
        statistic += gap * gap / tail
    }
    return (statistic, Double(2 * reach + 2))
}

/// The six-sigma bound of a chi-square statistic.
func chiSquareBound(_ freedom: Double) -> Double { freedom + 6 * (2 * freedom).squareRoot() }

/// `count` draws of `noise` with bits from `seed`.
func sample(_ noise: NoiseMechanism, count: Int, seed: UInt64) throws -> [Int64] {
    var draws = NoiseDraws(SeededNoise(seed))
    var values: [Int64] = []
    for _ in 0..<count { values.append(try noise.draw(&draws)) }
    return values
}

func ratio(_ numerator: UInt128, _ denominator: UInt128 = 1) -> Ratio {
    Ratio(numerator, denominator) ?? .zero
}

func isNear(_ one: Double, _ other: Double, relative: Double = 1e-9) -> Bool {
    abs(one - other) <= relative * max(abs(one), abs(other))
}

extension NoiseMechanism {
    /// The probability that at least one of `cells` keys that one person alone stands behind is
    /// shown by "noisy ≥ `threshold`".
    func releaseDelta(threshold: Int64, cells: UInt64, most: Int64 = 1) -> Double {
        -expm1(Double(cells) * log1p(-upperTail(threshold - most)))
    }
}
