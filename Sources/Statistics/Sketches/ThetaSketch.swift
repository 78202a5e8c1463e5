internal import Glibc

/// A theta sketch: all hashes of a set below a threshold, in order.
///
/// The threshold is 2^63 while the set is small, and the sketch is the set of hashes itself; then
/// its count is exact (but for colliding 63-bit hashes). Beyond 2^lgK hashes only the least are
/// kept and the next one is the threshold: its share of 2^63 tells how large the set is.
///
/// A union keeps what one pass over everything would have kept, whatever the order and the parts,
/// so its bytes are canonical (Dasgupta, Lang, Rhodes and Thaler 2016). The bytes name no person,
/// yet whoever holds the key of the tokens can test for one: they are as sensitive as tokens.
package struct ThetaSketch: Sendable, Equatable {
    /// The threshold, 1 to 2^63 - 1; that greatest value stands for the whole.
    package let theta: UInt64
    /// The hashes, strictly ascending, all above 0 and below the threshold.
    package let hashes: [UInt64]

    /// The threshold of a sketch that has seen everything.
    static let wholeTheta = UInt64(Int64.max)

    /// The sketch of nothing.
    package static let empty = ThetaSketch(theta: wholeTheta, sortedHashes: [])

    /// `sortedHashes` must be strictly ascending, above 0 and below `theta`.
    init(theta: UInt64, sortedHashes: [UInt64]) {
        self.theta = theta
        hashes = sortedHashes
    }

    /// True for the sketch of nothing; a sketch of no hashes below a lower threshold is not empty.
    package var isEmpty: Bool { hashes.isEmpty && !isEstimating }

    /// True when the sketch holds a part of the set only.
    package var isEstimating: Bool { theta < Self.wholeTheta }

    /// The share of all hashes that lie below the threshold, above 0 to 1.
    var share: Double { isEstimating ? Double(theta) / 0x1p63 : 1 }

    /// The number of distinct items, with bounds at `deviations` standard deviations.
    package func estimate(deviations: Double = 2) -> SketchEstimate {
        let kept = Double(hashes.count)
        if !isEstimating {
            return SketchEstimate(value: kept, lower: kept, upper: kept, isExact: true)
        }
        return SketchEstimate(
            value: kept / share,
            lower: max(kept, bound(kept - 0.5, -deviations) - 0.5),
            upper: bound(kept + 0.5, deviations) + 0.5, isExact: false)
    }

    /// The n for which `kept` lies `deviations` standard deviations off its mean: the hashes kept
    /// are binomially distributed, n of them with probability `share` each, and the square root of
    /// the variance n * share * (1 - share) is solved for n. Half a hash is the correction for
    /// continuity, half an item the one for rounding; the libraries give the same bounds where 120
    /// hashes or more are kept.
    private func bound(_ kept: Double, _ deviations: Double) -> Double {
        let mean = max(0, kept / share)
        let spread = deviations * ((1 - share) / share).squareRoot()
        let side = 0.5 * spread * (spread * spread + 4 * mean).squareRoot()
        return mean + 0.5 * spread * spread + side
    }
}

extension SketchDescriptor {
    /// Theta sketches.
    package static let theta = SketchDescriptor(
        name: "theta",
        summary: "The least hashes of a set: counts it, also in union, intersection and "
            + "difference with others; equal sets give equal bytes.",
        sizeName: "lgK", sizes: 5...26, standardSize: 12,
        errorFormula: "0 up to 2^lgK items, then 1 / sqrt(2^lgK - 1)",
        standardError: { 1 / Double((1 << $0) - 1).squareRoot() },
        serialBytesMax: { 24 + (8 << $0) },
        sparkFunction: { _ in "theta_union_agg (Spark 4.1)" })
}
