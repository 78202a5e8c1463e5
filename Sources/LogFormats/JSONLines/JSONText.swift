package import Records

/// JSON string content: from escaped to plain bytes and back.
package enum JSONText {
    /// Appends the decoded bytes of string content that a reader has found well-formed.
    static func decode(_ content: Span<UInt8>, into buffer: inout ByteBuffer) {
        buffer.reserve(content.count)
        var at = 0
        while at < content.count {
            let byte = content[at]
            guard byte == UInt8(ascii: "\\"), at + 1 < content.count else {
                buffer.append(byte)
                at += 1
                continue
            }
            at += decodeEscape(content, at, into: &buffer)
        }
    }

    /// Calls `body` with each text, decoded, and each number of an array or an object that a reader
    /// has found well-formed; names of members are texts.
    static func forEach(inside structure: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var at = 0
        while at < structure.count {
            let start = at
            switch structure[at] {
            case UInt8(ascii: "\""):
                at = endOfText(structure, behind: at)
                var text = ByteBuffer(capacity: at - start)
                decode(structure.extracting((start + 1)..<at), into: &text)
                body(text.bytes)
                at += 1
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                while at < structure.count, isOfNumber(structure[at]) { at += 1 }
                body(structure.extracting(start..<at))
            default: at += 1
            }
        }
    }

    /// Where the quote stands that ends the text that the one at `quote` begins.
    private static func endOfText(_ bytes: Span<UInt8>, behind quote: Int) -> Int {
        var at = quote + 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(at, bytes.count)
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// Appends what the escape at `at` stands for and returns its length in bytes.
    private static func decodeEscape(
        _ content: Span<UInt8>, _ at: Int, into buffer: inout ByteBuffer
    ) -> Int {
        switch content[at + 1] {
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0c)
        case UInt8(ascii: "n"): buffer.append(0x0a)
        case UInt8(ascii: "r"): buffer.append(0x0d)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"): return decodeUnit(content, at, into: &buffer)
        default: buffer.append(content[at + 1])
        }
        return 2
    }

    private static func decodeUnit(
        _ content: Span<UInt8>, _ at: Int, into buffer: inout ByteBuffer
    ) -> Int {
        let first = unit(content, at + 2)
        guard first & 0xfc00 == 0xd800 else {
            append(scalar: first, to: &buffer)
            return 6
        }
        let second = unit(content, at + 8)
        append(scalar: 0x10000 + (first & 0x3ff) << 10 + second & 0x3ff, to: &buffer)
        return 12
    }

    private static func unit(_ content: Span<UInt8>, _ at: Int) -> UInt32 {
        guard at + 4 <= content.count else { return 0xfffd }
        return unsafe content.withUnsafeBufferPointer { bytes in
            unsafe bytes.baseAddress.flatMap { unsafe JSONGrammar.codeUnit($0, at) } ?? 0xfffd
        }
    }

    /// Appends the UTF-8 form (RFC 3629 section 3) of a scalar value.
    private static func append(scalar: UInt32, to buffer: inout ByteBuffer) {
        func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
        switch scalar {
        case 0..<0x80:
            buffer.append(byte(scalar))
        case 0x80..<0x800:
            buffer.append(byte(0xc0 | scalar >> 6))
            buffer.append(byte(0x80 | scalar & 0x3f))
        case 0x800..<0x10000:
            buffer.append(byte(0xe0 | scalar >> 12))
            buffer.append(byte(0x80 | scalar >> 6 & 0x3f))
            buffer.append(byte(0x80 | scalar & 0x3f))
        default:
            buffer.append(byte(0xf0 | scalar >> 18))
            buffer.append(byte(0x80 | scalar >> 12 & 0x3f))
            buffer.append(byte(0x80 | scalar >> 6 & 0x3f))
            buffer.append(byte(0x80 | scalar & 0x3f))
        }
    }

    /// Appends `text` as a JSON string with its quotes; only `"`, `\` and control characters are
    /// escaped, each in its shortest usual form.
    package static func encode(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        buffer.reserve(text.count + 2)
        buffer.append(UInt8(ascii: "\""))
        for index in text.indices {
            let byte = text[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                buffer.append(byte)
            } else {
                escape(byte, into: &buffer)
            }
        }
        buffer.append(UInt8(ascii: "\""))
    }

    private static func escape(_ byte: UInt8, into buffer: inout ByteBuffer) {
        switch byte {
        case UInt8(ascii: "\""): buffer.append("\\\"")
        case UInt8(ascii: "\\"): buffer.append("\\\\")
        case 0x08: buffer.append("\\b")
        case 0x0c: buffer.append("\\f")
        case 0x0a: buffer.append("\\n")
        case 0x0d: buffer.append("\\r")
        case 0x09: buffer.append("\\t")
        default:
            buffer.append("\\u00")
            buffer.append(hexDigit(byte >> 4))
            buffer.append(hexDigit(byte & 15))
        }
    }
}
