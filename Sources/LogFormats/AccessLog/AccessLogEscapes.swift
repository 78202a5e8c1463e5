import Records

// The escapes of both servers. Apache (mod_log_config, "Format Notes"): `\"`, `\\`, C-style letters
// for white space and `\xhh` for what can't be printed. nginx (`escape=default`): `\xXX` for `"`,
// `\` and bytes below 32 or above 126.

/// Appends the text that an escaped field stands for. What is no known escape stays as it is.
func decodeAccessLog(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
    var at = 0
    while at < text.count {
        let byte = text[at]
        guard byte == UInt8(ascii: "\\"), at + 1 < text.count else {
            buffer.append(byte)
            at += 1
            continue
        }
        let letter = text[at + 1]
        if letter == UInt8(ascii: "x"), at + 3 < text.count,
            let high = hexDigitValue(text[at + 2]), let low = hexDigitValue(text[at + 3])
        {
            buffer.append(high << 4 | low)
            at += 4
        } else if let plain = unescaped(letter) {
            buffer.append(plain)
            at += 2
        } else {
            buffer.append(byte)
            buffer.append(letter)
            at += 2
        }
    }
}

private func unescaped(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): letter
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "v"): 0x0B
    case UInt8(ascii: "r"): 0x0D
    default: nil
    }
}


/// What stands around a field, and so which bytes would end it.
enum FieldSurroundings: Equatable {
    case quotes
    case brackets
    case nothing
}

/// Appends `text` so that it reads back as one field; an empty text is `-`.
func encodeAccessLog(
    _ text: Span<UInt8>,
    in surroundings: FieldSurroundings,
    into output: inout ByteBuffer
) {
    guard !text.isEmpty else { return output.append("-") }
    for index in text.indices {
        let byte = text[index]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            output.append(UInt8(ascii: "\\"))
            output.append(byte)
        case 0..<0x20, 0x7F: appendHexEscape(byte, to: &output)
        case UInt8(ascii: " ") where surroundings == .nothing:
            appendHexEscape(byte, to: &output)
        case UInt8(ascii: "[") where surroundings == .nothing,
            UInt8(ascii: "]") where surroundings != .quotes:
            appendHexEscape(byte, to: &output)
        default: output.append(byte)
        }
    }
}

private func appendHexEscape(_ byte: UInt8, to output: inout ByteBuffer) {
    output.append("\\x")
    for digit in [byte >> 4, byte & 15] {
        output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
    }
}
