/// How an IPv4 address can sit inside an IPv6 address.
package enum EmbeddedIPv4: Sendable, Equatable, CaseIterable {
    /// `::ffff:0:0/96` (RFC 4291 section 2.5.5.2): the same host, spelt as IPv6.
    case mapped
    /// `::/96` with a first octet other than 0 (RFC 4291 section 2.5.5.1, deprecated).
    case compatible
    /// `2002::/16` (RFC 3056): bits 16 to 47. A /48 prefix keeps all of it.
    case sixToFour
    /// `2001::/32` (RFC 4380): the client in the last 32 bits, inverted.
    case teredo
    /// `64:ff9b::/96` (RFC 6052) and `64:ff9b:1::/48` (RFC 8215).
    case nat64
    /// Interface identifiers `0000:5efe` and `0200:5efe` (RFC 5214) under any prefix.
    case isatap
}

extension IPAddress {
    /// The IPv4 address inside an IPv6 address that is recognised without configuration, and how it
    /// got there; nil for IPv4 and for every other IPv6 address.
    package var embeddedIPv4: (kind: EmbeddedIPv4, bits: UInt32)? {
        if isIPv4 { return nil }
        if high == 0 {
            if isMapped { return (.mapped, ipv4Bits) }
            if low >> 32 == 0, ipv4Bits >> 24 != 0 { return (.compatible, ipv4Bits) }
        }
        if high >> 48 == 0x2002 {
            return (.sixToFour, UInt32(truncatingIfNeeded: high >> 16))
        }
        if high >> 32 == 0x2001_0000 { return (.teredo, ~ipv4Bits) }
        if let bits = nat64Bits { return (.nat64, bits) }
        if low >> 32 & 0xfdff_ffff == 0x5efe { return (.isatap, ipv4Bits) }
        return nil
    }

    /// The one address that stands for all spellings of a host: the IPv4 address inside, however
    /// it got there; any other address is its own. `truncate_ip`, holds, erasures and requests go
    /// by it.
    package var canonical: IPAddress { embeddedIPv4.map { IPAddress(ipv4: $0.bits) } ?? self }

    /// The addresses by which records of this one are found: the canonical one, and the address as
    /// it is written, which a network of IPv6, or an older entry of the registry, may name.
    package var identities: [IPAddress] {
        let canonical = canonical
        return canonical == unmapped ? [canonical] : [canonical, self]
    }

    /// Inside `64:ff9b:1::/48` operators may choose any length of prefix. What reads as a /48 form
    /// of RFC 6052 section 2.2 (bits 48 to 63 and 72 to 87, the rest zero) is read so, everything
    /// else as the /96 form. For other lengths neither reading shows more bits of the address than
    /// the IPv4 rule keeps.
    private var nat64Bits: UInt32? {
        if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 { return ipv4Bits }
        guard high >> 16 == 0x0064_ff9b_0001 else { return nil }
        let restOfForty8Form = low & 0xff00_00ff_ffff_ffff
        if restOfForty8Form != 0 { return ipv4Bits }
        return UInt32(truncatingIfNeeded: high & 0xffff) << 16
            | UInt32(truncatingIfNeeded: low >> 40 & 0xffff)
    }
}
