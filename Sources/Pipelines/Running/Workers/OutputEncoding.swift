internal import Anonymization
internal import LogFormats
internal import Records

/// How one worker writes what was released through one output.
///
/// Each worker has its own: the plan is shared, and references that are counted for each chunk by
/// several workers are what they would wait for.
final class OutputEncoding {
    private let writer: any RecordWriter
    /// What becomes of unreadable lines where files are aged in place; nil where new ones are made.
    private let inPlace: UnreadableLines?
    private let remembersLines: Bool
    /// True when headers of the source are written again.
    private let copiesHeaders: Bool
    private let hasOneFile: Bool
    private let keepsMissingTerminator: Bool

    init(_ output: OutputPlan) {
        writer = output.writer
        inPlace = output.inPlace
        remembersLines = output.remembersLines
        copiesHeaders = output.columns == nil
        hasOneFile = output.routing == .none
        keepsMissingTerminator = output.format.keepsMissingTerminator
    }

    /// Writes the records of `batch`, which were released of `chunk`.
    func write(
        _ batch: borrowing ReleasedBatch, _ chunk: borrowing Chunk,
        _ table: borrowing RecordTable, quarantine: [QuarantineEntry], to bytes: OutputBytes
    ) {
        if let inPlace {
            return InPlaceWriting(
                writer: writer, unreadable: inPlace, quarantine: quarantine,
                remembersLines: remembersLines
            ).write(batch, chunk, table, to: bytes)
        }
        write(batch, chunk, to: bytes)
        if chunk.isLastAndOpen, keepsMissingTerminator {
            Self.dropTerminator(batch, lastRow: table.count - 1, bytes)
        }
    }

    private func write(
        _ batch: borrowing ReleasedBatch, _ chunk: borrowing Chunk, to bytes: OutputBytes
    ) {
        bytes.begin(header: copiesHeaders ? chunk.header : nil)
        // A header without records, such as the last line of a Zeek log.
        if chunk.buffer.isEmpty, copiesHeaders, hasOneFile {
            _ = bytes.block(forDay: ReleasedBatch.noDay)
        }
        let source = chunk.buffer.bytes
        let records = batch.records.span
        var first = 0
        var dealing = 0
        while first < records.count {
            let block = bytes.block(forDay: records[first].day)
            let behind = bytes.endOfRun(records, from: first)
            block.note(records.extracting(first..<behind))
            if batch.dealings.isEmpty {
                writer.write(first..<behind, of: batch, chunk: source, into: &block.bytes)
            } else {
                for index in first..<behind {
                    let start = block.bytes.count
                    writer.write(index, of: batch, chunk: source, into: &block.bytes)
                    guard dealing < batch.dealings.count, batch.dealings[dealing].record == index
                    else { continue }
                    block.note(start, done: batch.dealings[dealing].done)
                    dealing += 1
                }
            }
            first = behind
        }
    }

    /// Takes the terminator from the last record of the run: its source has none there, either.
    private static func dropTerminator(
        _ batch: borrowing ReleasedBatch, lastRow: Int, _ bytes: OutputBytes
    ) {
        let count = batch.records.count
        guard count > 0, batch.records[count - 1].row == lastRow else { return }
        let block = bytes.block(forDay: batch.records[count - 1].day)
        block.bytes.truncate(to: block.bytes.count - 1)
    }
}

extension OutputPlan {
    /// How the path tells the records apart.
    var routing: OutputBytes.Routing {
        if path.placeholders.contains("date") { return .day }
        return path.placeholders.contains("month") ? .month : .none
    }
}
