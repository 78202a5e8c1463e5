internal import Records

/// Group values as every format writes them: UTF-8 without NUL, and no two values alike.
enum GroupText {
    /// `value` with each byte that is no UTF-8, and NUL, as `\xHH`. A backslash in front of what
    /// would look like one of these is written `\x5c`.
    static func written(_ value: [UInt8]) -> [UInt8] {
        let isPlain =
            !value.contains { $0 == 0 || $0 == UInt8(ascii: "\\") }
            && String(validating: value, as: UTF8.self) != nil
        if isPlain { return value }
        var written = ByteBuffer(capacity: value.count + 16)
        var at = 0
        while at < value.count {
            let length = scalarLength(value, at)
            if length == 0 || value[at] == 0 || isEscape(value[at...]) {
                written.append("\\x")
                written.append(hex: UInt64(value[at]), digits: 2)
                at += 1
            } else {
                written.append(Array(value[at..<at + length]))
                at += length
            }
        }
        return written.array()
    }

    /// `value` as a text of Swift's.
    static func text(_ value: [UInt8]) -> String {
        String(decoding: written(value), as: UTF8.self)
    }

    /// How many bytes the character at `at` has; 0 when it is none.
    private static func scalarLength(_ value: [UInt8], _ at: Int) -> Int {
        for length in 1...4 where at + length <= value.count {
            if String(validating: value[at..<at + length], as: UTF8.self) != nil { return length }
        }
        return 0
    }

    /// True for a text that begins as an escape does: of a byte above 127, NUL or a backslash.
    private static func isEscape(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.starts(with: "\\x".utf8), text.count >= 4 else { return false }
        let digits = text.dropFirst(2).prefix(2)
        return digits.elementsEqual("5c".utf8) || digits.elementsEqual("00".utf8)
            || (digits.allSatisfy(isHex) && digits.first.map { $0 >= UInt8(ascii: "8") } == true)
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
