internal import KeyedHashing
internal import Records

/// Remembers the tokens of the values seen last, bounded in memory and wiped at its end.
///
/// What `ReplacementCache` is for rules, with tokens in the table itself: a value that was seen
/// before costs a hash, one look into the table and one comparison. It holds identifiers next to
/// their tokens: it is as secret as the key, overwritten when it ends, and never written anywhere.
@safe struct TokenCache: ~Copyable {
    /// The most values remembered; then the cache starts afresh.
    static let entriesMax = 1 << 16 - 1
    /// The most bytes of values.
    static let bytesMax = 6 << 20
    /// The longest value worth remembering, in bytes.
    private static let valueBytesMax = 4096

    /// A value and its token. Not private: 6.3.1 miscompiles private elements of `FlatArray`.
    struct Entry: BitwiseCopyable {
        var hash: UInt64 = 0
        var keyStart: UInt32 = 0
        var keyLength: UInt32 = 0
        /// What tells values of the same bytes apart: key epoch and kind.
        var tag: Int32 = 0
        var high: UInt64 = 0
        var low: UInt64 = 0
    }

    /// As many as can ever be: room that is not used takes no memory, and nothing secret is left
    /// behind by growing.
    private var entries = FlatArray<Entry>(capacity: entriesMax)
    /// Upper half: bits of the hash; lower half: the place of the entry.
    private var slots = FlatArray<UInt32>(capacity: 256)
    private var keys = ByteBuffer(capacity: 1 << 12)

    /// Stands for no entry: there is none at the last place.
    private static let free = UInt32.max

    init() { slots.resize(to: 256, filling: Self.free) }

    /// Everything remembered is overwritten before its room goes back.
    deinit {
        unsafe keys.base.update(repeating: 0, count: keys.capacity)
        unsafe entries.base.update(repeating: Entry(), count: entries.count)
    }

    /// The token of `key` under `tag`; nil when it was not seen.
    @inline(__always)
    func find(_ key: Span<UInt8>, tag: Int32, hash: UInt64) -> Token? {
        let mask = slots.count &- 1
        let mark = Self.mark(hash)
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot == Self.free { return nil }
            if slot ^ mark <= 0xffff {
                let entry = entries[Int(slot & 0xffff)]
                if entry.hash == hash, entry.tag == tag, holds(key, entry) {
                    return Token(high: entry.high, low: entry.low)
                }
            }
            at = (at &+ 1) & mask
        }
    }

    /// The bits of a hash that a slot has: others than those that lead to it.
    @inline(__always)
    private static func mark(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hash >> 32) & 0xffff_0000
    }

    @inline(__always)
    private func holds(_ key: Span<UInt8>, _ entry: Entry) -> Bool {
        guard Int(entry.keyLength) == key.count else { return false }
        return unsafe key.withUnsafeBufferPointer { key in
            guard let start = key.baseAddress else { return true }
            return unsafe ByteHash.isEqual(
                keys.base + Int(entry.keyStart), start, count: key.count)
        }
    }

    /// Remembers the token of `key` under `tag`.
    @inline(never)
    mutating func insert(_ key: Span<UInt8>, tag: Int32, hash: UInt64, token: Token) {
        guard key.count <= Self.valueBytesMax else { return }
        if entries.count == Self.entriesMax || keys.count + key.count > Self.bytesMax { wipe() }
        if entries.count * 2 >= slots.count { grow() }
        if keys.capacity - keys.count < key.count { enlargeKeys() }
        place(hash, UInt32(truncatingIfNeeded: entries.count))
        entries.append(
            Entry(
                hash: hash, keyStart: UInt32(keys.count), keyLength: UInt32(key.count), tag: tag,
                high: token.high, low: token.low))
        keys.append(key)
    }

    /// Overwrites everything remembered.
    mutating func wipe() {
        keys.wipe()
        entries.fill(Entry())
        entries.truncate(to: 0)
        slots.fill(Self.free)
    }

    /// Doubles the room for values; the old room is overwritten before it goes back.
    private mutating func enlargeKeys() {
        var larger = ByteBuffer(capacity: max(keys.capacity * 2, 1 << 13))
        larger.append(keys.bytes)
        keys.wipe()
        swap(&keys, &larger)
    }

    private mutating func place(_ hash: UInt64, _ entry: UInt32) {
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at] != Self.free { at = (at + 1) & mask }
        slots[at] = Self.mark(hash) | entry
    }

    private mutating func grow() {
        let wanted = slots.count * 2
        slots.resize(to: wanted, filling: Self.free)
        slots.fill(Self.free)
        for entry in 0..<entries.count { place(entries[entry].hash, UInt32(entry)) }
    }
}
