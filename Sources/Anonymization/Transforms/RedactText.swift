package import Records

/// Replaces identifiers in free text, URLs and query strings by placeholders such as `[email]`.
///
/// A value that is no text becomes null: it cannot be searched without knowing what it is.
package struct RedactText: Transform {
    private let kinds: IdentifierKinds
    private let grammar: EmailGrammar

    init(kinds: IdentifierKinds, grammar: EmailGrammar = .strict) {
        self.kinds = kinds
        self.grammar = grammar
    }

    package var isWorthRemembering: Bool { false }

    package func apply(
        _ value: borrowing FieldValue,
        _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        guard value.kind == .text || value.kind == .escapedText else { return .null }
        return ByteView.withView(of: value.bytes) { text in
            if kinds == .email, !EmailFinder.mayFind(in: text) { return .unchanged }
            return Self.redact(text, kinds, grammar, into: &output) ? .text : .unchanged
        }
    }

    /// True when there is nothing left to be found.
    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        var output = ByteBuffer(capacity: 64)
        return value.isText && apply(value, TransformContext(), into: &output) == .unchanged
    }

    /// How often a text is searched again in which something was found.
    private static let passesMax = 8

    /// Appends `text` with a placeholder for each identifier; appends nothing and answers false
    /// when there is none.
    ///
    /// What is left of addresses that run into each other can be one again, so the result is
    /// searched until there is nothing to be found; a text that does not come to rest goes whole.
    static func redact(
        _ text: ByteView,
        _ kinds: IdentifierKinds,
        _ grammar: EmailGrammar,
        into output: inout ByteBuffer
    ) -> Bool {
        let start = output.count
        guard redactOnce(text, kinds, grammar, into: &output) else { return false }
        var next = ByteBuffer(capacity: 16)
        for _ in 0..<passesMax {
            next.removeAll()
            let isChanged = ByteView.withView(of: output.bytes.extracting(start..<output.count)) {
                redactOnce($0, kinds, grammar, into: &next)
            }
            guard isChanged else { return true }
            output.truncate(to: start)
            output.append(next.bytes)
        }
        output.truncate(to: start)
        output.append("[text]")
        return true
    }

    private static func redactOnce(
        _ text: ByteView,
        _ kinds: IdentifierKinds,
        _ grammar: EmailGrammar,
        into output: inout ByteBuffer
    ) -> Bool {
        var scanner = IdentifierScanner(text, kinds: kinds, grammar: grammar)
        var copied = text.lower
        var isChanged = false
        while let found = scanner.next() {
            text.append(copied..<found.range.lowerBound, to: &output)
            output.append(placeholder(for: found.kind))
            copied = found.range.upperBound
            isChanged = true
        }
        if isChanged { text.append(copied..<text.upper, to: &output) }
        return isChanged
    }

    private static func placeholder(for kind: IdentifierKinds) -> StaticString {
        switch kind {
        case .email: "[email]"
        case .ip: "[ip]"
        case .token: "[token]"
        case .card: "[card]"
        case .iban: "[iban]"
        case .mac: "[mac]"
        default: "[phone]"
        }
    }
}

extension RedactText {
    /// The word in `kinds` for each kind, in the order of the reference page.
    private static let names: [(name: String, kind: IdentifierKinds)] = [
        ("email", .email), ("ip", .ip), ("token", .token), ("card", .card), ("iban", .iban),
        ("mac", .mac), ("phone", .phone),
    ]

    /// What is searched for when `kinds` is not written: all but telephone numbers.
    static let standardKinds: IdentifierKinds = [.email, .ip, .token, .card, .iban, .mac]

    package static let descriptor = TransformDescriptor(
        name: "redact",
        summary: "Replaces identifiers in free text, URLs and query strings by placeholders.",
        guarantees: """
            E-mail addresses (also with %40), IPv4 and IPv6 addresses (also in brackets, with a \
            port, with dashes in host names, below in-addr.arpa and ip6.arpa, percent-encoded), \
            hardware addresses, tokens of 32 characters and more (hexadecimal, base64url, UUID, \
            JSON Web Token), payment card numbers and bank account numbers with a valid check \
            become [email], [ip], [mac], [token], [card], [iban]. A value that is no text becomes \
            null. Versions such as Chrome/126.0.0.0 and algorithm names such as \
            hmac-sha2-256@openssh.com stay. These escapes, written into a text, hide nothing that \
            stands behind them: \\n, \\r, \\t, \\b, \\f, \\v, \\a, \\e, \\0, \\000 to \\037, \
            \\x22, \\u0022 and \\U00000022 with any hexadecimal digits, the backslash also as %5C, \
            and #000 to #037.
            """,
        leaks: """
            Names of persons, user names, postal addresses, customer numbers, passwords and tokens \
            shorter than 32 characters or with hardly a digit stay; so do identifiers in another \
            encoding (base64, hexadecimal host names, words for digits, the digits of an address \
            percent-encoded, its dots and colons as \\u003a), a card or account number with a \
            letter directly beside it or with dots, tabs or two spaces between its groups, a card \
            number in groups that no issuer writes, an address written like the version of a \
            product, and what stands directly behind another octal escape (\\7, \\07, \\11, \
            \\177). The text around a placeholder can identify on its own.
            """,
        options: [
            OptionDescriptor(
                "kinds",
                values: "a list of email, ip, token, card, iban, mac, phone",
                standard: "all but phone",
                help: "What is searched for."
            ),
            OptionDescriptor(
                "grammar",
                values: "strict or simple",
                standard: "strict",
                help: """
                    What counts as an e-mail address; simple is one plain pattern without \
                    exceptions.
                    """
            ),
        ],
        shorthand: "kinds",
        traits: .leavesUnfound,
        make: make
    )

    private static func make(
        _ reader: SettingReader,
        _ environment: PlanningEnvironment
    ) -> (any Transform)? {
        let grammar = reader.choice("grammar", EmailGrammar.self) ?? .strict
        guard let setting = reader.optional("kinds") else {
            return RedactText(kinds: standardKinds, grammar: grammar)
        }
        var kinds: IdentifierKinds = []
        for word in reader.texts("kinds") ?? [] {
            guard let entry = names.first(where: { $0.name == word }) else {
                reader.faults.add(
                    "unknown kind `\(word)`, expected \(names.map(\.name).joined(separator: ", "))",
                    at: setting.position,
                    path: reader.path(of: "kinds"),
                    suggestion: nearestName(to: word, among: names.map(\.name))
                )
                return nil
            }
            kinds.insert(entry.kind)
        }
        guard !kinds.isEmpty else {
            reader.faults.add(
                "`kinds` names nothing, expected at least one kind",
                at: setting.position,
                path: reader.path(of: "kinds")
            )
            return nil
        }
        return RedactText(kinds: kinds, grammar: grammar)
    }
}
