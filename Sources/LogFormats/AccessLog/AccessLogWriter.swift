import Anonymization
import Records

/// Writes records of access logs back: raw pieces as they are, replaced values escaped, `-` where a
/// value was dropped.
struct AccessLogSplicedWriter: SplicedWriter {
    func splice(
        _ records: Range<Int>,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let known = batch.records.span
        let pieces = batch.pieces.span
        let arena = batch.arena.bytes
        var run = RawRun()
        for index in records {
            let record = known[index]
            var at = record.firstPiece
            let end = at &+ record.pieceCount
            while at < end {
                let piece = pieces[at]
                switch piece.kind {
                case .raw: run.add(piece.range, of: chunk, to: &output)
                case .plainText, .bare:
                    run.flush(chunk, to: &output)
                    if piece.length == 0 { output.append(UInt8(ascii: "-")) }
                    output.append(short: arena.extracting(piece.range))
                default:
                    run.flush(chunk, to: &output)
                    let before = pieces.extracting(record.firstPiece..<at)
                    Self.append(piece, behind: before, arena, chunk, &output)
                }
                at &+= 1
            }
            run.endLine(chunk, to: &output)
        }
        run.flush(chunk, to: &output)
    }

    @inline(never)
    private static func append(
        _ piece: ReleasedPiece,
        behind before: Span<ReleasedPiece>,
        _ arena: Span<UInt8>,
        _ chunk: Span<UInt8>,
        _ output: inout ByteBuffer
    ) {
        let surroundings = SplicedContext(behind: before, chunk).surroundings
        switch piece.kind {
        case .text:
            encodeAccessLog(arena.extracting(piece.range), in: surroundings, into: &output)
        case .sourceText:
            encodeAccessLog(chunk.extracting(piece.range), in: surroundings, into: &output)
        case .null, .absent: output.append("-")
        case .syntax: output.append(UInt8(truncatingIfNeeded: piece.start))
        case .raw, .plainText, .bare: break
        }
    }
}

/// What the raw bytes of a line say of what stands around the value behind them.
private struct SplicedContext {
    private var isQuoted = false
    private var last: UInt8 = 0

    /// Looks at the `pieces` of the record up to the value.
    init(behind pieces: Span<ReleasedPiece>, _ chunk: Span<UInt8>) {
        for index in pieces.indices where pieces[index].kind == .raw {
            pass(chunk.extracting(pieces[index].range))
        }
    }

    var surroundings: FieldSurroundings {
        if isQuoted { return .quotes }
        return last == UInt8(ascii: "[") ? .brackets : .nothing
    }

    private mutating func pass(_ raw: Span<UInt8>) {
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

/// Writes columns in the pattern of a template; fields that are no column become `-`, or nothing
/// where they may be missing.
struct AccessLogColumnWriter: RecordWriter {
    private enum Step {
        case literal([UInt8])
        case column(Int, FieldSurroundings)
        /// A column that may be missing.
        case optional(Int)
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
                if field.role.mayBeMissing {
                    return column(field.name).map { .optional($0) } ?? .literal([])
                }
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
            case .optional(let column):
                guard column < record.pieceCount, !isMissing(column, record, batch) else {
                    continue
                }
                append(column, .nothing, record, batch, chunk, &output)
            case .request(let columns):
                for (part, column) in columns.enumerated() {
                    if part > 0 { output.append(UInt8(ascii: " ")) }
                    append(column ?? -1, .nothing, record, batch, chunk, &output)
                }
            }
        }
        output.append(UInt8(ascii: "\n"))
    }

    private func isMissing(
        _ column: Int, _ record: ReleasedBatch.Record, _ batch: borrowing ReleasedBatch
    ) -> Bool {
        let piece = batch.pieces[record.firstPiece + column]
        return piece.kind == .absent || piece.kind == .null || piece.length == 0
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
        // An array or object of another format may have anything in it.
        case .text, .bare:
            encodeAccessLog(batch.arena.bytes.extracting(range), in: surroundings, into: &output)
        case .sourceText:
            encodeAccessLog(chunk.extracting(range), in: surroundings, into: &output)
        case .plainText:
            if range.isEmpty { output.append("-") }
            output.append(batch.arena.bytes.extracting(range))
        case .null, .absent: output.append("-")
        case .syntax: output.append(UInt8(truncatingIfNeeded: piece.start))
        }
    }
}
