private import Glibc

/// The best way to show only keys that enough persons stand behind, when the number of persons
/// itself is not shown (Desfontaines, Voss, Gipson and Mandayam, "Differentially private partition
/// selection", 2020).
///
/// For ε' and δ', the shares of one key of those a person may touch, a key of n persons is shown
/// with p(0) = 0 and p(n) = min(p(n-1)e^ε' + δ', 1 - e^-ε'(1 - p(n-1) - δ'), 1).
package struct PartitionSelection: Sendable, Equatable {
    private let probabilities: [Double]

    /// The most steps until a key is surely shown; more are refused.
    private static let stepsMax = 1 << 20

    /// Nil when a parameter is zero, `delta` is not below 1, or ε is so small that a key would
    /// need more than a million persons.
    package init?(epsilon: Double, delta: Double, cells: UInt64) {
        guard epsilon > 0, delta > 0, delta < 1, cells > 0 else { return nil }
        let epsilon = epsilon / Double(cells)
        let delta = delta / Double(cells)
        var probabilities = [0.0]
        var last = 0.0
        while last < 1 {
            guard probabilities.count < Self.stepsMax else { return nil }
            let grown = last * exp(epsilon) + delta
            let mirrored = 1 - exp(-epsilon) * (1 - last - delta)
            let next = min(grown, mirrored, 1)
            guard next > last else { return nil }
            last = next
            probabilities.append(last)
        }
        self.probabilities = probabilities
    }

    /// The fewest persons of a key that is surely shown.
    package var certainFrom: Int64 { Int64(probabilities.count) - 1 }

    /// The probability that a key of `persons` persons is shown.
    package func keepProbability(persons: Int64) -> Double {
        if persons <= 0 { return 0 }
        return persons < probabilities.count ? probabilities[Int(persons)] : 1
    }

    /// Whether a key of `persons` persons is shown this time; decided once for each key.
    package func isShown<Source: NoiseSource & ~Copyable>(
        persons: Int64, _ draws: inout NoiseDraws<Source>
    ) throws(PrivacyFault) -> Bool {
        let probability = keepProbability(persons: persons)
        if probability >= 1 { return true }
        if probability <= 0 { return false }
        // Rounded down to a multiple of 2^-100: below the rounding of the probability itself for
        // any that matters, and never to more.
        let parts = UInt128(probability * 0x1p100)
        return try draws.isHit(parts, of: 1 << 100)
    }
}
