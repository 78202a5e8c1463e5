@testable import Anonymization
import LogFormats
import Records
import TestSupport

/// What a test releases: bytes of the chunk, or a value of its own.
enum ReleasedValue {
    case raw(Range<Int>)
    case text(String)
    case source(Range<Int>)
    case null
}

/// What `writer` makes of one record of `pieces`.
func written(
    _ writer: any RecordWriter,
    _ chunk: String = "",
    _ mode: ReleaseMode,
    _ pieces: [ReleasedValue]
) -> String {
    var batch = ReleasedBatch(mode: mode)
    for piece in pieces {
        switch piece {
        case .raw(let range):
            batch.append(
                ReleasedPiece(.raw, start: range.lowerBound, length: range.count)
            )
        case .source(let range):
            batch.append(
                ReleasedPiece(.sourceText, start: range.lowerBound, length: range.count)
            )
        case .null: batch.append(ReleasedPiece(.null))
        case .text(let text):
            let start = batch.arena.count
            batch.arena.append(bytes(text))
            batch.append(
                ReleasedPiece(.text, start: start, length: batch.arena.count - start)
            )
        }
    }
    batch.finishRecord(row: 0, isHeld: false, day: 0, isReadable: false)
    var output = ByteBuffer()
    writer.write(0, of: batch, chunk: bytes(chunk).span, into: &output)
    return text(output.array())
}
