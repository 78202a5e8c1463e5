import PlainTwins
import TestSupport

/// Invented texts with identifiers between their words, and what `redact` leaves of them.
///
/// A word without an identifier stands between any two identifiers: so it does not matter which
/// kind is looked for first, and each is looked for by itself.
enum PlainTexts {
    static let kinds = ["email", "ip", "token", "card", "iban", "mac", "phone"]
    /// A domain that a pipeline declares so large that it identifies nobody.
    static let provider = "post.example"
    static let providers = [provider, "gmail.com", "outlook.com"]

    // MARK: At random

    static func mail(_ random: inout SeededGenerator) -> String {
        let name = ["jan", "Eva.Smit", "p+q"].randomElement(using: &random) ?? ""
        let sign = Int.random(in: 0..<6, using: &random) == 0 ? "%40" : "@"
        let domains = ["firma1.example", "Gmail.com", "outlook.com", provider, "x-y.example"]
        let domain = domains.randomElement(using: &random) ?? ""
        let odd = ["not one", "<jan@firma.example>", "[user]@[domain]", "[user]@gmail.com", "jan"]
        return Int.random(in: 0..<5, using: &random) == 0
            ? odd.randomElement(using: &random) ?? "" : name + sign + domain
    }

    static func text(_ random: inout SeededGenerator) -> String {
        let words = ["see", "café", "retry", "a/b", "half-open", "ok,", "(done)", "n5", "Müller;"]
        var parts = [words.randomElement(using: &random) ?? ""]
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            parts.append(identifier(&random))
            parts.append(words.randomElement(using: &random) ?? "")
        }
        return parts.joined(separator: " ")
    }

    /// An identifier, or what looks like one and is none, with signs around it.
    private static func identifier(_ random: inout SeededGenerator) -> String {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        let ipv4 = "\(number(1...223)).\(number(0...255)).0.\(number(1...254))"
        let ipv6 = "2001:db8:\(String(number(16...65535), radix: 16))::\(number(1...99))"
        let digits = (0..<32).map { _ in String(number(0...15), radix: 16) }
        let group = { (range: Range<Int>) in digits[range].joined() }
        let card = [
            "4111 1111 1111 1111", "4111-1111-1111-1112", "5500000000000004",
            "3782 822463 10005", "4\(number(100...999)) 1111 \(number(1000...9999)) 1111",
        ]
        let found: [String] = [
            "jan.\(number(1...99))@firma.example", "Eva%40firma.example", "p+q@x-y.example",
            "hmac-sha2-256@openssh.com", "@here",
            ipv4, "\(ipv4):\(number(1...65535))", "[\(ipv4)]", ipv6, "[\(ipv6)]:443",
            "2001:db8:0:1:2:3:4:\(number(1...9))", "Chrome/126.0.0.0", "version \(ipv4)", "1.2.3",
            group(0..<32), group(0..<31),
            [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map(group).joined(separator: "-"),
            card[number(0...4)], card[number(0...4)],
            "NL91ABNA0417164300", "NL91 ABNA 0417 1643 00", "NL92 ABNA 0417 1643 00",
            "DE89370400440532013000", "00:1a:2b:3c:4d:\(group(0..<2))", "00-1A-2B-3C-4D-5E",
            "001a.2b3c.4d5e", "+31 20 123 \(number(1000...9999))", "+47-\(number(10...99))", "4711",
        ]
        let around = [("", ""), ("", ""), ("(", ")"), ("<", ">"), ("", ","), ("", ";"), ("id=", "")]
        let (before, behind) = around[number(0...around.count - 1)]
        let one = found[number(0...found.count - 1)]
        // Behind a sign it is no version: then it is taken for an address.
        return one.hasPrefix("Chrome") ? one : before + one + behind
    }

    // MARK: What is left

    static func redacted(_ text: String, kinds: [String], isSimple: Bool) -> String {
        let kinds = kinds.isEmpty ? Self.kinds.filter { $0 != "phone" } : kinds
        let left = searched(bytes(text)) { text in
            Self.kinds.filter(kinds.contains).reduce(text) { text, kind in
                switch kind {
                case "email":
                    isSimple ? PlainEmails.redacted(text) : StrictEmailTwin.redacted(text)
                case "ip": words(text) { isAddress($0, behind: $1) ? "[ip]" : nil }
                case "token": words(text) { word, _ in isToken(word) ? "[token]" : nil }
                default: PlainNumbers(rawValue: kind)?.redacted(text) ?? []
                }
            }
        }
        return String(decoding: left, as: UTF8.self)
    }

    /// The text with another word in the place of each for which there is one; what stands around
    /// a word does not belong to it.
    private static func words(_ text: [UInt8], _ other: (String, String) -> String?) -> [UInt8] {
        var last = ""
        func changed(_ word: Substring) -> String {
            let sign = word.lastIndex { "(<=".contains($0) }
            let front = sign.map { String(word[...$0]) } ?? ""
            let bare = String(word.dropFirst(front.count).prefix { !",;)>".contains($0) })
            let back = String(word.dropFirst(front.count + bare.count))
            defer { last = bare }
            return front + (other(bare, last) ?? bare) + back
        }
        let words = String(decoding: text, as: UTF8.self).split(separator: " ")
        return bytes(words.map(changed).joined(separator: " "))
    }

    /// An address, perhaps in brackets, perhaps with a port; not behind a word for a version.
    private static func isAddress(_ word: String, behind last: String) -> Bool {
        guard last != "version" else { return false }
        var (address, port) = (word, "")
        if word.hasPrefix("["), let close = word.firstIndex(of: "]") {
            address = String(word[word.index(after: word.startIndex)..<close])
            port = String(word[close...].dropFirst())
        } else if word.contains("."), let colon = word.firstIndex(of: ":") {
            (address, port) = (String(word[..<colon]), String(word[colon...]))
        }
        let isPort = port.isEmpty || port.hasPrefix(":") && Int(port.dropFirst()) != nil
        return isPort && (PlainAddresses.ipv4(address) ?? PlainAddresses.ipv6(address)) != nil
    }

    /// 32 hexadecimal digits and more, or a UUID.
    private static func isToken(_ word: String) -> Bool {
        let groups = word.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.allSatisfy({ $0.allSatisfy(\.isHexDigit) }) else { return false }
        return groups.count == 1 ? word.count >= 32 : groups.map(\.count) == [8, 4, 4, 4, 12]
    }
}
