/// The multiply-and-fold step of the hash tables (the "mum" of Wang Yi's wyhash): spreads the
/// difference of any input bit over all output bits.
@inline(__always)
func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.low ^ product.high
}

/// Odd constants for `mixed`; the seed of a table is added, so nobody can choose texts that
/// collide.
enum MixingConstant {
    static let first: UInt64 = 0xa076_1d64_78bd_642f
    static let second: UInt64 = 0xe703_7ed1_a0b4_28db
}

/// The hash of the bytes of a text under `seed`.
///
/// Reads whole words; the last one overlaps the one before, so nothing outside is touched.
@inline(__always)
func hash(_ start: UnsafePointer<UInt8>, _ length: Int, seed: UInt64) -> UInt64 {
    var state = seed ^ UInt64(truncatingIfNeeded: length) &* MixingConstant.second
    let raw = unsafe UnsafeRawPointer(start)
    if length >= 8 {
        var at = 0
        while at &+ 8 <= length {
            state = mixed(
                state ^ MixingConstant.first,
                unsafe raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    ^ MixingConstant.second)
            at &+= 8
        }
        let tail = unsafe raw.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
        return mixed(state ^ MixingConstant.second, tail ^ MixingConstant.first)
    }
    var word: UInt64 = 0
    if length >= 4 {
        let low = unsafe raw.loadUnaligned(as: UInt32.self)
        let high = unsafe raw.loadUnaligned(fromByteOffset: length &- 4, as: UInt32.self)
        word = UInt64(low) | UInt64(high) << 32
    } else if length > 0 {
        word = unsafe UInt64(start[0]) | UInt64(start[length >> 1]) << 8
        word |= unsafe UInt64(start[length &- 1]) << 16
    }
    return mixed(state ^ MixingConstant.first, word ^ MixingConstant.second)
}

/// True when `length` bytes are the same at both places; reads whole words like `hash`.
@inline(__always)
func equalBytes(
    _ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ length: Int
) -> Bool {
    let one = unsafe UnsafeRawPointer(left)
    let other = unsafe UnsafeRawPointer(right)
    if length >= 8 {
        var at = 0
        while at &+ 8 <= length {
            if unsafe one.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                != other.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            {
                return false
            }
            at &+= 8
        }
        return unsafe one.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
            == other.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
    }
    if length >= 4 {
        let isHeadEqual = unsafe one.loadUnaligned(as: UInt32.self)
            == other.loadUnaligned(as: UInt32.self)
        let isTailEqual = unsafe one.loadUnaligned(fromByteOffset: length &- 4, as: UInt32.self)
            == other.loadUnaligned(fromByteOffset: length &- 4, as: UInt32.self)
        return isHeadEqual && isTailEqual
    }
    for index in 0..<length where unsafe left[index] != right[index] { return false }
    return true
}
