internal import Anonymization
internal import Records

/// Writes JSON records whose structure comes from their source.
struct JSONSplicedWriter: SplicedWriter {
    func splice(
        _ records: Range<Int>, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let known = batch.records.span
        let pieces = batch.pieces.span
        var run = RawRun()
        for index in records {
            let record = known[index]
            for at in record.firstPiece..<record.firstPiece &+ record.pieceCount {
                let piece = pieces[at]
                if case .raw = piece.kind {
                    run.add(piece.range, of: chunk, to: &output)
                } else {
                    run.flush(chunk, to: &output)
                    appendJSON(piece, of: batch, chunk: chunk, into: &output)
                }
            }
            run.endLine(chunk, to: &output)
        }
        run.flush(chunk, to: &output)
    }
}

/// Writes the columns of an output as JSON objects; a dotted name becomes nested objects. The
/// columns are in an order that `JSONLinesFormat.arranged(columns:)` gave.
struct JSONColumnWriter: RecordWriter {
    private struct Column: Sendable {
        /// The names of the objects around the member, outermost first.
        let parents: [String]
        /// `"name":`
        let key: [UInt8]
    }

    private let columns: [Column]

    init(columns names: [String]) {
        columns = names.map { name in
            let parts = JSONColumnOrder.members(of: name)
            return Column(
                parents: parts.dropLast().map { String(decoding: $0, as: UTF8.self) },
                key: Self.key(parts[parts.count - 1]))
        }
    }

    private static func key(_ name: [UInt8]) -> [UInt8] {
        var buffer = ByteBuffer()
        JSONText.encode(name.span, into: &buffer)
        buffer.append(UInt8(ascii: ":"))
        return buffer.array()
    }

    func header(columns: [String]?) -> [UInt8] { [] }

    func write(
        _ index: Int, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let record = batch.records[index]
        var open: [String] = []
        var isFirst = true
        output.append(UInt8(ascii: "{"))
        for (at, column) in columns.enumerated() {
            let piece = batch.pieces[record.firstPiece + at]
            if piece.kind == .absent { continue }
            enter(column.parents, &open, &isFirst, &output)
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            output.append(column.key)
            appendJSON(piece, of: batch, chunk: chunk, into: &output)
        }
        for _ in open { output.append(UInt8(ascii: "}")) }
        output.append("}\n")
    }

    /// Closes the objects that `parents` is not in and opens those it is.
    private func enter(
        _ parents: [String], _ open: inout [String], _ isFirst: inout Bool,
        _ output: inout ByteBuffer
    ) {
        var shared = 0
        while shared < min(parents.count, open.count), sameBytes(parents[shared], open[shared]) {
            shared += 1
        }
        while open.count > shared {
            open.removeLast()
            output.append(UInt8(ascii: "}"))
        }
        for name in parents[shared...] {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            output.append(Self.key(Array(name.utf8)))
            output.append(UInt8(ascii: "{"))
            open.append(name)
            isFirst = true
        }
    }
}

/// Appends one piece as JSON.
@inline(__always)
private func appendJSON(
    _ piece: ReleasedPiece, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
    into output: inout ByteBuffer
) {
    let range = piece.range
    switch piece.kind {
    case .raw: output.append(chunk.extracting(range))
    case .plainText:
        output.append(UInt8(ascii: "\""))
        output.append(batch.arena.bytes.extracting(range))
        output.append(UInt8(ascii: "\""))
    case .text: JSONText.encode(batch.arena.bytes.extracting(range), into: &output)
    case .sourceText: JSONText.encode(chunk.extracting(range), into: &output)
    case .bare: output.append(batch.arena.bytes.extracting(range))
    case .null, .absent: output.append("null")
    case .syntax: output.append(UInt8(truncatingIfNeeded: piece.start))
    }
}
