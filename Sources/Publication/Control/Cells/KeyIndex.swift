/// Numbers by key: what is looked up most of all during control.
///
/// Where the keys of a table are dense each has a slot of its own; otherwise slots are found by
/// open addressing.
struct KeyIndex {
    /// Empty when every key has a slot of its own.
    private var keys: [UInt128] = []
    private var values: [Int32]
    private var count = 0
    /// Where the bits of a key are in the number of its own slot.
    private var runs: [Run] = []
    private let hasOwnSlots: Bool

    /// Bits of the mask that follow each other.
    private struct Run {
        let shift: UInt128
        let mask: UInt64
        let place: UInt64
    }

    /// So many times more slots than keys are not too many for slots of their own.
    private static let sparsenessMax = 8

    /// Room for `capacity` keys of the bits in `mask` before it grows.
    init(capacity: Int, mask: UInt128) {
        let bits = mask.nonzeroBitCount
        hasOwnSlots = bits < 28 && 1 << bits <= max(1024, capacity * Self.sparsenessMax)
        if hasOwnSlots {
            values = [Int32](repeating: -1, count: 1 << bits)
            runs = Self.runs(of: mask)
            return
        }
        var slots = 16
        while slots < capacity * 2 { slots *= 2 }
        keys = [UInt128](repeating: 0, count: slots)
        values = [Int32](repeating: -1, count: slots)
    }

    private static func runs(of mask: UInt128) -> [Run] {
        var runs: [Run] = []
        var rest = mask
        var place = 0
        while rest != 0 {
            let shift = rest.trailingZeroBitCount
            let width = (~(rest &>> UInt128(shift))).trailingZeroBitCount
            let ones: UInt64 = (1 << UInt64(width)) - 1
            runs.append(Run(shift: UInt128(shift), mask: ones, place: UInt64(place)))
            place += width
            rest &= ~(UInt128(ones) &<< UInt128(shift))
        }
        return runs
    }

    /// The number of a key, nil when it has none.
    @inline(__always)
    subscript(key: UInt128) -> Int? {
        let number = values[slot(of: key)]
        return number < 0 ? nil : Int(number)
    }

    /// Gives a key its number.
    mutating func insert(_ key: UInt128, _ value: Int) {
        if !hasOwnSlots, count * 2 >= keys.count { grow() }
        let slot = self.slot(of: key)
        if values[slot] < 0 { count += 1 }
        if !hasOwnSlots { keys[slot] = key }
        values[slot] = Int32(truncatingIfNeeded: value)
    }

    @inline(__always)
    private func slot(of key: UInt128) -> Int {
        if hasOwnSlots {
            var slot: UInt64 = 0
            for at in runs.indices {
                let run = runs[at]
                let bits = UInt64(truncatingIfNeeded: key &>> run.shift) & run.mask
                slot |= bits &<< run.place
            }
            return Int(truncatingIfNeeded: slot)
        }
        return probedSlot(of: key)
    }

    private func probedSlot(of key: UInt128) -> Int {
        // Fibonacci hashing of both halves; keys are dense small numbers packed together.
        let low = UInt64(truncatingIfNeeded: key) &* 0x9E37_79B9_7F4A_7C15
        let high = UInt64(truncatingIfNeeded: key &>> 64) &* 0xC2B2_AE3D_27D4_EB4F
        var mixed = low ^ (low &>> 32) ^ high ^ (high &>> 29)
        mixed &*= 0xBF58_476D_1CE4_E5B9
        let mask = keys.count &- 1
        var slot = Int(truncatingIfNeeded: mixed &>> 20) & mask
        while values[slot] >= 0, keys[slot] != key { slot = (slot &+ 1) & mask }
        return slot
    }

    private mutating func grow() {
        let old = (keys, values)
        keys = [UInt128](repeating: 0, count: old.0.count * 2)
        values = [Int32](repeating: -1, count: old.0.count * 2)
        count = 0
        for (key, value) in zip(old.0, old.1) where value >= 0 { insert(key, Int(value)) }
    }
}
