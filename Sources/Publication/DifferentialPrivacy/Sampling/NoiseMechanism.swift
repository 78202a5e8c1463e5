private import Glibc

/// What noise is added to a column.
package enum NoiseMechanism: Sendable, Equatable {
    case laplace(DiscreteLaplace)
    case gaussian(DiscreteGaussian)

    /// One draw.
    package func draw<Source: NoiseSource & ~Copyable>(
        _ draws: inout NoiseDraws<Source>
    ) throws(PrivacyFault) -> Int64 {
        switch self {
        case .laplace(let noise): try noise.draw(&draws)
        case .gaussian(let noise): try noise.draw(&draws)
        }
    }

    /// P[x].
    package func probability(of value: Int64) -> Double {
        switch self {
        case .laplace(let noise): noise.probability(of: value)
        case .gaussian(let noise): noise.probability(of: value)
        }
    }

    /// P[X ≥ least].
    package func upperTail(_ least: Int64) -> Double {
        switch self {
        case .laplace(let noise): noise.upperTail(least)
        case .gaussian(let noise): noise.upperTail(least)
        }
    }

    /// The least a with P[|X| > a] ≤ `miss`: the true value lies within a of the printed one with
    /// a probability of 1 - `miss` or more. `miss` is above 0 and below 1.
    package func accuracy(missing miss: Double = 0.05) -> Int64 {
        least { 2 * upperTail($0 + 1) <= miss }
    }

    /// The least T such that a key that one person alone stands behind, with `most` in its cell, is
    /// shown by "noisy ≥ T" with a probability that costs at most `delta` over `cells` keys.
    ///
    /// The rule is "noisy ≥ T" and the probability that of exactly that, P[most + X ≥ T]. (A
    /// library that took P[most + X > T] reported a third of the true δ; OpenDP issue 2922.)
    package func leastThreshold(delta: Double, cells: UInt64, most: Int64 = 1) -> Int64 {
        // A little below, so that the rounding of these few operations cannot exceed δ.
        let share = -expm1(log1p(-delta) / Double(cells)) * (1 - 1e-9)
        return most + least { upperTail($0) <= share }
    }

    /// The least number from 0 on for which `holds`, which stays true once it is.
    private func least(where holds: (Int64) -> Bool) -> Int64 {
        if holds(0) { return 0 }
        var below: Int64 = 0
        var above: Int64 = 1
        while above < 1 << 60, !holds(above) {
            below = above
            above *= 2
        }
        while above - below > 1 {
            let middle = below + (above - below) / 2
            if holds(middle) { above = middle } else { below = middle }
        }
        return above
    }
}
