internal import KeyedHashing
internal import Records

/// Remembers the tokens of the values seen last, bounded in memory and wiped at its end.
///
/// What `ReplacementCache` is for rules, with tokens in the table itself: a value that was seen
/// before costs a hash, one look into the table and one comparison. It holds identifiers next to
/// their tokens: it is as secret as the key, overwritten when it ends, and never written anywhere.
@safe struct TokenCache: ~Copyable {
    /// The most values remembered; then the cache starts afresh.
    static let entriesMax = 1 << 16
    /// The most bytes of values.
    static let bytesMax = 6 << 20
    /// The longest value worth remembering, in bytes.
    private static let valueBytesMax = 4096

    /// Not private: 6.3.1 miscompiles private elements of `FlatArray`.
    struct Entry: BitwiseCopyable {
        var hash: UInt64 = 0
        var keyStart: UInt32 = 0
        var keyLength: UInt32 = 0
        /// What tells values of the same bytes apart: key epoch and kind. Below zero when free.
        var tag: Int32 = -1
        var high: UInt64 = 0
        var low: UInt64 = 0
    }

    private var table: FlatArray<Entry>
    private var count = 0
    private var keys = ByteBuffer(capacity: 1 << 12)

    init() {
        table = FlatArray(capacity: 256)
        table.resize(to: 256, filling: Entry())
    }

    /// Everything remembered is overwritten before its room goes back.
    deinit {
        unsafe keys.base.update(repeating: 0, count: keys.capacity)
        unsafe table.base.update(repeating: Entry(), count: table.count)
    }

    /// The token of `key` under `tag`, which is not below zero; nil when it was not seen.
    @inline(__always)
    func find(_ key: Span<UInt8>, tag: Int32, hash: UInt64) -> Token? {
        let mask = table.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = table[slot]
            if entry.tag < 0 { return nil }
            if entry.hash == hash, entry.tag == tag, holds(key, entry) {
                return Token(high: entry.high, low: entry.low)
            }
            slot = (slot &+ 1) & mask
        }
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
        guard key.count <= Self.valueBytesMax, tag >= 0 else { return }
        if count == Self.entriesMax || keys.count + key.count > Self.bytesMax { wipe() }
        if count * 2 >= table.count { grow() }
        if keys.capacity - keys.count < key.count { enlargeKeys() }
        place(
            Entry(
                hash: hash, keyStart: UInt32(keys.count), keyLength: UInt32(key.count), tag: tag,
                high: token.high, low: token.low))
        keys.append(key)
        count += 1
    }

    /// Overwrites everything remembered.
    mutating func wipe() {
        keys.wipe()
        table.fill(Entry())
        count = 0
    }

    /// Doubles the room for values; the old room is overwritten before it goes back.
    private mutating func enlargeKeys() {
        var larger = ByteBuffer(capacity: max(keys.capacity * 2, 1 << 13))
        larger.append(keys.bytes)
        keys.wipe()
        swap(&keys, &larger)
    }

    private mutating func place(_ entry: Entry) {
        let mask = table.count - 1
        var slot = Int(truncatingIfNeeded: entry.hash) & mask
        while table[slot].tag >= 0 { slot = (slot + 1) & mask }
        table[slot] = entry
    }

    private mutating func grow() {
        var old = FlatArray<Entry>(capacity: table.count * 2)
        old.resize(to: table.count * 2, filling: Entry())
        swap(&table, &old)
        for slot in 0..<old.count where old[slot].tag >= 0 { place(old[slot]) }
        old.fill(Entry())
    }
}
