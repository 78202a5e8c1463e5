internal import Anonymization
internal import Records

/// Writes a chunk of a store as it will stand in its place: records that were changed by the writer
/// of the format, and every other byte (records that stay, blank lines, ends of lines) as it was.
struct InPlaceWriting {
    let writer: any RecordWriter
    let unreadable: UnreadableLines
    /// The rows of the chunk that were set aside, in order.
    let quarantine: [QuarantineEntry]
    /// True when the lines in which something is dealt with are to be told.
    let remembersLines: Bool

    /// What is to be done with one row.
    private enum Fate {
        case stays
        /// Record so-and-so of the batch is written.
        case written(Int)
        case goes
    }

    /// How far the chunk was walked through.
    private struct Walk {
        /// Records of the batch, rows set aside, and dealings of the batch passed so far.
        var released = 0
        var setAside = 0
        var dealings = 0
        /// What has been copied or left out so far.
        var copied = 0
    }

    func write(
        _ batch: borrowing ReleasedBatch, _ chunk: borrowing Chunk,
        _ table: borrowing RecordTable, to bytes: OutputBytes
    ) {
        bytes.begin(header: chunk.header)
        let block = bytes.block(forDay: 0)
        let source = chunk.buffer.bytes
        var walk = Walk()
        for row in 0..<table.count {
            let begin = row == 0 ? 0 : table.range(row).lowerBound
            let end = row + 1 < table.count ? table.range(row + 1).lowerBound : source.count
            let record = walk.released
            let fate = fate(row, batch, table, &walk)
            let dealtWith = walk.released > record ? dealing(of: record, batch, &walk) : nil
            // What is just what is due now needs no note but where the line is remembered.
            let apart = dealtWith.flatMap { $0.isJustDue ? nil : $0 }
            let isAged = walk.released > record && batch.records[record].isAged
            if walk.released > record, batch.records[record].isSuspended { block.held += 1 }
            if apart == nil, case .stays = fate {
                if isAged { remember(line(of: source, table.range(row)), dealtWith, in: block) }
                continue
            }
            block.bytes.append(source.extracting(walk.copied..<max(walk.copied, begin)))
            walk.copied = max(walk.copied, begin)
            let start = block.bytes.count
            switch fate {
            case .stays:
                if isAged { remember(line(of: source, table.range(row)), dealtWith, in: block) }
            case .goes:
                walk.copied = end
                block.removed += 1
            case .written(let index):
                let range = write(index, of: batch, table.range(row), source, &walk, to: block)
                if isAged { remember(line(of: block.bytes, range), dealtWith, in: block) }
            }
            guard let apart else { continue }
            block.bytes.append(source.extracting(walk.copied..<end))
            walk.copied = end
            block.note(start, done: apart)
        }
        block.bytes.append(source.extracting(walk.copied..<source.count))
        block.records += walk.released
    }

    /// Writes record `index`, which stands at `range`, and returns where it then stands; the end of
    /// its line is copied with what follows.
    private func write(
        _ index: Int, of batch: borrowing ReleasedBatch, _ range: Range<Int>,
        _ source: Span<UInt8>, _ walk: inout Walk, to block: OutputBytes.Block
    ) -> Range<Int> {
        block.bytes.append(source.extracting(walk.copied..<range.lowerBound))
        let start = block.bytes.count
        writer.write(index, of: batch, chunk: source, into: &block.bytes)
        block.bytes.truncate(to: block.bytes.count - 1)
        walk.copied = range.upperBound
        // A carriage return counts as the record's in some formats; it stays too.
        if !range.isEmpty, source[range.upperBound - 1] == 0x0d,
            !Self.ends(block.bytes, with: 0x0d)
        {
            walk.copied -= 1
        }
        if !Self.isSame(block.bytes, from: start, source.extracting(range)) { block.changed += 1 }
        return start..<block.bytes.count
    }

    private func fate(
        _ row: Int, _ batch: borrowing ReleasedBatch, _ table: borrowing RecordTable,
        _ walk: inout Walk
    ) -> Fate {
        if walk.setAside < quarantine.count, quarantine[walk.setAside].recordNumber == row + 1 {
            walk.setAside += 1
            return unreadable == .drop ? .goes : .stays
        }
        guard table.isGood(row) else { return .stays }
        guard walk.released < batch.records.count, Int(batch.records[walk.released].row) == row
        else { return .goes }
        let index = walk.released
        walk.released += 1
        let record = batch.records[index]
        if record.isHeld { return .stays }
        if record.pieceCount == 1 {
            let piece = batch.pieces[record.firstPiece]
            if piece.kind == .raw, piece.range == table.range(row) { return .stays }
        }
        return .written(index)
    }

    /// What is dealt with in record `index`; nil: just what is due now, which nobody has to know.
    private func dealing(
        of index: Int, _ batch: borrowing ReleasedBatch, _ walk: inout Walk
    ) -> ReleasedBatch.Done? {
        guard walk.dealings < batch.dealings.count, batch.dealings[walk.dealings].record == index
        else { return nil }
        walk.dealings += 1
        return batch.dealings[walk.dealings - 1].done
    }

    private func remember(
        _ line: LineDigest?, _ done: ReleasedBatch.Done?, in block: OutputBytes.Block
    ) {
        block.agedRecords += 1
        if let line { block.aged.append(OutputBytes.AgedLine(digest: line, done: done)) }
    }

    /// The digest of a line; nil when lines are not remembered.
    private func line(of bytes: Span<UInt8>, _ range: Range<Int>) -> LineDigest? {
        remembersLines ? LineDigest(of: bytes.extracting(range)) : nil
    }

    private func line(of bytes: borrowing ByteBuffer, _ range: Range<Int>) -> LineDigest? {
        line(of: bytes.bytes, range)
    }

    private static func ends(_ buffer: borrowing ByteBuffer, with byte: UInt8) -> Bool {
        !buffer.isEmpty && buffer.bytes[buffer.count - 1] == byte
    }

    private static func isSame(
        _ buffer: borrowing ByteBuffer, from start: Int, _ row: Span<UInt8>
    ) -> Bool {
        let written = buffer.bytes
        guard written.count - start == row.count else { return false }
        for index in row.indices where row[index] != written[start + index] { return false }
        return true
    }
}
