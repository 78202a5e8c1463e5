/// A network: an address and how many of its first bits make the prefix.
package struct AddressNetwork: Hashable, Sendable {
    /// The first address of the network. IPv4-mapped networks are held as IPv4.
    package let base: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    package let prefixBits: Int

    /// Why a text is no network.
    package enum TextFault: Error, Sendable, Equatable {
        case notAnAddress
        case badLength
        /// Bits behind the prefix are set: one host of the network was written, not the network.
        case hostBits
    }

    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address.
    package init(text: String) throws(TextFault) {
        let bytes = Array(text.utf8)
        let slash = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
        guard let written = IPAddress(Array(bytes[..<slash]).span) else {
            throw TextFault.notAnAddress
        }
        let longest = written.isIPv4 ? 32 : 128
        var length = longest
        if slash < bytes.count {
            guard let bits = Self.bits(bytes[(slash + 1)...]), bits <= longest else {
                throw TextFault.badLength
            }
            length = bits
        }
        guard written.truncated(to: length).bits == written.bits else { throw TextFault.hostBits }
        if !written.isIPv4, written.isMapped, length >= 96 {
            base = written.unmapped
            prefixBits = length - 96
        } else {
            base = written
            prefixBits = length
        }
    }

    /// One to three digits without a leading zero.
    private static func bits(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...3).contains(digits.count), digits.allSatisfy({ $0 &- 48 < 10 }),
            digits.count == 1 || digits.first != 48
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// The last address of the network, as a number.
    fileprivate var lastBits: UInt128 {
        let hostBits = (base.isIPv4 ? 32 : 128) - prefixBits
        return base.bits | ~(UInt128.max << hostBits)
    }

    /// True when `address` lies in the network. An IPv4-mapped address belongs to IPv4 networks
    /// only.
    package func contains(_ address: IPAddress) -> Bool {
        address.isMapped == base.isIPv4 && address.bits >= base.bits && address.bits <= lastBits
    }
}

/// A set of networks that can be asked in logarithmic time.
package struct AddressNetworkSet: Sendable {
    /// Disjoint ranges of one family in ascending order.
    private struct Ranges: Sendable {
        var firsts: [UInt128] = []
        var lasts: [UInt128] = []

        init(_ networks: [AddressNetwork]) {
            for network in networks.sorted(by: { $0.base.bits < $1.base.bits }) {
                // Networks nest or are disjoint, so a range either swallows the next or ends
                // before.
                if let last = lasts.last, network.base.bits <= last {
                    lasts[lasts.count - 1] = max(last, network.lastBits)
                } else {
                    firsts.append(network.base.bits)
                    lasts.append(network.lastBits)
                }
            }
        }

        func contains(_ bits: UInt128) -> Bool {
            var from = 0
            var to = firsts.count
            while from < to {
                let middle = (from + to) / 2
                if firsts[middle] <= bits { from = middle + 1 } else { to = middle }
            }
            return from > 0 && bits <= lasts[from - 1]
        }
    }

    private let ipv4: Ranges
    private let ipv6: Ranges

    /// True when nothing is in the set.
    package let isEmpty: Bool

    package init(_ networks: [AddressNetwork]) {
        ipv4 = Ranges(networks.filter(\.base.isIPv4))
        ipv6 = Ranges(networks.filter { !$0.base.isIPv4 })
        isEmpty = networks.isEmpty
    }

    /// True when `address` lies in one of the networks; mapped addresses count as IPv4.
    package func contains(_ address: IPAddress) -> Bool {
        address.isMapped ? ipv4.contains(address.bits) : ipv6.contains(address.bits)
    }
}
