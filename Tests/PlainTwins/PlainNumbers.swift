/// What `redact` finds of one kind that has a form: a text as the characters that its `%XX` stand
/// for, cut into stretches of letters and digits, and a question about each stretch.
package enum PlainNumbers: String, CaseIterable {
    case card, iban, mac, phone

    /// The text after one search.
    package func redacted(_ text: [UInt8]) -> [UInt8] {
        var search = Search(characters: Search.characters(text))
        // The plus stands before the digits.
        return search.redacted("[\(rawValue)]", lead: self == .phone ? 1 : 0) {
            search, start, end in
            switch self {
            case .card: search.cardEnd(start, end)
            case .iban: search.accountEnd(start, end)
            case .mac: search.hardwareEnd(start, end)
            case .phone: search.phoneEnd(start, end)
            }
        }
    }
}

/// `text` after as many searches as it takes until nothing is found any more.
package func searched(_ text: [UInt8], _ once: ([UInt8]) -> [UInt8]) -> [UInt8] {
    var text = once(text)
    for _ in 0..<8 {
        let next = once(text)
        if next == text { return text }
        text = next
    }
    return Array("[text]".utf8)
}

struct Search {
    /// A byte of the text, or the one that an escape stands for.
    struct Character {
        let byte: UInt8
        let written: [UInt8]

        var isWhole: Bool { written.count == 1 }
        var isDigit: Bool { isWhole && (48...57).contains(byte) }
        var isLetter: Bool { isWhole && ((65...90).contains(byte) || (97...122).contains(byte)) }
        var isAlphanumeric: Bool { isDigit || isLetter }
        var hex: Int? { isWhole ? Int(String(UnicodeScalar(byte)), radix: 16) : nil }
        var isHex: Bool { isAlphanumeric && hex != nil }
    }

    let characters: [Character]
    /// What comes next stands behind a border: whatever is before it does not count.
    private var border = 0

    init(characters: [Character]) { self.characters = characters }

    static func characters(_ text: [UInt8]) -> [Character] {
        var found: [Character] = []
        var at = 0
        while at < text.count {
            let digits = text[at...].prefix(3).dropFirst()
            let isEscape =
                text[at] == UInt8(ascii: "%") && digits.count == 2
                && digits.allSatisfy { Character(byte: $0, written: [$0]).isHex }
            let byte = isEscape ? UInt8(String(decoding: digits, as: UTF8.self), radix: 16) : nil
            let written = isEscape ? Array(text[at..<at + 3]) : [text[at]]
            found.append(Character(byte: byte ?? text[at], written: written))
            at += written.count
        }
        return found
    }

    /// `end` gives where that ends what begins with a stretch; so many characters as `lead` in
    /// front of the stretch belong to it.
    mutating func redacted(
        _ placeholder: String, lead: Int, _ end: (Search, Int, Int) -> Int?
    ) -> [UInt8] {
        var output: [[UInt8]] = []
        var at = 0
        func copy(to next: Int) {
            output += characters[at..<next].map(\.written)
            at = next
        }
        func replace(to next: Int) {
            output.removeLast(lead)
            output.append(Array(placeholder.utf8))
            at = next
            border = next
        }
        while at < characters.count {
            guard characters[at].isAlphanumeric else {
                copy(to: at + 1)
                continue
            }
            let stretch = stretchEnd(at)
            if let found = end(self, at, stretch) {
                replace(to: found)
                continue
            }
            let escape = escapeLength(at)
            guard escape > 0 else {
                copy(to: stretch)
                continue
            }
            let isNull = escape == 3 && before(at) == UInt8(ascii: "\\") && byte(at) == 48
            let behind = at + escape
            if isNull {
                copy(to: at + 1)
                border = at
                if let found = end(self, at, stretch) {
                    replace(to: found)
                    continue
                }
            }
            copy(to: behind)
            border = behind
        }
        return output.flatMap(\.self)
    }

    private func stretchEnd(_ start: Int) -> Int {
        characters[start...].firstIndex { !$0.isAlphanumeric } ?? characters.count
    }

