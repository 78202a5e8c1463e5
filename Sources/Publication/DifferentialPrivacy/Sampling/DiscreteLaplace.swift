private import Glibc

/// Whole numbers with P[x] proportional to e^(-|x| / scale).
///
/// Added to a figure that one person changes by at most Δ in all, it gives ε = Δ / scale.
package struct DiscreteLaplace: Sendable, Equatable {
    /// Above 0, at most 2^40.
    package let scale: Ratio

    /// The largest scale: far above any useful one, and no draw can leave 64 bits.
    package static let scaleMax: UInt128 = 1 << 40

    /// Nil for a scale of zero or one above `scaleMax`.
    package init?(scale: Ratio) {
        guard scale > .zero,
            UInt128(scale.numerator) <= Self.scaleMax * UInt128(scale.denominator)
        else { return nil }
        self.scale = scale
    }

    /// The noise for a change of `change` in all and a loss of `epsilon`.
    package init?(change: UInt64, epsilon: Ratio) {
        guard change > 0, epsilon > .zero,
            let scale = Ratio(
                UInt128(change) * UInt128(epsilon.denominator), UInt128(epsilon.numerator))
        else { return nil }
        self.init(scale: scale)
    }

    /// One draw.
    package func draw<Source: NoiseSource & ~Copyable>(
        _ draws: inout NoiseDraws<Source>
    ) throws(PrivacyFault) -> Int64 {
        let numerator = UInt128(scale.numerator)
        while true {
            let part = try draws.number(below: numerator)
            if try !draws.isHit(exponent: part, over: numerator) { continue }
            var whole: UInt128 = 0
            while try draws.isHit(exponent: 1, over: 1) { whole += 1 }
            let size = (whole * numerator + part) / UInt128(scale.denominator)
            let isNegative = try draws.bits(1) == 1
            // Zero would come twice as often as it should.
            if isNegative, size == 0 { continue }
            let value = Int64(clamping: size)
            return isNegative ? -value : value
        }
    }

    /// P[x].
    package func probability(of value: Int64) -> Double {
        let decay = exp(-1 / scale.approximate)
        return (1 - decay) / (1 + decay) * exp(-Double(value.magnitude) / scale.approximate)
    }

    /// P[X ≥ least].
    package func upperTail(_ least: Int64) -> Double {
        if least <= 0 { return 1 - upperTail(1 - least) }
        return exp(-Double(least) / scale.approximate) / (1 + exp(-1 / scale.approximate))
    }

    /// 2q / (1 - q)² with q = e^(-1 / scale).
    package var variance: Double {
        let decay = exp(-1 / scale.approximate)
        return 2 * decay / (expm1(-1 / scale.approximate) * expm1(-1 / scale.approximate))
    }
}
