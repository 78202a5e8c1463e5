package import Records

/// Makes the tokens of one key: an epoch's key, or a static one.
///
/// Stateless after its making, allocates nothing per token and may serve several workers at once.
package final class TokenHasher: Sendable {
    /// Names the key without telling anything about it.
    package let keyID: KeyID

    private let hasher: HMACSHA256

    /// A hasher for the key of `epoch`, or for a static key when there is no epoch.
    package init(key: SecretKey, epoch: KeyEpoch?) {
        hasher = HMACSHA256(key: key)
        keyID = KeyID(of: hasher, epoch: epoch)
    }

    /// Another hasher for the key of `other`, with which it shares the protected memory: the key is
    /// wiped when both are gone.
    package init(sharing other: TokenHasher) {
        hasher = other.hasher
        keyID = other.keyID
    }

    /// The token of `canonical` in `domain`.
    ///
    /// `canonical` is the value in the one written form of its kind: tokens compare bytes.
    package func token(in domain: TokenDomain, of canonical: Span<UInt8>) -> Token {
        hasher.token(prefix: domain.prefix.span, framing: canonical)
    }

    /// Appends the token of `canonical` in `domain` as 32 lower-case hexadecimal digits.
    package func appendToken(
        in domain: TokenDomain, of canonical: Span<UInt8>, to buffer: inout ByteBuffer
    ) {
        buffer.append(tokenHex: token(in: domain, of: canonical))
    }

    /// A secret of its own for another use of the key, the same each time: who has it can make no
    /// token, and it dies with the key.
    package func secret(for use: String) throws(SecretFault) -> HMACSHA256 {
        let message = [Self.secretVersion] + Array(use.utf8)
        let key = hasher.withTag(of: message.span) { tag in
            Result { () throws(SecretFault) in try SecretKey.copying(tag) }
        }
        return HMACSHA256(key: try key.get())
    }

    /// No message of a token begins with it (`TokenDomain.version`).
    private static let secretVersion: UInt8 = 0x85
}