    /// How many characters at `at` belong to a backslash or a `#` before them.
    private func escapeLength(_ at: Int) -> Int {
        let here = characters[at...].prefix(9).prefix { $0.isWhole }.map(\.byte)
        let isControl =
            here.count >= 3 && here[0] == 48 && (48...51).contains(here[1])
            && (48...55).contains(here[2])
        if before(at) == UInt8(ascii: "#") { return isControl ? 3 : 0 }
        guard before(at) == UInt8(ascii: "\\") else { return 0 }
        for (letter, digits) in [("x", 2), ("u", 4), ("U", 8)] where here[0] == bytes(letter) {
            let number = characters[at...].dropFirst().prefix(digits)
            return number.count == digits && number.allSatisfy(\.isHex) ? 1 + digits : 0
        }
        if here[0] == 48 { return isControl ? 3 : 1 }
        return Array("nrtbfvae".utf8).contains(here[0]) ? 1 : 0
    }

    private func bytes(_ letter: String) -> UInt8 { letter.utf8.first ?? 0 }

    private func byte(_ at: Int) -> UInt8? {
        characters.indices.contains(at) ? characters[at].byte : nil
    }

    /// The byte before `at`; nil at a border.
    private func before(_ at: Int) -> UInt8? { at == border ? nil : byte(at - 1) }

    private func isWhole(_ at: Int, _ sign: String) -> Bool {
        characters.indices.contains(at) && characters[at].written == Array(sign.utf8)
    }

    private func isDigit(_ at: Int) -> Bool {
        characters.indices.contains(at) && characters[at].isDigit
    }

    private func isAlphanumeric(_ at: Int) -> Bool {
        characters.indices.contains(at) && characters[at].isAlphanumeric
    }

    /// What type setters write for a space and for a dash.
    private static let signs: [(bytes: [UInt8], means: UInt8)] =
        ["\u{a0}", "\u{2007}", "\u{2009}", "\u{202f}"].map { (Array($0.utf8), 0x20) }
        + ["\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}"].map { (Array($0.utf8), 0x2D) }

    /// What stands at `at` between digits and behind which place.
    private func sign(_ at: Int) -> (means: UInt8, behind: Int)? {
        let here = characters[at...].prefix(3).map(\.byte)
        for sign in Self.signs where here.starts(with: sign.bytes) {
            return (sign.means, at + sign.bytes.count)
        }
        return byte(at).map { ($0, at + 1) }
    }

    /// Behind one space, dash or plus.
    private func behindGap(_ at: Int) -> Int? {
        sign(at).flatMap { Array(" -+".utf8).contains($0.means) ? $0.behind : nil }
    }

    // MARK: Payment cards

    private static let printed: Set<[Int]> = [
        [4, 4, 4, 4], [4, 4, 4, 1], [4, 4, 4, 2], [4, 4, 4, 3], [4, 4, 4, 5], [4, 4, 4, 6],
        [4, 4, 4, 7], [4, 4, 4, 4, 1], [4, 4, 4, 4, 2], [4, 4, 4, 4, 3], [4, 3, 3, 3], [4, 4, 5],
        [4, 6, 5], [4, 6, 4],
    ]

    private func luhn(_ digits: [Int]) -> Bool {
        let doubled = digits.reversed().enumerated().map { place, digit in
            place % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10
        }
        return doubled.reduce(0, +) % 10 == 0
    }

    func cardEnd(_ start: Int, _ end: Int) -> Int? {
        let isFraction =
            isWhole(end, ".") && isDigit(end + 1)
            || start != border && isWhole(start - 1, ".") && isDigit(start - 2)
        guard (start..<end).allSatisfy(isDigit), characters[start].byte > 49, !isFraction else {
            return nil
        }
        var digits = characters[start..<end].compactMap(\.hex)
        if digits.count != 4 { return (13...19).contains(digits.count) && luhn(digits) ? end : nil }
        var groups = [4]
        var best: Int?
        var at = end
        while groups.count < 5, let next = behindGap(at), isDigit(next) {
            at = stretchEnd(next)
            let group = characters[next..<at]
            guard group.count <= 7, group.allSatisfy(\.isDigit) else { break }
            digits += group.compactMap(\.hex)
            groups.append(group.count)
            let isPrinted =
                Self.printed.contains(groups) && (groups != [4, 3, 3, 3] || digits[0] == 4)
            if isPrinted, digits.count <= 19, luhn(digits) { best = at }
        }
        return best
    }

