/// Numbers by key, with open addressing: what is looked up most of all during control.
struct KeyIndex {
    private var keys: [UInt128]
    private var values: [Int32]
    private var count = 0

    /// Room for `capacity` keys before it grows.
    init(capacity: Int) {
        var slots = 16
        while slots < capacity * 2 { slots *= 2 }
        keys = [UInt128](repeating: 0, count: slots)
        values = [Int32](repeating: -1, count: slots)
    }

    /// The number of a key, nil when it has none.
    subscript(key: UInt128) -> Int? {
        let slot = self.slot(of: key)
        return values[slot] < 0 ? nil : Int(values[slot])
    }

    /// Gives a key its number.
    mutating func insert(_ key: UInt128, _ value: Int) {
        if count * 2 >= keys.count { grow() }
        let slot = self.slot(of: key)
        if values[slot] < 0 { count += 1 }
        keys[slot] = key
        values[slot] = Int32(truncatingIfNeeded: value)
    }

    @inline(__always)
    private func slot(of key: UInt128) -> Int {
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
