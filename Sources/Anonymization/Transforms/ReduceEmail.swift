private import KeyedHashing
package import Records

/// Takes the person out of an e-mail address and leaves the domain only where it says nothing: for
/// the large public providers.
package struct ReduceEmail: Transform {
    /// What becomes of an address.
    enum Mode: String, CaseIterable, Sendable {
        /// `[user]@gmail.com`, `[user]@[domain]`.
        case publicOnly = "public-only"
        /// The token of the whole address in place of the local part.
        case token
        case drop
    }

    private let mode: Mode
    private let domain: TokenDomain
    /// Domains that may be shown, in lower case.
    private let providers: [[UInt8]]
    /// The longest address in bytes that is looked at (RFC 5321 §4.5.3.1: 64 + 1 + 255).
    private static let addressBytesMax = 320

    init(mode: Mode = .publicOnly, field: String = "", furtherProviders: [String] = []) {
        self.mode = mode
        domain = TokenDomain(scope: "email", field: field)
        providers = (Self.publicProviders + furtherProviders).map { Array($0.lowercased().utf8) }
    }

    package var dependence: TransformDependence { makesTokens ? .keyEpoch : .value }

    /// True when the local part becomes a token, by which a person is found again.
    var makesTokens: Bool { mode == .token }

    package func apply(
        _ value: borrowing FieldValue,
        _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        guard value.kind == .text || value.kind == .escapedText else { return .dropped }
        let bytes = value.bytes
        guard bytes.count > 0 else { return .unchanged }
        if mode == .publicOnly, isReleased(value) { return .unchanged }
        guard mode != .drop, let sign = Self.sign(of: bytes) else { return .dropped }
        switch mode {
        case .publicOnly: output.append(Self.userMark)
        case .token:
            guard appendToken(of: bytes, sign, context, into: &output) else { return .dropped }
        case .drop: return .dropped
        }
        output.append(UInt8(ascii: "@"))
        appendDomain(of: bytes, from: sign.upperBound, into: &output)
        return .plainText
    }

    package var isRepeatable: Bool { mode != .token }

    /// True for a placeholder or token, `@`, and a domain that may be shown.
    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        guard value.isText, mode != .drop else { return false }
        let bytes = value.bytes
        let user = mode == .token ? ReleasedForm.tokenDigits : Self.userMark.count
        guard bytes.count > user, bytes[user] == UInt8(ascii: "@") else { return false }
        let local = bytes.extracting(0..<user)
        let domain = bytes.extracting(user + 1..<bytes.count)
        let isGone =
            mode == .token
            ? ReleasedForm.isHexadecimal(local, digits: user)
            : ReleasedForm.isSame(local, Self.userMark)
        return isGone
            && (ReleasedForm.isSame(domain, Self.domainMark)
                || providers.contains { ReleasedForm.isSame(domain, $0) })
    }

    private static let userMark = Array("[user]".utf8)
    private static let domainMark = Array("[domain]".utf8)

    /// Where the `@` or `%40` of an address lies; nil when `bytes` are no address.
    private static func sign(of bytes: Span<UInt8>) -> Range<Int>? {
        guard bytes.count <= addressBytesMax else { return nil }
        return ByteView.withView(of: bytes) { view in
            var start = view.upper - 1
            while start > 0, view.length(of: UInt8(ascii: "@"), at: start) == 0 {
                guard isDomain(view, start) else { return nil }
                start -= 1
            }
            let end = start + view.length(of: UInt8(ascii: "@"), at: start)
            guard start > 0, end > start, end < view.upper, isWholeDomain(view, from: end) else {
                return nil
            }
            for index in 0..<start {
                let byte = view[index]
                let isEnclosing =
                    byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")
                    || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "@")
                if byte <= UInt8(ascii: " ") || byte == 0x7f || isEnclosing { return nil }
            }
            return start..<end
        }
    }

    /// While looking for `%40` from behind, the two digits are read as part of the domain.
    private static func isDomain(_ view: ByteView, _ index: Int) -> Bool {
        let byte = view[index]
        return view.isAny(ByteClass.alphanumeric, at: index) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".") || byte >= 0x80
    }

    /// Labels of at least one byte between single dots.
    private static func isWholeDomain(_ view: ByteView, from start: Int) -> Bool {
        let dot = UInt8(ascii: ".")
        if view[start] == dot || view[view.upper - 1] == dot { return false }
        for index in start..<view.upper where view[index] == dot && view[index + 1] == dot {
            return false
        }
        return true
    }

    /// The token stands for the whole address in lower case, so that equal local parts of two
    /// companies stay two persons.
    private func appendToken(
        of bytes: Span<UInt8>,
        _ sign: Range<Int>,
        _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> Bool {
        guard let tokens = context.tokens else { return false }
        return unsafe withUnsafeTemporaryAllocation(
            of: UInt8.self,
            capacity: Self.addressBytesMax
        ) { scratch in
            var count = 0
            for index in bytes.indices where index <= sign.lowerBound || index >= sign.upperBound {
                unsafe scratch[count] =
                    index == sign.lowerBound ? UInt8(ascii: "@") : Self.lower(bytes[index])
                count += 1
            }
            let canonical = unsafe Span(
                _unsafeElements: UnsafeBufferPointer(rebasing: scratch[..<count])
            )
            tokens.appendToken(in: domain, of: canonical, to: &output)
            return true
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 32 : byte
    }

    private func appendDomain(
        of bytes: Span<UInt8>,
        from start: Int,
        into output: inout ByteBuffer
    ) {
        let length = bytes.count - start
        for provider in providers where provider.count == length {
            var index = 0
            while index < length, provider[index] == Self.lower(bytes[start + index]) { index += 1 }
            if index == length {
                output.append(provider)
                return
            }
        }
        output.append(Self.domainMark)
    }
}

extension ReduceEmail {
    package static let descriptor = TransformDescriptor(
        name: "email",
        summary: "Removes the person from an e-mail address and shows only public providers.",
        guarantees: """
            The local part is replaced by [user], or by a token of the whole address under the \
            month's key. The domain stays only if it is a large public provider's; a company's own \
            domain becomes [domain]. What is no single address is dropped.
            """,
        leaks: """
            Which public provider a person uses; with mode token, who is the same person within a \
            month, as long as the key lives.
            """,
        options: [
            OptionDescriptor(
                "mode",
                values: "public-only, token or drop",
                standard: "public-only",
                help: "What stands in place of the local part."
            ),
            OptionDescriptor(
                "providers",
                values: "a list of domains",
                standard: "the built-in list",
                help: "Further domains that are so large that they identify nobody."
            ),
        ],
        shorthand: "mode",
        make: make
    )

    private static func make(
        _ reader: SettingReader,
        _ environment: PlanningEnvironment
    ) -> (any Transform)? {
        let mode = reader.choice("mode", Mode.self) ?? .publicOnly
        let setting = reader.optional("providers")
        let providers = setting == nil ? [] : reader.texts("providers") ?? []
        for provider in providers where !isPlainDomain(provider) {
            reader.faults.add(
                "expected domains such as mail.example, each with a dot and without `@`",
                at: setting?.position ?? reader.position,
                path: reader.path(of: "providers")
            )
            return nil
        }
        return ReduceEmail(
            mode: mode,
            field: environment.fieldName,
            furtherProviders: providers
        )
    }

    private static func isPlainDomain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return ByteView.withView(of: bytes.span) { view in
            view.upper > 0 && view.upper <= 253
                && (0..<view.upper).allSatisfy { isDomain(view, $0) && view[$0] < 0x80 }
                && bytes.contains(UInt8(ascii: ".")) && isWholeDomain(view, from: 0)
        }
    }

    /// Providers with so many private customers that the domain tells nothing about a person.
    static let publicProviders: [String] = [
        "gmail.com", "googlemail.com", "outlook.com", "outlook.de", "outlook.fr", "hotmail.com",
        "hotmail.nl", "hotmail.be", "hotmail.se", "hotmail.no", "hotmail.dk", "hotmail.de",
        "hotmail.fr", "hotmail.it", "hotmail.es", "hotmail.co.uk", "live.com", "live.nl", "live.be",
        "live.se", "live.no", "live.dk", "live.de", "live.fr", "live.co.uk", "msn.com", "yahoo.com",
        "yahoo.co.uk", "yahoo.de", "yahoo.fr", "yahoo.it", "yahoo.es", "yahoo.se", "yahoo.no",
        "ymail.com", "rocketmail.com", "icloud.com", "me.com", "mac.com", "aol.com", "proton.me",
        "protonmail.com", "pm.me", "gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch", "web.de",
        "t-online.de", "freenet.de", "mail.com", "zoho.com", "fastmail.com", "tutanota.com",
        "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "laposte.net", "libero.it", "bluewin.ch",
        "ziggo.nl", "kpnmail.nl", "planet.nl", "xs4all.nl", "home.nl", "upcmail.nl", "casema.nl",
        "hetnet.nl", "kpnplanet.nl", "quicknet.nl", "chello.nl", "tele2.nl", "zonnet.nl",
        "telenet.be", "skynet.be", "proximus.be", "telia.com", "bredband.net", "comhem.se",
        "spray.se", "online.no", "broadpark.no", "getmail.no", "mail.dk", "stofanet.dk",
        "elisanet.fi", "kolumbus.fi", "suomi24.fi", "luukku.com", "seznam.cz", "wp.pl", "o2.pl",
        "onet.pl", "mail.ru", "yandex.ru", "qq.com", "163.com", "btinternet.com", "comcast.net",
    ]
}
