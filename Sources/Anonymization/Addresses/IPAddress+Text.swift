package import Records

extension IPAddress {
    /// The longest text of an address in bytes: `ffff:` seven times and `ffff`.
    package static let textMax = 39

    /// Appends the canonical text: dotted decimal for IPv4, RFC 5952 for IPv6 (lower case, no
    /// leading zeros, the longest run of two or more zero groups as `::`, the first of equal runs);
    /// the dotted form `::ffff:a.b.c.d` for an IPv4-mapped address (section 5).
    package func appendText(to buffer: inout ByteBuffer) {
        unsafe buffer.appendUnsafe(upTo: Self.textMax + AddressWriter.slack) { room in
            guard let start = room.baseAddress else { return 0 }
            var writer = unsafe AddressWriter(start)
            if isIPv4 {
                writer.dotted(ipv4Bits)
            } else if isMapped {
                writer.mapped(ipv4Bits)
            } else {
                writer.groups(self)
            }
            return writer.written
        }
    }

    /// The canonical text as an array; for messages of plans and for tests.
    package var textBytes: [UInt8] {
        var buffer = ByteBuffer(capacity: Self.textMax)
        appendText(to: &buffer)
        return buffer.array()
    }
}

/// Writes address text into room for `IPAddress.textMax` + `slack` bytes that the caller provides.
@safe private struct AddressWriter {
    /// How many bytes behind the text may be written.
    static let slack = 3

    private let start: UnsafeMutablePointer<UInt8>
    private(set) var written = 0

    init(_ start: UnsafeMutablePointer<UInt8>) { unsafe self.start = start }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        unsafe start[written] = byte
        written &+= 1
    }

    @inline(__always)
    private mutating func octet(_ value: UInt32) {
        if value >= 100 {
            let hundreds: UInt32 = value >= 200 ? 2 : 1
            put(48 &+ UInt8(truncatingIfNeeded: hundreds))
            twoDigits(value &- hundreds &* 100)
        } else if value >= 10 {
            twoDigits(value)
        } else {
            put(48 &+ UInt8(truncatingIfNeeded: value))
        }
    }

    @inline(__always)
    private mutating func twoDigits(_ value: UInt32) {
        // value / 10 for 0...99, without a division.
        let tens = (value &* 103) >> 10
        put(48 &+ UInt8(truncatingIfNeeded: tens))
        put(48 &+ UInt8(truncatingIfNeeded: value &- tens &* 10))
    }

    mutating func dotted(_ bits: UInt32) {
        octet(bits >> 24)
        put(UInt8(ascii: "."))
        octet(bits >> 16 & 255)
        put(UInt8(ascii: "."))
        octet(bits >> 8 & 255)
        put(UInt8(ascii: "."))
        octet(bits & 255)
    }

    mutating func mapped(_ bits: UInt32) {
        colon()
        colon()
        for _ in 0..<4 { put(UInt8(ascii: "f")) }
        colon()
        dotted(bits)
    }

    mutating func groups(_ address: IPAddress) {
        let gap = Self.longestZeroRun(address)
        var index = 0
        while index < 8 {
            if index == gap.lowerBound, !gap.isEmpty {
                colon()
                colon()
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap.upperBound || gap.isEmpty { colon() }
            group(Self.group(index, of: address))
            index += 1
        }
    }

    @inline(__always)
    private mutating func colon() { put(UInt8(ascii: ":")) }

    /// The digits of `value`, below 2^16, without leading zeros; up to three bytes behind them are
    /// written as well.
    private mutating func group(_ value: UInt64) {
        let upper = UInt16(truncatingIfNeeded: value)
        let zeros = (upper | 1).leadingZeroBitCount >> 2
        let digits = hexDigits(UInt32(upper) << 16) &>> UInt64(8 &* zeros)
        unsafe UnsafeMutableRawPointer(start + written).storeBytes(
            of: UInt32(truncatingIfNeeded: digits).littleEndian, as: UInt32.self)
        written &+= 4 &- zeros
    }

    private static func group(_ index: Int, of address: IPAddress) -> UInt64 {
        let half = index < 4 ? address.high : address.low
        return half >> UInt64(48 - (index & 3) * 16) & 0xffff
    }

    /// The groups that `::` stands for; empty when no two zero groups are neighbours.
    private static func longestZeroRun(_ address: IPAddress) -> Range<Int> {
        // What was cut ends with five zero groups or more: no other run is as long.
        if address.low == 0, address.high & 0xFFFF == 0 {
            return (64 - address.high.trailingZeroBitCount + 15) / 16..<8
        }
        var best = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, group(end, of: address) == 0 { end += 1 }
            if end - index > max(best.count, 1) { best = index..<end }
            index = max(end, index + 1)
        }
        return best
    }
}
