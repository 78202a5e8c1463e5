/// One token of a Swift file, as far as mutations need to tell them apart.
struct SourceToken {
    enum Kind {
        case word, number, infix, prefix, punctuation, other
    }

    let kind: Kind
    let text: String
    /// Its place in the bytes of the file.
    let range: Range<Int>
    /// Its line, 1-based.
    let line: Int
}

/// Cuts a file into tokens; comments go, strings are one token each.
struct TokenReader {
    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var tokens: [SourceToken] = []

    static func tokens(of bytes: [UInt8]) -> [SourceToken] {
        var reader = TokenReader(bytes: bytes)
        while reader.at < bytes.count { reader.step() }
        return reader.tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private static let operatorBytes = Set("/=-+!*%<>&|^~?.".utf8)

    private func byte(_ offset: Int = 0) -> UInt8 {
        at + offset < bytes.count ? bytes[at + offset] : 0
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || (48...57).contains(byte)
            || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private mutating func step() {
        switch byte() {
        case 0x0A:
            line += 1
            at += 1
        case 0x20, 0x09, 0x0D: at += 1
        case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"):
            while at < bytes.count, byte() != 0x0A { at += 1 }
        case UInt8(ascii: "\""): string(hashes: 0)
        case UInt8(ascii: "#") where [0x22, 0x23].contains(byte(1)):
            var hashes = 0
            while byte(hashes) == UInt8(ascii: "#") { hashes += 1 }
            at += hashes
            string(hashes: hashes)
        case 48...57: word(.number)
        case let byte where Self.isWord(byte): word(.word)
        case let byte where Self.operatorBytes.contains(byte): signs()
        default: add(.punctuation, at..<at + 1)
        }
    }

    private mutating func add(
        _ kind: SourceToken.Kind, _ range: Range<Int>, line start: Int? = nil
    ) {
        let text = String(decoding: bytes[range], as: UTF8.self)
        tokens.append(SourceToken(kind: kind, text: text, range: range, line: start ?? line))
        at = range.upperBound
    }

    private mutating func word(_ kind: SourceToken.Kind) {
        var end = at
        while end < bytes.count, Self.isWord(bytes[end]) { end += 1 }
        add(kind, at..<end)
    }

    /// An operator: infix with blanks on both sides, prefix with one in front or a bracket.
    private mutating func signs() {
        var end = at
        while end < bytes.count, Self.operatorBytes.contains(bytes[end]) { end += 1 }
        let front = at == 0 ? 0x20 : bytes[at - 1]
        let behind = end < bytes.count ? bytes[end] : 0x20
        let blanks: [UInt8] = [0x20, 0x0A]
        let opens = blanks + Array("([{,".utf8)
        let kind: SourceToken.Kind =
            blanks.contains(front) && blanks.contains(behind)
            ? .infix : opens.contains(front) && !blanks.contains(behind) ? .prefix : .other
        add(kind, at..<end)
    }

    /// A string from its first quote on, with all that is interpolated in it.
    private mutating func string(hashes: Int) {
        let (start, first) = (at, line)
        let isLong = byte(1) == 0x22 && byte(2) == 0x22
        let quotes = isLong ? 3 : 1
        let close =
            [UInt8](repeating: 0x22, count: quotes) + [UInt8](repeating: 0x23, count: hashes)
        at += quotes
        var depth = 0
        while at < bytes.count {
            if depth == 0, bytes[at...].starts(with: close) {
                at += close.count
                break
            }
            if byte() == UInt8(ascii: "\\"), hashes == 0 || depth == 0 {
                if byte(1 + hashes) == UInt8(ascii: "("), depth == 0 {
                    depth = 1
                    at += 1 + hashes
                } else if hashes == 0 {
                    at += 1
                }
            } else if depth > 0 {
                depth += byte() == UInt8(ascii: "(") ? 1 : byte() == UInt8(ascii: ")") ? -1 : 0
            }
            if byte() == 0x0A { line += 1 }
            at += 1
        }
        add(.other, start..<min(at, bytes.count), line: first)
    }
}
