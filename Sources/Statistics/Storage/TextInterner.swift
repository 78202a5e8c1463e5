private import Glibc
internal import Records

/// Gives each distinct text a small number, dense from 0; the empty text is always 0.
///
/// An open-addressing table. The texts that logs are grouped by are short: up to 16 bytes stand in
/// the slot itself, as two words, so that a known text costs one look into the table and no
/// branches that depend on it. Longer ones are told by their hash and compared in the arena, where
/// all texts are kept. Numbers depend on the order of arrival: they never leave the worker,
/// `sorted` puts them into the order of the bytes.
@safe struct TextInterner: ~Copyable {
    /// Where a text lies in the arena. Not private: 6.3.1 miscompiles private elements of
    /// `FlatArray`.
    struct Entry: BitwiseCopyable {
        var offset: Int
        var length: Int
    }

    /// A slot of the table.
    struct Slot: BitwiseCopyable {
        /// The bytes of a short text with zeros behind them; of a longer one the hash, twice.
        var words: TextWords
        var length: UInt32
        /// The number of the text; `free` when there is none.
        var number: UInt32
    }

    private var arena = FlatArray<UInt8>(capacity: 1 << 12)
    private var entries = FlatArray<Entry>(capacity: 256)
    private var slots = FlatArray<Slot>(capacity: leastSlots)
    private let seed: UInt64

    private static let free = UInt32.max
    private static let leastSlots = 512
    private static let emptySlot = Slot(words: TextWords(), length: 0, number: free)

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
        slots.resize(to: Self.leastSlots, filling: Self.emptySlot)
        entries.append(Entry(offset: 0, length: 0))
    }

    /// The number of the text of `length` bytes that begins at `start` of `bytes`.
    @inline(__always)
    mutating func number(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, length: Int
    ) -> UInt32 {
        if length == 0 { return 0 }
        precondition(start >= 0 && length > 0 && length <= bytes.count &- start)
        guard let base = bytes.baseAddress else { return 0 }
        let text = unsafe base + start
        if _slowPath(length > TextWords.lengthMax) { return unsafe findLong(text, length) }
        // Near the end of the bytes there are no 16 to be read.
        let words =
            start &+ TextWords.lengthMax <= bytes.count
            ? unsafe TextWords(readingOver: text, length) : unsafe TextWords(text, length)
        return unsafe find(words, text, length)
    }

    /// The number of a text.
    mutating func number(_ text: [UInt8]) -> UInt32 {
        unsafe text.withUnsafeBufferPointer {
            unsafe number($0, from: 0, length: $0.count)
        }
    }

    /// The number here of each text of `other`.
    mutating func numbers(of other: inout TextInterner) -> [UInt32] {
        (0..<other.count).map { number(other.text($0)) }
    }

    /// The bytes of text `number`.
    mutating func text(_ number: Int) -> [UInt8] {
        let entry = entries[number]
        let range = entry.offset..<entry.offset + entry.length
        return unsafe arena.withBuffer { unsafe Array($0[range]) }
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

    // MARK: The table

    @inline(__always)
    private func place(_ words: TextWords, _ length: Int) -> Int {
        let state = mixed(
            words.low ^ seed, words.high ^ UInt64(truncatingIfNeeded: length) ^ ~seed)
        return Int(truncatingIfNeeded: state) & (slots.count &- 1)
    }

    @inline(__always)
    private mutating func find(
        _ words: TextWords, _ text: UnsafePointer<UInt8>, _ length: Int
    ) -> UInt32 {
        var at = place(words, length)
        while true {
            let slot = slots[at]
            if slot.number == Self.free { return unsafe insert(words, text, length, at: at) }
            if slot.words == words, slot.length == UInt32(truncatingIfNeeded: length) {
                return slot.number
            }
            at = (at &+ 1) & (slots.count &- 1)
        }
    }

    @inline(never)
    private mutating func findLong(_ text: UnsafePointer<UInt8>, _ length: Int) -> UInt32 {
        let hash = unsafe hash(text, length, seed: seed)
        let words = TextWords(low: hash, high: hash)
        var at = place(words, length)
        while true {
            let slot = slots[at]
            if slot.number == Self.free { return unsafe insert(words, text, length, at: at) }
            if slot.words == words, unsafe equals(Int(slot.number), text, length) {
                return slot.number
            }
            at = (at &+ 1) & (slots.count &- 1)
        }
    }

    private mutating func equals(
        _ number: Int, _ text: UnsafePointer<UInt8>, _ length: Int
    ) -> Bool {
        let entry = entries[number]
        guard entry.length == length else { return false }
        return unsafe arena.withBuffer { arena in
            guard let base = arena.baseAddress else { return false }
            return unsafe equalBytes(base + entry.offset, text, length)
        }
    }

    @inline(never)
    private mutating func insert(
        _ words: TextWords, _ text: UnsafePointer<UInt8>, _ length: Int, at place: Int
    ) -> UInt32 {
        let number = UInt32(truncatingIfNeeded: entries.count)
        entries.append(Entry(offset: arena.count, length: length))
        for index in 0..<length { unsafe arena.append(text[index]) }
        slots[place] = Slot(
            words: words, length: UInt32(truncatingIfNeeded: length), number: number)
        if entries.count * 2 >= slots.count { grow() }
        return number
    }

    private mutating func grow() {
        var old = FlatArray<Slot>(capacity: slots.count * 2)
        old.resize(to: slots.count * 2, filling: Self.emptySlot)
        swap(&slots, &old)
        for index in 0..<old.count where old[index].number != Self.free {
            var at = place(old[index].words, Int(old[index].length))
            while slots[at].number != Self.free { at = (at &+ 1) & (slots.count &- 1) }
            slots[at] = old[index]
        }
    }
}

/// The bytes of a text of 1 to 16 bytes with zeros behind them, in the order of the memory.
struct TextWords: BitwiseCopyable, Equatable {
    static let lengthMax = 16

    var low: UInt64 = 0
    var high: UInt64 = 0

    init() {}

    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Reads 16 bytes, of which `length` count; all must be readable.
    @inline(__always)
    init(readingOver text: UnsafePointer<UInt8>, _ length: Int) {
        let raw = unsafe UnsafeRawPointer(text)
        // No branches: lengths change from row to row.
        low = unsafe UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
            & Self.mask(bytes: min(length, 8))
        high = unsafe UInt64(
            littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            & Self.mask(bytes: max(length, 8) &- 8)
    }

    /// A word whose first `bytes` bytes, 0 to 8, are all ones.
    @inline(__always)
    private static func mask(bytes: Int) -> UInt64 { (1 as UInt64) << UInt64(bytes &* 8) &- 1 }

    /// Reads exactly `length` bytes.
    @inline(never)
    init(_ text: UnsafePointer<UInt8>, _ length: Int) {
        for index in 0..<min(length, 8) {
            unsafe low |= UInt64(text[index]) << UInt64(index * 8)
        }
        for index in 8..<max(length, 8) {
            unsafe high |= UInt64(text[index]) << UInt64((index - 8) * 8)
        }
    }
}
