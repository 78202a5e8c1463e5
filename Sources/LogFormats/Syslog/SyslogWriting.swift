import Anonymization
import Records

/// Values of syslog lines. The last one of a line is its message and may hold anything but line
/// ends; in all others spaces become `_`, and what would end a parameter has a backslash in front.
/// In lines that are made of columns, all others are fields of the header.
struct SyslogSyntax: LineSyntax {
    let nothing: StaticString = "-"
    /// True for lines that are made of columns.
    var isOfColumns = false
    /// What ends a field of them besides spaces and control characters.
    var ends: [UInt8] = []

    func append(_ text: Span<UInt8>, isLast: Bool, to output: inout ByteBuffer) {
        guard !text.isEmpty else { return output.append(nothing) }
        if isOfColumns, !isLast { return SyslogEscapes.append(text, ends: ends, to: &output) }
        for index in text.indices {
            let byte = text[index]
            if byte < 0x20 || byte == 0x7F {
                output.append(UInt8(ascii: isLast ? " " : "_"))
            } else if isLast {
                output.append(byte)
            } else if byte == 0x20 {
                output.append(UInt8(ascii: "_"))
            } else {
                if Self.needsEscape(byte) { output.append(UInt8(ascii: "\\")) }
                output.append(byte)
            }
        }
    }

    /// RFC 5424 section 6.3.3.
    static func needsEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "]")
    }
}

/// Writes columns as lines of syslog; a field that is no column becomes `-`, and a column that is
/// no field of the header is left out.
struct SyslogColumnWriter: RecordWriter {
    private let syntax = SyslogSyntax(isOfColumns: true)
    /// For the name of the program and its number in lines of RFC 3164.
    private let tagSyntax = SyslogSyntax(isOfColumns: true, ends: SyslogEscapes.tagEnds)
    private let form: SyslogFormat.Form
    /// For each field of the header the column it comes from.
    private let columns: [Int?]

    init(form: SyslogFormat.Form, headerNames: [String], columns names: [String]) {
        self.form = form
        columns = headerNames.map { name in names.firstIndex { sameBytes($0, name) } }
    }

    func header(columns: [String]?) -> [UInt8] { [] }

    func write(
        _ index: Int,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let before = Self.separators(form)
        for field in columns.indices {
            output.append(before[field])
            guard let column = columns[field], column < batch.records[index].pieceCount else {
                output.append(Self.missing(field, form))
                continue
            }
            let piece = batch.pieces[batch.records[index].firstPiece + column]
            let isMissing = piece.kind == .null || piece.kind == .absent
            if isMissing {
                output.append(Self.missing(field, form))
            } else if form == .rfc3164, field == 1, piece.kind == .sourceText,
                !isDecimalDigit(chunk[piece.range.lowerBound])
            {
                // The time of this form has spaces.
                output.append(chunk.extracting(piece.range))
            } else {
                let isTag = form == .rfc3164 && (field == 3 || field == 4)
                (isTag ? tagSyntax : syntax).append(
                    piece, isLast: field == columns.count - 1, of: batch, chunk: chunk,
                    to: &output)
            }
        }
        output.append(UInt8(ascii: "\n"))
    }

    /// What stands in front of each field.
    private static func separators(_ form: SyslogFormat.Form) -> [StaticString] {
        switch form {
        case .rfc5424: ["<", ">", " ", " ", " ", " ", " ", " - "]
        case .rfc3164: ["<", ">", " ", " ", "[", "]: "]
        }
    }

    /// What stands for a missing field: the priority of a notice of a user's program (section
    /// 6.2.1), the version that there is, and `-` for all others.
    private static func missing(_ field: Int, _ form: SyslogFormat.Form) -> StaticString {
        switch (field, form) {
        case (0, _): "13"
        case (1, .rfc5424): "1"
        default: "-"
        }
    }
}
