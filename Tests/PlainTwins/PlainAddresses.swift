package import Anonymization
private import TestSupport

/// The address in `text`, read by the product.
package func readAddress(_ text: String, _ forms: AddressForms = []) -> IPAddress? {
    IPAddress(bytes(text).span, accepting: forms)
}

/// The rules for addresses written as plainly as possible, on strings: the twin that the scanner is
/// compared with. IPv6 is eight groups.
package enum PlainAddresses {
    package static func ipv4(_ text: String) -> [Int]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [Int] = []
        for part in parts {
            let digits = Array(part.utf8)
            guard (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }),
                digits.count == 1 || digits[0] != 48, let octet = Int(part), octet <= 255
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    package static func ipv6(_ text: String) -> [Int]? {
        let sides = split(text)
        if sides.count == 1 {
            return groups(sides[0], mayEndDotted: true).flatMap { $0.count == 8 ? $0 : nil }
        }
        guard sides.count == 2, let front = groups(sides[0], mayEndDotted: false),
            let back = groups(sides[1], mayEndDotted: true), front.count + back.count <= 7
        else { return nil }
        return front + Array(repeating: 0, count: 8 - front.count - back.count) + back
    }

    /// The texts around each `::`; a third colon makes the last one begin with a colon.
    private static func split(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        var sides: [[UInt8]] = [[]]
        var index = 0
        while index < bytes.count {
            if bytes[index] == 58, index + 1 < bytes.count, bytes[index + 1] == 58 {
                sides.append([])
                index += 2
            } else {
                sides[sides.count - 1].append(bytes[index])
                index += 1
            }
        }
        return sides.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func groups(_ side: String, mayEndDotted: Bool) -> [Int]? {
        if side.isEmpty { return [] }
        var groups: [Int] = []
        let parts = side.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.utf8.contains(46) {
                guard mayEndDotted, index == parts.count - 1, let octets = ipv4(String(part))
                else { return nil }
                groups += [octets[0] * 256 + octets[1], octets[2] * 256 + octets[3]]
            } else {
                let digits = Array(part.utf8)
                guard (1...4).contains(digits.count),
                    digits.allSatisfy({ "0123456789abcdefABCDEF".utf8.contains($0) }),
                    let value = Int(part, radix: 16)
                else { return nil }
                groups.append(value)
            }
        }
        return groups
    }

    /// RFC 5952 section 4.
    package static func text(_ groups: [Int]) -> String {
        var best = 0..<1
        for start in 0..<8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count { best = start..<end }
        }
        let words = groups.map { String($0, radix: 16) }
        if best.count < 2 { return words.joined(separator: ":") }
        return words[..<best.lowerBound].joined(separator: ":") + "::"
            + words[best.upperBound...].joined(separator: ":")
    }

    /// What the oracle of the benchmark writes for an address: IPv4 to /24, IPv6 to /48, mapped
    /// addresses to /24 in their dotted form; nil when `text` is no address.
    package static func truncated(_ text: String) -> String? {
        if let octets = ipv4(text) { return "\(octets[0]).\(octets[1]).\(octets[2]).0" }
        let address = text.utf8.firstIndex(of: 37).map { String(text[..<$0]) } ?? text
        guard let groups = ipv6(address) else { return nil }
        if groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xffff {
            return "::ffff:\(groups[6] >> 8).\(groups[6] & 255).\(groups[7] >> 8).0"
        }
        return self.text(Array(groups[..<3]) + [0, 0, 0, 0, 0])
    }
}
