private import KeyedHashing

/// Where the random bits of noise come from.
///
/// It can't be copied: two drawings from one state would be the same noise twice, and the
/// difference of two tables with the same noise is exact.
package protocol NoiseSource: ~Copyable {
    /// Sixty-four independent fair bits.
    mutating func nextWord() throws(PrivacyFault) -> UInt64
}

/// The operating system's generator, `getrandom`, read a page at a time; used words are wiped.
package struct SystemNoiseSource: NoiseSource, ~Copyable {
    private var words = [UInt64](repeating: 0, count: SystemNoiseSource.pageWords)
    private var at = SystemNoiseSource.pageWords

    private static let pageWords = 512

    package init() {}

    package mutating func nextWord() throws(PrivacyFault) -> UInt64 {
        if at == Self.pageWords { try refill() }
        let word = words[at]
        words[at] = 0
        at += 1
        return word
    }

    private mutating func refill() throws(PrivacyFault) {
        do { try SystemRandom.fill(&words) } catch { throw PrivacyFault(.noRandomness) }
        at = 0
    }
}
