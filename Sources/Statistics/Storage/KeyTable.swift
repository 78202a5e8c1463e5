internal import Records

/// Gives each distinct key, a fixed number of 32-bit words, a row number, dense from 0.
///
/// A slot of the table holds what decides, next to the row: the whole key when it has at most two
/// words, else its hash. So a key that is known costs one look into the table, and nothing but
/// arithmetic before it.
@safe struct KeyTable: ~Copyable {
    /// A slot of the table. Not private: 6.3.1 miscompiles private elements of `FlatArray`.
    struct Slot: BitwiseCopyable {
        /// A key of at most two words, or the hash of a longer one.
        var mark: UInt64
        /// The row; `free` when there is none.
        var row: UInt32
    }

    /// The number of words of a key.
    let width: Int

    /// The keys by row, one after the other.
    private var words = FlatArray<UInt32>(capacity: 256)
    private var slots = FlatArray<Slot>(capacity: leastSlots)
    private let seed: UInt64
    /// The number of rows.
    private(set) var count = 0

    private static let free = UInt32.max
    private static let leastSlots = 64
    private static let emptySlot = Slot(mark: 0, row: free)

    /// An empty table for keys of `width` words; `seed` should be random.
    init(width: Int, seed: UInt64) {
        self.width = width
        self.seed = seed
        slots.resize(to: Self.leastSlots, filling: Self.emptySlot)
    }

    /// The memory held, in bytes.
    var residentBytes: Int { words.residentBytes + slots.residentBytes }

    /// Word `index` of the key of `row`.
    @inline(__always)
    func word(_ index: Int, of row: Int) -> UInt32 { words[row &* width &+ index] }

    /// Forgets all rows.
    mutating func removeAll() {
        words.removeAll()
        slots.removeAll()
        slots.resize(to: Self.leastSlots, filling: Self.emptySlot)
        count = 0
    }

    /// The row of `key`, whose length is `width`; a new row is appended when it is not there.
    mutating func row(_ key: borrowing FlatArray<UInt32>) -> Int {
        precondition(key.count == width)
        let start = unsafe UnsafePointer(key.base)
        return unsafe find(start, mark: mark(start))
    }

    /// Puts into `rows` the row of each of `count` keys, which lie one after the other in `keys`.
    mutating func rows(
        of keys: borrowing FlatArray<UInt32>, count: Int, into rows: inout FlatArray<UInt32>
    ) {
        precondition(keys.count == count &* width)
        rows.resize(to: count, filling: 0)
        let keys = unsafe UnsafePointer(keys.base)
        let rows = unsafe rows.base
        for number in 0..<count {
            let key = unsafe keys + number &* width
            unsafe rows[number] = UInt32(truncatingIfNeeded: find(key, mark: mark(key)))
        }
    }

    /// The same for keys of which word `word` is a small number that tells most of them apart:
    /// `lastRows` keeps for each such number the row it was in last, which is asked first.
    mutating func rows(
        of keys: borrowing FlatArray<UInt32>, count: Int, rememberedBy word: Int,
        in lastRows: inout FlatArray<UInt32>, into rows: inout FlatArray<UInt32>
    ) {
        precondition(keys.count == count &* width && word < width)
        rows.resize(to: count, filling: 0)
        for number in 0..<count {
            let key = unsafe UnsafePointer(keys.base) + number &* width
            let place = unsafe Int(key[word])
            if _slowPath(place >= lastRows.count) {
                lastRows.resize(to: place + 1, filling: Self.free)
            }
            if unsafe !isKey(key, of: Int(lastRows[place])) {
                lastRows[place] = unsafe UInt32(truncatingIfNeeded: find(key, mark: mark(key)))
            }
            rows[number] = lastRows[place]
        }
    }

    /// True when `key` is the key of `row`.
    @inline(__always)
    func isKey(_ key: UnsafePointer<UInt32>, of row: Int) -> Bool {
        guard row < count else { return false }
        for index in 0..<width where unsafe words[row &* width &+ index] != key[index] {
            return false
        }
        return true
    }

    // MARK: The table

    /// What a slot says of a key.
    @inline(__always)
    private func mark(_ key: UnsafePointer<UInt32>) -> UInt64 {
        switch width {
        case 0: return 0
        case 1: return unsafe UInt64(key[0])
        case 2: return unsafe UInt64(key[0]) << 32 | UInt64(key[1])
        default:
            var state = seed
            for index in 0..<width {
                state = unsafe mixed(state ^ UInt64(key[index]), MixingConstant.first)
            }
            return state
        }
    }

    /// Where the search for a mark begins.
    @inline(__always)
    private func slot(of mark: UInt64) -> Int {
        let hash = width <= 2 ? mixed(mark ^ seed, MixingConstant.first) : mark ^ mark >> 32
        return Int(truncatingIfNeeded: hash) & (slots.count &- 1)
    }

    @inline(__always)
    private mutating func find(_ key: UnsafePointer<UInt32>, mark: UInt64) -> Int {
        var at = slot(of: mark)
        while true {
            let slot = slots[at]
            if slot.row == Self.free { return unsafe insert(key, mark: mark, at: at) }
            if slot.mark == mark, unsafe width <= 2 || isKey(key, of: Int(slot.row)) {
                return Int(slot.row)
            }
            at = (at &+ 1) & (slots.count &- 1)
        }
    }

    @inline(never)
    private mutating func insert(
        _ key: UnsafePointer<UInt32>, mark: UInt64, at place: Int
    ) -> Int {
        for index in 0..<width { unsafe words.append(key[index]) }
        slots[place] = Slot(mark: mark, row: UInt32(truncatingIfNeeded: count))
        count += 1
        if count * 4 >= slots.count * 3 { grow() }
        return count - 1
    }

    private mutating func grow() {
        var old = FlatArray<Slot>(capacity: slots.count * 2)
        old.resize(to: slots.count * 2, filling: Self.emptySlot)
        swap(&slots, &old)
        for index in 0..<old.count where old[index].row != Self.free {
            var at = slot(of: old[index].mark)
            while slots[at].row != Self.free { at = (at &+ 1) & (slots.count &- 1) }
            slots[at] = old[index]
        }
    }
}
