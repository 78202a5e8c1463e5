/// The canonical JSON of the ledger: cut into words, and these put together from the inside.
package indirect enum PlainEvent: Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case text([UInt8])
    case array([PlainEvent])
    case object([Member])

    package struct Member: Equatable {
        package let name: [UInt8]
        package let value: PlainEvent

        package init(name: [UInt8], value: PlainEvent) {
            self.name = name
            self.value = value
        }
    }

    private enum Word: Equatable {
        case sign(Character)
        case value(PlainEvent, depth: Int)
    }

    /// The deepest nesting.
    private static let depthMax = 32

    /// The event; nil for anything that is not written in this one way.
    package init?(_ bytes: [UInt8]) {
        guard var rest = String(validating: bytes, as: UTF8.self).map({ Array($0.utf8)[...] })
        else { return nil }
        var words: [Word] = []
        while !rest.isEmpty {
            guard let word = Self.word(&rest) else { return nil }
            words.append(word)
            while let value = Self.closed(&words) { words.append(value) }
        }
        guard words.count == 1, case .value(let value, let depth) = words[0],
            depth <= Self.depthMax
        else { return nil }
        self = value
    }

    // MARK: Words

    private static func word(_ rest: inout ArraySlice<UInt8>) -> Word? {
        guard let first = rest.first else { return nil }
        if "{}[],:".utf8.contains(first) {
            return .sign(Character(Unicode.Scalar(rest.removeFirst())))
        }
        if first == UInt8(ascii: "\"") { return text(&rest).map { .value(.text($0), depth: 1) } }
        let word = rest.prefix { byte in !"{}[],:\"".utf8.contains(byte) }
        rest = rest.dropFirst(word.count)
        let name = String(decoding: word, as: UTF8.self)
        switch name {
        case "null": return .value(.null, depth: 1)
        case "true": return .value(.boolean(true), depth: 1)
        case "false": return .value(.boolean(false), depth: 1)
        default:
            guard let number = Int64(name), Array(String(number).utf8) == Array(word) else {
                return nil
            }
            return .value(.integer(number), depth: 1)
        }
    }

    /// The escapes that are written, and what they stand for.
    private static let escapes: [([UInt8], UInt8)] =
        [(Array("\\\"".utf8), 0x22), (Array("\\\\".utf8), 0x5C)]
        + (Array(0...0x1F) + [0x7F]).map { (byte: UInt8) in
            let digits = String(byte, radix: 16)
            return (Array("\\u00\(byte < 16 ? "0" : "")\(digits)".utf8), byte)
        }

    private static func text(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        rest = rest.dropFirst()
        var text: [UInt8] = []
        while let byte = rest.first {
            if byte == UInt8(ascii: "\"") {
                rest = rest.dropFirst()
                return text
            }
            if byte == UInt8(ascii: "\\") {
                guard let escape = escapes.first(where: { rest.starts(with: $0.0) }) else {
                    return nil
                }
                text.append(escape.1)
                rest = rest.dropFirst(escape.0.count)
            } else {
                if byte < 0x20 || byte == 0x7F { return nil }
                text.append(byte)
                rest = rest.dropFirst()
            }
        }
        return nil
    }

    // MARK: Lists and objects

    /// What the words from the last open bracket on are together, when they end in a closed one.
    private static func closed(_ words: inout [Word]) -> Word? {
        guard let last = words.last, last == .sign("]") || last == .sign("}") else { return nil }
        let open = Word.sign(last == .sign("]") ? "[" : "{")
        guard let start = words.lastIndex(where: { $0 == .sign("[") || $0 == .sign("{") }),
            words[start] == open
        else { return nil }
        let inner = Array(words[(start + 1)...].dropLast())
        // Parts of one word or three, and commas between them.
        let width = open == .sign("[") ? 1 : 3
        var parts: [[Word]] = []
        var at = 0
        while at < inner.count {
            guard at == 0 || inner[at] == .sign(",") else { return nil }
            let part = inner[(at == 0 ? 0 : at + 1)...].prefix(width)
            guard part.count == width else { return nil }
            parts.append(Array(part))
            at += width + (at == 0 ? 0 : 1)
        }
        var members: [Member] = []
        var depth = 0
        for part in parts {
            guard case .value(let value, let below)? = part.last else { return nil }
            depth = max(depth, below)
            var name: [UInt8] = []
            if width == 3 {
                guard case .value(.text(let text), _) = part[0], part[1] == .sign(":") else {
                    return nil
                }
                name = text
                guard members.last.map({ $0.name.lexicographicallyPrecedes(name) }) ?? true else {
                    return nil
                }
            }
            members.append(Member(name: name, value: value))
        }
        words.removeSubrange(start...)
        let value = width == 1 ? PlainEvent.array(members.map(\.value)) : .object(members)
        return .value(value, depth: depth + 1)
    }
}
