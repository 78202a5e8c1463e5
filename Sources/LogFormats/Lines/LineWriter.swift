import Anonymization
import Records

/// How one line format writes values.
protocol LineSyntax: Sendable {
    /// Appends `text` so that it reads back as one value; `isLast` when nothing follows it in its
    /// record.
    func append(_ text: Span<UInt8>, isLast: Bool, to output: inout ByteBuffer)

    /// What stands for no value.
    var nothing: StaticString { get }

    /// What is written for a record of which nothing is left; an empty line would be no record.
    var emptyRecord: StaticString { get }
}

extension LineSyntax {
    var emptyRecord: StaticString { nothing }
}

/// Writes records of a line format back: raw pieces as they are, replaced values as the syntax has
/// them.
struct LineSplicedWriter<Syntax: LineSyntax>: SplicedWriter {
    let syntax: Syntax

    func splice(
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
            let behind = record.firstPiece &+ record.pieceCount
            var isEmpty = true
            for at in record.firstPiece..<behind {
                let piece = pieces[at]
                isEmpty = isEmpty && piece.kind == .raw && piece.length == 0
                if piece.kind == .raw {
                    run.add(piece.range, of: chunk, to: &output)
                } else {
                    run.flush(chunk, to: &output)
                    syntax.append(
                        piece, isLast: at == behind - 1, of: batch, chunk: chunk, to: &output)
                }
            }
            if isEmpty {
                run.flush(chunk, to: &output)
                output.append(syntax.emptyRecord)
            }
            run.endLine(chunk, to: &output)
        }
        run.flush(chunk, to: &output)
    }
}

extension LineSyntax {
    /// Appends one piece of a released record.
    func append(
        _ piece: ReleasedPiece,
        isLast: Bool,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        to output: inout ByteBuffer
    ) {
        let range = piece.range
        switch piece.kind {
        case .raw: output.append(chunk.extracting(range))
        case .text, .plainText, .bare:
            append(batch.arena.bytes.extracting(range), isLast: isLast, to: &output)
        case .sourceText: append(chunk.extracting(range), isLast: isLast, to: &output)
        case .null, .absent: output.append(nothing)
        case .syntax: output.append(UInt8(truncatingIfNeeded: piece.start))
        }
    }
}