    // MARK: Accounts

    /// ISO 13616: the remainder of a long decimal number.
    private func isAccount(_ account: [Character]) -> Bool {
        guard (15...34).contains(account.count) else { return false }
        let digits = (account.dropFirst(4) + account.prefix(4)).map { character in
            character.isDigit ? "\(character.byte - 48)" : "\((character.byte | 32) - 87)"
        }
        return digits.joined().utf8.reduce(0) { ($0 * 10 + Int($1) - 48) % 97 } == 1
    }

    func accountEnd(_ start: Int, _ end: Int) -> Int? {
        var account = Array(characters[start..<end])
        guard account.count >= 4, account[..<2].allSatisfy(\.isLetter),
            account[2..<4].allSatisfy(\.isDigit)
        else { return nil }
        if account.count > 4 { return isAccount(account) ? end : nil }
        var best: Int?
        var at = end
        while let next = behindGap(at), isAlphanumeric(next) {
            at = stretchEnd(next)
            guard at - next <= 4 else { break }
            account += characters[next..<at]
            if isAccount(account) { best = at }
            if at - next < 4 { break }
        }
        return best
    }

    // MARK: Hardware addresses

    func hardwareEnd(_ start: Int, _ end: Int) -> Int? {
        guard characters[start..<end].allSatisfy(\.isHex) else { return nil }
        if end - start == 4 { return dottedEnd(start) }
        guard end - start == 2 else { return nil }
        let separator = byte(end) == UInt8(ascii: ":") ? UInt8(ascii: ":") : UInt8(ascii: "-")
        var pairs = 1
        var at = end
        while pairs < 9, byte(at) == separator, at + 1 < characters.count,
            stretchEnd(at + 1) == at + 3, characters[at + 1..<at + 3].allSatisfy(\.isHex)
        {
            pairs += 1
            at += 3
        }
        return pairs == 6 || pairs == 8 ? at : nil
    }

    /// Three groups of four with dots between them, and nothing of the kind around.
    private func dottedEnd(_ start: Int) -> Int? {
        let end = start + 14
        guard end <= characters.count, !isAlphanumeric(end),
            start == border || !isWhole(start - 1, ".")
        else { return nil }
        let groups = [start..<start + 4, start + 5..<start + 9, start + 10..<end]
        let hasForm = groups.allSatisfy { characters[$0].allSatisfy(\.isHex) }
            && isWhole(start + 4, ".") && isWhole(start + 9, ".")
        return hasForm && characters[start..<end].contains(where: \.isLetter) ? end : nil
    }

    // MARK: Telephone numbers

    func phoneEnd(_ start: Int, _ end: Int) -> Int? {
        guard before(start) == UInt8(ascii: "+"), (start..<end).allSatisfy(isDigit) else {
            return nil
        }
        if start > 1 {
            let front = characters[start - 2].byte
            let isJoined = Character(byte: front, written: [front]).isAlphanumeric
            if isJoined { return nil }
        }
        var digits = 0
        var at = start
        var last = start
        var marks = 0
        while digits < 16, marks <= 2, let sign = sign(at) {
            if isDigit(at) {
                (digits, marks, last) = (digits + 1, 0, at + 1)
            } else if Array(" .-/()".utf8).contains(sign.means) {
                marks += 1
            } else {
                break
            }
            at = sign.behind
        }
        let isInWord = characters.indices.contains(last) && characters[last].isLetter
        return (8...15).contains(digits) && !isInWord ? last : nil
    }
}
