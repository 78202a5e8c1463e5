package import Records

/// A keyed pseudonym of 128 bits: the first half of an HMAC-SHA-256.
@usableFromInline package struct Token: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The length of the printed form in hexadecimal digits.
    package static let digits = 32

    /// The first eight bytes, most significant first.
    @usableFromInline package let high: UInt64
    /// The last eight bytes, most significant first.
    @usableFromInline package let low: UInt64

    /// Stands for "no identity"; no key produces it in practice (one chance in 2^128).
    package static let none = Token(high: 0, low: 0)

    @inlinable package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    @inlinable package static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension ByteBuffer {
    /// Appends `token` as 32 lower-case hexadecimal digits.
    package mutating func append(tokenHex token: Token) {
        append(hex: token.high)
        append(hex: token.low)
    }
}
