/// A fast hash of bytes for tables in memory, seeded anew in every process so that nobody can
/// choose inputs that collide. Results of a run never depend on it. Not for tokens.
@usableFromInline package enum ByteHash {
    /// The seed of this process.
    @usableFromInline package static let seed = UInt64.random(in: .min ... .max)

    /// The hash of `count` bytes at `start`, which the caller vouches for.
    @inlinable @inline(__always)
    package static func of(_ start: UnsafePointer<UInt8>, count: Int) -> UInt64 {
        var hash = seed ^ (UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15)
        let bytes = unsafe UnsafeRawPointer(start)
        var at = 0
        while at &+ 8 <= count {
            hash = mix(hash ^ (unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at &+= 8
        }
        var rest: UInt64 = 0
        while at < count {
            rest = rest &<< 8 | UInt64(unsafe start[at])
            at &+= 1
        }
        return mix(hash ^ rest)
    }

    /// The hash of `bytes`.
    @inlinable package static func of(_ bytes: Span<UInt8>) -> UInt64 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return mix(seed) }
            return unsafe of(start, count: buffer.count)
        }
    }

    /// Folds the 128-bit product of two odd-ish words: every input bit reaches every output bit.
    @inlinable @inline(__always)
    package static func mix(_ word: UInt64) -> UInt64 {
        let product = (word ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }
}
