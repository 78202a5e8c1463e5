internal import Glibc

/// What help, the dictionary of an export and tests say about one kind of sketch.
package struct SketchDescriptor: Sendable {
    /// The name in options and columns.
    package let name: String
    /// One sentence.
    package let summary: String
    /// The name of its size parameter.
    package let sizeName: String
    /// The sizes that can be chosen.
    package let sizes: ClosedRange<Int>
    /// The size taken unless told otherwise; also the one that Spark SQL takes.
    package let standardSize: Int
    /// One standard deviation of the error, written down.
    package let errorFormula: String
    /// The same for a size: relative to the count, of KLL relative to the number of values.
    package let standardError: @Sendable (Int) -> Double
    /// The most bytes that a sketch of a size has (of KLL: of a billion values).
    package let serialBytesMax: @Sendable (Int) -> Int
    /// The function of Spark SQL that merges such columns of an item, and since which version.
    package let sparkFunction: @Sendable (SketchColumn.Item) -> String

    /// All kinds.
    package static let all: [SketchDescriptor] = [.theta, .hll, .kll]
}

/// An estimate and how far off it may be.
package struct SketchEstimate: Sendable, Equatable {
    /// The estimate.
    package let value: Double
    /// The bounds within which the truth lies, as often as a normal error is within the demanded
    /// number of standard deviations (2: 95 %).
    package let lower: Double
    package let upper: Double
    /// True when nothing was estimated.
    package let isExact: Bool

    /// The estimate rounded to a whole number; halves go up.
    package var rounded: Int64 { Int64(exactly: (value + 0.5).rounded(.down)) ?? .max }
}
