import TestSupport

/// Makes texts that are addresses, nearly addresses, or rubbish of the same letters.
struct AddressGenerator {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func next() -> String {
        var text = address()
        switch Int.random(in: 0..<8, using: &random) {
        case 0...2: return text
        case 3: return text + "%" + rubbish(upTo: 4)
        case 4: return rubbish(upTo: 46)
        default:
            for _ in 0...Int.random(in: 0..<3, using: &random) { text = mutated(text) }
            return text
        }
    }

    mutating func ipv4() -> String {
        (0..<4).map { _ in
            Bool.random(using: &random)
                ? "\(Int.random(in: 0...255, using: &random))"
                : ["0", "1", "9", "10", "99", "100", "199", "200", "249", "255"]
                    .randomElement(using: &random) ?? "0"
        }.joined(separator: ".")
    }

    mutating func address() -> String {
        if Int.random(in: 0..<3, using: &random) == 0 { return ipv4() }
        let prefixes = ["", "", "", "::ffff:", "2002:", "2001:0:", "64:ff9b::", "0:0:0:0:0:ffff:"]
        let prefix = prefixes.randomElement(using: &random) ?? ""
        var groups = (0..<Int.random(in: 1...8, using: &random)).map { _ in group() }
        if Int.random(in: 0..<4, using: &random) == 0 { groups.append(ipv4()) }
        var text = groups.joined(separator: ":")
        if Int.random(in: 0..<2, using: &random) == 0 {
            let gap = Int.random(in: 0...groups.count, using: &random)
            text =
                groups[..<gap].joined(separator: ":") + "::" + groups[gap...].joined(separator: ":")
        }
        return prefix + text
    }

    private mutating func group() -> String {
        if Int.random(in: 0..<3, using: &random) == 0 { return "0" }
        let digits = String(Int.random(in: 0...0xffff, using: &random), radix: 16)
        return Bool.random(using: &random) ? digits : digits.uppercased()
    }

    private static let letters = Array("0123456789abcdefABCDEF::::....%[] ,g-\u{0}é".utf8)

    private mutating func rubbish(upTo length: Int) -> String {
        let bytes = (0..<Int.random(in: 0...length, using: &random)).map { _ in
            Self.letters.randomElement(using: &random) ?? 48
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func mutated(_ text: String) -> String {
        var bytes = Array(text.utf8)
        let at = Int.random(in: 0...bytes.count, using: &random)
        let letter = Self.letters.randomElement(using: &random) ?? 48
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.insert(letter, at: at)
        case 1 where at < bytes.count: bytes.remove(at: at)
        case 2 where at < bytes.count: bytes[at] = letter
        default: break
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
