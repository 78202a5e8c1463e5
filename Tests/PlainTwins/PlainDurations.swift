/// A duration of ISO 8601 as one pattern, and its numbers reckoned in millionths.
package enum PlainDurations {
    /// Months, days and seconds.
    package typealias Length = (months: Int, days: Int, seconds: Int)

    private static let pattern: BytePattern = {
        let number = #"([0-9]+(?:[.,][0-9]{1,6})?)"#
        func parts(_ letters: String) -> String {
            letters.map { "(?:\(number)\($0))?" }.joined()
        }
        return BytePattern("P(?:\(number)W|\(parts("YMD"))(?:(T)\(parts("HMS")))?)\\z")
    }()

    /// How many millionths of a month or second each letter stands for, in the order of the groups.
    private static let factors: [(letter: Character, factor: Int128)] = [
        ("W", 604_800), ("Y", 12), ("M", 1), ("D", 86_400), ("T", 0), ("H", 3600), ("m", 60),
        ("S", 1),
    ]

    /// The length; nil when `text` is none, or of more than a thousand years.
    package static func length(_ text: [UInt8]) -> Length? {
        guard let groups = pattern.groups(in: text)?.dropFirst() else { return nil }
        var (months, days, seconds): (Int128, Int128, Int128) = (0, 0, 0)
        var words: [(letter: Character, text: String)] = []
        for (group, factor) in zip(groups, factors) {
            guard let group else { continue }
            let word = String(decoding: text[group], as: UTF8.self)
            words.append((factor.letter, word))
            if factor.letter == "T" { continue }
            guard let product = millionths(word).map({ $0 * factor.factor }),
                product % 1_000_000 == 0
            else { return nil }
            let whole = product / 1_000_000
            switch factor.letter {
            case "Y", "M": months += whole
            case "W", "D": (days, seconds) = (days + whole / 86_400, seconds + whole % 86_400)
            default: seconds += whole
            }
        }
        // Something stands behind a P and a T, and a fraction in the last number only.
        guard let last = words.last, last.letter != "T",
            words.dropLast().allSatisfy({ !$0.text.contains(".") && !$0.text.contains(",") }),
            months <= 12_000, days <= 366_000, seconds <= 366_000 * 86_400
        else { return nil }
        return (Int(months), Int(days), Int(seconds))
    }

    /// The number in millionths; nil when it is longer than any that counts.
    private static func millionths(_ word: String) -> Int128? {
        let parts = word.split { $0 == "." || $0 == "," }
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        let padded = fraction + String(repeating: "0", count: 6 - fraction.count)
        let whole = parts[0].drop { $0 == "0" }
        return whole.count > 20 ? nil : Int128("0" + whole + padded)
    }
}
