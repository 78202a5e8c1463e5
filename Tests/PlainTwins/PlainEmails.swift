/// The simple grammar of `redact` for e-mail addresses: tries every start, as a pattern engine
/// does.
package enum PlainEmails {
    private static func isLocal(_ byte: UInt8) -> Bool {
        isDomain(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "+")
    }

    private static func isDomain(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || byte == UInt8(ascii: "-")
    }

    /// The end of a match that begins at `start`: greedy, and giving back one byte at a time.
    private static func match(_ text: [UInt8], _ start: Int) -> Int? {
        var local = start
        while local < text.count, isLocal(text[local]) { local += 1 }
        while local > start {
            for sign in [Array("@".utf8), Array("%40".utf8)] {
                guard text[local...].starts(with: sign) else { continue }
                var end = local + sign.count
                let first = end
                while end < text.count, isDomain(text[end]) { end += 1 }
                if end == first { continue }
                while end + 1 < text.count, text[end] == UInt8(ascii: "."), isDomain(text[end + 1])
                {
                    end += 1
                    while end < text.count, isDomain(text[end]) { end += 1 }
                }
                return end
            }
            local -= 1
        }
        return nil
    }

    package static func redacted(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var index = 0
        while index < text.count {
            if let end = match(text, index) {
                output += Array("[email]".utf8)
                index = end
            } else {
                output.append(text[index])
                index += 1
            }
        }
        return output
    }
}
