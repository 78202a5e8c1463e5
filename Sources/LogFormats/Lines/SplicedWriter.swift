import Anonymization
import Records

/// A writer of records whose structure comes from their source: several in a row are spliced in one
/// go, one is such a row, and nothing stands before the first.
protocol SplicedWriter: RecordWriter {
    /// Appends `records` of `batch` one after the other, each with its terminator, to `output`.
    func splice(
        _ records: Range<Int>, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer)
}

extension SplicedWriter {
    func header(columns: [String]?) -> [UInt8] { [] }

    func write(
        _ index: Int, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        splice(index..<index + 1, of: batch, chunk: chunk, into: &output)
    }

    func write(
        _ records: Range<Int>, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        splice(records, of: batch, chunk: chunk, into: &output)
    }
}
