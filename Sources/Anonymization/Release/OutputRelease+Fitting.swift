internal import Records

/// Records that the output's format cannot hold: what was released of them is taken back.
extension OutputRelease {
    /// What to go back to when the record that comes next does not fit.
    struct BeforeRecord: ~Copyable {
        var batch = ReleasedBatch.Mark()
        var counts = OutputCounts()
        var fields = FlatArray<FieldCounts>()
    }

    /// To be called in front of each record of which some value may not fit.
    mutating func mark() {
        before.batch = batch.mark
        before.counts = counts
        before.fields.truncate(to: 0)
        for slot in rules.indices { before.fields.append(rules[slot].counts) }
    }

    /// Why the record that was released last cannot be written in the output's format.
    mutating func misfit(_ bytes: Span<UInt8>) -> QuarantineReason? {
        if plan.unfit.isEmpty { return nil }
        for index in before.batch.pieces..<batch.pieces.count {
            let piece = batch.pieces[index]
            let reason: QuarantineReason? =
                switch piece.kind {
                case .text: plan.unfit.found(in: batch.arena.bytes.extracting(piece.range))
                case .sourceText where !plan.unfitStanding.isEmpty:
                    plan.unfitStanding.found(in: bytes.extracting(piece.range))
                default: nil
                }
            if let reason { return reason }
        }
        return nil
    }

    /// Takes back what was released since `mark()`.
    mutating func takeBack() {
        batch.takeBack(to: before.batch)
        counts = before.counts
        for slot in rules.indices { rules[slot].counts = before.fields[slot] }
    }
}
