/// An exact fraction that is not negative: budgets and the parameters of noise, so that what is
/// promised and what is drawn are the same number. Always in lowest terms; both parts fit in the
/// integers of the ledger.
package struct Ratio: Hashable, Comparable, Sendable {
    /// 0 to 2^63 - 1.
    package let numerator: UInt64
    /// 1 to 2^63 - 1.
    package let denominator: UInt64

    package static let zero = Ratio(whole: 0)

    /// A small whole number.
    package init(whole: UInt32) {
        numerator = UInt64(whole)
        denominator = 1
    }

    /// Nil for a denominator of zero, and when the lowest terms do not fit.
    package init?(_ numerator: UInt128, _ denominator: UInt128 = 1) {
        guard denominator > 0 else { return nil }
        let divisor = Self.commonDivisor(numerator, denominator)
        let most = UInt128(Int64.max)
        guard numerator / divisor <= most, denominator / divisor <= most else { return nil }
        self.numerator = UInt64(numerator / divisor)
        self.denominator = UInt64(denominator / divisor)
    }

    /// Reads a plain decimal such as `0.05` or a fraction of two whole numbers such as `1/200`,
    /// exactly; nil for anything else.
    package init?(text: String) {
        let parts = text.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = Self.decimal(parts[0]) else { return nil }
        var denominator = first.denominator
        if parts.count == 2 {
            guard denominator == 1, let second = Self.decimal(parts[1]), second.denominator == 1
            else { return nil }
            denominator = second.numerator
        }
        self.init(first.numerator, denominator)
    }

    private static func decimal(
        _ digits: Substring.UTF8View
    ) -> (numerator: UInt128, denominator: UInt128)? {
        var numerator: UInt128 = 0
        var denominator: UInt128 = 1
        var isBehindPoint = false
        var count = 0
        for byte in digits {
            if byte == UInt8(ascii: "."), !isBehindPoint, count > 0 {
                isBehindPoint = true
                count = 0
                continue
            }
            guard byte &- 48 < 10, denominator < 1_000_000_000_000_000_000,
                numerator < 1_000_000_000_000_000_000
            else { return nil }
            numerator = numerator * 10 + UInt128(byte - 48)
            if isBehindPoint { denominator *= 10 }
            count += 1
        }
        return count > 0 ? (numerator, denominator) : nil
    }

    private static func commonDivisor(_ one: UInt128, _ other: UInt128) -> UInt128 {
        var (left, right) = (one, other)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }

    package static func < (left: Self, right: Self) -> Bool {
        UInt128(left.numerator) * UInt128(right.denominator)
            < UInt128(right.numerator) * UInt128(left.denominator)
    }

    /// The sum, or nil when it has no room.
    package func adding(_ other: Ratio) -> Ratio? {
        let left = UInt128(numerator) * UInt128(other.denominator)
        let right = UInt128(other.numerator) * UInt128(denominator)
        return Ratio(left + right, UInt128(denominator) * UInt128(other.denominator))
    }

    /// `count` times the number, or nil when that has no room.
    package func times(_ count: UInt64) -> Ratio? {
        Ratio(UInt128(numerator) * UInt128(count), UInt128(denominator))
    }

    /// The product, or nil when it has no room.
    package func times(_ other: Ratio) -> Ratio? {
        Ratio(
            UInt128(numerator) * UInt128(other.numerator),
            UInt128(denominator) * UInt128(other.denominator))
    }

    /// One of `count` equal shares, or nil for none and when it has no room.
    package func divided(by count: Int) -> Ratio? {
        guard count > 0 else { return nil }
        return Ratio(UInt128(numerator), UInt128(denominator) * UInt128(count))
    }

    /// The nearest double, for analysis and print; nothing is drawn from it.
    package var approximate: Double { Double(numerator) / Double(denominator) }

    /// `3` or `1/200`.
    package var text: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
}
