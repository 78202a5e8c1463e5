import Records

extension CanonicalJSON {
    /// The deepest nesting that is read.
    private static let depthMax = 32

    /// How many values may stand in `byteCount` bytes: each takes far more room than what it is
    /// written with, and nothing that is written is made of so many small ones.
    static func valuesMax(_ byteCount: Int) -> Int { (1 << 20) + byteCount / 8 }

    /// Reads what `bytes` wrote; nil for anything else, JSON of other forms included: spaces,
    /// fractions, members in another order or twice, escapes that are not needed, and more values
    /// than anything has that is written here (`valuesMax`).
    package init?(parsing bytes: [UInt8]) {
        var reader = CanonicalReader(bytes)
        guard let value = reader.value(depth: Self.depthMax), reader.isAtEnd else { return nil }
        self = value
    }

    /// The value of a member; nil when there is none, or this is no object.
    package subscript(name: String) -> CanonicalJSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The text, if it is one.
    package var asText: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The number, if it is one that an `Int` holds.
    package var asInteger: Int? {
        if case .integer(let value) = self { Int(exactly: value) } else { nil }
    }

    /// The elements, if it is a list.
    package var asArray: [CanonicalJSON]? {
        if case .array(let values) = self { values } else { nil }
    }

    /// The members, if it is an object.
    package var asObject: [(name: String, value: CanonicalJSON)]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// True or false, if it is one of them.
    package var asBoolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }
}

/// Reads one value from front to back, and nothing that is not in its one written form: to write
/// it again and compare would take its size in memory once more, and much more for objects.
private struct CanonicalReader {
    private let bytes: [UInt8]
    private var at = 0
    /// How many values may still come.
    private var values: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        values = CanonicalJSON.valuesMax(bytes.count)
    }

    var isAtEnd: Bool { at == bytes.count }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at += 1
        return true
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[at...].starts(with: word.utf8) else { return false }
        at += word.utf8.count
        return true
    }

    mutating func value(depth: Int) -> CanonicalJSON? {
        guard depth > 0, values > 0, let next else { return nil }
        values -= 1
        switch next {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return text().map { .text($0) }
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        case UInt8(ascii: "t"): return take("true") ? .boolean(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .boolean(false) : nil
        default: return integer().map { .integer($0) }
        }
    }

    private mutating func integer() -> Int64? {
        let start = at
        _ = take(UInt8(ascii: "-"))
        while let next, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") { at += 1 }
        let digits = String(decoding: bytes[start..<at], as: UTF8.self)
        guard let number = Int64(digits), String(number).utf8.elementsEqual(digits.utf8) else {
            return nil
        }
        return number
    }

    private mutating func array(depth: Int) -> CanonicalJSON? {
        at += 1
        var values: [CanonicalJSON] = []
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            guard let value = value(depth: depth - 1) else { return nil }
            values.append(value)
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { return nil }
        }
    }

    private mutating func object(depth: Int) -> CanonicalJSON? {
        at += 1
        var members: [(name: String, value: CanonicalJSON)] = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            guard next == UInt8(ascii: "\""), let name = text(), take(UInt8(ascii: ":")),
                members.last.map({ Self.isBefore($0.name, name) }) ?? true,
                let value = value(depth: depth - 1)
            else { return nil }
            members.append((name, value))
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { return nil }
        }
    }

    private static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// A text with the escapes that are written: `\"`, `\\` and `\u00XX`.
    private mutating func text() -> String? {
        at += 1
        var content: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = escape() else { return nil }
                content.append(escaped)
            case 0..<0x20, 0x7f: return nil
            default: content.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> UInt8? {
        if take(UInt8(ascii: "\"")) { return UInt8(ascii: "\"") }
        if take(UInt8(ascii: "\\")) { return UInt8(ascii: "\\") }
        guard take("u00"), at + 2 <= bytes.count else { return nil }
        let digits = String(decoding: bytes[at..<at + 2], as: UTF8.self)
        at += 2
        guard let byte = UInt8(digits, radix: 16), byte < 0x20 || byte == 0x7f,
            digits.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
        else { return nil }
        return byte
    }
}
