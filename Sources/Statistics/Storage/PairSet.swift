internal import Records

/// A set of pairs (row, token number): who was seen in which row.
///
/// Who was seen in a row is mostly seen there again: for each token the row it came in last is
/// remembered, so that the set itself is seldom asked.
struct PairSet: ~Copyable {
    private var slots = FlatArray<UInt64>(capacity: 1024)
    private var mask = 1023
    private let seed: UInt64
    /// The row of each token's last pair, `noRow` before its first.
    private var lastRows = FlatArray<UInt32>(capacity: 256)
    /// The number of pairs.
    private(set) var count = 0

    private static let free = UInt64.max
    private static let noRow = UInt32.max

    init(seed: UInt64) {
        self.seed = seed
        slots.resize(to: 1024, filling: Self.free)
    }

    /// The memory held, in bytes.
    var residentBytes: Int { slots.residentBytes + lastRows.residentBytes }

    /// The bytes that the set would grow by when some thousand pairs more came, as a chunk may
    /// bring them; none while it is small.
    var bytesToGrow: Int {
        let isNearlyFull = (count + 4096) * 4 > mask * 3
        return isNearlyFull && slots.count > 1 << 13 ? slots.residentBytes : 0
    }

    /// Adds a pair; the row must not be `UInt32.max`.
    @inline(__always)
    mutating func insert(row: UInt32, token: UInt32) {
        let place = Int(token)
        if _slowPath(place >= lastRows.count) {
            lastRows.resize(to: place + 1, filling: Self.noRow)
        }
        if lastRows[place] == row { return }
        lastRows[place] = row
        add(UInt64(row) << 32 | UInt64(token))
    }

    private mutating func add(_ pair: UInt64) {
        var slot = Int(truncatingIfNeeded: mixed(pair ^ seed, MixingConstant.first)) & mask
        while true {
            let known = slots[slot]
            if known == pair { return }
            if known == Self.free { break }
            slot = (slot &+ 1) & mask
        }
        slots[slot] = pair
        count &+= 1
        // Full to three quarters: whoever is known is mostly told by `lastRows`.
        if _slowPath(count &* 4 > mask &* 3) { rehash() }
    }

    /// Adds the pairs of `other`, whose rows and tokens have the numbers `rows` and `tokens` here.
    mutating func merge(
        _ other: borrowing PairSet,
        rows: borrowing FlatArray<UInt32>,
        tokens: [UInt32]
    ) {
        for slot in 0..<other.slots.count where other.slots[slot] != Self.free {
            let pair = other.slots[slot]
            insert(
                row: rows[Int(pair >> 32)],
                token: tokens[Int(UInt32(truncatingIfNeeded: pair))]
            )
        }
    }

    /// Calls `body` with each pair, in any order.
    func forEach(_ body: (UInt64) -> Void) {
        for slot in 0..<slots.count where slots[slot] != Self.free { body(slots[slot]) }
    }

    /// How many tokens were seen in each of the rows 0 ..< `rows`, which are all there are.
    func counts(rows: Int) -> FlatArray<UInt32> {
        var counts = FlatArray<UInt32>(capacity: rows)
        counts.resize(to: rows, filling: 0)
        for slot in 0..<slots.count where slots[slot] != Self.free {
            counts[Int(slots[slot] >> 32)] += 1
        }
        return counts
    }

    /// All pairs in any order.
    func pairs() -> FlatArray<UInt64> {
        var pairs = FlatArray<UInt64>(capacity: count)
        for slot in 0..<slots.count where slots[slot] != Self.free { pairs.append(slots[slot]) }
        return pairs
    }

    /// Takes all pairs out, each replaced by `body`, in the order of what they became; the set is
    /// then as good as new. They stay where they are, and take no further room.
    mutating func takeSorted(_ body: (UInt64) -> UInt64) -> FlatArray<UInt64> {
        var kept = 0
        for slot in 0..<slots.count where slots[slot] != Self.free {
            slots[kept] = body(slots[slot])
            kept += 1
        }
        slots.truncate(to: kept)
        slots.sortInPlace()
        var taken = FlatArray<UInt64>()
        swap(&taken, &slots)
        removeAll()
        return taken
    }

    /// Forgets all pairs.
    mutating func removeAll() {
        slots.removeAll()
        lastRows.removeAll()
        mask = 1023
        slots.resize(to: 1024, filling: Self.free)
        count = 0
    }

    @inline(never)
    private mutating func rehash() {
        let old = pairs()
        let wanted = (mask + 1) * 2
        mask = wanted - 1
        slots.resize(to: wanted, filling: Self.free)
        slots.fill(Self.free)
        for index in 0..<old.count {
            let pair = old[index]
            var slot = Int(truncatingIfNeeded: mixed(pair ^ seed, MixingConstant.first)) & mask
            while slots[slot] != Self.free { slot = (slot &+ 1) & mask }
            slots[slot] = pair
        }
    }
}
