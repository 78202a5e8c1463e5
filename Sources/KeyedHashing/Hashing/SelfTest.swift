/// Checks that the keyed hash of this machine gives the published answers.
package enum HashingSelfTest {
    /// Computes RFC 4231 §4.2 (case 1) and §4.3 (case 2), each twice with one hasher, and throws
    /// `wrongAnswer` when a tag differs. Takes microseconds; to be called once at start.
    package static func run() throws {
        try check(
            key: [UInt8](repeating: 0x0b, count: 20), message: "Hi There",
            tag: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        try check(
            key: Array("Jefe".utf8), message: "what do ya want for nothing?",
            tag: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    private static func check(key: [UInt8], message: String, tag: String) throws {
        let hasher = HMACSHA256(key: try SecretKey.copying(key.span))
        let text = Array(message.utf8)
        for _ in 0..<2 {
            let got = hasher.withTag(of: text.span) { Digest256(bytes: $0) }
            guard got == Digest256(hex: tag) else { throw HashingFault.wrongAnswer }
        }
    }
}

/// Why keyed hashing cannot be trusted on this machine.
package enum HashingFault: Error, Sendable, Equatable, CustomStringConvertible {
    case wrongAnswer

    package var description: String {
        "the installed OpenSSL gives a wrong HMAC-SHA-256 for the test values of RFC 4231"
    }
}
