/// What `url` leaves of a URL: the text as the characters that its `%XX` stand for, cut at the
/// first of each sign.
package struct PlainURLs {
    private typealias Text = ArraySlice<Search.Character>

    /// Gives what is left of a host, whose addresses go.
    private let host: ([UInt8]) -> [UInt8]

    package init(host: @escaping ([UInt8]) -> [UInt8]) { self.host = host }

    /// What is left; nil when a replacement makes another URL of it again and again.
    package func reduced(_ url: [UInt8]) -> [UInt8]? {
        var text = once(url)
        for _ in 0..<8 {
            let next = once(text)
            if next == text { return text }
            text = next
        }
        return nil
    }

    private func once(_ url: [UInt8]) -> [UInt8] {
        let all = Search.characters(url)[...]
        let front = all.prefix { $0.byte != UInt8(ascii: "#") }
        let main = front.prefix { $0.byte != UInt8(ascii: "?") }
        let scheme = main.prefix { Self.isPart(of: "+-._", $0) || $0.isAlphanumeric }
        let rest = main.dropFirst(scheme.count)
        guard main.first?.isAlphanumeric == true, Self.isSign(":", rest.first) else {
            return path(main)
        }
        let behind = rest.dropFirst()
        if behind.prefix(2).count == 2, behind.prefix(2).allSatisfy({ Self.isSign("/", $0) }) {
            return written(scheme) + Array("://".utf8) + site(behind.dropFirst(2))
        }
        if behind.first?.isDigit == true { return site(main) }
        return written(scheme) + Array(":".utf8)
    }

    private static func isPart(of signs: String, _ character: Search.Character) -> Bool {
        signs.contains { isSign($0, character) }
    }

    /// True for the sign itself; an escape for it is none.
    private static func isSign(_ sign: Character, _ character: Search.Character?) -> Bool {
        character?.written == Array(String(sign).utf8)
    }

    private func written(_ text: Text) -> [UInt8] { text.flatMap(\.written) }

    /// Host and port without user information, and the path.
    private func site(_ text: Text) -> [UInt8] {
        let authority = text.prefix { !Self.isSign("/", $0) }
        let at = authority.lastIndex { $0.byte == UInt8(ascii: "@") }
        let named = authority[(at.map { $0 + 1 } ?? authority.startIndex)...]
        let name = named.prefix { !Self.isSign("\\", $0) }
        return host(written(name)) + path(text[name.endIndex...])
    }

    private func path(_ text: Text) -> [UInt8] {
        var left: [UInt8] = []
        var segment: [Search.Character] = []
        for character in text {
            if character.byte == UInt8(ascii: "/") || Self.isSign("\\", character) {
                left += Self.left(segment) + character.written
                segment = []
            } else {
                segment.append(character)
            }
        }
        return left + Self.left(segment)
    }

    /// What is left of a segment without its parameters.
    private static func left(_ segment: [Search.Character]) -> [UInt8] {
        let name = Array(segment.prefix { !isSign(";", $0) })
        // An at sign may be escaped twice.
        var bytes: [UInt8] = []
        for (place, character) in name.enumerated() {
            bytes.append(character.byte)
            let next = name[(place + 1)...].prefix(2).flatMap(\.written)
            if character.written == Array("%25".utf8), next == Array("40".utf8) {
                bytes.append(UInt8(ascii: "@"))
            }
        }
        if bytes.dropFirst().contains(UInt8(ascii: "@")) { return Array(":email".utf8) }
        return isIdentifier(bytes) ? Array(":id".utf8) : name.flatMap(\.written)
    }

    private static func isIdentifier(_ bytes: [UInt8]) -> Bool {
        func kind(_ byte: UInt8) -> Character {
            switch byte {
            case 48...57: "0"
            case 65...90: "A"
            case 97...122: "a"
            default: "-"
            }
        }
        let kinds = bytes.map(kind)
        let digits = kinds.count { $0 == "0" }
        // Where a word turns into a number, a number into a word, or a capital stands in a word.
        let turns = zip(kinds, kinds.dropFirst()).count { one, next in
            let isTurn = (one == "0") != (next == "0") || (one, next) == ("a", "A")
            return one != "-" && next != "-" && isTurn
        }
        let isHex = bytes.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }
        return bytes.count > 1 && bytes[0] == UInt8(ascii: "~")
            || bytes.count > 1 && digits == bytes.count
            || digits < bytes.count && digits > 3
            || isHex && digits < bytes.count && (bytes.count > 23 || bytes.count > 7 && digits > 0)
            || bytes.count > 15 && digits < bytes.count && turns * 5 >= bytes.count
    }
}
