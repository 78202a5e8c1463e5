/// An encoding that a source can be declared to be in; its bytes become UTF-8 before anything looks
/// at them. What an encoding has no character for is a fault of the source: nothing is guessed.
package enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    /// ISO 8859-1: each byte is the character of its number.
    case latin1 = "latin-1"
    /// The Western code page of Windows: Latin-1 with letters and signs from 0x80 to 0x9F.
    case windows1252 = "windows-1252"
    /// UTF-16 with a byte order mark in front (RFC 2781 section 4.3).
    case utf16 = "utf-16"
}

/// Turns the bytes of one source into UTF-8, in pieces of any size.
package struct TextDecoder: Sendable {
    private let encoding: TextEncoding
    /// The number of bytes taken so far.
    private var taken = 0
    private var isBigEndian = false
    private var hasMark = false
    /// The first half of a surrogate pair; 0: none.
    private var highHalf: UInt16 = 0

    /// A decoder, or nil for UTF-8, which needs none.
    package init?(_ encoding: TextEncoding) {
        if encoding == .utf8 { return nil }
        self.encoding = encoding
    }

    /// Appends the text of `bytes` to `output` and returns how many bytes were taken: all, or all
    /// but the half of a character, which comes again in front of the next ones. `isLast` when
    /// there are no more.
    package mutating func decode(
        _ bytes: Span<UInt8>, isLast: Bool, into output: inout ByteBuffer
    ) throws(SourceFault) -> Int {
        output.reserve(2 * bytes.count)
        let count: Int
        switch encoding {
        case .utf8: return 0
        case .latin1:
            for index in bytes.indices { Self.append(UInt32(bytes[index]), to: &output) }
            count = bytes.count
        case .windows1252:
            for index in bytes.indices {
                guard let scalar = Self.windowsScalar(bytes[index]) else {
                    throw fault(at: index, "a character of Windows-1252")
                }
                Self.append(scalar, to: &output)
            }
            count = bytes.count
        case .utf16: count = try decodeUTF16(bytes, isLast: isLast, into: &output)
        }
        taken += count
        return count
    }

    private func fault(at index: Int, _ expected: String) -> SourceFault {
        SourceFault(
            .unsupportedEncoding, byteOffset: taken + index, expectation: "expected \(expected)")
    }

    private mutating func decodeUTF16(
        _ bytes: Span<UInt8>, isLast: Bool, into output: inout ByteBuffer
    ) throws(SourceFault) -> Int {
        var at = 0
        while at + 1 < bytes.count {
            let first = UInt16(bytes[at])
            let second = UInt16(bytes[at + 1])
            let unit = isBigEndian ? first << 8 | second : second << 8 | first
            if !hasMark {
                guard unit == 0xFEFF || unit == 0xFFFE else {
                    throw fault(at: at, "the byte order mark of UTF-16")
                }
                isBigEndian = unit == 0xFFFE
                hasMark = true
            } else if let scalar = try scalar(of: unit, at: at) {
                Self.append(scalar, to: &output)
            }
            at += 2
        }
        if isLast, at < bytes.count || highHalf != 0 {
            throw fault(at: at, "the other half of a character of UTF-16")
        }
        return at
    }

    /// The character that ends with `unit`; nil when `unit` is the first half of one.
    private mutating func scalar(of unit: UInt16, at index: Int) throws(SourceFault) -> UInt32? {
        let isHigh = unit & 0xFC00 == 0xD800
        let isLow = unit & 0xFC00 == 0xDC00
        guard isLow == (highHalf != 0) else {
            throw fault(at: index, "both halves of a character of UTF-16")
        }
        if isHigh {
            highHalf = unit
            return nil
        }
        guard isLow else { return UInt32(unit) }
        let scalar = 0x10000 + UInt32(highHalf & 0x3FF) << 10 + UInt32(unit & 0x3FF)
        highHalf = 0
        return scalar
    }

    /// 0x80 to 0x9F as the code page has them; 0: no character.
    private static let windowsSigns: [UInt32] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
        0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC,
        0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
    ]

    private static func windowsScalar(_ byte: UInt8) -> UInt32? {
        guard (0x80...0x9F).contains(byte) else { return UInt32(byte) }
        let sign = windowsSigns[Int(byte) - 0x80]
        return sign == 0 ? nil : sign
    }

    /// Appends the UTF-8 form (RFC 3629 section 3) of a scalar value.
    private static func append(_ scalar: UInt32, to output: inout ByteBuffer) {
        func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
        switch scalar {
        case 0..<0x80: output.append(byte(scalar))
        case 0x80..<0x800:
            output.append(byte(0xC0 | scalar >> 6))
            output.append(byte(0x80 | scalar & 0x3F))
        case 0x800..<0x10000:
            output.append(byte(0xE0 | scalar >> 12))
            output.append(byte(0x80 | scalar >> 6 & 0x3F))
            output.append(byte(0x80 | scalar & 0x3F))
        default:
            output.append(byte(0xF0 | scalar >> 18))
            output.append(byte(0x80 | scalar >> 12 & 0x3F))
            output.append(byte(0x80 | scalar >> 6 & 0x3F))
            output.append(byte(0x80 | scalar & 0x3F))
        }
    }
}
