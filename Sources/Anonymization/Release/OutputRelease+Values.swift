internal import Records

/// What becomes of one value.
extension OutputRelease {
    /// What becomes of the value of `slot` at `slice`; the replacement goes to the arena.
    @inline(__always)
    mutating func settle(
        slot: Int, _ slice: FieldSlice, _ view: borrowing RecordView,
        _ record: borrowing RecordContext, _ due: DueSet, _ barred: CategorySet,
        _ scratch: inout ByteBuffer
    ) -> TransformResult {
        if rules[slot].isBarred(by: barred) { return .dropped }
        guard rules[slot].applies(due), !isDone(slot, record) else {
            return record.isCorrected ? correct(slot, slice, record) : .unchanged
        }
        return rules[slot].apply(
            slice, in: view.bytes, record: record, reader: view.reader, scratch: &scratch,
            arena: &batch.arena)
    }

    /// Puts the corrected text in the place of a field that is still readable.
    private mutating func correct(
        _ slot: Int, _ slice: FieldSlice, _ record: borrowing RecordContext
    ) -> TransformResult {
        guard let correction = plan.correction, correction.slot == slot, slice.kind != .null,
            isReadable(slot, record)
        else { return .unchanged }
        batch.arena.append(correction.text)
        counts.corrected += 1
        return slice.kind == .number && correction.isNumber ? .number : .text
    }

    private func isReadable(_ slot: Int, _ record: borrowing RecordContext) -> Bool {
        !rules[slot].applies(record.pastClocks) && !isDone(slot, record)
            && record.pastClocks.isDisjoint(with: plan.readableClock)
    }

    /// Counts a record whose field could be corrected, if only it said of which customer it is.
    mutating func noteUndecidedCorrection(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext
    ) {
        guard let slot = plan.correction?.slot, isReadable(slot, record),
            table.slice(slot: slot, row: view.row).hasValue
        else { return }
        counts.undecidedCorrections += 1
    }

    /// The piece for a result that is not `unchanged`; nil when the field goes.
    @inline(__always)
    func piece(_ result: TransformResult, from start: Int) -> ReleasedPiece? {
        let length = batch.arena.count &- start
        switch result {
        case .text: return ReleasedPiece(.text, start: start, length: length)
        case .plainText: return ReleasedPiece(.plainText, start: start, length: length)
        case .number: return ReleasedPiece(.bare, start: start, length: length)
        case .null: return ReleasedPiece(.null)
        case .dropped, .unchanged: return nil
        }
    }
}
