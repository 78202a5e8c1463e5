internal import Records

/// The forms of released values that several transforms share.
enum ReleasedForm {
    /// Hexadecimal digits in a token.
    static let tokenDigits = 32

    static func isSame(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    static func isSame(_ left: Span<UInt8>, _ right: [UInt8]) -> Bool {
        isSame(left, right.span)
    }

    /// True for exactly `digits` lower-case hexadecimal digits.
    static func isHexadecimal(_ bytes: Span<UInt8>, digits: Int) -> Bool {
        guard bytes.count == digits else { return false }
        for index in bytes.indices {
            let byte = bytes[index]
            let isDigit = byte &- 48 < 10
            guard isDigit || byte &- 97 < 6 else { return false }
        }
        return true
    }

    /// True for tokens with `, ` between them.
    static func isTokenList(_ bytes: Span<UInt8>) -> Bool {
        let step = tokenDigits + 2
        guard bytes.count % step == tokenDigits else { return false }
        for start in stride(from: 0, to: bytes.count, by: step) {
            let token = bytes.extracting(start..<start + tokenDigits)
            guard isHexadecimal(token, digits: tokenDigits) else { return false }
            let end = start + tokenDigits
            if end < bytes.count, bytes[end] != UInt8(ascii: ",") || bytes[end + 1] != 0x20 {
                return false
            }
        }
        return true
    }

    /// True when `bytes` has the shape of `pattern`, in which `0` stands for any digit.
    static func isLike(_ bytes: Span<UInt8>, _ pattern: String) -> Bool {
        guard bytes.count == pattern.utf8.count else { return false }
        for (index, wanted) in pattern.utf8.enumerated() {
            let isFitting =
                wanted == UInt8(ascii: "0") ? bytes[index] &- 48 < 10 : bytes[index] == wanted
            guard isFitting else { return false }
        }
        return true
    }
}

extension FieldValue {
    /// True for text, escaped in its source or not.
    var isText: Bool { kind == .text || kind == .escapedText }
}
