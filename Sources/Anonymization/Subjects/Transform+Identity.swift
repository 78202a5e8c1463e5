package import KeyedHashing
internal import Records

extension Transform {
    /// True when what the transform makes of a value can be found again by making it once more:
    /// equal values stay equal and different ones different.
    package var keepsIdentity: Bool {
        self is Pseudonymize || self is HashWithStaticKey || self is EncryptAddress
            || (self as? ReduceEmail)?.makesTokens == true
    }

    /// True when the transform takes the text for an IP address.
    package var takesAddresses: Bool {
        if let token = self as? Pseudonymize { return token.readsAddresses }
        return self is TruncateAddress || self is EncryptAddress
    }

    /// The texts that may stand for `value` in an output: one under each of the `hashers`, or just
    /// one for a key that belongs to no month. Empty when nothing made of it could be told apart.
    package func standIns(
        for value: [UInt8], under hashers: [TokenHasher]
    ) -> Set<[UInt8]> {
        guard keepsIdentity else { return [] }
        switch dependence {
        case .value: return Set([standIn(for: value, nil)].compactMap { $0 })
        case .keyEpoch: return Set(hashers.compactMap { standIn(for: value, $0) })
        case .record: return []
        }
    }

    /// What the transform makes of `value`, and may make of others, too: where it stands, nobody
    /// knows whose it is. Empty where the value stays as it is, or nothing of it, and for a
    /// transform whose results tell values apart.
    package func copies(of value: [UInt8], under hashers: [TokenHasher]) -> Set<[UInt8]> {
        if keepsIdentity { return [] }
        switch dependence {
        case .value: return Set([standIn(for: value, nil)].compactMap { $0 })
        case .keyEpoch: return Set(hashers.compactMap { standIn(for: value, $0) })
        case .record: return []
        }
    }

    /// True when `value` is what the transform makes of other values too, as 203.0.113.0 is of its
    /// whole network: where it stands, nobody knows whose it is.
    package func makesCopies(of value: [UInt8]) -> Bool {
        !keepsIdentity && dependence == .value && standIn(for: value, nil) == value
    }

    private func standIn(for value: [UInt8], _ hasher: TokenHasher?) -> [UInt8]? {
        var context = TransformContext()
        context.tokens = hasher
        var text = ByteBuffer(capacity: 64)
        switch apply(FieldValue(bytes: value.span, kind: .text), context, into: &text) {
        case .text, .plainText, .number: return text.array()
        case .unchanged, .null, .dropped: return nil
        }
    }
}
