/// A fast hash of bytes for tables in memory, seeded anew in every process so that nobody can
/// choose inputs that collide. Results of a run never depend on it. Not for tokens.
@usableFromInline package enum ByteHash {
    /// The seed of this process.
    @usableFromInline package static let seed = UInt64.random(in: .min ... .max)

    /// The hash of `count` bytes at `start`, which the caller vouches for.
    @inlinable @inline(__always)
    package static func of(_ start: UnsafePointer<UInt8>, count: Int) -> UInt64 {
        unsafe of(start, count: count, seed: seed)
    }

    /// The same for callers that keep the seed of the process, which is a call to ask for.
    @inlinable @inline(__always)
    package static func of(
        _ start: UnsafePointer<UInt8>, count: Int, seed key: UInt64
    ) -> UInt64 {
        let bytes = unsafe UnsafeRawPointer(start)
        var hash = key ^ (UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15)
        var at = 0
        while count &- at > 16 {
            hash = unsafe fold(word(bytes, at) ^ key, word(bytes, at &+ 8) ^ hash)
            at &+= 16
        }
        let last = unsafe lastWords(bytes + at, count: count &- at)
        return mix(fold(last.0 ^ key, last.1 ^ hash))
    }

    /// The word of eight bytes at `offset`.
    @inlinable @inline(__always)
    package static func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// The last 0 to 16 bytes in two words, which overlap where there are fewer: the length is part
    /// of the hash, so that different bytes still give different words.
    @inlinable @inline(__always)
    package static func lastWords(_ bytes: UnsafeRawPointer, count: Int) -> (UInt64, UInt64) {
        if count >= 8 { return unsafe (word(bytes, 0), word(bytes, count &- 8)) }
        if count >= 4 {
            return unsafe (
                UInt64(bytes.loadUnaligned(as: UInt32.self)),
                UInt64(bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            )
        }
        if count == 0 { return (0, 0) }
        let first = unsafe UInt64(bytes.load(as: UInt8.self))
        let middle = unsafe UInt64(bytes.load(fromByteOffset: count >> 1, as: UInt8.self))
        let last = unsafe UInt64(bytes.load(fromByteOffset: count &- 1, as: UInt8.self))
        return (first &<< 16 | middle &<< 8 | last, 0)
    }

    /// Folds the 128-bit product of two words.
    @inlinable @inline(__always)
    package static func fold(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }

    /// True when `count` bytes are the same at both places, which the caller vouches for.
    @inlinable @inline(__always)
    package static func isEqual(
        _ one: UnsafePointer<UInt8>, _ other: UnsafePointer<UInt8>, count: Int
    ) -> Bool {
        let left = unsafe UnsafeRawPointer(one)
        let right = unsafe UnsafeRawPointer(other)
        var at = 0
        while count &- at > 16 {
            let isSame = unsafe word(left, at) == word(right, at)
                && word(left, at &+ 8) == word(right, at &+ 8)
            guard isSame else { return false }
            at &+= 16
        }
        // The last words overlap those before them, so that no byte is compared by itself.
        return unsafe lastWords(left + at, count: count &- at)
            == lastWords(right + at, count: count &- at)
    }

    /// The hash of `bytes`.
    @inlinable @inline(__always)
    package static func of(_ bytes: Span<UInt8>) -> UInt64 { of(bytes, seed: seed) }

    /// The same for callers that keep the seed of the process.
    @inlinable @inline(__always)
    package static func of(_ bytes: Span<UInt8>, seed: UInt64) -> UInt64 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return mix(seed) }
            return unsafe of(start, count: buffer.count, seed: seed)
        }
    }

    /// Folds the 128-bit product of two odd-ish words: every input bit reaches every output bit.
    @inlinable @inline(__always)
    package static func mix(_ word: UInt64) -> UInt64 {
        let product = (word ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }
}
