/// The strict grammar of `redact` for e-mail addresses: tries every start of every sign.
package enum StrictEmailTwin {
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLetter(byte) || (48...57).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// The byte that the escape at `index` stands for.
    private static func escape(_ text: [UInt8], _ index: Int) -> UInt8? {
        guard index >= 0, index + 2 < text.count, text[index] == UInt8(ascii: "%") else {
            return nil
        }
        let digits = [text[index + 1], text[index + 2]]
        guard digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
            return nil
        }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func signLength(_ text: [UInt8], _ index: Int) -> Int {
        ["@", "%40", "%2540"].first { text[index...].starts(with: $0.utf8) }?.utf8.count ?? 0
    }

    /// True when `range` is a local part: letters, digits and a few marks, also percent-encoded,
    /// with a letter or digit, and apostrophes between letters.
    private static func isLocal(_ text: [UInt8], _ range: Range<Int>) -> Bool {
        let marks = Array("._+-~".utf8)
        // No name begins in the middle of an escape.
        for back in 1...2 where escape(text, range.lowerBound - back) != nil { return false }
        var hasLetter = false
        var index = range.lowerBound
        while index < range.upperBound {
            let escaped = escape(text, index)
            let byte = escaped ?? text[index]
            if byte >= 0x80 || isAlphanumeric(byte) {
                hasLetter = true
            } else if escaped == nil, byte == UInt8(ascii: "'") {
                guard index > range.lowerBound, index + 1 < range.upperBound,
                    isLetter(text[index - 1]), isLetter(text[index + 1])
                else { return false }
            } else if !marks.contains(byte) {
                return false
            }
            index += escaped == nil ? 1 : 3
        }
        return hasLetter && index == range.upperBound
    }

    /// The name in quotes that ends at `end`, at most 64 bytes between its quotes: an opening quote
    /// has no backslash in front of it unless the closing one has.
    private static func quotedLocal(_ text: [UInt8], _ floor: Int, _ end: Int) -> Int? {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        guard end - 2 > floor, text[end - 1] == quote else { return nil }
        let isEscaped = text[end - 2] == backslash
        let open = (max(floor, end - 66)..<end - 1).last { index in
            text[index] == quote
                && (isEscaped || index == floor || text[index - 1] != backslash)
        }
        guard let open, open < end - 2, text[open..<end].allSatisfy({ $0 >= 0x20 }) else {
            return nil
        }
        return open
    }

    /// The end of `[192.0.2.7]` or `[IPv6:2001:db8::1]`, of at most 64 bytes.
    private static func literalEnd(_ text: [UInt8], _ start: Int) -> Int? {
        let close = text[start...].prefix(64).firstIndex(of: UInt8(ascii: "]"))
        guard let close else { return nil }
        let inside = text[start + 1..<close]
        let isAddress = inside.allSatisfy { isAlphanumeric($0) || Array(".:".utf8).contains($0) }
        return isAddress && inside.contains { (48...57).contains($0) } ? close + 1 : nil
    }

    /// Where `//user:password@` begins when the text before the name is that.
    private static func userInformation(_ text: [UInt8], _ floor: Int, _ start: Int) -> Int {
        let colon = UInt8(ascii: ":")
        guard start > 0, text[start - 1] == colon || escape(text, start - 3) == colon else {
            return start
        }
        let stop = (max(floor, start - 256)..<start).last { index in
            text[index] <= 0x20 || Array("/\"?@".utf8).contains(text[index])
        }
        guard let stop, stop > 0, text[stop] == UInt8(ascii: "/"), text[stop - 1] == text[stop]
        else { return start }
        return stop + 1
    }

    private static func domainEnd(_ text: [UInt8], _ start: Int) -> Int? {
        if start < text.count, text[start] == UInt8(ascii: "[") { return literalEnd(text, start) }
        func unit(_ index: Int) -> Int {
            guard index < text.count else { return 0 }
            if let byte = escape(text, index) {
                return byte >= 0x80 || isAlphanumeric(byte) ? 3 : 0
            }
            let byte = text[index]
            let isPart =
                byte >= 0x80 || isAlphanumeric(byte) || [UInt8(ascii: "-"), UInt8(ascii: "_")]
                .contains(byte)
            return isPart ? 1 : 0
        }
        var labels: [Range<Int>] = []
        var index = start
        while true {
            let first = index
            while unit(index) > 0 { index += unit(index) }
            if index == first { break }
            labels.append(first..<index)
            let isDot = index < text.count && text[index] == UInt8(ascii: ".")
            let isEncodedDot = escape(text, index) == UInt8(ascii: ".")
            index += isDot ? 1 : isEncodedDot ? 3 : 0
            if !isDot, !isEncodedDot { break }
        }
        guard let last = labels.last else { return nil }
        // Algorithms of SSH and digests of images, which are nobody's addresses.
        let name = String(decoding: text[start..<last.upperBound], as: UTF8.self).lowercased()
        if ["sha256", "sha512", "libssh.org", "openssh.com"].contains(name) { return nil }
        let isNumber = text[last].allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: "-") }
        return isNumber && labels.count != 4 ? nil : last.upperBound
    }

    private static func localStart(_ text: [UInt8], _ floor: Int, _ end: Int) -> Int? {
        quotedLocal(text, floor, end)
            ?? (floor..<end).first { isLocal(text, $0..<end) }
    }

    /// The text after one search.
    package static func redacted(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var floor = 0
        var index = 0
        while index < text.count {
            let length = signLength(text, index)
            if length > 0, let end = domainEnd(text, index + length),
                let name = localStart(text, floor, index)
            {
                let start = userInformation(text, floor, name)
                output += text[floor..<start] + Array("[email]".utf8)
                (floor, index) = (end, end)
            } else {
                index += 1
            }
        }
        return output + text[floor...]
    }
}
