/// Identifiers that nobody could miss, as words of their own between spaces: none of them may be
/// left in a text that was redacted.
package enum PlainLeftovers {
    /// Words behind which a number with dots is a version, as the last letters before it.
    private static let versionWords = [
        "v", "rv", "fw", "os", "ver", "rev", "rel", "sdk", "build", "versie", "version", "release",
        "versjon", "firmware", "revision",
    ]

    package static func first(in text: [UInt8]) -> String? {
        let words = text.split(separator: 0x20, omittingEmptySubsequences: false).map { word in
            String(decoding: word.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        }
        for (index, word) in words.enumerated() {
            let before = words[..<index].joined(separator: " ")
            if isAddress(word, behind: before) || isLongNumber(word) { return word }
        }
        return nil
    }

    private static func isAddress(_ word: String, behind text: String) -> Bool {
        let bare = word.trimming("([<", atEnd: ",;)]>")
        if PlainAddresses.ipv4(bare) != nil { return !mayBeVersion(behind: text) }
        guard let groups = PlainAddresses.ipv6(bare) else { return false }
        // `::` alone and `a::b` stand in programmes.
        let written = bare.split(separator: ":").count
        return groups.contains { $0 > 0 } && (bare.contains(where: \.isNumber) || written >= 3)
    }

    private static func mayBeVersion(behind text: String) -> Bool {
        let word = text.trimming("", atEnd: " :=\"'-_(").reversed().prefix(while: \.isLetter)
        return versionWords.contains(String(word.reversed()).lowercased())
    }

    /// 32 hexadecimal digits and more, or a UUID.
    private static func isLongNumber(_ word: String) -> Bool {
        let groups = word.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.allSatisfy({ $0.utf8.allSatisfy(isHex) }) else { return false }
        return groups.count == 1 ? word.utf8.count >= 32 : groups.map(\.count) == [8, 4, 4, 4, 12]
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        "0123456789abcdefABCDEF".utf8.contains(byte)
    }
}

extension String {
    fileprivate func trimming(_ start: String, atEnd end: String) -> String {
        let front = drop { start.contains($0) }
        return String(front.reversed().drop { end.contains($0) }.reversed())
    }
}
