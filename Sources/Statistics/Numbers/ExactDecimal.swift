package import Records

/// A decimal number with up to nine fraction digits, kept exactly as a whole number of billionths.
///
/// Sums of such numbers do not depend on their order, which sums of floating-point numbers do.
package struct ExactDecimal: Hashable, Comparable, Sendable {
    /// The number times 10^9.
    package let billionths: Int128

    /// The number of fraction digits kept.
    package static let fractionDigits = 9
    /// The most digits in front of the point: 2^47 numbers of that size still sum up exactly.
    package static let wholeDigitsMax = 15

    static let one: Int128 = 1_000_000_000

    package init(billionths: Int128) { self.billionths = billionths }

    /// A whole number.
    package init(_ whole: Int64) { billionths = Int128(whole) * Self.one }

    package static func < (left: Self, right: Self) -> Bool { left.billionths < right.billionths }

    /// Reads `[+-] digits [. digits] [e [+-] digits]`; nil for anything else, for more than
    /// `wholeDigitsMax` digits in front of the point, and for a tenth non-zero digit behind it.
    package init?(_ text: Span<UInt8>) {
        // Nearly all numbers of a log are short and whole: they are read at one go.
        if text.count &- 1 < 8, text.count > 0 {
            let digits = DigitWord(text)
            if digits.isAllDigits {
                self.init(
                    billionths: Int128(Int64(bitPattern: digits.number) &* 1_000_000_000))
                return
            }
        }
        self.init(inParts: text)
    }

    /// Reads a number of any form, digit by digit.
    init?(inParts text: Span<UInt8>) {
        var at = 0
        var isNegative = false
        if text.count > 0, text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") {
            isNegative = text[0] == UInt8(ascii: "-")
            at = 1
        }
        var digits = Digits()
        guard digits.read(text, &at), let value = digits.billionths else { return nil }
        billionths = isNegative ? -value : value
    }

    /// Appends the number in plain decimal, without zeros at the end of the fraction.
    package func append(to buffer: inout ByteBuffer) {
        if billionths < 0 { buffer.append(UInt8(ascii: "-")) }
        let magnitude = billionths.magnitude
        let scale = UInt128(Self.one)
        let whole = magnitude / scale
        var fraction = Int(truncatingIfNeeded: magnitude % scale)
        buffer.append(text: String(whole))
        if fraction == 0 { return }
        var width = Self.fractionDigits
        while fraction % 10 == 0 {
            fraction /= 10
            width -= 1
        }
        buffer.append(UInt8(ascii: "."))
        buffer.append(decimal: fraction, width: width)
    }
}

/// The significant digits of a number while it is read, and where its point is.
private struct Digits {
    private var value: Int128 = 0
    private var significant = 0
    private var exponent = 0

    /// Reads from `at` to the end of `text`; false when that is no number.
    mutating func read(_ text: Span<UInt8>, _ at: inout Int) -> Bool {
        var digitsSeen = 0
        var isBehindPoint = false
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "."), !isBehindPoint, digitsSeen > 0 {
                isBehindPoint = true
                digitsSeen = 0
            } else if byte &- 48 < 10 {
                guard add(Int(byte) - 48) else { return false }
                if isBehindPoint { exponent -= 1 }
                digitsSeen += 1
            } else {
                break
            }
            at += 1
        }
        guard digitsSeen > 0 else { return false }
        if at == text.count { return true }
        guard text[at] | 32 == UInt8(ascii: "e") else { return false }
        at += 1
        return readExponent(text, &at)
    }

    private mutating func readExponent(_ text: Span<UInt8>, _ at: inout Int) -> Bool {
        var sign = 1
        if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            if text[at] == UInt8(ascii: "-") { sign = -1 }
            at += 1
        }
        guard at < text.count, text.count - at <= 3 else { return false }
        var written = 0
        while at < text.count {
            guard text[at] &- 48 < 10 else { return false }
            written = written * 10 + Int(text[at]) - 48
            at += 1
        }
        exponent += sign * written
        return true
    }

    private mutating func add(_ digit: Int) -> Bool {
        if value == 0, digit == 0 { return true }
        significant += 1
        guard significant <= 36 else { return false }
        value = value * 10 + Int128(digit)
        return true
    }

    /// The number read in billionths, or nil when it is out of range or too fine.
    var billionths: Int128? {
        if value == 0 { return 0 }
        guard significant + exponent <= ExactDecimal.wholeDigitsMax else { return nil }
        var result = value
        var shift = exponent + ExactDecimal.fractionDigits
        while shift < 0 {
            guard result % 10 == 0 else { return nil }
            result /= 10
            shift += 1
        }
        while shift > 0 {
            result *= 10
            shift -= 1
        }
        return result
    }
}
