internal import Records

/// Where a walker puts what it finds in one record: slices into the row, repeated values aside,
/// outline steps if the plan wants them.
@safe struct RecordSink: ~Copyable {
    /// The slots of the current row.
    var slots: UnsafeMutablePointer<FieldSlice>
    let slotCount: Int
    let wantsOutline: Bool

    /// Values of repeated slots of the current record, in order of appearance.
    var repeated: [(slot: Int, slice: FieldSlice)] = []
    /// Outline steps of the current record.
    var outline: [OutlineStep] = []

    init(table: borrowing RecordTable, wantsOutline: Bool) {
        slotCount = table.slotCount
        self.wantsOutline = wantsOutline
        unsafe slots = table.slices
    }

    /// Points the sink at `row`, whose slots are all absent.
    mutating func begin(row: Int, of table: borrowing RecordTable) {
        unsafe slots = table.slices + row &* slotCount
        if !repeated.isEmpty { repeated.removeAll(keepingCapacity: true) }
        if wantsOutline { outline.removeAll(keepingCapacity: true) }
    }

    /// Forgets what the current record has set so far.
    mutating func restart() {
        unsafe slots.update(repeating: .absent, count: slotCount)
        if !repeated.isEmpty { repeated.removeAll(keepingCapacity: true) }
        if wantsOutline { outline.removeAll(keepingCapacity: true) }
    }

    @inline(__always)
    mutating func set(_ slice: FieldSlice, slot: Int, isRepeated: Bool) {
        if isRepeated {
            repeated.append((slot, slice))
        } else {
            unsafe slots[slot] = slice
        }
        if wantsOutline { outline.append(OutlineStep(.value, slot: slot, slice: slice)) }
    }

    mutating func note(_ operation: OutlineStep.Operation, _ slice: FieldSlice = .absent) {
        if wantsOutline { outline.append(OutlineStep(operation, slice: slice)) }
    }

    /// Moves the repeated values of a good record into the table, those of a slot side by side.
    mutating func finish(into table: inout RecordTable) {
        if !repeated.isEmpty {
            for slot in 0..<slotCount {
                let first = table.elements.count
                for value in repeated where value.slot == slot {
                    table.elements.append(value.slice)
                }
                let count = table.elements.count - first
                if count > 0 {
                    unsafe slots[slot] = FieldSlice(start: first, length: count, kind: .several)
                }
            }
        }
        if wantsOutline { table.outline.append(contentsOf: outline) }
    }
}
