private import KeyedHashing
package import Records

/// `pseudonymize`: a token under the key of the event's month stands for the value.
package struct Pseudonymize: Transform {
    /// Which spellings count as the same value.
    package enum Canonical: String, Sendable, CaseIterable {
        /// The decoded bytes as they are.
        case text
        /// The sixteen bytes of an IP address in canonical form: `::ffff:192.0.2.1` and
        /// `64:ff9b::192.0.2.1` are `192.0.2.1`.
        case address
    }

    package static let descriptor = TransformDescriptor(
        name: "pseudonymize",
        summary: "Replaces the value by a token of 32 hexadecimal digits, made with the key of the "
            + "event's month.",
        guarantees: "Equal values of a field have equal tokens within a month and unrelated ones "
            + "in different months. Once the month's key is destroyed nobody can compute a token "
            + "again; without the key the field is dropped.",
        leaks: "Within a month the records of one person can be linked, and whoever holds the key "
            + "can test whether a token belongs to a known value. The output is pseudonymised, not "
            + "anonymous.",
        options: [
            OptionDescriptor(
                "scope", values: "any text", standard: "empty text",
                help: "Tokens of different scopes are unrelated: a scope for each recipient keeps "
                    + "recipients from comparing what they got."),
            OptionDescriptor(
                "as", values: "text or address", standard: "text",
                help: "address: every spelling of an IP address gives one token, each address of a "
                    + "list gives its own, and what is no address is dropped."),
        ],
        shorthand: "as",
        traits: [.monthKey, .keepsIdentity],
        make: { settings, environment in
            let faultsBefore = settings.faults.all.count
            let scope = settings.text("scope") ?? ""
            let canonical = settings.choice("as", Canonical.self) ?? .text
            guard settings.faults.all.count == faultsBefore else { return nil }
            return Pseudonymize(field: environment.fieldName, scope: scope, as: canonical)
        })

    private let domain: TokenDomain
    private let canonical: Canonical

    /// Makes tokens in the domain of `scope` and `field`.
    package init(field: String, scope: String = "", as canonical: Canonical = .text) {
        domain = TokenDomain(scope: scope, field: field)
        self.canonical = canonical
    }

    package var dependence: TransformDependence { .keyEpoch }

    /// True when tokens are made of addresses, however they are spelled.
    package var readsAddresses: Bool { canonical == .address }

    package var isRepeatable: Bool { false }

    /// True for a token, or a list of them.
    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        guard value.isText else { return false }
        if ReleasedForm.isHexadecimal(value.bytes, digits: ReleasedForm.tokenDigits) { return true }
        return canonical == .address && ReleasedForm.isTokenList(value.bytes)
    }

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        let isText = value.kind == .text || value.kind == .escapedText
        guard isText || value.kind == .number else { return .dropped }
        // An empty text names nobody, and a token would make one person of everybody without a
        // name.
        if value.bytes.isEmpty { return .unchanged }
        guard let tokens = context.tokens else { return .dropped }
        switch canonical {
        case .text:
            tokens.appendToken(in: domain, of: value.bytes, to: &output)
            return .plainText
        case .address:
            guard isText else { return .dropped }
            return AddressReading().rewrite(value.bytes, into: &output) { address, output in
                let bytes = address.canonical.networkBytes
                tokens.appendToken(in: domain, of: bytes.span, to: &output)
                return true
            }
        }
    }
}
