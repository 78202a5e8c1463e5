internal import KeyedHashing
internal import Records

/// Releases records for one output in one worker; mutating where `ChunkRelease` says why.
package struct OutputRelease: ~Copyable {
    package let plan: OutputReleasePlan
    /// The bit of the output in `RecordContext.heldIn`.
    private let ownBit: UInt64
    private let isStored: Bool
    private let keepsOnlyHeld: Bool
    /// True when it is to be noted of each held record what is dealt with in it.
    private let notesHeld: Bool
    /// What was released of the chunk at hand.
    package internal(set) var batch: ReleasedBatch
    package internal(set) var counts = OutputCounts()

    var rules: OwnedList<RuleApplication>
    var derived: OwnedList<RuleApplication>
    let derivedSlots: [Int]
    /// The fields that tell the time, where hours matter: once such a field is cut, the record does
    /// not tell any more what was due in it.
    private let timeSlots: [Int]
    private let hasBarredFields: Bool
    /// The only field that is ever changed, and that in place; -1 when there may be more to do.
    private let soleSlot: Int
    /// The clocks of the output's fields, and that of unnamed ones.
    private let clockBits: UInt64
    var edits = FlatArray<Edit>(capacity: 64)
    var rebuilder = OutlineRebuilder()

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
        isStored: Bool = false, keepsOnlyHeld: Bool = false, notesHeld: Bool = false,
        timeSlots: [Int] = []
    ) {
        self.plan = plan
        self.isStored = isStored
        self.keepsOnlyHeld = keepsOnlyHeld
        self.notesHeld = notesHeld
        self.timeSlots = timeSlots
        ownBit = isStored ? .max : 1 << UInt64(index)
        batch = ReleasedBatch(mode: plan.mode)
        let count = plan.rules.count
        rules = OwnedList(count: count) { RuleApplication(plan.rules[$0], of: count) }
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
        var due = undone(record)
        if record.isDealtWith, !hasUndoneField(record, due) { due = [] }
        if !due.isDisjoint(with: plan.readableClock) {
            // What was done before is not done again: no token is made of a token.
            return .anonymise(.everything.subtracting(closed(record.dealtWith)))
        }
        guard plan.showsWindow else { return .anonymise(.everything) }
        if due.isEmpty, barred.isEmpty, !hasBarredFields, !record.isCorrected { return .keep }
        return .anonymise(due)
    }

    /// `due` and the clocks that can no longer be read once the fields under `due` are gone.
    private mutating func closed(_ due: DueSet) -> DueSet {
        // Nothing is readable behind that clock.
        if isStored, !due.isDisjoint(with: plan.readableClock) { return .everything }
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
        var barred: CategorySet = record.barred.isEmpty || !plan.isUse
            ? [] : record.barred.categories(barredFor: plan.purpose)
        if isStored, !barred.isEmpty, !dropsOptedOut, !hasAnything(of: barred, view, table) {
            barred = []
        }
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
            if record.isCorrected { counts.uncorrected += 1 }
        case .quarantine:
            // Quarantine was settled before: it does not come here.
            counts.dropped[.overdue, default: 0] += 1
            return
        }
        if record.isCorrectionUndecided { noteUndecidedCorrection(view, table, record) }
        let past = closed(record.pastClocks)
        let isHeld = decision == .hold
        // A time too far ahead is none: later it would look as if nothing had been due.
        let isCut = cutsTime(past)
        if isStored || record.age.noKey || isCut {
            noteDealing(record, isHeld: isHeld, isCut: isCut)
        }
        batch.finishRecord(
            row: view.row, isHeld: isHeld, isSuspended: isHeld && isSuspended(record),
            isAged: isStored && isAged(record, isHeld: isHeld),
            day: record.day,
            isReadable: ages(past) || (isHeld && isStored && isLeftOpen(record)))
    }

    /// True when rules of now were not applied to a record that a hold keeps, in an output that
    /// shows nothing readable any more: its clocks do not tell that a later run has to.
    private mutating func isLeftOpen(_ record: borrowing RecordContext) -> Bool {
        guard record.isFieldwise, !plan.showsWindow else { return false }
        for slot in rules.indices where !rules[slot].isKept && !isDone(slot, record) {
            if plan.mode == .spliced || plan.columns.contains(.slot(slot)) { return true }
        }
        return false
    }

    /// True when something is to be done to a record that a hold keeps as it is.
    private mutating func isSuspended(_ record: borrowing RecordContext) -> Bool {
        record.isDeleted || record.verdict.isErased || isUndone(record)
    }

    /// True when the time of a record goes, or is cut, with what is due in it.
    @inline(__always)
    private mutating func cutsTime(_ past: DueSet) -> Bool {
        if timeSlots.isEmpty || !plan.showsWindow { return false }
        for slot in timeSlots where !rules[slot].isKept && rules[slot].applies(past) {
            return true
        }
        return false
    }

    /// Notes what is dealt with in a record that is stored, when it is not just what is due now by
    /// the time that it tells.
    private mutating func noteDealing(
        _ record: borrowing RecordContext, isHeld: Bool, isCut: Bool
    ) {
        if record.isFieldwise { return noteDoneFields(record, isHeld: isHeld, isCut: isCut) }
        let dealtWith = isHeld ? record.dealtWith : record.dealtWith.union(record.age.due)
        let isJustDue =
            dealtWith == record.age.due && !record.age.noKey && !isCut
            && !(isHeld && notesHeld)
        if !isJustDue || record.isNoted { batch.noteDealing(dealtWith, isJustDue: isJustDue) }
    }

    /// The same for a record that was dealt with under other rules.
    private mutating func noteDoneFields(
        _ record: borrowing RecordContext, isHeld: Bool, isCut: Bool
    ) {
        let due = closed(record.age.due)
        var slots: [Int] = []
        let keepsUnnamed = plan.keepsUnnamed || !due.contains(DueSet(rawValue: 1))
        var isJustDue = !record.age.noKey && !isCut && (!isHeld || (keepsUnnamed && !notesHeld))
        for slot in rules.indices {
            let isDue = rules[slot].applies(due)
            let isDone = self.isDone(slot, record) || (isDue && !isHeld)
            if isDone { slots.append(slot) }
            if isDone != isDue, !rules[slot].isKept { isJustDue = false }
        }
        if !isJustDue || record.isNoted {
            batch.noteDealing(.everything, slots: slots, isJustDue: isJustDue)
        }
    }

    /// True when the rule of `slot` was applied by an earlier run, with other rules for others.
    @inline(__always)
    func isDone(_ slot: Int, _ record: borrowing RecordContext) -> Bool {
        record.isFieldwise && slot < record.doneSlots.count && record.doneSlots[slot]
    }

    /// True when a rule that is due was not applied to a record that others were applied to. What
    /// no rule names is dropped again: nothing changes by it.
    private mutating func hasUndoneField(
        _ record: borrowing RecordContext, _ due: DueSet
    ) -> Bool {
        if !plan.keepsUnnamed, due.contains(DueSet(rawValue: 1)) { return true }
        for slot in rules.indices
        where rules[slot].applies(due) && !rules[slot].isKept && !isDone(slot, record) {
            return true
        }
        return false
    }

    /// True when something is due that was not dealt with before.
    private mutating func isUndone(_ record: borrowing RecordContext) -> Bool {
        let due = undone(record)
        return record.isDealtWith ? hasUndoneField(record, due) : !due.isEmpty
    }

    /// True when something in the record is dealt with once it is written.
    private mutating func isAged(_ record: borrowing RecordContext, isHeld: Bool) -> Bool {
        if !isHeld, !record.age.due.isEmpty { return true }
        guard record.isFieldwise else { return !record.dealtWith.isEmpty }
        for slot in rules.indices where isDone(slot, record) && !rules[slot].isKept {
            return true
        }
        return false
    }

    /// What the rules did since the last call, in slot order.
    mutating func takeFieldCounts() -> [FieldCounts] {
        var counts: [FieldCounts] = []
        for slot in rules.indices { counts.append(rules[slot].takeCounts()) }
        return counts
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
        let standsBare = plan.syntax == .template
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
                    if result == .plainText, standsBare {
                        // What `edit` and `apply` come to where nothing surrounds the value.
                        copyRaw(copied, slice.offset)
                        batch.append(
                            ReleasedPiece(
                                .plainText, start: start, length: batch.arena.count &- start))
                        copied = slice.end
                    } else if result != .unchanged {
                        let edit = edit(soleSlot, result, from: start, for: slice, view)
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
                batch.append(fitting(unchanged(slice, view), view))
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
                let piece = column(source, view, table, record, due, barred, &scratch)
                batch.append(fitting(piece, view))
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
}
