/// How much a compressed source may grow when it is inflated.
package struct GzipLimits: Sendable, Equatable {
    /// The most plain bytes of one source.
    package var plainBytesMax = 1 << 50

    /// The most plain bytes for each compressed byte.
    ///
    /// Deflate cannot do more than 1032 to 1 (a block of matches of 258 bytes in two bits each), so
    /// the default lets every honest file pass and stops nothing but a broken count; a pipeline
    /// that knows its logs (often 10 to 50) can ask for less.
    package var ratioMax = 1_100

    /// The plain bytes that are always allowed, whatever the ratio: short files of equal lines are
    /// honest and compress very well.
    package var ratioFreeBytes = 1 << 20

    package init() {}
}
