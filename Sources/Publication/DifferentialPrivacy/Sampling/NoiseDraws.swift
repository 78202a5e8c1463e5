/// Exact draws from fair bits: whole numbers and fractions only, no rounding anywhere (Canonne,
/// Kamath and Steinke, "The Discrete Gaussian for Differential Privacy", 2020).
///
/// Low bits of floating-point noise betray the value under it (Mironov 2012), so no floating-point
/// number takes part. How long a draw takes depends on what is drawn; who can time single draws of
/// a batch programme learns a little.
package struct NoiseDraws<Source: NoiseSource & ~Copyable>: ~Copyable {
    private var source: Source
    private var word: UInt64 = 0
    private var bitsLeft = 0

    /// Takes its bits from `source`, which nobody else uses any more.
    package init(_ source: consuming Source) { self.source = source }

    /// A number of `count` fair bits, 1 to 128.
    mutating func bits(_ count: Int) throws(PrivacyFault) -> UInt128 {
        var result: UInt128 = 0
        var wanted = count
        while wanted > 0 {
            if bitsLeft == 0 {
                word = try source.nextWord()
                bitsLeft = 64
            }
            let taken = min(wanted, bitsLeft)
            // Smart shifts: a shift by the whole width leaves nothing.
            result = result << UInt128(taken) | UInt128(word & ~(UInt64.max << UInt64(taken)))
            word >>= UInt64(taken)
            bitsLeft -= taken
            wanted -= taken
        }
        return result
    }

    /// A number below `limit`, each equally likely; `limit` must be positive.
    mutating func number(below limit: UInt128) throws(PrivacyFault) -> UInt128 {
        let width = 128 - (limit - 1).leadingZeroBitCount
        if width == 0 { return 0 }
        while true {
            let number = try bits(width)
            if number < limit { return number }
        }
    }

    /// True with probability `numerator / denominator`, which is at most 1.
    mutating func isHit(
        _ numerator: UInt128, of denominator: UInt128
    ) throws(PrivacyFault) -> Bool {
        try number(below: denominator) < numerator
    }

    /// True with probability e^-(numerator / denominator).
    mutating func isHit(
        exponent numerator: UInt128, over denominator: UInt128
    ) throws(PrivacyFault) -> Bool {
        var (whole, rest) = numerator.quotientAndRemainder(dividingBy: denominator)
        while whole > 0 {
            if try !isHit(smallExponent: 1, over: 1) { return false }
            whole -= 1
        }
        return try isHit(smallExponent: rest, over: denominator)
    }

    /// True with probability e^-g for g = numerator / denominator of at most 1.
    ///
    /// The number of rounds k until the first miss has P[k > n] = g^n / n!, so k is odd with the
    /// probability 1 - g + g²/2! - …. A hit with probability g / k is a hit with probability g
    /// and one with probability 1 / k: no product can overflow.
    private mutating func isHit(
        smallExponent numerator: UInt128, over denominator: UInt128
    ) throws(PrivacyFault) -> Bool {
        var round: UInt128 = 1
        while true {
            if try !isHit(numerator, of: denominator) { break }
            if round > 1, try !isHit(1, of: round) { break }
            round += 1
        }
        return round % 2 == 1
    }
}
