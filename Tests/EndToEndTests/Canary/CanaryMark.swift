import TestSupport

/// An identifier that occurs nowhere else, planted in one place.
struct CanaryMark {
    /// What may become of it by the promises of the README.
    enum Kind {
        /// Past its window, or in a line that nobody could read: nowhere.
        case due
        /// In its window: only in outputs that show it with safeguards.
        case inWindow
        /// In a line that could not be read, in a pipeline that keeps such lines.
        case unreadable
        /// What the operator calls a source: in messages and lists of places, not in results.
        case sourceName
        /// Of the person whose copy is made, or who is to be erased.
        case subject
        /// Who is named to a recipient.
        case disclosed
        /// Whom a disclosure counts, and names to nobody, as the record says no recipient.
        case counted
    }

    /// Where it was planted.
    let place: String
    let kind: Kind
    /// Letters and digits in lower case.
    let word: String
    /// The forms in which it would be found.
    let needles: [Needle]

    /// One form of a mark, of two bytes at least.
    struct Needle {
        let name: String
        let bytes: [UInt8]
        /// True for a form in which upper and lower case are different things.
        var isExact = false
    }

    /// A mark that is a word; `value` is the whole value that it is planted as, of which no
    /// unkeyed digest may be found either.
    init(_ place: String, _ kind: Kind, word: String, value: String? = nil) {
        self.place = place
        self.kind = kind
        self.word = word
        needles = Self.forms(of: bytes(word)) + Self.digests(of: value ?? word)
    }

    /// A mark that is the part of an IPv6 address behind its first 32 bits, which `/32` takes away.
    init(_ place: String, _ kind: Kind, addressGroups groups: [UInt16]) {
        self.place = place
        self.kind = kind
        let digits = groups.map { String($0, radix: 16) }
        word = digits.joined(separator: ":")
        let binary = groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        needles =
            Self.forms(of: bytes(word)) + [
                Needle(name: "binary", bytes: binary, isExact: true),
                Needle(name: "hexadecimal", bytes: bytes(digits.joined())),
                Needle(
                    name: "percent-encoded colon", bytes: bytes(digits.joined(separator: "%3a"))),
            ]
    }

    private static func forms(of word: [UInt8]) -> [Needle] {
        let digits = word.map { two($0) }
        let plain = [
            Needle(name: "plain", bytes: word),
            Needle(name: "percent-encoded", bytes: bytes(digits.map { "%\($0)" }.joined())),
            Needle(name: "escaped for JSON", bytes: bytes(digits.map { "\\u00\($0)" }.joined())),
            Needle(name: "hexadecimal", bytes: bytes(digits.joined())),
            Needle(name: "UTF-16", bytes: Array(word.flatMap { [$0, 0] }.dropLast())),
            Needle(name: "reversed", bytes: word.reversed()),
            // Of sorted texts each may be written without what it shares with the one before.
            Needle(name: "its end", bytes: word.suffix(9)),
        ]
        return plain + (0..<3).map { shift in
            Needle(
                name: "base64, shifted by \(shift)", bytes: base64(word, shift: shift),
                isExact: true)
        }
    }

    /// Digests without a key can be tried out by everybody.
    private static func digests(of value: String) -> [Needle] {
        let digest = PlainHash.sha256(bytes(value))
        return [
            Needle(name: "SHA-256 without a key", bytes: digest, isExact: true),
            Needle(
                name: "SHA-256 without a key, hexadecimal",
                bytes: bytes(digest.prefix(12).map { two($0) }.joined())),
        ]
    }

    private static func two(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// What `word` gives in base64 behind `shift` other bytes, without the digits that its
    /// neighbours have a part in.
    private static func base64(_ word: [UInt8], shift: Int) -> [UInt8] {
        let alphabet = bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let padded = [UInt8](repeating: 0, count: shift) + word
        let bits = padded.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        let first = (shift * 8 + 5) / 6
        return (first..<(bits.count / 6)).map { index in
            alphabet[bits[(index * 6)..<(index * 6 + 6)].reduce(0) { $0 << 1 | Int($1) }]
        }
    }
}
