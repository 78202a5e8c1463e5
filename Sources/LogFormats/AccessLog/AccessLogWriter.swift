import Anonymization
import Records

/// Writes records of access logs back: raw pieces as they are, replaced values escaped, `-` where a
/// value was dropped.
struct AccessLogSplicedWriter: RecordWriter {
    func header(columns: [String]?) -> [UInt8] { [] }

    func write(
        _ index: Int,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        write(index..<index + 1, of: batch, chunk: chunk, into: &output)
    }

    func write(
        _ records: Range<Int>,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let known = batch.records.span
        let pieces = batch.pieces.span
        var run = RawRun()
        for index in records {
            let record = known[index]
            var context = SplicedContext()
            let last = record.firstPiece &+ record.pieceCount &- 1
            for at in record.firstPiece..<last &+ 1 {
                let piece = pieces[at]
                if case .raw = piece.kind {
                    run.add(piece.range, of: chunk, to: &output)
                    if at < last { context.pass(chunk.extracting(piece.range)) }
                } else {
                    run.flush(chunk, to: &output)
                    Self.append(piece, context, batch, chunk, &output)
                }
            }
            run.endLine(chunk, to: &output)
        }
        run.flush(chunk, to: &output)
    }

    @inline(__always)
    private static func append(
        _ piece: ReleasedPiece,
        _ context: SplicedContext,
        _ batch: borrowing ReleasedBatch,
        _ chunk: Span<UInt8>,
        _ output: inout ByteBuffer
    ) {
        let range = piece.range
        switch piece.kind {
        case .raw: output.append(chunk.extracting(range))
        case .text:
            encodeAccessLog(
                batch.arena.bytes.extracting(range),
                in: context.surroundings,
                into: &output
            )
        case .sourceText:
            encodeAccessLog(
                chunk.extracting(range),
                in: context.surroundings,
                into: &output
            )
        case .plainText, .bare:
            if range.isEmpty { output.append("-") }
            output.append(batch.arena.bytes.extracting(range))
        case .null, .absent: output.append("-")
        case .syntax: output.append(UInt8(truncatingIfNeeded: piece.start))
        }
    }
}

/// Follows the raw bytes of a line to know what stands around the next replaced value.
private struct SplicedContext {
    private var isQuoted = false
    private var last: UInt8 = 0

    var surroundings: FieldSurroundings {
        if isQuoted { return .quotes }
        return last == UInt8(ascii: "[") ? .brackets : .nothing
    }

    mutating func pass(_ raw: Span<UInt8>) {
        var isEscaped = false
        for index in raw.indices {
            let byte = raw[index]
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isQuoted
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            }
            last = byte
        }
    }
}

/// Writes columns in the pattern of a template; fields that are no column become `-`.
struct AccessLogColumnWriter: RecordWriter {
    private enum Step {
        case literal([UInt8])
        case column(Int, FieldSurroundings)
        /// Method, path and protocol from columns of their own.
        case request([Int?])
        case nothing
    }

    private let steps: [Step]

    init(template: AccessLogTemplate, columns: [String]) {
        let parts = template.parts
        func column(_ name: String) -> Int? { columns.firstIndex { sameBytes($0, name) } }
        steps = parts.indices.map { at in
            switch parts[at] {
            case .literal(let bytes): return .literal(bytes)
            case .field(let field):
                if let index = column(field.name) {
                    return .column(index, Self.surroundings(parts, at, field))
                }
                let requestParts = AccessLogTemplate.requestParts.map(column)
                if field.role == .request, requestParts.contains(where: { $0 != nil }) {
                    return .request(requestParts)
                }
                return .nothing
            }
        }
    }

    private static func surroundings(
        _ parts: [AccessLogTemplate.Part],
        _ at: Int,
        _ field: AccessLogTemplate.Field
    ) -> FieldSurroundings {
        guard at > 0, case .literal(let before) = parts[at - 1] else { return .nothing }
        if before.last == UInt8(ascii: "\"") { return .quotes }
        return before.last == UInt8(ascii: "[") ? .brackets : .nothing
    }

    func header(columns: [String]?) -> [UInt8] { [] }

    func write(
        _ index: Int,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let record = batch.records[index]
        for step in steps {
            switch step {
            case .literal(let bytes): output.append(bytes)
            case .nothing: output.append("-")
            case .column(let column, let surroundings):
                append(column, surroundings, record, batch, chunk, &output)
            case .request(let columns):
                for (part, column) in columns.enumerated() {
                    if part > 0 { output.append(UInt8(ascii: " ")) }
                    append(column ?? -1, .nothing, record, batch, chunk, &output)
                }
            }
        }
        output.append(UInt8(ascii: "\n"))
    }

    private func append(
        _ column: Int,
        _ surroundings: FieldSurroundings,
        _ record: ReleasedBatch.Record,
        _ batch: borrowing ReleasedBatch,
        _ chunk: Span<UInt8>,
        _ output: inout ByteBuffer
    ) {
        guard column >= 0, column < record.pieceCount else { return output.append("-") }
        let piece = batch.pieces[record.firstPiece + column]
        let range = Int(piece.start)..<Int(piece.start) + Int(piece.length)
        switch piece.kind {
        case .raw: output.append(chunk.extracting(range))
        case .text:
            encodeAccessLog(batch.arena.bytes.extracting(range), in: surroundings, into: &output)
        case .sourceText:
            encodeAccessLog(chunk.extracting(range), in: surroundings, into: &output)
        case .plainText, .bare:
            if range.isEmpty { output.append("-") }
            output.append(batch.arena.bytes.extracting(range))
        case .null, .absent: output.append("-")
        case .syntax: output.append(UInt8(truncatingIfNeeded: piece.start))
        }
    }
}
