import KeyedHashing

/// The bytes of hexadecimal text; for the tables of these tests.
func unhex(_ text: String) -> [UInt8] {
    let digits = Array(text)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
}

/// The lower-case hexadecimal text of bytes.
func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// A key of the bytes that hexadecimal text gives.
func secret(fromHex text: String) throws -> SecretKey {
    try SecretKey.copying(unhex(text).span)
}

/// The digest of an array.
func digest(_ bytes: [UInt8]) -> Digest256 { Digest256.of(bytes.span) }

extension TokenHasher {
    /// The token of an array.
    func token(_ domain: TokenDomain, _ canonical: [UInt8]) -> Token {
        token(in: domain, of: canonical.span)
    }
}
