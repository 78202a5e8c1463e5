private import Glibc
internal import Records

/// Gives each distinct text a small number, dense from 0; the empty text is always 0.
///
/// An open-addressing table over texts kept in one arena. Numbers depend on the order of arrival:
/// they never leave the worker, `ranks` puts them into the order of the bytes.
@safe struct TextInterner: ~Copyable {
    /// Where a text lies in the arena. Not private: 6.3.1 miscompiles private elements of
    /// `FlatArray`.
    struct Entry: BitwiseCopyable {
        var offset: Int
        var length: Int
        var hash: UInt64
    }

    private var arena = FlatArray<UInt8>(capacity: 1 << 12)
    private var entries = FlatArray<Entry>(capacity: 256)
    private var slots = FlatArray<UInt32>(capacity: 512)
    private var mask = 511
    private let seed: UInt64

    private static let free = UInt32.max

    /// An interner that knows the empty text only; `seed` should be random.
    init(seed: UInt64) {
        self.seed = seed
        removeAll()
    }

    /// The number of distinct texts, the empty one included.
    var count: Int { entries.count }

    /// The memory held, in bytes.
    var residentBytes: Int {
        arena.residentBytes + entries.residentBytes + slots.residentBytes
    }

    /// Forgets everything but the empty text.
    mutating func removeAll() {
        arena.removeAll()
        entries.removeAll()
        slots.removeAll()
        mask = 511
        slots.resize(to: 512, filling: Self.free)
        _ = number([])
    }

    /// The number of the text `bytes[range]`.
    ///
    /// `last` is a number given before: when the text is the same, nothing is looked up.
    @inline(__always)
    mutating func number(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, length: Int, last: UInt32
    ) -> UInt32 {
        if length == 0 { return 0 }
        precondition(start >= 0 && length > 0 && length <= bytes.count &- start)
        guard let base = bytes.baseAddress else { return 0 }
        let text = unsafe base + start
        if unsafe equals(Int(last), text, length) { return last }
        return unsafe find(text, length)
    }

    /// The number of a text of the plan.
    mutating func number(_ text: [UInt8]) -> UInt32 {
        unsafe text.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { return unsafe find(start, buffer.count) }
            var nothing: UInt8 = 0
            return unsafe find(&nothing, 0)
        }
    }

    /// The bytes of text `number`.
    mutating func text(_ number: Int) -> [UInt8] {
        let entry = entries[number]
        let range = entry.offset..<entry.offset + entry.length
        return unsafe arena.withBuffer { unsafe Array($0[range]) }
    }

    @inline(__always)
    private mutating func equals(
        _ number: Int, _ text: UnsafePointer<UInt8>, _ length: Int
    ) -> Bool {
        let entry = entries[number]
        guard entry.length == length else { return false }
        return unsafe arena.withBuffer { arena in
            guard let base = arena.baseAddress else { return length == 0 }
            return unsafe equalBytes(base + entry.offset, text, length)
        }
    }

    private mutating func find(_ text: UnsafePointer<UInt8>, _ length: Int) -> UInt32 {
        let wanted = unsafe hash(text, length, seed: seed)
        var slot = Int(truncatingIfNeeded: wanted) & mask
        while true {
            let number = slots[slot]
            if number == Self.free { break }
            if entries[Int(number)].hash == wanted, unsafe equals(Int(number), text, length) {
                return number
            }
            slot = (slot &+ 1) & mask
        }
        return unsafe insert(text, length, hash: wanted, slot: slot)
    }

    @inline(never)
    private mutating func insert(
        _ text: UnsafePointer<UInt8>, _ length: Int, hash: UInt64, slot: Int
    ) -> UInt32 {
        let number = UInt32(truncatingIfNeeded: entries.count)
        entries.append(Entry(offset: arena.count, length: length, hash: hash))
        for index in 0..<length { unsafe arena.append(text[index]) }
        slots[slot] = number
        if entries.count * 2 > mask { rehash() }
        return number
    }

    private mutating func rehash() {
        let wanted = (mask + 1) * 2
        mask = wanted - 1
        slots.resize(to: wanted, filling: Self.free)
        slots.fill(Self.free)
        for number in 0..<entries.count {
            var slot = Int(truncatingIfNeeded: entries[number].hash) & mask
            while slots[slot] != Self.free { slot = (slot &+ 1) & mask }
            slots[slot] = UInt32(truncatingIfNeeded: number)
        }
    }

    /// The numbers for which `isUsed` holds, in the order of the bytes of their texts.
    mutating func sorted(where isUsed: (Int) -> Bool) -> [UInt32] {
        var numbers: [UInt32] = []
        for number in 0..<entries.count where isUsed(number) { numbers.append(UInt32(number)) }
        unsafe arena.withBuffer { arena in
            guard let base = arena.baseAddress else { return }
            numbers.sort { left, right in
                let one = entries[Int(left)]
                let other = entries[Int(right)]
                let order = unsafe memcmp(
                    base + one.offset, base + other.offset, min(one.length, other.length))
                return order == 0 ? one.length < other.length : order < 0
            }
        }
        return numbers
    }
}
