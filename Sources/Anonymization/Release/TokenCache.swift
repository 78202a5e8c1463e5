internal import KeyedHashing
internal import Records

/// Remembers the tokens of the values seen last, bounded in memory and wiped at its end.
///
/// What `ReplacementCache` is for rules, with each token beside its value: a value that was seen
/// before costs a hash, one look into the table and one into the place that it leads to. It holds
/// identifiers next to their tokens: it is as secret as the key, overwritten when it ends, and
/// never written anywhere.
@safe struct TokenCache: ~Copyable {
    /// The most values remembered; then the cache starts afresh.
    static let entriesMax = 1 << 14 - 1
    /// The most bytes of values.
    static let bytesMax = 5 << 18
    /// The longest value worth remembering, in bytes.
    private static let valueBytesMax = 4096

    /// The words in front of a value: its hash, its tag and length, and the two of its token.
    private static let headWords = 4
    /// The most words there can be; a place among them takes the lower bits of a slot.
    private static let wordsMax = (headWords + 1) * entriesMax + bytesMax / 8
    private static let placeBits: UInt32 = 20
    private static let placeMask: UInt32 = 1 << placeBits - 1

    /// The entries one after the other, each value filled up with zeros to a whole word. As many as
    /// can ever be: room that is not used takes no memory, and nothing secret is left behind by
    /// growing.
    private var words = FlatArray<UInt64>(capacity: wordsMax)
    private var count = 0
    private var valueBytes = 0
    /// Upper bits: some of the hash; lower bits: the place of the entry.
    private var slots = FlatArray<UInt32>(capacity: 256)

    /// Stands for no entry: none begins at the last place.
    private static let free = UInt32.max

    init() { slots.resize(to: 256, filling: Self.free) }

    /// Everything remembered is overwritten before its room goes back.
    deinit { unsafe words.base.update(repeating: 0, count: words.count) }

    /// The token of `key` under `tag`; nil when it was not seen.
    @inline(__always)
    func find(_ key: Span<UInt8>, tag: Int32, hash: UInt64) -> Token? {
        let mask = slots.count &- 1
        let mark = Self.mark(hash)
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot == Self.free { return nil }
            if slot ^ mark <= Self.placeMask {
                let place = Int(slot & Self.placeMask)
                if words[place] == hash, words[place &+ 1] == Self.kind(tag, key.count),
                    holds(key, place &+ Self.headWords)
                {
                    return Token(high: words[place &+ 2], low: words[place &+ 3])
                }
            }
            at = (at &+ 1) & mask
        }
    }

    /// The bits of a hash that a slot has: others than those that lead to it.
    @inline(__always)
    private static func mark(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hash >> 32) & ~placeMask
    }

    /// What tells values of the same bytes apart (key epoch and kind), and the length.
    @inline(__always)
    private static func kind(_ tag: Int32, _ length: Int) -> UInt64 {
        UInt64(UInt32(bitPattern: tag)) << 32 | UInt64(UInt32(truncatingIfNeeded: length))
    }

    /// True when the value of an entry, which is as long as `key`, is the same.
    @inline(__always)
    private func holds(_ key: Span<UInt8>, _ place: Int) -> Bool {
        unsafe key.withUnsafeBufferPointer { key in
            guard let start = key.baseAddress else { return true }
            return unsafe ByteHash.isEqual(
                UnsafeRawPointer(words.base + place).assumingMemoryBound(to: UInt8.self),
                start, count: key.count)
        }
    }

    /// Remembers the token of `key` under `tag`.
    @inline(never)
    mutating func insert(_ key: Span<UInt8>, tag: Int32, hash: UInt64, token: Token) {
        guard key.count <= Self.valueBytesMax else { return }
        if count == Self.entriesMax || valueBytes + key.count > Self.bytesMax { wipe() }
        if count * 2 >= slots.count { grow() }
        enter(hash, UInt32(truncatingIfNeeded: words.count))
        words.append(hash)
        words.append(Self.kind(tag, key.count))
        words.append(token.high)
        words.append(token.low)
        append(key)
        count += 1
    }

    private mutating func append(_ key: Span<UInt8>) {
        let place = words.count
        words.append(repeating: 0, count: Self.wordCount(key.count))
        valueBytes += key.count
        unsafe key.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe UnsafeMutableRawPointer(words.base + place)
                .copyMemory(from: start, byteCount: bytes.count)
        }
    }

    private static func wordCount(_ length: Int) -> Int { (length + 7) / 8 }

    /// Overwrites everything remembered.
    mutating func wipe() {
        words.fill(0)
        words.truncate(to: 0)
        slots.fill(Self.free)
        count = 0
        valueBytes = 0
    }

    private mutating func enter(_ hash: UInt64, _ place: UInt32) {
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at] != Self.free { at = (at + 1) & mask }
        slots[at] = Self.mark(hash) | place
    }

    private mutating func grow() {
        let wanted = slots.count * 2
        slots.resize(to: wanted, filling: Self.free)
        slots.fill(Self.free)
        var place = 0
        for _ in 0..<count {
            enter(words[place], UInt32(truncatingIfNeeded: place))
            let length = Int(words[place + 1] & UInt64(UInt32.max))
            place += Self.headWords + Self.wordCount(length)
        }
    }
}
