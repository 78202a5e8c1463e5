internal import Anonymization
internal import Records

/// Writes a chunk of a store as it will stand in its place: records that were changed by the writer
/// of the format, and every other byte (records that stay, blank lines, ends of lines) as it was.
struct InPlaceWriting {
    let writer: any RecordWriter
    let unreadable: UnreadableLines
    /// The rows of the chunk that were set aside, in order.
    let quarantine: [QuarantineEntry]

    /// What is to be done with one row.
    private enum Fate {
        case stays
        /// It stays because a hold binds it: when the hold ends it has to be looked at again.
        case held
        /// Record so-and-so of the batch is written.
        case written(Int)
        case goes
    }

    func write(
        _ batch: borrowing ReleasedBatch, _ chunk: borrowing Chunk,
        _ table: borrowing RecordTable, to bytes: OutputBytes
    ) {
        bytes.begin()
        let block = bytes.block(forDay: 0)
        let source = chunk.buffer.bytes
        var released = 0
        var setAside = 0
        // What has been copied or left out so far, and where the next row begins.
        var copied = 0
        for row in 0..<table.count {
            let range = table.range(row)
            let begin = row == 0 ? 0 : range.lowerBound
            let end = row + 1 < table.count ? table.range(row + 1).lowerBound : source.count
            switch fate(row, batch, table, &released, &setAside) {
            case .stays: continue
            case .held:
                block.bytes.append(source.extracting(copied..<begin))
                let start = block.bytes.count
                block.bytes.append(source.extracting(begin..<end))
                block.held.append(start..<block.bytes.count)
                copied = end
            case .goes:
                block.bytes.append(source.extracting(copied..<max(copied, begin)))
                copied = end
                block.removed += 1
            case .written(let index):
                block.bytes.append(source.extracting(copied..<range.lowerBound))
                let start = block.bytes.count
                writer.write(index, of: batch, chunk: source, into: &block.bytes)
                // The end of the line is copied with what follows.
                block.bytes.truncate(to: block.bytes.count - 1)
                copied = range.upperBound
                // A carriage return counts as the record's in some formats; it stays too.
                if copied > range.lowerBound, source[copied - 1] == 0x0d,
                    !Self.ends(block.bytes, with: 0x0d)
                {
                    copied -= 1
                }
                if !Self.isSame(block.bytes, from: start, source.extracting(range)) {
                    block.changed += 1
                }
            }
        }
        block.bytes.append(source.extracting(copied..<source.count))
        block.records += released
    }

    private func fate(
        _ row: Int, _ batch: borrowing ReleasedBatch, _ table: borrowing RecordTable,
        _ released: inout Int, _ setAside: inout Int
    ) -> Fate {
        if setAside < quarantine.count, quarantine[setAside].recordNumber == row + 1 {
            setAside += 1
            return unreadable == .drop ? .goes : .stays
        }
        guard table.isGood(row) else { return .stays }
        guard released < batch.records.count, Int(batch.records[released].row) == row else {
            return .goes
        }
        let index = released
        released += 1
        let record = batch.records[index]
        if record.isHeld { return record.isSuspended ? .held : .stays }
        if record.pieceCount == 1 {
            let piece = batch.pieces[record.firstPiece]
            if piece.kind == .raw, piece.range == table.range(row) { return .stays }
        }
        return .written(index)
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
