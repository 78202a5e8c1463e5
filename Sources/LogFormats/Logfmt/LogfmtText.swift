import Anonymization
import Records

/// Values of logfmt as they are written.
enum LogfmtText {
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    static func isKeyByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != UInt8(ascii: "=") && byte != quote && byte != 0x7F
    }

    /// The keys of the pairs of a line, in their order; those before a fault, if there is one.
    static func keys(of line: Span<UInt8>) -> [String] {
        var keys: [String] = []
        var at = 0
        while at < line.count {
            let start = at
            while at < line.count, isKeyByte(line[at]) { at += 1 }
            guard at < line.count, at > start, line[at] == UInt8(ascii: "=") else {
                guard at < line.count, line[at] <= 0x20 else { break }
                at += 1
                continue
            }
            keys.append(text(of: line.extracting(start..<at)))
            guard let value = value(at + 1, line.count, line) else { break }
            at = value.behind
        }
        return keys
    }

    private static func text(of bytes: Span<UInt8>) -> String {
        var buffer = ByteBuffer()
        buffer.append(bytes)
        return String(decoding: buffer.array(), as: UTF8.self)
    }

    /// The value that begins at `start`, and the place behind it; nil when its quotes are not as
    /// they must be.
    static func value(
        _ start: Int, _ end: Int, _ bytes: Span<UInt8>
    ) -> (slice: FieldSlice, behind: Int)? {
        guard start < end, bytes[start] == quote else { return bareValue(start, end, bytes) }
        var at = start + 1
        var isEscaped = false
        while at < end, bytes[at] != quote {
            if bytes[at] == backslash {
                isEscaped = true
                at += 1
            }
            at += 1
        }
        guard at < end, at + 1 == end || bytes[at + 1] <= 0x20 else { return nil }
        let slice = FieldSlice(
            start: start + 1, length: at - start - 1, kind: isEscaped ? .escapedText : .text)
        return (slice, at + 1)
    }

    private static func bareValue(
        _ start: Int, _ end: Int, _ bytes: Span<UInt8>
    ) -> (slice: FieldSlice, behind: Int)? {
        var at = start
        while at < end, bytes[at] > 0x20 {
            if bytes[at] == quote { return nil }
            at += 1
        }
        return (FieldSlice(start: start, length: at - start, kind: .text), at)
    }

    /// Appends what quoted content stands for; what is no known escape stays as it is.
    static func decode(_ content: Span<UInt8>, into buffer: inout ByteBuffer) {
        var at = 0
        while at < content.count {
            let byte = content[at]
            guard byte == backslash, at + 1 < content.count else {
                buffer.append(byte)
                at += 1
                continue
            }
            let letter = content[at + 1]
            if let plain = plainByte(letter) {
                buffer.append(plain)
                at += 2
            } else if let unit = Unit(content, at) {
                unit.append(to: &buffer)
                at += unit.length
            } else {
                buffer.append(byte)
                buffer.append(letter)
                at += 2
            }
        }
    }

    private static func plainByte(_ letter: UInt8) -> UInt8? {
        switch letter {
        case quote, backslash, UInt8(ascii: "/"): letter
        case UInt8(ascii: "a"): 0x07
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "v"): 0x0B
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        default: nil
        }
    }

    /// `\xhh`, `\uhhhh` (a pair of them for a character beyond 16 bits) or `\Uhhhhhhhh`.
    private struct Unit {
        private enum Value {
            case byte(UInt8)
            case scalar(Unicode.Scalar)
        }

        let length: Int
        private let value: Value

        init?(_ content: Span<UInt8>, _ at: Int) {
            switch content[at + 1] {
            case UInt8(ascii: "x"):
                guard let byte = Self.hex(content, at + 2, 2) else { return nil }
                value = .byte(UInt8(truncatingIfNeeded: byte))
                length = 4
            case UInt8(ascii: "U"):
                guard let code = Self.hex(content, at + 2, 8), let scalar = Unicode.Scalar(code)
                else { return nil }
                value = .scalar(scalar)
                length = 10
            case UInt8(ascii: "u"):
                guard let first = Self.hex(content, at + 2, 4) else { return nil }
                if let scalar = Unicode.Scalar(first) {
                    value = .scalar(scalar)
                    length = 6
                } else if let scalar = Self.pair(first, content, at + 6) {
                    value = .scalar(scalar)
                    length = 12
                } else {
                    return nil
                }
            default: return nil
            }
        }

        private static func pair(
            _ first: UInt32, _ content: Span<UInt8>, _ at: Int
        ) -> Unicode.Scalar? {
            guard first & 0xFC00 == 0xD800, at + 1 < content.count, content[at] == backslash,
                content[at + 1] == UInt8(ascii: "u"), let second = hex(content, at + 2, 4),
                second & 0xFC00 == 0xDC00
            else { return nil }
            return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF)
        }

        private static func hex(_ content: Span<UInt8>, _ at: Int, _ digits: Int) -> UInt32? {
            guard at + digits <= content.count else { return nil }
            var value: UInt32 = 0
            for index in at..<at + digits {
                guard let digit = hexDigitValue(content[index]) else { return nil }
                value = value << 4 | UInt32(digit)
            }
            return value
        }

        func append(to buffer: inout ByteBuffer) {
            switch value {
            case .byte(let byte): buffer.append(byte)
            case .scalar(let scalar): for byte in UTF8.encode(scalar) ?? .init() {
                buffer.append(byte)
            }
            }
        }
    }

    /// Appends `text` as a value: in quotes only where it needs them.
    static func encode(_ text: Span<UInt8>, into output: inout ByteBuffer) {
        var isBare = true
        for index in text.indices {
            let byte = text[index]
            if !isKeyByte(byte) {
                isBare = false
                break
            }
        }
        let hasOtherBytes = !ByteEscapes.isUTF8(text)
        guard !isBare || hasOtherBytes else { return output.append(text) }
        output.append(quote)
        for index in text.indices {
            let byte = text[index]
            switch byte {
            case quote, backslash:
                output.append(backslash)
                output.append(byte)
            case 0x0A: output.append("\\n")
            case 0x0D: output.append("\\r")
            case 0x09: output.append("\\t")
            case 0..<0x20, 0x7F:
                output.append("\\u00")
                output.append(hex: UInt64(byte), digits: 2)
            case 0x80... where hasOtherBytes:
                output.append("\\x")
                output.append(hex: UInt64(byte), digits: 2)
            default: output.append(byte)
            }
        }
        output.append(quote)
    }
}

