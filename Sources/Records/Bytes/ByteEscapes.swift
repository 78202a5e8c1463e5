/// Values of any bytes as every format writes them: UTF-8 without NUL, and no two values alike.
package enum ByteEscapes {
    /// True when `escaped(_:)` of `text` may be another text.
    package static func areNeeded(in text: Span<UInt8>) -> Bool {
        for index in text.indices where text[index] == 0 || text[index] == UInt8(ascii: "\\") {
            return true
        }
        return !isUTF8(text)
    }

    package static func isUTF8(_ text: Span<UInt8>) -> Bool {
        var all: UInt8 = 0
        for index in text.indices { all |= text[index] }
        if all < 0x80 { return true }
        do { _ = try UTF8Span(validating: text) } catch { return false }
        return true
    }

    /// `value` with each byte that is no UTF-8, and NUL, as `\xHH`. A backslash in front of what
    /// would look like one of these is written `\x5c`.
    package static func escaped(_ value: [UInt8]) -> [UInt8] {
        if !areNeeded(in: value.span) { return value }
        var written = ByteBuffer(capacity: value.count + 16)
        var at = 0
        while at < value.count {
            let length = scalarLength(value, at)
            if length == 0 || value[at] == 0 || escapedByte(value.span, at) != nil {
                written.append("\\x")
                written.append(hex: UInt64(value[at]), digits: 2)
                at += 1
            } else {
                written.append(value.span.extracting(at..<at + length))
                at += length
            }
        }
        return written.array()
    }

    /// `value` as a text of Swift's.
    package static func text(_ value: [UInt8]) -> String {
        String(decoding: escaped(value), as: UTF8.self)
    }

    /// Appends the value of which `text` is the escaped form.
    package static func decode(_ text: Span<UInt8>, into value: inout ByteBuffer) {
        var at = 0
        while at < text.count {
            let byte = escapedByte(text, at)
            value.append(byte ?? text[at])
            at += byte == nil ? 1 : 4
        }
    }

    /// How many bytes the character at `at` has; 0 when it is none.
    private static func scalarLength(_ value: [UInt8], _ at: Int) -> Int {
        for length in 1...4 where at + length <= value.count {
            if String(validating: value[at..<at + length], as: UTF8.self) != nil { return length }
        }
        return 0
    }

    /// The byte above 127, NUL or backslash that an escape at `at` stands for; nil without one.
    private static func escapedByte(_ text: Span<UInt8>, _ at: Int) -> UInt8? {
        guard text.count - at >= 4, text[at] == UInt8(ascii: "\\"),
            text[at + 1] == UInt8(ascii: "x"), let high = digit(text[at + 2]),
            let low = digit(text[at + 3])
        else { return nil }
        let byte = high << 4 | low
        return byte >= 0x80 || byte == 0 || byte == UInt8(ascii: "\\") ? byte : nil
    }

    /// The value of a hexadecimal digit; nil for capital letters, which are never written.
    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
