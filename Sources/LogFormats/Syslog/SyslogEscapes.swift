import Records

/// Values in the header of lines that are made of columns: what would end a field there stands as
/// `\xHH`, so that no two values look alike and each is read back as itself. A backslash in front
/// of what would look like one of these is written `\x5c`.
enum SyslogEscapes {
    private static let backslash = UInt8(ascii: "\\")
    /// What ends the name of a program and its number in lines of RFC 3164.
    static let tagEnds: [UInt8] = Array(":[]".utf8)

    /// Appends `text` to a field that spaces end, control characters, and the bytes `ends`.
    static func append(_ text: Span<UInt8>, ends: [UInt8], to output: inout ByteBuffer) {
        for at in text.indices {
            let byte = text[at]
            if isSpaceOrControl(byte) || ends.contains(byte) || escapedByte(text, at) != nil {
                output.append("\\x")
                output.append(hex: UInt64(byte), digits: 2)
            } else {
                output.append(byte)
            }
        }
    }

    static func decode(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        var at = 0
        while at < text.count {
            let byte = escapedByte(text, at)
            buffer.append(byte ?? text[at])
            at += byte == nil ? 1 : 4
        }
    }

    /// True when there may be something to decode.
    static func mayBe(in range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        for at in range where bytes[at] == backslash { return true }
        return false
    }

    private static func isSpaceOrControl(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == 0x7F }

    /// The byte that an escape at `at` stands for; nil without one that is ever written.
    private static func escapedByte(_ text: Span<UInt8>, _ at: Int) -> UInt8? {
        guard text.count - at >= 4, text[at] == backslash, text[at + 1] == UInt8(ascii: "x"),
            let high = hexDigitValue(text[at + 2]), let low = hexDigitValue(text[at + 3])
        else { return nil }
        let byte = high << 4 | low
        return isSpaceOrControl(byte) || byte == backslash || tagEnds.contains(byte) ? byte : nil
    }
}
