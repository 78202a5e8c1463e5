/// The form `dd/Mon/yyyy:hh:mm:ss ±hhmm`, looked at in words of eight bytes; whether there is such
/// a time is for the time parser to say.
enum AccessLogTimeForm {
    /// The length in bytes.
    static let length = 26

    /// Eight bytes of the form, the first in the lowest bits.
    private struct Word {
        /// All ones where a digit stands.
        var digits: UInt64
        /// All ones where `signs` has a byte.
        var fixed: UInt64
        var signs: UInt64

        @inline(__always)
        func matches(_ start: UnsafePointer<UInt8>, _ offset: Int) -> Bool {
            let word = unsafe UInt64(
                littleEndian: UnsafeRawPointer(start).loadUnaligned(
                    fromByteOffset: offset,
                    as: UInt64.self
                )
            )
            let values = (word ^ 0x3030_3030_3030_3030) & digits
            // A value above nine, or one with its top bit set, sets a top bit of the sum.
            let others = (values &+ (0x7676_7676_7676_7676 & digits) | values) & Self.topBits
            return (word ^ signs) & fixed | others == 0
        }

        private static var topBits: UInt64 { 0x8080_8080_8080_8080 }
    }

    /// True when the `length` bytes at `start` are those at `other`, which have the form, but for
    /// the digits of the second.
    @inline(__always)
    static func differsBySecond(
        _ start: UnsafePointer<UInt8>, _ other: UnsafePointer<UInt8>
    ) -> Bool {
        let one = unsafe UnsafeRawPointer(start)
        let two = unsafe UnsafeRawPointer(other)
        // `dd/Mon/y`, `yyy:hh:m`, `m:`, and `ss ±hhmm`.
        let date = unsafe one.loadUnaligned(as: UInt64.self) ^ two.loadUnaligned(as: UInt64.self)
        let hour = unsafe one.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            ^ two.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        let minute = unsafe one.loadUnaligned(fromByteOffset: 16, as: UInt16.self)
            ^ two.loadUnaligned(fromByteOffset: 16, as: UInt16.self)
        let second = unsafe UInt64(
            littleEndian: one.loadUnaligned(fromByteOffset: 18, as: UInt64.self))
        let known = unsafe UInt64(
            littleEndian: two.loadUnaligned(fromByteOffset: 18, as: UInt64.self))
        guard date | hour | UInt64(minute) | (second ^ known) &>> 16 == 0 else { return false }
        return second & 0xFF &- 0x30 < 10 && second &>> 8 & 0xFF &- 0x30 < 10
    }

    /// True when the `length` bytes at `start` have the form.
    @inline(__always)
    static func matches(_ start: UnsafePointer<UInt8>) -> Bool {
        // `dd/Mon/y`, `yyy:hh:m`, `m:ss ±hh`, and from the second `s` on to the end.
        let date = Word(
            digits: 0xFF00_0000_0000_FFFF,
            fixed: 0x00FF_0000_00FF_0000,
            signs: 0x002F_0000_002F_0000
        )
        let time = Word(
            digits: 0xFF00_FFFF_00FF_FFFF,
            fixed: 0x00FF_0000_FF00_0000,
            signs: 0x003A_0000_3A00_0000
        )
        let second = Word(
            digits: 0xFFFF_0000_FFFF_00FF,
            fixed: 0x0000_00FF_0000_FF00,
            signs: 0x0000_0020_0000_3A00
        )
        let zone = Word(digits: 0xFFFF_FFFF_0000_FFFF, fixed: 0x00FF_0000, signs: 0x0020_0000)
        guard unsafe date.matches(start, 0), unsafe time.matches(start, 8),
            unsafe second.matches(start, 16), unsafe zone.matches(start, 18)
        else { return false }
        for at in 3..<6 where unsafe (start[at] | 0x20) &- UInt8(ascii: "a") > 25 { return false }
        let sign = unsafe start[21]
        return sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
    }
}
