import Records

extension TruncateAddress {
    package static let descriptor = TransformDescriptor(
        name: "truncate_ip",
        summary: "Keeps the first bits of an IP address and sets the rest to zero.",
        guarantees: "No bit behind the prefix is written, however the address was spelt: brackets, "
            + "port and zone are taken off, and an IPv4 address inside IPv6 (mapped, 6to4, Teredo, "
            + "NAT64, ISATAP) falls under the IPv4 rule. What is no address is never passed "
            + "through.",
        leaks: "The provider and often the region. With /24, or with IPv6 beyond /48, a household "
            + "or a small office can be alone in its prefix. NAT64 prefixes of a network's own are "
            + "not recognised. Addresses in `exempt` stay readable.",
        options: optionDescriptors,
        make: { settings, _ in
            let options = readOptions(settings)
            return options.map { TruncateAddress($0) }
        })

    private static let optionDescriptors = [
        OptionDescriptor(
            "ipv4", values: "/8 to /24", standard: "/16",
            help: "The bits of an IPv4 address to keep."),
        OptionDescriptor(
            "ipv6", values: "/16 to /64", standard: "/32",
            help: "The bits of an IPv6 address to keep. /49 to /64 can single out one line of a "
                + "provider's customer: use them only where /48 is too coarse."),
        OptionDescriptor(
            "embedded", values: "ipv4-rule or mapped-only", standard: "ipv4-rule",
            help: "mapped-only sees mapped addresses only and prints them as `::ffff:a.b.0.0`; "
                + "6to4 addresses then keep their IPv4 address in the first 48 bits."),
        OptionDescriptor(
            "ports", values: "strip or reject", standard: "strip",
            help: "reject: an address in brackets, with a port or with spaces is no address."),
        OptionDescriptor(
            "list", values: "true or false", standard: "true, with ports: reject false",
            help: "Each address of a list with commas (X-Forwarded-For, Forwarded) is cut; "
                + "elements that are no address are left out."),
        OptionDescriptor(
            "invalid", values: "drop, empty or zero", standard: "drop",
            help: "What becomes of a text that is no address: the field is dropped, the text "
                + "becomes empty, or `0.0.0.0`."),
        OptionDescriptor(
            "exempt", values: "a list of networks, such as 192.0.2.0/24", standard: "none",
            help: "Own networks, whose addresses stay whole. 6to4, Teredo and NAT64 addresses are "
                + "cut all the same."),
    ]

    private static func readOptions(_ settings: SettingReader) -> Options? {
        let faultsBefore = settings.faults.all.count
        var options = Options()
        if let bits = prefixBits("ipv4", in: ipv4BitsRange, settings) { options.ipv4Bits = bits }
        if let bits = prefixBits("ipv6", in: ipv6BitsRange, settings) { options.ipv6Bits = bits }
        options.embedded = settings.choice("embedded", Embedded.self) ?? .ipv4Rule
        options.ports = settings.choice("ports", Ports.self) ?? .strip
        options.invalid = settings.choice("invalid", Invalid.self) ?? .drop
        let list = settings.flag("list")
        options.takesLists = list ?? (options.ports == .strip)
        if list == true, options.ports == .reject {
            settings.faults.add(
                "a list needs `ports: strip`", at: settings.position,
                path: settings.path(of: "list"))
        }
        options.exempt = AddressNetworkSet(exemptNetworks(settings))
        return settings.faults.all.count == faultsBefore ? options : nil
    }

    /// Reads a number of bits to keep, written `/24`.
    static func prefixBits(
        _ key: String, in range: ClosedRange<Int>, _ settings: SettingReader
    ) -> Int? {
        guard let text = settings.text(key) else { return nil }
        let position = settings.optional(key)?.position ?? settings.position
        let digits = Array(text.utf8.drop { $0 == UInt8(ascii: "/") })
        let isNumber =
            (1...3).contains(digits.count) && digits.allSatisfy { $0 &- 48 < 10 }
            && (digits.count == 1 || digits.first != 48)
        let bits = digits.reduce(0) { $0 &* 10 &+ Int($1) &- 48 }
        let slashes = text.utf8.count - digits.count
        if isNumber, slashes == 1, range.contains(bits) { return bits }
        let message =
            isNumber && slashes == 0
            ? "found a bare number, write `/\(bits)`: the number of bits kept"
            : "expected `/\(range.lowerBound)` to `/\(range.upperBound)`, the number of bits kept"
        settings.faults.add(message, at: position, path: settings.path(of: key))
        return nil
    }

    /// The shortest prefixes that may be exempted: 10.0.0.0/8 and fc00::/7.
    private static let exemptIPv4BitsMin = 8
    private static let exemptIPv6BitsMin = 7

    private static func exemptNetworks(_ settings: SettingReader) -> [AddressNetwork] {
        let position = settings.optional("exempt")?.position ?? settings.position
        var networks: [AddressNetwork] = []
        for text in settings.texts("exempt") ?? [] {
            let message: String
            do throws(AddressNetwork.TextFault) {
                let network = try AddressNetwork(text: text)
                let shortest = network.base.isIPv4 ? exemptIPv4BitsMin : exemptIPv6BitsMin
                if network.prefixBits >= shortest {
                    networks.append(network)
                    continue
                }
                message = "`\(text)` is too wide for an own network: at least `/\(shortest)`"
            } catch {
                message =
                    switch error {
                    case .notAnAddress: "`\(text)` is no network, expected one like `192.0.2.0/24`"
                    case .badLength: "`\(text)` has a prefix length that does not fit the address"
                    case .hostBits: "`\(text)` has bits set behind its prefix, expected a network"
                    }
            }
            settings.faults.add(message, at: position, path: settings.path(of: "exempt"))
        }
        return networks
    }
}
