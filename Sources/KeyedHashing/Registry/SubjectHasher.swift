/// Whom a hold, an opt-out or a request of a person names.
package enum SubjectKind: String, Sendable, CaseIterable {
    case customer, user, address
}

/// Somebody in the registry: a kind and a keyed hash, never the identifier.
package struct SubjectHash: Hashable, Sendable {
    package let kind: SubjectKind
    package let digest: Digest256

    package init(kind: SubjectKind, digest: Digest256) {
        self.kind = kind
        self.digest = digest
    }
}

/// Makes the keyed hashes under which the registry knows customers, users and addresses.
///
/// hash = HMAC-SHA-256(registry key, "sluice-subject-1" ‖ LP(kind) ‖ LP(canonical value)), LP = the
/// length in four bytes, most significant first, and then the bytes. Allocates nothing per hash and
/// may serve several workers at once.
package final class SubjectHasher: Sendable {
    /// Names the key: `registry/` and sixteen hexadecimal digits.
    package let keyID: String
    /// Tells two keys apart beyond doubt.
    package let fingerprint: KeyFingerprint

    private let hasher: HMACSHA256
    private let prefixes: [SubjectKind: [UInt8]]

    /// A hasher for the registry's key.
    package init(key: SecretKey) {
        hasher = HMACSHA256(key: key)
        keyID = "registry/\(Hexadecimal.text(KeyID(of: hasher, epoch: nil).number))"
        fingerprint = KeyFingerprint(of: hasher)
        var prefixes: [SubjectKind: [UInt8]] = [:]
        for kind in SubjectKind.allCases { prefixes[kind] = Self.prefix(of: kind) }
        self.prefixes = prefixes
    }

    /// The hash of `canonical`, the value in the one written form of its kind.
    package func hash(_ kind: SubjectKind, _ canonical: Span<UInt8>) -> SubjectHash {
        let prefix = prefixes[kind] ?? Self.prefix(of: kind)
        return SubjectHash(
            kind: kind, digest: hasher.digest(prefix: prefix.span, framing: canonical))
    }

    private static func prefix(of kind: SubjectKind) -> [UInt8] {
        let name = Array(kind.rawValue.utf8)
        var prefix = Array("sluice-subject-1".utf8)
        let length = TokenDomain.lengthBytes(name.count)
        for index in length.indices { prefix.append(length[index]) }
        return prefix + name
    }
}
