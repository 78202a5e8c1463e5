package import KeyedHashing
import Records

/// The 128-bit hash of an item: MurmurHash3 x64 128 (Austin Appleby, public domain), which all
/// sketches here are made of.
///
/// Items are hashed as the DataSketches libraries and Spark SQL do it: a text as its UTF-8 bytes, a
/// whole number as 8 bytes little-endian. A token is the text of its 32 hexadecimal digits, as
/// outputs print it, so that a sketch made here and one that Spark made of an output are of one
/// kind and can be merged.
package struct SketchHash: Equatable, Sendable, BitwiseCopyable {
    /// The first eight bytes of the hash, little-endian.
    package let first: UInt64
    /// The last eight bytes of the hash, little-endian.
    package let second: UInt64

    /// The seed of all sketches, the standard one of the libraries.
    package static let seed: UInt64 = 9001
    /// 16 bits that tell in the head of a theta sketch which seed it was made with.
    static let seedDigest = UInt16(
        truncatingIfNeeded: SketchHash(Int64(bitPattern: seed), seed: 0).first)

    private init(_ mixing: consuming Mixing, length: Int) {
        (first, second) = mixing.finished(length: length)
    }

    /// The hash of `bytes` under `seed`.
    package init(_ bytes: Span<UInt8>, seed: UInt64 = SketchHash.seed) {
        var mixing = Mixing(seed)
        let whole = bytes.count & ~15
        unsafe bytes.withUnsafeBytes { raw in
            var at = 0
            while at < whole {
                let low = unsafe raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                let high = unsafe raw.loadUnaligned(fromByteOffset: at &+ 8, as: UInt64.self)
                mixing.add(UInt64(littleEndian: low), UInt64(littleEndian: high))
                at &+= 16
            }
        }
        var low: UInt64 = 0
        var high: UInt64 = 0
        for index in whole..<bytes.count {
            let place = UInt64(truncatingIfNeeded: index & 7) * 8
            if index & 8 == 0 {
                low |= UInt64(bytes[index]) << place
            } else {
                high |= UInt64(bytes[index]) << place
            }
        }
        mixing.addTail(low, high)
        self.init(mixing, length: bytes.count)
    }

    /// The hash of a whole number.
    package init(_ number: Int64, seed: UInt64 = SketchHash.seed) {
        var mixing = Mixing(seed)
        mixing.addTail(UInt64(bitPattern: number), 0)
        self.init(mixing, length: 8)
    }

    /// The hash of the lower-case hexadecimal digits of `token`.
    @inline(__always)
    package init(_ token: Token) {
        var mixing = Mixing(Self.seed)
        mixing.add(digits: token.high)
        mixing.add(digits: token.low)
        self.init(mixing, length: Token.digits)
    }

    /// The hash as theta sketches keep it: 63 bits.
    @inline(__always)
    package var theta: UInt64 { first >> 1 }

    /// The hash as HLL sketches keep it: 26 bits of place and 6 bits of rank (1 to 63).
    @inline(__always)
    package var coupon: UInt32 {
        let rank = UInt32(truncatingIfNeeded: min(second.leadingZeroBitCount, 62) &+ 1)
        return rank << 26 | UInt32(truncatingIfNeeded: first & 0x3ff_ffff)
    }
}

/// The state of the hash function.
private struct Mixing {
    private var one: UInt64
    private var two: UInt64

    @inline(__always)
    init(_ seed: UInt64) {
        one = seed
        two = seed
    }

    @inline(__always)
    private static func rotated(_ value: UInt64, by bits: UInt64) -> UInt64 {
        value &<< bits | value &>> (64 &- bits)
    }

    @inline(__always)
    private static func spreadLow(_ word: UInt64) -> UInt64 {
        rotated(word &* 0x87c3_7b91_1142_53d5, by: 31) &* 0x4cf5_ad43_2745_937f
    }

    @inline(__always)
    private static func spreadHigh(_ word: UInt64) -> UInt64 {
        rotated(word &* 0x4cf5_ad43_2745_937f, by: 33) &* 0x87c3_7b91_1142_53d5
    }

    /// Takes in sixteen bytes.
    @inline(__always)
    mutating func add(_ low: UInt64, _ high: UInt64) {
        one ^= Self.spreadLow(low)
        one = (Self.rotated(one, by: 27) &+ two) &* 5 &+ 0x52dc_e729
        two ^= Self.spreadHigh(high)
        two = (Self.rotated(two, by: 31) &+ one) &* 5 &+ 0x3849_5ab5
    }

    /// Takes in the sixteen hexadecimal digits of `number`.
    @inline(__always)
    mutating func add(digits number: UInt64) {
        add(
            hexDigits(UInt32(truncatingIfNeeded: number >> 32)),
            hexDigits(UInt32(truncatingIfNeeded: number)))
    }

    /// Takes in the fewer than sixteen bytes at the end, filled up with zeros.
    @inline(__always)
    mutating func addTail(_ low: UInt64, _ high: UInt64) {
        two ^= Self.spreadHigh(high)
        one ^= Self.spreadLow(low)
    }

    @inline(__always)
    consuming func finished(length: Int) -> (UInt64, UInt64) {
        var left = one ^ UInt64(truncatingIfNeeded: length)
        var right = two ^ UInt64(truncatingIfNeeded: length)
        left = left &+ right
        right = right &+ left
        left = Self.avalanche(left)
        right = Self.avalanche(right)
        left = left &+ right
        return (left, right &+ left)
    }

    @inline(__always)
    private static func avalanche(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ word &>> 33) &* 0xff51_afd7_ed55_8ccd
        word = (word ^ word &>> 33) &* 0xc4ce_b9fe_1a85_ec53
        return word ^ word &>> 33
    }
}
