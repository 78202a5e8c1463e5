private import Records

/// Lower-case hexadecimal text of words and bytes.
enum Hexadecimal {
    /// Sixteen digits, most significant first.
    static func text(_ word: UInt64) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(16)
        for shift in stride(from: 60, through: 0, by: -4) {
            digits.append(hexDigit(UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The value of a digit of either case, or nil.
    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: lowerCaseValue(digit)
        }
    }

    /// The value of a digit as it is written here, or nil.
    static func lowerCaseValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
