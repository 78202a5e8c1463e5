package import KeyedHashing

/// Gives each person the uniform number of the cell-key method (science.md §5.6): a function of the
/// token and a secret of the publication, so that nobody who sees tokens knows the noise.
package struct RecordKeys: Sendable {
    private let hmac: HMACSHA256

    /// Keys made with a secret that lives as long as the publications that use it.
    package init(_ hmac: HMACSHA256) { self.hmac = hmac }

    /// The key of a person, any of 2^64 as likely.
    package func key(of token: Token) -> UInt64 {
        var message: [UInt8] = Array("record".utf8)
        for half in [token.high, token.low] {
            for shift: UInt64 in stride(from: 56, through: 0, by: -8) {
                message.append(UInt8(truncatingIfNeeded: half &>> shift))
            }
        }
        return hmac.withTag(of: message.span) { tag in
            (0..<8).reduce(0) { $0 << 8 | UInt64(tag[$1]) }
        }
    }
}
