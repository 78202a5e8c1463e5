internal import Records

/// Values of any bytes in formats that cannot hold them all.
extension OutputRelease {
    /// `piece` as the output's format can hold it: whoever sends odd bytes is not to get his record
    /// set aside by that.
    @inline(__always)
    mutating func fitting(_ piece: ReleasedPiece, _ view: borrowing RecordView) -> ReleasedPiece {
        plan.escapesBytes ? escaped(piece, view.bytes) : piece
    }

    @inline(never)
    private mutating func escaped(_ piece: ReleasedPiece, _ bytes: Span<UInt8>) -> ReleasedPiece {
        let text: [UInt8]
        switch piece.kind {
        // Structures, too: to formats that have none they are texts like others.
        case .text, .bare: text = Self.oddText(batch.arena.bytes, piece.range)
        case .sourceText: text = Self.oddText(bytes, piece.range)
        case .raw, .plainText, .null, .absent, .syntax: return piece
        }
        if text.isEmpty { return piece }
        let start = batch.arena.count
        batch.arena.append(ByteEscapes.escaped(text).span)
        return ReleasedPiece(
            piece.kind == .bare ? .bare : .text, start: start,
            length: batch.arena.count - start)
    }

    /// The bytes in `range` when they need escapes; otherwise none.
    private static func oddText(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        let text = bytes.extracting(range)
        return ByteEscapes.areNeeded(in: text) ? text.indices.map { text[$0] } : []
    }
}
