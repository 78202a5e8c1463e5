private import Glibc

/// What releases cost those in them: ρ of zero-concentrated differential privacy and, beside it,
/// the δ of choosing which keys are shown. Both add up over releases about the same person.
///
/// Neighbouring data differ by all records of one person within one period: with month keys, one
/// user-month.
package struct PrivacyLoss: Sendable, Equatable {
    /// ρ of zero-concentrated differential privacy (Bun and Steinke 2016).
    package let rho: Ratio
    /// The probability that a key is shown that betrays somebody.
    package let delta: Ratio

    package static let none = PrivacyLoss(rho: .zero, delta: .zero)

    package init(rho: Ratio, delta: Ratio = .zero) {
        self.rho = rho
        self.delta = delta
    }

    /// Both together, or nil when a sum has no room: then nothing may be released.
    package func adding(_ other: PrivacyLoss) -> PrivacyLoss? {
        guard let rho = rho.adding(other.rho), let delta = delta.adding(other.delta)
        else { return nil }
        return PrivacyLoss(rho: rho, delta: delta)
    }

    /// The loss of `count` periods about the same person, or nil when it has no room.
    package func times(_ count: UInt64) -> PrivacyLoss? {
        guard let rho = rho.times(count), let delta = delta.times(count) else { return nil }
        return PrivacyLoss(rho: rho, delta: delta)
    }

    /// True when neither part is above that of `limit`.
    package func isWithin(_ limit: PrivacyLoss) -> Bool {
        rho <= limit.rho && delta <= limit.delta
    }

    /// The (ε, δ) that this is, with `delta` as the whole δ, of which the part for keys goes first;
    /// nil when nothing is left of it.
    package func epsilon(delta all: Double) -> Double? {
        let left = all - delta.approximate
        if rho == .zero { return left >= 0 ? 0 : nil }
        return left > 0 ? concentratedEpsilon(rho: rho.approximate, delta: left) : nil
    }
}

/// The least ε such that `rho`-zCDP is (ε, δ)-differential privacy by `concentratedDelta`.
package func concentratedEpsilon(rho: Double, delta: Double) -> Double {
    if rho <= 0 || delta >= 1 { return 0 }
    var below = 0.0
    // The loose bound is always enough.
    var above = rho + 2 * sqrt(rho * -log(delta))
    for _ in 0..<200 {
        let middle = (below + above) / 2
        if middle <= below || middle >= above { break }
        if concentratedDelta(rho: rho, epsilon: middle) <= delta {
            above = middle
        } else {
            below = middle
        }
    }
    return above
}

/// The least δ over α > 1 of e^((α-1)(αρ-ε) + α ln(1-1/α)) / (α-1), for which `rho`-zCDP is
/// (ε, δ)-differential privacy (Canonne, Kamath and Steinke 2020, Corollary 13).
package func concentratedDelta(rho: Double, epsilon: Double) -> Double {
    if rho <= 0 { return 0 }
    // The exponent is convex; its slope is (2α-1)ρ - ε + ln(1-1/α), which is above 0 at `above`.
    var below = 1.0
    var above = (epsilon + 1) / (2 * rho) + 2
    while (2 * above - 1) * rho - epsilon + log1p(-1 / above) < 0 { above *= 2 }
    for _ in 0..<1000 {
        let middle = (below + above) / 2
        if middle <= below || middle >= above { break }
        let slope = (2 * middle - 1) * rho - epsilon + log1p(-1 / middle)
        if slope < 0 { below = middle } else { above = middle }
    }
    // Any α gives a valid δ, so that of a rounded one is valid too.
    let order = max(above, 1 + 1e-9)
    let exponent = (order - 1) * (order * rho - epsilon) + order * log1p(-1 / order)
    return min(1, exp(exponent - log(order - 1)))
}
