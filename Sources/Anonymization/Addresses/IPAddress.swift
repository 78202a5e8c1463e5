/// An IP address: sixteen bytes in network order and the family in which it was written.
///
/// An IPv4 address is held in its IPv4-mapped form (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2), so
/// that prefixes, masks and tokens know one width only. Two values are equal when address and
/// family are equal; `unmapped` brings both spellings of an IPv4 address together.
package struct IPAddress: Hashable, Sendable {
    /// Bits 0 to 63, the first bit of the address on top.
    package let high: UInt64
    /// Bits 64 to 127.
    package let low: UInt64
    /// True when the address was written as dotted IPv4.
    package let isIPv4: Bool

    /// The upper half of the last 64 bits of every IPv4-mapped address.
    @usableFromInline package static let mappedMarker: UInt64 = 0xffff_0000_0000

    /// An IPv6 address of two halves.
    @inlinable package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        isIPv4 = false
    }

    /// An IPv4 address of its 32 bits, first octet on top.
    @inlinable package init(ipv4 bits: UInt32) {
        high = 0
        low = Self.mappedMarker | UInt64(bits)
        isIPv4 = true
    }

    /// The last 32 bits: the address itself for IPv4.
    @inlinable package var ipv4Bits: UInt32 { UInt32(truncatingIfNeeded: low) }

    /// True for `::ffff:0:0/96`, in either spelling.
    @inlinable package var isMapped: Bool { high == 0 && low >> 32 == 0xffff }

    /// The address as IPv4 when it is one or maps one, else the address itself.
    @inlinable package var unmapped: IPAddress { isMapped ? IPAddress(ipv4: ipv4Bits) : self }

    /// The address with all but its first `bits` bits cleared: 0 to 32 for IPv4, 0 to 128 for IPv6.
    @inlinable package func truncated(to bits: Int) -> IPAddress {
        // Smart shifts: a shift by the full width leaves nothing.
        if isIPv4 { return IPAddress(ipv4: ipv4Bits & (UInt32.max << UInt32(32 - bits))) }
        if bits <= 64 { return IPAddress(high: high & (UInt64.max << (64 - bits)), low: 0) }
        return IPAddress(high: high, low: low & (UInt64.max << (128 - bits)))
    }

    /// The sixteen bytes in network order, as one number.
    @inlinable package var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }

    /// An IPv6 address of its sixteen bytes as one number.
    @inlinable package init(bits: UInt128) {
        self.init(
            high: UInt64(truncatingIfNeeded: bits >> 64), low: UInt64(truncatingIfNeeded: bits))
    }

    /// The sixteen bytes in network order: the canonical form that tokens are made of.
    package var networkBytes: [16 of UInt8] {
        [16 of UInt8] { UInt8(truncatingIfNeeded: bits >> UInt128(120 - 8 * $0)) }
    }
}
