/// One to eight bytes of text as one word, to see at a glance whether they are decimal digits and
/// what number they make.
@usableFromInline package struct DigitWord: BitwiseCopyable, Sendable {
    /// The values of the digits, the last in the highest byte; zeros stand in front.
    @usableFromInline let values: UInt64

    /// The bytes of `text`, of which there must be one to eight.
    @inlinable @inline(__always)
    package init(_ text: Span<UInt8>) {
        let count = text.count
        precondition(count &- 1 < 8 && count > 0)
        let word = unsafe text.withUnsafeBytes { bytes -> UInt64 in
            // Two loads that overlap: no loop over a length that changes from text to text.
            if count >= 4 {
                let first = unsafe bytes.loadUnaligned(as: UInt32.self)
                let last = unsafe bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
                return UInt64(UInt32(littleEndian: first))
                    | UInt64(UInt32(littleEndian: last)) &<< UInt64(8 &* (count &- 4))
            }
            let middle = count >> 1
            return unsafe UInt64(bytes[0]) | UInt64(bytes[middle]) &<< UInt64(8 &* middle)
                | UInt64(bytes[count &- 1]) &<< UInt64(8 &* (count &- 1))
        }
        let room = UInt64(truncatingIfNeeded: 64 &- 8 &* count)
        values = (word ^ 0x3030_3030_3030_3030) &<< room
    }

    /// True when all of the bytes are `0` to `9`.
    @inlinable @inline(__always)
    package var isAllDigits: Bool {
        // A value above nine, or one with its top bit set, sets a top bit of the sum.
        ((values & 0x7F7F_7F7F_7F7F_7F7F &+ 0x7676_7676_7676_7676) | values)
            & 0x8080_8080_8080_8080 == 0
    }

    /// The number that the digits make; means nothing unless `isAllDigits`.
    @inlinable @inline(__always)
    package var number: UInt64 {
        // Neighbours are joined: digits to pairs, pairs to fours, fours to eight.
        let pairs = (values &* 2561) &>> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 6_553_601) &>> 16 & 0x0000_FFFF_0000_FFFF
        return (fours &* 42_949_672_960_001) &>> 32
    }
}
