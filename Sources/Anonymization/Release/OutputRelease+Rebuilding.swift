internal import Records

/// Records that are written anew: JSON objects from their named members, rows from columns.
extension OutputRelease {
    /// Rebuilds a JSON record from its named members only.
    mutating func outline(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ due: DueSet, _ barred: CategorySet,
        _ scratch: inout ByteBuffer
    ) {
        rebuilder.open(UInt8(ascii: "{"), &batch)
        let first = Int(table.outlineStarts[view.row])
        let last = Int(table.outlineStarts[view.row + 1])
        for index in first..<last {
            let step = table.outline[index]
            switch step.operation {
            case .openObject: rebuilder.defer(UInt8(ascii: "{"), UInt8(ascii: "}"))
            case .openArray: rebuilder.defer(UInt8(ascii: "["), UInt8(ascii: "]"))
            case .closeObject, .closeArray: rebuilder.close(&batch)
            case .element: rebuilder.beginElement()
            case .key: rebuilder.key(step.slice)
            case .value:
                let start = batch.arena.count
                let result = settle(
                    slot: Int(step.slot), step.slice, view, record, due, barred, &scratch)
                if result == .unchanged {
                    let range = SpliceSyntax.json.replacedRange(step.slice, in: view.bytes)
                    rebuilder.value(
                        ReleasedPiece(.raw, start: range.lowerBound, length: range.count), &batch)
                } else if let piece = piece(result, from: start) {
                    rebuilder.value(piece, &batch)
                } else {
                    rebuilder.forgetKey()
                }
            }
        }
        appendDerived(view, table, record, barred, &scratch, isFirst: rebuilder.isEmpty)
        batch.append(ReleasedPiece(.syntax, start: Int(UInt8(ascii: "}"))))
    }

    /// Appends the derived members in front of the closing brace.
    mutating func appendDerived(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ barred: CategorySet, _ scratch: inout ByteBuffer,
        isFirst: Bool
    ) {
        var isFirst = isFirst
        for (index, key) in plan.appended {
            let piece = derivedPiece(index, view, table, record, barred, &scratch)
            guard piece.kind != .absent else { continue }
            let start = batch.arena.count
            batch.arena.append(key.span.extracting((isFirst ? 1 : 0)...))
            batch.append(
                ReleasedPiece(.bare, start: start, length: batch.arena.count - start))
            batch.append(piece)
            isFirst = false
        }
    }

    mutating func column(
        _ source: OutputReleasePlan.Source, _ view: borrowing RecordView,
        _ table: borrowing RecordTable, _ record: borrowing RecordContext, _ due: DueSet,
        _ barred: CategorySet, _ scratch: inout ByteBuffer
    ) -> ReleasedPiece {
        switch source {
        case .derived(let index):
            return derivedPiece(index, view, table, record, barred, &scratch)
        case .slot(let slot):
            var slice = table.slice(slot: slot, row: view.row)
            // A table cell holds one value: of several, the first.
            if slice.kind == .several { slice = table.elements[slice.offset] }
            guard slice.kind != .absent else { return ReleasedPiece(.absent) }
            let start = batch.arena.count
            let result = settle(slot: slot, slice, view, record, due, barred, &scratch)
            if result == .unchanged { return unchanged(slice, view) }
            return piece(result, from: start) ?? ReleasedPiece(.absent)
        }
    }

    mutating func unchanged(
        _ slice: FieldSlice, _ view: borrowing RecordView
    ) -> ReleasedPiece {
        switch slice.kind {
        case .absent, .several: return ReleasedPiece(.absent)
        case .null: return ReleasedPiece(.null)
        case .text:
            return ReleasedPiece(.sourceText, start: slice.offset, length: slice.length)
        case .escapedText:
            let start = batch.arena.count
            view.reader.decode(slice, in: view.bytes, into: &batch.arena)
            return ReleasedPiece(.text, start: start, length: batch.arena.count - start)
        case .number, .boolean, .structure:
            let start = batch.arena.count
            batch.arena.append(view.bytes.extracting(slice.offset..<slice.end))
            return ReleasedPiece(.bare, start: start, length: slice.length)
        }
    }

    private mutating func derivedPiece(
        _ index: Int, _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ barred: CategorySet, _ scratch: inout ByteBuffer
    ) -> ReleasedPiece {
        let slot = derivedSlots[index]
        let slice = table.slice(slot: slot, row: view.row)
        guard slice.hasValue, slice.kind != .several, !rules[slot].isBarred(by: barred)
        else { return ReleasedPiece(.absent) }
        let start = batch.arena.count
        let result = derived[index].apply(
            slice, in: view.bytes, record: record, reader: view.reader, scratch: &scratch,
            arena: &batch.arena)
        if result == .unchanged { return unchanged(slice, view) }
        return piece(result, from: start) ?? ReleasedPiece(.absent)
    }
}