/// The value of a hexadecimal digit in either case.
func hexDigitValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

struct LogfmtSyntax: LineSyntax {
    let nothing: StaticString = ""
    /// A pair that no record has by itself, whose key says nothing.
    let emptyRecord: StaticString = "-="

    func append(_ text: Span<UInt8>, isLast: Bool, to output: inout ByteBuffer) {
        LogfmtText.encode(text, into: &output)
    }
}

/// Writes columns as pairs; a column that is absent leaves no pair.
struct LogfmtColumnWriter: RecordWriter {
    private let syntax = LogfmtSyntax()
    private let keys: [[UInt8]]

    /// Bytes that no key may have become `_`.
    init(columns: [String]) {
        keys = columns.map { name in
            name.utf8.map { LogfmtText.isKeyByte($0) ? $0 : UInt8(ascii: "_") }
                + [UInt8(ascii: "=")]
        }
    }

    func header(columns: [String]?) -> [UInt8] { [] }

    func write(
        _ index: Int,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let record = batch.records[index]
        let start = output.count
        for at in 0..<min(record.pieceCount, keys.count) {
            let piece = batch.pieces[record.firstPiece + at]
            if piece.kind == .absent { continue }
            if output.count > start { output.append(UInt8(ascii: " ")) }
            output.append(keys[at])
            syntax.append(piece, isLast: false, of: batch, chunk: chunk, to: &output)
        }
        if output.count == start { output.append(syntax.emptyRecord) }
        output.append(UInt8(ascii: "\n"))
    }
}
