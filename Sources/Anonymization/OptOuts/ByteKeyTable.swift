/// Numbers distinct byte strings and finds their numbers again: a fixed table with open addressing.
///
/// At most half of the slots are taken. A slot holds 32 bits of the hash beside the number, so a
/// string that is not in the table is told after one look in most cases, without touching any key.
@safe struct ByteKeyTable: Sendable {
    /// Collects keys; numbers are given in the order of first appearance.
    struct Builder {
        private var numbers: [[UInt8]: Int] = [:]
        private var keys: [[UInt8]] = []

        /// The number of `key`: its own from before, or the next one.
        mutating func number(of key: [UInt8]) -> Int {
            if let number = numbers[key] { return number }
            let number = keys.count
            numbers[key] = number
            keys.append(key)
            return number
        }

        consuming func finish() -> ByteKeyTable { ByteKeyTable(keys: keys) }
    }

    /// High half: hash; low half: number + 1. Zero is a free slot.
    private let slots: [UInt64]
    private let mask: Int
    private let content: [UInt8]
    /// Key `i` is `content[starts[i]..<starts[i + 1]]`.
    private let starts: [Int]

    private init(keys: [[UInt8]]) {
        var capacity = 2
        while capacity < keys.count * 2 { capacity *= 2 }
        mask = capacity - 1
        var slots = [UInt64](repeating: 0, count: capacity)
        var starts = [0]
        var content: [UInt8] = []
        for (number, key) in keys.enumerated() {
            let hash = Self.hash(key.span)
            var at = Int(truncatingIfNeeded: hash) & mask
            while slots[at] != 0 { at = (at + 1) & mask }
            slots[at] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
            content += key
            starts.append(content.count)
        }
        self.slots = slots
        self.starts = starts
        self.content = content
    }

    /// The number of `key`, or nil when the table does not have it.
    func number(of key: Span<UInt8>) -> Int? {
        if starts.count == 1 { return nil }
        let hash = Self.hash(key)
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot == 0 { return nil }
            if (slot ^ hash) >> 32 == 0 {
                let number = Int(slot & 0xFFFF_FFFF) - 1
                if isEqual(number, key) { return number }
            }
            at = (at + 1) & mask
        }
    }

    private func isEqual(_ number: Int, _ key: Span<UInt8>) -> Bool {
        let start = starts[number]
        guard starts[number + 1] - start == key.count else { return false }
        for index in key.indices where content[start + index] != key[index] { return false }
        return true
    }

    /// A hash over words of eight bytes: multiply and fold, as in the finaliser of SplitMix64. Not
    /// meant to resist an attacker: the table is made from the company's own list and never grows.
    private static func hash(_ key: Span<UInt8>) -> UInt64 {
        unsafe key.withUnsafeBytes { bytes in
            var hash = UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
            var at = 0
            while at + 8 <= bytes.count {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                hash = folded(hash ^ UInt64(littleEndian: word))
                at += 8
            }
            var rest: UInt64 = 0
            while at < bytes.count {
                rest = unsafe rest << 8 | UInt64(bytes[at])
                at += 1
            }
            return folded(hash ^ rest)
        }
    }

    private static func folded(_ value: UInt64) -> UInt64 {
        let mixed = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        let again = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return again ^ again >> 31
    }
}
