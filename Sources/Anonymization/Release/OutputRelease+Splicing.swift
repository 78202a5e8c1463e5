internal import Records

/// Records whose bytes stay but for what changes in them.
extension OutputRelease {
    /// Copies the record with the due fields replaced or taken out.
    mutating func splice(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ due: DueSet, _ barred: CategorySet,
        _ scratch: inout ByteBuffer
    ) {
        edits.truncate(to: 0)
        for slot in 0..<table.slotCount {
            if rules[slot].isKept, barred.isEmpty, !record.isCorrected { continue }
            let slice = table.slice(slot: slot, row: view.row)
            switch slice.kind {
            case .absent: continue
            case .several:
                for element in slice.offset..<slice.end {
                    edit(
                        slot, table.elements[element], view, table, record, due, barred,
                        &scratch)
                }
            default: edit(slot, slice, view, table, record, due, barred, &scratch)
            }
        }
        let range = table.range(view.row)
        let firstPiece = batch.pieces.count
        var copied = range.lowerBound
        for index in edits.indices {
            apply(edits[index], view, range, copied: &copied)
        }
        var end = range.upperBound
        if !plan.appended.isEmpty {
            end = closingBrace(view.bytes, range)
            copyRaw(copied, end)
            appendDerived(
                view, table, record, barred, &scratch,
                isFirst: holdsNoMember(from: firstPiece, view.bytes))
            copied = end
        }
        copyRaw(copied, range.upperBound)
    }

    /// True when nothing but the opening brace was written of the record so far.
    private func holdsNoMember(from firstPiece: Int, _ bytes: Span<UInt8>) -> Bool {
        var hasBrace = false
        for index in firstPiece..<batch.pieces.count {
            let piece = batch.pieces[index]
            guard piece.kind == .raw else { return false }
            for at in Int(piece.start)..<Int(piece.start) + Int(piece.length) {
                if SpliceSyntax.isBlank(bytes[at]) { continue }
                guard !hasBrace, bytes[at] == UInt8(ascii: "{") else { return false }
                hasBrace = true
            }
        }
        return true
    }

    @inline(__always)
    mutating func copyRaw(_ start: Int, _ end: Int) {
        if end > start { batch.append(ReleasedPiece(.raw, start: start, length: end &- start)) }
    }

    private func closingBrace(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var at = range.upperBound - 1
        while at > range.lowerBound, bytes[at] != UInt8(ascii: "}") { at -= 1 }
        return at
    }

    /// Plans the change of one value, keeping the edits in the order of the record.
    @inline(__always)
    mutating func edit(
        _ slot: Int, _ slice: FieldSlice, _ view: borrowing RecordView,
        _ table: borrowing RecordTable, _ record: borrowing RecordContext, _ due: DueSet,
        _ barred: CategorySet, _ scratch: inout ByteBuffer
    ) {
        let cover = rules[slot].coveringSlot
        if cover >= 0, table.slice(slot: cover, row: view.row).kind != .absent { return }
        let start = batch.arena.count
        let result = settle(slot: slot, slice, view, record, due, barred, &scratch)
        guard result != .unchanged else { return }
        let edit = edit(slot, result, from: start, for: slice, view)
        edits.append(edit)
        var at = edits.count &- 1
        while at > 0, edits[at &- 1].goesBehind(edit) {
            edits[at] = edits[at &- 1]
            at &-= 1
        }
        edits[at] = edit
    }

    /// The change of a value for which there is a result.
    @inline(__always)
    mutating func edit(
        _ slot: Int, _ result: TransformResult, from start: Int, for slice: FieldSlice,
        _ view: borrowing RecordView
    ) -> Edit {
        let range = plan.syntax.replacedRange(slice, in: view.bytes)
        var piece = piece(result, from: start)
        if piece == nil, rules[slot].leavesNull { piece = ReleasedPiece(.null) }
        return Edit(start: range.lowerBound, end: range.upperBound, piece: piece)
    }

    /// Copies the record up to the edit and puts the replacement in place. An edit inside a place
    /// that was already changed (a part of a request line that went as a whole) is passed over.
    @inline(__always)
    mutating func apply(
        _ edit: Edit, _ view: borrowing RecordView, _ range: Range<Int>, copied: inout Int
    ) {
        guard edit.start >= copied else { return }
        if let piece = edit.piece {
            copyRaw(copied, edit.start)
            batch.append(piece)
            copied = edit.end
            return
        }
        switch plan.syntax {
        case .json, .logfmt:
            let gone = plan.syntax.dropped(
                edit.start..<edit.end, in: view.bytes, record: range, editedUpTo: copied)
            copyRaw(copied, gone.lowerBound)
            copied = max(copied, gone.upperBound)
        case .delimited, .template:
            copyRaw(copied, edit.start)
            batch.append(ReleasedPiece(.null))
            copied = edit.end
        }
    }
}
