internal import Records

/// Gives each distinct key, a fixed number of 32-bit words, a row number, dense from 0.
struct KeyTable: ~Copyable {
    /// The number of words of a key.
    let width: Int

    private var words = FlatArray<UInt32>(capacity: 256)
    /// The keys once more, each in one word; only when they have at most two.
    private var packedKeys = FlatArray<UInt64>(capacity: 64)
    private var slots = FlatArray<UInt32>(capacity: 64)
    private var mask = 63
    private let seed: UInt64
    /// The number of rows.
    private(set) var count = 0

    private static let free = UInt32.max

    /// An empty table for keys of `width` words; `seed` should be random.
    init(width: Int, seed: UInt64) {
        self.width = width
        self.seed = seed
        slots.resize(to: 64, filling: Self.free)
    }

    /// The memory held, in bytes.
    var residentBytes: Int { words.residentBytes + packedKeys.residentBytes + slots.residentBytes }

    /// Word `index` of the key of `row`.
    @inline(__always)
    func word(_ index: Int, of row: Int) -> UInt32 { words[row &* width &+ index] }

    /// Forgets all rows.
    mutating func removeAll() {
        words.removeAll()
        packedKeys.removeAll()
        slots.removeAll()
        mask = 63
        slots.resize(to: 64, filling: Self.free)
        count = 0
    }

    @inline(__always)
    private func matches(
        _ row: Int, _ key: borrowing FlatArray<UInt32>, _ packed: UInt64
    ) -> Bool {
        if width <= 2 { return packedKeys[row] == packed }
        let start = row &* width
        for index in 0..<width where words[start &+ index] != key[index] { return false }
        return true
    }

    /// The key in one word when it has at most two, otherwise 0.
    @inline(__always)
    private func pack(_ key: borrowing FlatArray<UInt32>) -> UInt64 {
        if width == 2 { return UInt64(key[0]) << 32 | UInt64(key[1]) }
        return width == 1 ? UInt64(key[0]) : 0
    }

    @inline(__always)
    private func hash(_ key: borrowing FlatArray<UInt32>, _ packed: UInt64) -> Int {
        if width <= 2 {
            return Int(truncatingIfNeeded: mixed(packed ^ seed, MixingConstant.first))
        }
        var state = seed
        for index in 0..<width {
            state = mixed(state ^ UInt64(key[index]), MixingConstant.first)
        }
        return Int(truncatingIfNeeded: state ^ state >> 32)
    }

    /// The row of `key`, whose length is `width`; a new row is appended when it is not there.
    ///
    /// `last` is a row given before (or any number below `count`) and spares a search when it fits.
    @inline(__always)
    mutating func row(_ key: borrowing FlatArray<UInt32>, last: Int = 0) -> Int {
        let packed = pack(key)
        if last < count, matches(last, key, packed) { return last }
        var slot = hash(key, packed) & mask
        while true {
            let row = slots[slot]
            if row == Self.free { return insert(key, slot: slot) }
            if matches(Int(row), key, packed) { return Int(row) }
            slot = (slot &+ 1) & mask
        }
    }

    @inline(never)
    private mutating func insert(_ key: borrowing FlatArray<UInt32>, slot: Int) -> Int {
        for index in 0..<width { words.append(key[index]) }
        if width <= 2 { packedKeys.append(pack(key)) }
        slots[slot] = UInt32(truncatingIfNeeded: count)
        count += 1
        if count * 2 > mask { rehash() }
        return count - 1
    }

    private mutating func rehash() {
        let wanted = (mask + 1) * 2
        mask = wanted - 1
        slots.resize(to: wanted, filling: Self.free)
        slots.fill(Self.free)
        var key = FlatArray<UInt32>(capacity: width)
        key.resize(to: width, filling: 0)
        for row in 0..<count {
            for index in 0..<width { key[index] = words[row * width + index] }
            var slot = hash(key, pack(key)) & mask
            while slots[slot] != Self.free { slot = (slot &+ 1) & mask }
            slots[slot] = UInt32(truncatingIfNeeded: row)
        }
    }
}
