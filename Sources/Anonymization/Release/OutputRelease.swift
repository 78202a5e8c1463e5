internal import KeyedHashing
internal import Records

/// Releases records for one output in one worker; mutating where `ChunkRelease` says why.
package struct OutputRelease: ~Copyable {
    package let plan: OutputReleasePlan
    /// The bit of the output in `RecordContext.heldIn`.
    private let ownBit: UInt64
    private let isStored: Bool
    private let keepsOnlyHeld: Bool
    /// What was released of the chunk at hand.
    package private(set) var batch: ReleasedBatch
    package private(set) var counts = OutputCounts()

    private var rules: OwnedList<RuleApplication>
    private var derived: OwnedList<RuleApplication>
    private let derivedSlots: [Int]
    private let hasBarredFields: Bool
    /// The only field that is ever changed, and that in place; -1 when there may be more to do.
    private let soleSlot: Int
    /// The clocks of the output's fields, and that of unnamed ones.
    private let clockBits: UInt64
    private var edits = FlatArray<Edit>(capacity: 64)

    /// A change of a record whose other bytes stay.
    struct Edit: BitwiseCopyable {
        var start: Int
        var end: Int
        /// Nil when the value goes.
        var piece: ReleasedPiece?

        /// Edits go by their place; of two that begin together (a request line and its method) the
        /// longer one first, so that no part of it stays.
        func goesBehind(_ other: Edit) -> Bool {
            start > other.start || (start == other.start && end < other.end)
        }
    }

    /// The output at `index` of the plan; only the first 64 outputs can be named by a hold.
    init(
        _ plan: OutputReleasePlan, derived: [DerivedField], index: Int = 0,
        isStored: Bool = false, keepsOnlyHeld: Bool = false
    ) {
        self.plan = plan
        self.isStored = isStored
        self.keepsOnlyHeld = keepsOnlyHeld
        ownBit = isStored ? .max : 1 << UInt64(index)
        batch = ReleasedBatch(mode: plan.mode)
        rules = OwnedList(count: plan.rules.count) { RuleApplication(plan.rules[$0]) }
        self.derived = OwnedList(count: derived.count) {
            RuleApplication(FieldRule(transform: derived[$0].transform))
        }
        derivedSlots = derived.map(\.slot)
        clockBits = plan.rules.reduce(1) { $0 | $1.clock.rawValue }
        hasBarredFields = plan.rules.contains { $0.isBarred || $0.appliesAlways }
        soleSlot = Self.soleSlot(plan)
    }

    private static func soleSlot(_ plan: OutputReleasePlan) -> Int {
        let dropsMembers = plan.syntax == .json && !plan.keepsUnnamed
        guard plan.mode == .spliced, plan.appended.isEmpty, !dropsMembers else { return -1 }
        let changed = plan.rules.indices.filter { !plan.rules[$0].isKept }
        return changed.count == 1 && plan.rules[changed[0]].coveredBy == nil ? changed[0] : -1
    }

    mutating func begin() {
        batch.removeAll()
        counts = OutputCounts()
    }

    /// The decision for the record at hand: the one place where it is made.
    private mutating func decide(
        _ record: borrowing RecordContext, _ barred: CategorySet, dropsOptedOut: Bool
    ) -> Decision {
        if record.heldIn & ownBit != 0 { return .hold }
        if keepsOnlyHeld { return .drop(.overdue) }
        if record.verdict.isErased { return .drop(.erased) }
        if record.isDeleted { return .drop(.deleted) }
        // What lies stored of a restricted person stays and goes on ageing.
        if record.verdict.isRestricted, !isStored { return .drop(.restricted) }
        if dropsOptedOut, !barred.isEmpty { return .drop(.optedOut) }
        if let expiry = plan.expiryClock, !record.age.noKey,
            !record.age.due.isDisjoint(with: expiry)
        {
            return .drop(.overdue)
        }
        let due = undone(record)
        if !due.isDisjoint(with: plan.readableClock) { return .anonymise(.everything) }
        guard plan.showsWindow else { return .anonymise(.everything) }
        if due.isEmpty, barred.isEmpty, !hasBarredFields, !record.isCorrected { return .keep }
        return .anonymise(due)
    }

    /// `due` and the clocks that can no longer be read once the fields under `due` are gone.
    private mutating func closed(_ due: DueSet) -> DueSet {
        if plan.dependences.isEmpty { return due }
        var all = due
        var before: DueSet
        repeat {
            before = all
            for dependence in plan.dependences where !all.isDisjoint(with: dependence.readFields) {
                all.formUnion(dependence.clock)
            }
        } while all != before
        return all
    }

    /// True when a later run has to look at the record again: a field is shown that becomes due, or
    /// the record may have to be deleted.
    private mutating func ages(_ past: DueSet) -> Bool {
        if plan.watchedDeletes.rawValue & ~past.rawValue != 0 { return true }
        return plan.showsWindow && past.isDisjoint(with: plan.readableClock)
            && past.rawValue & clockBits != clockBits
    }

    /// Releases the record at hand. What is known of it is lent for writing, though nothing writes
    /// to it: only read, it would be copied for each record.
    mutating func release(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: inout RecordContext, _ scratch: inout ByteBuffer, dropsOptedOut: Bool
    ) {
        let barred = record.barred.isEmpty || !plan.isUse
            ? [] : record.barred.categories(barredFor: plan.purpose)
        let decision = decide(record, barred, dropsOptedOut: dropsOptedOut)
        switch decision {
        case .keep where plan.mode == .spliced && plan.appended.isEmpty:
            let range = table.range(view.row)
            batch.append(ReleasedPiece(.raw, start: range.lowerBound, length: range.count))
            counts.kept += 1
        case .keep:
            write(view, table, record, [], barred, &scratch)
            counts.kept += 1
        case .anonymise(let due):
            write(view, table, record, due, barred, &scratch)
            counts.anonymised += 1
            if !barred.isEmpty { counts.barred += 1 }
        case .drop(let reason):
            counts.dropped[reason, default: 0] += 1
            return
        case .hold:
            hold(view, table, record, barred, &scratch)
            counts.held += 1
        case .quarantine:
            // Quarantine was settled before: it does not come here.
            counts.dropped[.overdue, default: 0] += 1
            return
        }
        let past = closed(record.pastClocks)
        let isHeld = decision == .hold
        batch.finishRecord(
            row: view.row, isHeld: isHeld,
            isSuspended: isHeld && (record.isDeleted || !undone(record).isEmpty),
            day: record.day, isReadable: ages(past))
    }

    /// What is due and was not dealt with before.
    private mutating func undone(_ record: borrowing RecordContext) -> DueSet {
        let due = closed(record.age.due)
        return record.dealtWith.isEmpty ? due : due.subtracting(closed(record.dealtWith))
    }

    /// Releases `rows`, of all of which the same is known.
    mutating func release(
        _ rows: Range<Int>, _ view: inout RecordView, _ table: borrowing RecordTable,
        _ record: inout RecordContext, _ scratch: inout ByteBuffer, dropsOptedOut: Bool
    ) {
        if soleSlot >= 0, record.barred.isEmpty, !record.isCorrected,
            case .anonymise(let due) = decide(record, [], dropsOptedOut: dropsOptedOut),
            !rules[soleSlot].isBarred(by: []), rules[soleSlot].applies(due)
        {
            replace(in: rows, &view, table, record, due, &scratch)
            counts.anonymised += rows.count
            return
        }
        for row in rows {
            view.row = row
            release(view, table, &record, &scratch, dropsOptedOut: dropsOptedOut)
        }
    }

    /// Copies `rows` with the one field that changes replaced or taken out.
    private mutating func replace(
        in rows: Range<Int>, _ view: inout RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ due: DueSet, _ scratch: inout ByteBuffer
    ) {
        let isReadable = ages(closed(record.pastClocks))
        let bytes = view.bytes
        let reader = view.reader
        for row in rows {
            view.row = row
            let slice = table.slice(slot: soleSlot, row: row)
            if slice.kind == .several {
                splice(view, table, record, due, [], &scratch)
            } else {
                let range = table.range(row)
                var copied = range.lowerBound
                if slice.kind != .absent {
                    let start = batch.arena.count
                    let result = rules[soleSlot].apply(
                        slice, in: bytes, record: record, reader: reader, scratch: &scratch,
                        arena: &batch.arena)
                    if result != .unchanged {
                        let edit = edit(result, from: start, for: slice, view)
                        apply(edit, view, range, copied: &copied)
                    }
                }
                copyRaw(copied, range.upperBound)
            }
            batch.finishRecord(
                row: row, isHeld: false, day: record.day, isReadable: isReadable)
        }
    }

    /// Leaves a held record as it is: a stored one byte for byte, a new one without what nobody may
    /// have at any age.
    private mutating func hold(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ barred: CategorySet, _ scratch: inout ByteBuffer
    ) {
        guard isStored else { return write(view, table, record, [], barred, &scratch) }
        switch plan.mode {
        case .spliced:
            let range = table.range(view.row)
            batch.append(ReleasedPiece(.raw, start: range.lowerBound, length: range.count))
        case .columns:
            for source in plan.columns {
                guard case .slot(let slot) = source else {
                    batch.append(ReleasedPiece(.absent))
                    continue
                }
                var slice = table.slice(slot: slot, row: view.row)
                if slice.kind == .several { slice = table.elements[slice.offset] }
                batch.append(unchanged(slice, view))
            }
        }
    }

    private mutating func write(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ due: DueSet, _ barred: CategorySet,
        _ scratch: inout ByteBuffer
    ) {
        switch plan.mode {
        case .columns:
            for source in plan.columns {
                batch.append(column(source, view, table, record, due, barred, &scratch))
            }
        case .spliced:
            // An opt-out of everything reaches what nobody named, too.
            let dropsUnnamed =
                !plan.keepsUnnamed && (due.contains(DueSet(rawValue: 1)) || barred == .all)
            if dropsUnnamed, plan.syntax == .json {
                outline(view, table, record, due, barred, &scratch)
            } else {
                splice(view, table, record, due, barred, &scratch)
            }
        }
    }

    // MARK: One value

    /// What becomes of the value of `slot` at `slice`; the replacement goes to the arena.
    @inline(__always)
    private mutating func settle(
        slot: Int, _ slice: FieldSlice, _ view: borrowing RecordView,
        _ record: borrowing RecordContext, _ due: DueSet, _ barred: CategorySet,
        _ scratch: inout ByteBuffer
    ) -> TransformResult {
        if rules[slot].isBarred(by: barred) { return .dropped }
        guard rules[slot].applies(due) else {
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
            !rules[slot].applies(record.pastClocks),
            record.pastClocks.isDisjoint(with: plan.readableClock)
        else { return .unchanged }
        batch.arena.append(correction.text)
        counts.corrected += 1
        return slice.kind == .number && correction.isNumber ? .number : .text
    }

    /// The piece for a result that is not `unchanged`; nil when the field goes.
    @inline(__always)
    private func piece(_ result: TransformResult, from start: Int) -> ReleasedPiece? {
        let length = batch.arena.count &- start
        switch result {
        case .text: return ReleasedPiece(.text, start: start, length: length)
        case .plainText: return ReleasedPiece(.plainText, start: start, length: length)
        case .number: return ReleasedPiece(.bare, start: start, length: length)
        case .null: return ReleasedPiece(.null)
        case .dropped, .unchanged: return nil
        }
    }

    // MARK: Splicing

    /// Copies the record with the due fields replaced or taken out.
    private mutating func splice(
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
    private mutating func copyRaw(_ start: Int, _ end: Int) {
        if end > start { batch.append(ReleasedPiece(.raw, start: start, length: end &- start)) }
    }

    private func closingBrace(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var at = range.upperBound - 1
        while at > range.lowerBound, bytes[at] != UInt8(ascii: "}") { at -= 1 }
        return at
    }

    /// Plans the change of one value, keeping the edits in the order of the record.
    @inline(__always)
    private mutating func edit(
        _ slot: Int, _ slice: FieldSlice, _ view: borrowing RecordView,
        _ table: borrowing RecordTable, _ record: borrowing RecordContext, _ due: DueSet,
        _ barred: CategorySet, _ scratch: inout ByteBuffer
    ) {
        let cover = rules[slot].coveringSlot
        if cover >= 0, table.slice(slot: cover, row: view.row).kind != .absent { return }
        let start = batch.arena.count
        let result = settle(slot: slot, slice, view, record, due, barred, &scratch)
        guard result != .unchanged else { return }
        let edit = edit(result, from: start, for: slice, view)
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
    private func edit(
        _ result: TransformResult, from start: Int, for slice: FieldSlice,
        _ view: borrowing RecordView
    ) -> Edit {
        let range = plan.syntax.replacedRange(slice, in: view.bytes)
        return Edit(
            start: range.lowerBound, end: range.upperBound, piece: piece(result, from: start))
    }

    /// Copies the record up to the edit and puts the replacement in place. An edit inside a place
    /// that was already changed (a part of a request line that went as a whole) is passed over.
    @inline(__always)
    private mutating func apply(
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
        case .json:
            let gone = SpliceSyntax.droppedJSON(
                edit.start..<edit.end, in: view.bytes, recordStart: range.lowerBound,
                recordEnd: range.upperBound, editedUpTo: copied)
            copyRaw(copied, gone.lowerBound)
            copied = max(copied, gone.upperBound)
        case .delimited, .template:
            copyRaw(copied, edit.start)
            batch.append(ReleasedPiece(.null))
            copied = edit.end
        }
    }

    // MARK: Outline

    /// Rebuilds a JSON record from its named members only.
    private mutating func outline(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ due: DueSet, _ barred: CategorySet,
        _ scratch: inout ByteBuffer
    ) {
        var rebuilder = OutlineRebuilder()
        rebuilder.open(UInt8(ascii: "{"), &batch)
        let first = Int(table.outlineStarts[view.row])
        let last = Int(table.outlineStarts[view.row + 1])
        for index in first..<last {
            let step = table.outline[index]
            switch step.operation {
            case .openObject: rebuilder.defer(UInt8(ascii: "{"), UInt8(ascii: "}"))
            case .openArray: rebuilder.defer(UInt8(ascii: "["), UInt8(ascii: "]"))
            case .closeObject, .closeArray: rebuilder.close(&batch)
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
    private mutating func appendDerived(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ barred: CategorySet, _ scratch: inout ByteBuffer,
        isFirst: Bool
    ) {
        var isFirst = isFirst
        for (index, key) in plan.appended {
            let piece = derivedPiece(index, view, table, record, barred, &scratch)
            guard piece.kind != .absent else { continue }
            let start = batch.arena.count
            batch.arena.append(isFirst ? Array(key.dropFirst()) : key)
            batch.append(
                ReleasedPiece(.bare, start: start, length: batch.arena.count - start))
            batch.append(piece)
            isFirst = false
        }
    }

    // MARK: Columns

    private mutating func column(
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

    private mutating func unchanged(
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
        return piece(result, from: start) ?? ReleasedPiece(.absent)
    }
}
