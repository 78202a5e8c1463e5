internal import Records

/// Numbers distinct byte strings and finds their numbers again: a fixed table with open addressing.
///
/// At most half of the slots are taken. A slot holds 32 bits of the hash beside the number, so a
/// string that is not in the table is told after one look in most cases, without touching any key.
/// The hash is seeded in every process: nobody can choose keys that collide.
@safe struct ByteKeyTable: Sendable {
    /// Collects keys; numbers are given in the order of first appearance.
    struct Builder {
        private var numbers: [[UInt8]: Int] = [:]
        private var content: [UInt8] = []
        private var starts = [0]

        /// The number of `key`: its own from before, or the next one.
        mutating func number(of key: [UInt8]) -> Int {
            if let number = numbers[key] { return number }
            let number = numbers.count
            numbers[key] = number
            content += key
            starts.append(content.count)
            return number
        }

        consuming func finish() -> ByteKeyTable {
            ByteKeyTable(content: content, starts: starts)
        }
    }

    /// High half: hash; low half: number + 1. Zero is a free slot.
    private let slots: [UInt64]
    private let mask: Int
    private let content: [UInt8]
    /// Key `i` is `content[starts[i]..<starts[i + 1]]`.
    private let starts: [Int]
    private let seed = ByteHash.seed

    /// The number of the first key that stands there twice; the second cannot be found.
    let repeated: Int?

    /// The most keys: their numbers have 32 bits.
    static let keysMax = Int(UInt32.max) - 1

    /// A table of the keys `content[starts[i]..<starts[i + 1]]`, at most `keysMax`.
    init(content: [UInt8], starts: [Int]) {
        var capacity = 2
        while capacity < (starts.count - 1) * 2 { capacity *= 2 }
        mask = capacity - 1
        var slots = [UInt64](repeating: 0, count: capacity)
        var repeated: Int?
        for number in 0..<starts.count - 1 {
            let key = content.span.extracting(starts[number]..<starts[number + 1])
            let hash = ByteHash.of(key, seed: seed)
            var at = Int(truncatingIfNeeded: hash) & mask
            var isNew = true
            while isNew, slots[at] != 0 {
                if (slots[at] ^ hash) >> 32 == 0 {
                    let other = Int(slots[at] & 0xFFFF_FFFF) - 1
                    isNew = !Self.isEqual(other, key, content, starts)
                }
                if isNew { at = (at + 1) & mask }
            }
            if isNew {
                slots[at] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
            } else if repeated == nil {
                repeated = number
            }
        }
        self.slots = slots
        self.starts = starts
        self.content = content
        self.repeated = repeated
    }

    /// The number of `key`, or nil when the table does not have it. Allocates nothing.
    func number(of key: Span<UInt8>) -> Int? {
        if starts.count == 1 { return nil }
        let hash = ByteHash.of(key, seed: seed)
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot == 0 { return nil }
            if (slot ^ hash) >> 32 == 0 {
                let number = Int(slot & 0xFFFF_FFFF) - 1
                if Self.isEqual(number, key, content, starts) { return number }
            }
            at = (at + 1) & mask
        }
    }

    /// Calls `body` with the key of this number.
    func withKey(_ number: Int, _ body: (Span<UInt8>) -> Void) {
        body(content.span.extracting(starts[number]..<starts[number + 1]))
    }

    private static func isEqual(
        _ number: Int, _ key: Span<UInt8>, _ content: [UInt8], _ starts: [Int]
    ) -> Bool {
        let start = starts[number]
        guard starts[number + 1] - start == key.count else { return false }
        for index in key.indices where content[start + index] != key[index] { return false }
        return true
    }
}
