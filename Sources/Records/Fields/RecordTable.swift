/// What a reader found in one chunk: where each record lies, whether it can be read, and where its
/// declared fields are. Plain offsets, refilled for every chunk.
///
/// Rows are records in the order of the chunk. A row is *good*, *blank* (an empty line: counted,
/// never written) or *bad* with a reason. Only good rows have slices.
@safe @usableFromInline package struct RecordTable: ~Copyable {
    /// The state of one row.
    package enum RowState: Equatable, Sendable {
        case good
        case blank
        case bad(QuarantineReason)
    }

    /// The number of slots of each row.
    @usableFromInline package let slotCount: Int

    /// The number of rows.
    @usableFromInline package var count = 0

    /// False once a row was marked as bad or blank.
    private var areAllGood = true

    @usableFromInline package var rowCapacity: Int
    @usableFromInline package var starts: UnsafeMutablePointer<UInt32>
    @usableFromInline package var ends: UnsafeMutablePointer<UInt32>
    @usableFromInline package var states: UnsafeMutablePointer<UInt8>
    @usableFromInline package var slices: UnsafeMutablePointer<FieldSlice>

    /// The single values of slots of kind `several`, in order of appearance.
    package var elements: [FieldSlice] = []

    /// Outline steps of all rows, one after the other; filled only when the plan asks for it.
    package var outline: [OutlineStep] = []

    /// For each row the index of its first outline step; has `count + 1` entries when filled.
    package var outlineStarts: [Int32] = []

    private static let blankState: UInt8 = 255

    /// An empty table whose rows have `slotCount` slots.
    package init(slotCount: Int) {
        self.slotCount = slotCount
        rowCapacity = 1024
        unsafe starts = .allocate(capacity: rowCapacity)
        unsafe ends = .allocate(capacity: rowCapacity)
        unsafe states = .allocate(capacity: rowCapacity)
        unsafe slices = .allocate(capacity: max(rowCapacity * slotCount, 1))
    }

    deinit {
        unsafe starts.deallocate()
        unsafe ends.deallocate()
        unsafe states.deallocate()
        unsafe slices.deallocate()
    }

    /// Forgets all rows and keeps the room.
    package mutating func removeAll() {
        count = 0
        areAllGood = true
        elements.removeAll(keepingCapacity: true)
        outline.removeAll(keepingCapacity: true)
        outlineStarts.removeAll(keepingCapacity: true)
    }

    /// Adds a row for the bytes `start ..< end` of the chunk (without its terminator), good and
    /// with all slots absent, and returns its index.
    @inlinable @inline(__always) package mutating func appendRow(start: Int, end: Int) -> Int {
        if _slowPath(count == rowCapacity) { grow() }
        let row = count
        unsafe starts[row] = UInt32(truncatingIfNeeded: start)
        unsafe ends[row] = UInt32(truncatingIfNeeded: end)
        unsafe states[row] = 0
        if slotCount == 1 {
            // Nearly free, where filling even one is a call.
            unsafe slices[row] = .absent
        } else {
            unsafe (slices + row &* slotCount).update(repeating: .absent, count: slotCount)
        }
        count &+= 1
        return row
    }

    /// Sets the slice of `slot` in `row`.
    @inlinable @inline(__always)
    package mutating func set(_ slice: FieldSlice, slot: Int, row: Int) {
        precondition(row < count && slot < slotCount)
        unsafe slices[row &* slotCount &+ slot] = slice
    }

    /// The slice of `slot` in `row`.
    @inlinable @inline(__always) package func slice(slot: Int, row: Int) -> FieldSlice {
        precondition(row < count && slot < slotCount)
        return unsafe slices[row &* slotCount &+ slot]
    }

    /// Moves the end of `row`; readers that learn it late call this once.
    @inlinable @inline(__always) package mutating func setEnd(_ end: Int, row: Int) {
        precondition(row < count)
        unsafe ends[row] = UInt32(truncatingIfNeeded: end)
    }

    /// Marks `row` as unreadable.
    package mutating func markBad(_ row: Int, _ reason: QuarantineReason) {
        precondition(row < count)
        areAllGood = false
        unsafe states[row] = reason.rawValue
    }

    /// Marks `row` as an empty line.
    package mutating func markBlank(_ row: Int) {
        precondition(row < count)
        areAllGood = false
        unsafe states[row] = Self.blankState
    }

    /// True when `row` can be read.
    @inlinable @inline(__always) package func isGood(_ row: Int) -> Bool {
        precondition(row < count)
        return unsafe states[row] == 0
    }

    /// The index behind the last of the good rows that follow one another from `row` on; `row`
    /// itself when it is not good.
    package func endOfGoodRows(from row: Int) -> Int {
        if areAllGood { return count }
        var behind = row
        while behind < count, isGood(behind) { behind += 1 }
        return behind
    }

    /// The state of `row`.
    package func state(_ row: Int) -> RowState {
        precondition(row < count)
        let raw = unsafe states[row]
        if raw == 0 { return .good }
        if raw == Self.blankState { return .blank }
        return .bad(QuarantineReason(rawValue: raw) ?? .badRecord)
    }

    /// The bytes of `row` in the chunk, without the terminator.
    @inlinable @inline(__always) package func range(_ row: Int) -> Range<Int> {
        precondition(row < count)
        return unsafe Int(starts[row])..<Int(ends[row])
    }

    @usableFromInline @inline(never)
    package mutating func grow() {
        let wanted = rowCapacity * 2
        unsafe Self.regrow(&starts, used: count, wanted: wanted)
        unsafe Self.regrow(&ends, used: count, wanted: wanted)
        unsafe Self.regrow(&states, used: count, wanted: wanted)
        unsafe Self.regrow(&slices, used: count * slotCount, wanted: max(wanted * slotCount, 1))
        rowCapacity = wanted
    }

    private static func regrow<Element>(
        _ pointer: inout UnsafeMutablePointer<Element>, used: Int, wanted: Int
    ) {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: wanted)
        unsafe larger.moveInitialize(from: pointer, count: used)
        unsafe pointer.deallocate()
        unsafe pointer = larger
    }
}
