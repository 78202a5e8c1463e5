import Anonymization
import Records

/// Writes released records as CSV: a cell has quotes only where it needs them.
///
/// With `columns`, a record is one piece per column. Without, raw pieces are copied as they are,
/// whatever quotes they have.
struct CSVWriter: RecordWriter {
    private let delimiter: UInt8
    private let hasQuotes: Bool
    private let hasHeader: Bool
    private let columns: [String]?

    init(format: CSVFormat, columns: [String]?) {
        delimiter = format.delimiter.byte
        hasQuotes = format.hasQuotes
        hasHeader = format.columns == nil
        self.columns = columns
    }

    /// The header line: the writer's own columns, or those of the source; nothing when sources have
    /// no header line.
    func header(columns sourceColumns: [String]?) -> [UInt8] {
        guard hasHeader, let names = columns ?? sourceColumns, !names.isEmpty else { return [] }
        var line = ByteBuffer()
        for (index, name) in names.enumerated() {
            if index > 0 { line.append(delimiter) }
            let text = Array(name.utf8)
            appendCell(text.span, to: &line)
        }
        endRecord(from: 0, &line)
        return line.array()
    }

    func write(
        _ index: Int,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let start = output.count
        let record = batch.records[index]
        let separates = batch.mode == .columns
        for at in 0..<record.pieceCount {
            if separates, at > 0 { output.append(delimiter) }
            append(batch.pieces[record.firstPiece + at], of: batch, chunk: chunk, to: &output)
        }
        endRecord(from: start, &output)
    }

    private func append(
        _ piece: ReleasedPiece,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        to output: inout ByteBuffer
    ) {
        let range = Int(piece.start)..<Int(piece.start) + Int(piece.length)
        switch piece.kind {
        case .raw: output.append(chunk.extracting(range))
        // An array or object of another format may have anything in it.
        case .text, .bare: appendCell(batch.arena.bytes.extracting(range), to: &output)
        case .plainText: output.append(batch.arena.bytes.extracting(range))
        case .null, .absent: break
        case .syntax: output.append(UInt8(truncatingIfNeeded: piece.start))
        case .sourceText: appendCell(chunk.extracting(range), to: &output)
        }
    }

    /// An empty line would be read as no record at all, so a record of one empty cell has quotes.
    private func endRecord(from start: Int, _ output: inout ByteBuffer) {
        if output.count == start, hasQuotes { output.append("\"\"") }
        output.append(UInt8(ascii: "\n"))
    }

    /// Appends `text` as a cell. Without quotes there is no way to write a delimiter or a line end:
    /// each becomes a space.
    private func appendCell(_ text: Span<UInt8>, to output: inout ByteBuffer) {
        let quote = UInt8(ascii: "\"")
        var needsQuotes = false
        for index in text.indices {
            let byte = text[index]
            if byte == delimiter || byte == quote || byte == 0x0A || byte == 0x0D {
                needsQuotes = true
                break
            }
        }
        guard needsQuotes else { return output.append(text) }
        guard hasQuotes else { return appendUnquoted(text, to: &output) }
        output.append(quote)
        for index in text.indices {
            if text[index] == quote { output.append(quote) }
            output.append(text[index])
        }
        output.append(quote)
    }

    private func appendUnquoted(_ text: Span<UInt8>, to output: inout ByteBuffer) {
        for index in text.indices {
            let byte = text[index]
            let isEnd = byte == delimiter || byte == 0x0A || byte == 0x0D
            output.append(isEnd ? UInt8(ascii: " ") : byte)
        }
    }
}
