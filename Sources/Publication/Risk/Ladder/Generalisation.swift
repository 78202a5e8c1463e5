import Anonymization
import Records

/// The first byte of a quasi-identifier that is no text in its file; no text begins with it.
package enum RowValue {
    /// A number or a truth value.
    package static let bare: UInt8 = 0xff
    /// An object or a list.
    package static let structure: UInt8 = 0xfe
}

/// A way to make a quasi-identifier coarser. What it does not understand becomes empty:
/// the stronger side.
package enum Generalisation: Sendable, Equatable {
    /// `2026-03-15T14` of a time.
    case hour
    /// `2026-03-15` of a time.
    case day
    /// `2026-03` of a time.
    case month
    /// `2026` of a time.
    case year
    /// The first bits of an address, IPv4 and IPv6.
    case prefix(ipv4: Int, ipv6: Int)
    /// `nl` of `nl-BE`.
    case primaryLanguage
    /// Nothing.
    case drop

    /// Nil for numbers of bits that no address has.
    package static func prefixChecked(ipv4: Int, ipv6: Int) -> Generalisation? {
        (0...32).contains(ipv4) && (0...128).contains(ipv6)
            ? .prefix(ipv4: ipv4, ipv6: ipv6) : nil
    }

    /// The coarser value.
    package func applied(to value: [UInt8]) -> [UInt8] {
        if value.first == RowValue.structure { return [] }
        let value = value.first == RowValue.bare ? Array(value.dropFirst()) : value
        return switch self {
        case .hour: Self.time(value, like: "0000-00-00T00")
        case .day: Self.time(value, like: "0000-00-00")
        case .month: Self.time(value, like: "0000-00")
        case .year: Self.time(value, like: "0000")
        case .prefix(let ipv4, let ipv6): Self.prefix(value, ipv4, ipv6)
        case .primaryLanguage: Self.language(value)
        case .drop: []
        }
    }

    /// The first bytes when they have digits where the pattern has zeros, and the pattern's bytes
    /// elsewhere, and when no digit follows.
    private static func time(_ value: [UInt8], like pattern: StaticString) -> [UInt8] {
        let length = pattern.utf8CodeUnitCount
        guard value.count >= length else { return [] }
        let isLike = pattern.withUTF8Buffer { pattern in
            for index in 0..<length {
                let wanted = unsafe pattern[index]
                let isSpace = wanted == UInt8(ascii: "T") && value[index] == UInt8(ascii: " ")
                let isDigit = wanted == UInt8(ascii: "0") && value[index] &- 48 < 10
                guard isDigit || isSpace || wanted != UInt8(ascii: "0") && value[index] == wanted
                else { return false }
            }
            return true
        }
        guard isLike, value.count == length || value[length] &- 48 >= 10 else { return [] }
        var kept = Array(value.prefix(length))
        if length > 10 { kept[10] = UInt8(ascii: "T") }
        return kept
    }

    private static func prefix(_ value: [UInt8], _ ipv4: Int, _ ipv6: Int) -> [UInt8] {
        guard let address = IPAddress(value.span)?.unmapped else { return [] }
        return address.truncated(to: address.isIPv4 ? ipv4 : ipv6).textBytes
    }

    /// Two or three letters in lower case, up to what may follow them in a tag or list.
    private static func language(_ value: [UInt8]) -> [UInt8] {
        let letters = value.prefix { ($0 | 32) &- 97 < 26 }
        guard (2...3).contains(letters.count) else { return [] }
        if letters.count < value.count {
            guard Array("-_,;.@ ".utf8).contains(value[letters.count]) else { return [] }
        }
        return letters.map { $0 | 32 }
    }
}

/// One step of a ladder: one column becomes coarser.
package struct LadderStep: Sendable, Equatable {
    /// The column among the quasi-identifiers.
    package let column: Int
    package let change: Generalisation

    package init(column: Int, _ change: Generalisation) {
        self.column = column
        self.change = change
    }
}
