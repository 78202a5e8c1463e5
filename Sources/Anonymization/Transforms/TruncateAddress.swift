package import Records

/// `truncate_ip`: the first bits of an address stay, the rest becomes zero.
///
/// The order of work is fixed: take off what surrounds the address, read it strictly, find an IPv4
/// address inside IPv6, cut the binary form, print it canonically. So no spelling of an address,
/// and no tunnel, keeps more bits than the rule allows.
package struct TruncateAddress: Transform {
    /// What becomes of IPv4 addresses inside IPv6 addresses.
    package enum Embedded: String, Sendable, CaseIterable {
        /// The IPv4 rule holds for them, and they are printed as IPv4.
        case ipv4Rule = "ipv4-rule"
        /// Only mapped addresses are seen, and are printed as `::ffff:a.b.c.d`; 6to4 addresses keep
        /// their IPv4 address in the first 48 bits.
        case mappedOnly = "mapped-only"
    }

    /// Whether brackets, ports, surrounding spaces and lists are taken.
    package enum Ports: String, Sendable, CaseIterable {
        case strip
        case reject
    }

    /// What becomes of a text that is no address.
    package enum Invalid: String, Sendable, CaseIterable {
        /// The field is dropped.
        case drop
        /// The text becomes empty; an empty text stays.
        case empty
        /// The text becomes `0.0.0.0`.
        case zero
    }

    /// The options, resolved.
    package struct Options: Sendable {
        package var ipv4Bits = 16
        package var ipv6Bits = 32
        package var embedded = Embedded.ipv4Rule
        package var ports = Ports.strip
        package var invalid = Invalid.drop
        package var takesLists = true
        package var exempt = AddressNetworkSet([])

        package init() {}
    }

    /// The range of bits that may stay, IPv4 and IPv6.
    package static let ipv4BitsRange = 8...24
    package static let ipv6BitsRange = 16...64

    private let options: Options
    private let reading: AddressReading
    private let hasExemptions: Bool
    /// How many octets of an IPv4 address stay; 0 when the rule cuts one in two or has exemptions.
    let wholeOctets: Int

    package init(_ options: Options = Options()) {
        self.options = options
        let strips = options.ports == .strip
        hasExemptions = !options.exempt.isEmpty
        wholeOctets =
            hasExemptions || options.ipv4Bits % 8 != 0 ? 0 : options.ipv4Bits / 8
        reading = AddressReading(
            forms: strips ? .all : .zone, takesLists: strips && options.takesLists)
    }

    package var isWorthRemembering: Bool { false }

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        guard value.kind == .text || value.kind == .escapedText else { return .null }
        if wholeOctets > 0,
            DottedAddress.appendFirst(wholeOctets, of: value.bytes, to: &output)
        {
            return .plainText
        }
        // Nearly every other value is one address: it needs no closure.
        if let address = IPAddress(value.bytes, accepting: reading.forms) {
            truncated(address).appendText(to: &output)
            return .plainText
        }
        let result = reading.rewrite(value.bytes, into: &output) { address, output in
            truncated(address).appendText(to: &output)
            return true
        }
        if result != .dropped { return result }
        switch options.invalid {
        case .drop: return .dropped
        case .empty: return value.bytes.isEmpty ? .unchanged : .plainText
        case .zero:
            output.append("0.0.0.0")
            return .plainText
        }
    }

    /// True for an address, or list of addresses, in its printed form with no more bits than stay.
    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        guard value.isText else { return false }
        var printed = ByteBuffer(capacity: 64)
        let result = AddressReading().rewrite(value.bytes, into: &printed) { address, printed in
            guard showsNoMore(address) else { return false }
            address.appendText(to: &printed)
            return true
        }
        return result != .dropped && ReleasedForm.isSame(printed.bytes, value.bytes)
    }

    /// An address that was cut can look like one with another inside of it (`64:ff9b::`): what it
    /// then shows of that other must be cut as well.
    private func showsNoMore(_ address: IPAddress) -> Bool {
        if truncated(address) == address { return true }
        guard !address.isIPv4, options.embedded == .ipv4Rule,
            let (_, bits) = address.embeddedIPv4
        else { return false }
        let inner = IPAddress(ipv4: bits)
        return inner.truncated(to: options.ipv4Bits) == inner
            && address.truncated(to: options.ipv6Bits) == address
    }

    /// What is printed instead of `address`.
    package func truncated(_ address: IPAddress) -> IPAddress {
        if address.isIPv4 { return truncatedIPv4(address) }
        if options.embedded == .mappedOnly {
            if address.isMapped {
                let kept = truncatedIPv4(address.unmapped)
                return IPAddress(high: kept.high, low: kept.low)
            }
        } else if let (kind, bits) = address.embeddedIPv4 {
            if kind == .mapped { return truncatedIPv4(address.unmapped) }
            // The prefix of an ISATAP address is the site's own. A tunnel's prefix belongs to
            // nobody, so no exemption reaches an address inside of it.
            if kind == .isatap, isExempt(address) { return address }
            return IPAddress(ipv4: bits).truncated(to: options.ipv4Bits)
        }
        return isExempt(address) ? address : address.truncated(to: options.ipv6Bits)
    }

    private func truncatedIPv4(_ address: IPAddress) -> IPAddress {
        isExempt(address) ? address : address.truncated(to: options.ipv4Bits)
    }

    private func isExempt(_ address: IPAddress) -> Bool {
        hasExemptions && options.exempt.contains(address)
    }
}
