/// Numbers and addresses that look like those of somebody and belong to nobody.
enum Identifiers {
    /// An account number with valid check digits (ISO 13616) at a bank that does not exist.
    static func iban(_ random: inout SampleRandom) -> String {
        let account = "EXMP" + random.digits(10)
        let check = 98 - remainder(by: 97, of: account + "NL00")
        return "NL\(padded(check, 2))\(account)"
    }

    /// The number that `text` is, letters counted from A = 10, modulo `divisor`.
    private static func remainder(by divisor: Int, of text: String) -> Int {
        text.reduce(0) { rest, character in
            let value = character.wholeNumberValue ?? Int(character.asciiValue ?? 0) - 55
            return (rest * (value > 9 ? 100 : 10) + value) % divisor
        }
    }

    /// Sixteen digits in groups that pass the check of Luhn.
    static func card(_ random: inout SampleRandom) -> String {
        let body = Array("400000" + random.digits(9)).compactMap(\.wholeNumberValue)
        let sum = body.reversed().enumerated().reduce(0) { sum, item in
            let doubled = item.offset % 2 == 0 ? item.element * 2 : item.element
            return sum + doubled / 10 + doubled % 10
        }
        let digits = body + [(10 - sum % 10) % 10]
        return stride(from: 0, to: 16, by: 4)
            .map { digits[$0..<$0 + 4].map { String($0) }.joined() }.joined(separator: " ")
    }

    /// `address` as proxies, dual-stack sockets and old tunnels write it now and then.
    static func spelling(of address: String, _ random: inout SampleRandom) -> String {
        guard random.happens(onceIn: 25) else { return address }
        let port = random.number(1024...65_535)
        if address.contains(":") { return "[\(address)]:\(port)" }
        let parts = address.split(separator: ".").compactMap { Int($0) }
        switch random.number(1...3) {
        case 1: return "\(address):\(port)"
        case 2: return "::ffff:\(address)"
        default:
            let hex = parts.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
            return "2002:\(hex[0])\(hex[1]):\(hex[2])\(hex[3])::1"
        }
    }
}

/// `text` between quotes, as JSON wants it.
func quoted(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { json += "\\" }
        json.unicodeScalars.append(scalar)
    }
    return json + "\""
}

/// `text` with accents written as marks of their own, as some systems send them.
func decomposed(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        if let parts = accents[scalar] {
            result.unicodeScalars.append(contentsOf: parts)
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

private let accents: [Unicode.Scalar: [Unicode.Scalar]] = [
    "ë": ["e", "\u{308}"], "é": ["e", "\u{301}"], "ö": ["o", "\u{308}"], "å": ["a", "\u{30a}"],
    "ç": ["c", "\u{327}"],
]

/// `json` with everything beyond ASCII as `\u` escapes, as some libraries write it.
func escapedBeyondASCII(_ json: String) -> String {
    var result = ""
    for unit in json.utf16 {
        if unit < 0x80, let scalar = Unicode.Scalar(unit) {
            result.unicodeScalars.append(scalar)
        } else {
            let digits = String(unit, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
    return result
}
