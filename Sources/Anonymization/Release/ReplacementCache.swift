private import KeyedHashing
internal import Records

/// Remembers what one rule made of the values seen last, bounded in memory and wiped at its end.
///
/// A log repeats users, agents and addresses all the time; looking a value up costs a hash and one
/// comparison instead of an HMAC or a search. Keys are the bytes as written in the source together
/// with the key epoch. When full, the cache starts afresh. It holds identifiers next to their
/// tokens: it is as secret as the key, overwritten when it ends, and never written anywhere.
@safe struct ReplacementCache: ~Copyable {
    /// The most values remembered.
    static let entriesMax = 1 << 14
    /// The most bytes of values and replacements together.
    static let bytesMax = 3 << 19
    /// The longest value worth remembering, with its replacement, in bytes.
    private static let pairBytesMax = 4096

    struct Entry {
        var hash: UInt64 = 0
        var keyStart: UInt32 = 0
        var keyLength: UInt16 = 0
        var valueLength: UInt16 = 0
        /// The key epoch as a month index, and the kind of the slice in the lowest bits.
        var tag: Int32 = 0
        var result = TransformResult.dropped
        var isUsed = false
    }

    private var table: UnsafeMutablePointer<Entry>
    private var slotCount = 256
    private var count = 0
    private var arena = ByteBuffer(capacity: 1 << 12)
    private let entriesMax: Int
    private let bytesMax: Int

    /// So many caches of a worker may each remember the most. Where there are more they share what
    /// these have, so that memory does not grow with the number of fields.
    static let cachesMax = 32

    /// One of `count` caches of a worker.
    init(of count: Int = 1) {
        let share = max(1, (count + Self.cachesMax - 1) / Self.cachesMax)
        entriesMax = Self.entriesMax / share
        bytesMax = Self.bytesMax / share
        unsafe table = .allocate(capacity: slotCount)
        unsafe table.initialize(repeating: Entry(), count: slotCount)
    }

    /// Everything remembered is overwritten before its room goes back.
    deinit {
        unsafe arena.base.update(repeating: 0, count: arena.count)
        unsafe table.update(repeating: Entry(), count: slotCount)
        unsafe table.deallocate()
    }

    /// Overwrites everything remembered.
    mutating func wipe() {
        wipeArena()
        unsafe table.update(repeating: Entry(), count: slotCount)
        count = 0
    }

    /// What is known of the `length` bytes at `key`: the result, and the replacement appended to
    /// `output`. Nil when they were not seen.
    @inline(__always)
    func find(
        _ key: UnsafePointer<UInt8>, length: Int, tag: Int32, hash: UInt64,
        into output: inout ByteBuffer
    ) -> TransformResult? {
        var slot = Int(truncatingIfNeeded: hash) & (slotCount &- 1)
        while true {
            let entry = unsafe table + slot
            guard unsafe entry.pointee.isUsed else { return nil }
            if unsafe entry.pointee.hash == hash, unsafe entry.pointee.tag == tag,
                unsafe Int(entry.pointee.keyLength) == length
            {
                let start = unsafe arena.base + Int(entry.pointee.keyStart)
                if unsafe Self.equal(start, key, length) {
                    unsafe output.append(
                        unsafeFrom: start + length, length: Int(entry.pointee.valueLength))
                    return unsafe entry.pointee.result
                }
            }
            slot = (slot &+ 1) & (slotCount &- 1)
        }
    }

    @inline(__always)
    private static func equal(
        _ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ length: Int
    ) -> Bool {
        var at = 0
        while at &+ 8 <= length {
            let one = unsafe UnsafeRawPointer(left).loadUnaligned(
                fromByteOffset: at, as: UInt64.self)
            let other = unsafe UnsafeRawPointer(right).loadUnaligned(
                fromByteOffset: at, as: UInt64.self)
            guard one == other else { return false }
            at &+= 8
        }
        if at == length { return true }
        // The last word overlaps the one before it, so that no byte is compared by itself.
        if length >= 8 {
            return unsafe UnsafeRawPointer(left).loadUnaligned(
                fromByteOffset: length &- 8, as: UInt64.self)
                == UnsafeRawPointer(right).loadUnaligned(
                    fromByteOffset: length &- 8, as: UInt64.self)
        }
        while at < length {
            guard unsafe left[at] == right[at] else { return false }
            at &+= 1
        }
        return true
    }

    /// Remembers that the bytes at `key` became `value` with `result`.
    mutating func insert(
        _ key: UnsafePointer<UInt8>, length: Int, tag: Int32, hash: UInt64,
        value: UnsafePointer<UInt8>, valueLength: Int, result: TransformResult
    ) {
        guard length + valueLength <= Self.pairBytesMax else { return }
        if count >= entriesMax || arena.count + length + valueLength > bytesMax { wipe() }
        if count * 2 >= slotCount { grow() }
        var entry = Entry()
        entry.hash = hash
        entry.keyStart = UInt32(arena.count)
        entry.keyLength = UInt16(length)
        entry.valueLength = UInt16(valueLength)
        entry.tag = tag
        entry.result = result
        entry.isUsed = true
        if arena.capacity - arena.count < length + valueLength { enlargeArena() }
        unsafe arena.append(unsafeFrom: key, length: length)
        unsafe arena.append(unsafeFrom: value, length: valueLength)
        place(entry)
        count += 1
    }

    /// Overwrites the bytes; nothing was ever written behind them that is not overwritten.
    private mutating func wipeArena() {
        unsafe arena.base.update(repeating: 0, count: arena.count)
        arena.removeAll()
    }

    /// Doubles the room for bytes; the old room is overwritten before it goes back.
    private mutating func enlargeArena() {
        var larger = ByteBuffer(capacity: max(arena.capacity * 2, 1 << 13))
        larger.append(arena.bytes)
        wipeArena()
        swap(&arena, &larger)
    }

    private mutating func place(_ entry: Entry) {
        var slot = Int(truncatingIfNeeded: entry.hash) & (slotCount - 1)
        while unsafe table[slot].isUsed { slot = (slot + 1) & (slotCount - 1) }
        unsafe table[slot] = entry
    }

    private mutating func grow() {
        let old = unsafe table
        let oldCount = slotCount
        slotCount *= 2
        unsafe table = .allocate(capacity: slotCount)
        unsafe table.initialize(repeating: Entry(), count: slotCount)
        for slot in 0..<oldCount where unsafe old[slot].isUsed { place(unsafe old[slot]) }
        unsafe old.update(repeating: Entry(), count: oldCount)
        unsafe old.deallocate()
    }
}
