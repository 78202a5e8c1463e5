private import Glibc

/// Whole numbers with P[x] proportional to e^(-x² / 2σ²).
///
/// Added to each of at most l cells that one person changes by at most Δ each, it gives
/// ρ = lΔ² / 2σ² of zero-concentrated differential privacy.
package struct DiscreteGaussian: Sendable, Equatable {
    /// σ²: above 0 and below 2^60, with a denominator of at most 4,096.
    package let variance: Ratio

    /// The largest σ²; with `denominatorMax` it keeps all products of a draw in 128 bits.
    package static let varianceMax: UInt128 = 1 << 60
    package static let denominatorMax: UInt128 = 4096

    /// The least variance of the kind that can be drawn that is not below the fraction: rounding up
    /// only adds noise. Nil for zero and from `varianceMax` on.
    package init?(varianceAtLeast numerator: UInt128, over denominator: UInt128) {
        guard denominator > 0, numerator > 0 else { return nil }
        let (whole, rest) = numerator.quotientAndRemainder(dividingBy: denominator)
        guard whole < Self.varianceMax - 1 else { return nil }
        if let exact = Ratio(numerator, denominator),
            UInt128(exact.denominator) <= Self.denominatorMax,
            UInt128(exact.numerator) <= Self.varianceMax
        {
            variance = exact
            return
        }
        // Parts of 4,096 where there is room for them, whole numbers above.
        let hasRoom = whole < Self.varianceMax / Self.denominatorMax
        let parts = hasRoom ? Self.denominatorMax : 1
        let scaled = rest.multipliedFullWidth(by: parts)
        let (quotient, left) = denominator.dividingFullWidth(scaled)
        guard let rounded = Ratio(whole * parts + quotient + (left > 0 ? 1 : 0), parts)
        else { return nil }
        variance = rounded
    }

    /// The noise for `cells` cells that one person changes by at most `change` each, and a loss of
    /// `rho`.
    package init?(cells: UInt64, change: UInt64, rho: Ratio) {
        let square = UInt128(change).multipliedReportingOverflow(by: UInt128(change))
        let all = square.partialValue.multipliedReportingOverflow(by: UInt128(cells))
        let top = all.partialValue.multipliedReportingOverflow(by: UInt128(rho.denominator))
        guard rho > .zero, !square.overflow, !all.overflow, !top.overflow else { return nil }
        self.init(varianceAtLeast: top.partialValue, over: 2 * UInt128(rho.numerator))
    }

    /// One draw: a discrete Laplace number of scale t = ⌊σ⌋ + 1, kept with probability
    /// e^-((|y| - σ²/t)² / 2σ²).
    ///
    /// With σ² = n/d the exponent is (|y|td - n)² / 2ndt². The square has up to 256 bits; the
    /// divisor stays below 2^124, as n ≤ 2^60 and t² ≤ 4 · max(n/d, 1).
    package func draw<Source: NoiseSource & ~Copyable>(
        _ draws: inout NoiseDraws<Source>
    ) throws(PrivacyFault) -> Int64 {
        let top = UInt128(variance.numerator)
        let bottom = UInt128(variance.denominator)
        let scale = Self.root(top / bottom) + 1
        let divisor = 2 * top * bottom * scale * scale
        guard let wide = Ratio(scale).flatMap({ DiscreteLaplace(scale: $0) }) else {
            throw PrivacyFault(.noiseOutOfRange)
        }
        while true {
            let value = try wide.draw(&draws)
            let reach = UInt128(value.magnitude) * scale * bottom
            let distance = reach > top ? reach - top : top - reach
            let square = distance.multipliedFullWidth(by: distance)
            // An exponent of 2^128 or more: no such draw is ever kept.
            if square.high >= divisor { continue }
            let exponent = divisor.dividingFullWidth(square)
            if try draws.isHit(exponent: exponent.quotient, over: 1),
                try draws.isHit(exponent: exponent.remainder, over: divisor)
            {
                return value
            }
        }
    }

    /// ⌊√value⌋ for a value of at most 2^60.
    static func root(_ value: UInt128) -> UInt128 {
        var root = UInt128(Double(value).squareRoot())
        while root * root > value { root -= 1 }
        while (root + 1) * (root + 1) <= value { root += 1 }
        return root
    }
}

extension DiscreteGaussian {
    private var sigma: Double { variance.approximate.squareRoot() }

    /// Above this σ tails come from the Euler-Maclaurin formula instead of a sum.
    private static let summedSigmaMax = 1024.0

    /// e^(-x² / 2σ²).
    private func weight(_ value: Double) -> Double {
        exp(-value * value / (2 * variance.approximate))
    }

    /// The sum of all weights: for σ ≥ 10 it is σ√2π to far below the precision of a double, as the
    /// next term of the Poisson sum is e^(-2π²σ²).
    private var total: Double {
        if variance.approximate >= 100 { return sigma * (2 * Double.pi).squareRoot() }
        var sum = 1.0
        var value = 1.0
        while true {
            let next = 2 * weight(value)
            if next < sum * 1e-20 { return sum }
            sum += next
            value += 1
        }
    }

    /// P[x].
    package func probability(of value: Int64) -> Double { weight(Double(value)) / total }

    /// P[X ≥ least].
    package func upperTail(_ least: Int64) -> Double {
        if least <= 0 { return 1 - upperTail(1 - least) }
        let start = Double(least)
        if sigma > Self.summedSigmaMax {
            let integral = sigma * (Double.pi / 2).squareRoot() * erfc(start / sigma / sqrt(2.0))
            let edge = weight(start) / 2 + start / variance.approximate * weight(start) / 12
            return (integral + edge) / total
        }
        var sum = 0.0
        var value = start
        while true {
            let next = weight(value)
            sum += next
            if next <= sum * 1e-18 { return sum / total }
            value += 1
        }
    }
}
