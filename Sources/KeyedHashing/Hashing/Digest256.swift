private import CCrypto
private import Records

/// A SHA-256 digest (FIPS 180-4): names content, proves that bytes are unchanged. Not a pseudonym.
package struct Digest256: Hashable, Comparable, Sendable {
    /// The length in bytes.
    package static let byteCount = 32

    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Takes over the 32 bytes of a digest; `bytes` must hold exactly so many.
    package init(bytes: Span<UInt8>) {
        precondition(bytes.count == Self.byteCount)
        first = Self.word(bytes, at: 0)
        second = Self.word(bytes, at: 8)
        third = Self.word(bytes, at: 16)
        fourth = Self.word(bytes, at: 24)
    }

    /// The first eight bytes as a number, the first byte in its highest bits.
    package var firstBits: UInt64 { first }

    /// Reads exactly 64 lower-case hexadecimal digits; nil for anything else.
    package init?(hex: String) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var count = 0
        for digit in hex.utf8 {
            guard let value = Hexadecimal.lowerCaseValue(digit) else { return nil }
            // The four words are one number that moves up by a digit.
            words.0 = words.0 << 4 | words.1 >> 60
            words.1 = words.1 << 4 | words.2 >> 60
            words.2 = words.2 << 4 | words.3 >> 60
            words.3 = words.3 << 4 | UInt64(value)
            count += 1
        }
        guard count == 2 * Self.byteCount else { return nil }
        (first, second, third, fourth) = words
    }

    /// The digest of `bytes`.
    package static func of(_ bytes: Span<UInt8>) -> Digest256 {
        var hasher = ContentHasher()
        hasher.update(bytes)
        return hasher.digest()
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String {
        [first, second, third, fourth].map(Hexadecimal.text).joined()
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        [first, second, third, fourth].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in offset..<offset + 8 { word = word << 8 | UInt64(bytes[index]) }
        return word
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.first, left.second, left.third, left.fourth)
            < (right.first, right.second, right.third, right.fourth)
    }
}

/// Hashes a stream piece by piece; can say at any point what the digest of the bytes so far is.
///
/// Owns its state (`SHA256_Init`, `SHA256_Update`, `SHA256_Final`); the pieces may be cut anywhere.
@safe package struct ContentHasher: ~Copyable, @unchecked Sendable {
    private let state: UnsafeMutablePointer<SHA256_CTX>

    /// The number of bytes hashed so far.
    package private(set) var byteCount = 0

    /// A hasher that has seen nothing.
    package init() {
        unsafe state = .allocate(capacity: 1)
        _ = unsafe SHA256_Init(state)
    }

    deinit {
        unsafe OPENSSL_cleanse(state, MemoryLayout<SHA256_CTX>.stride)
        unsafe state.deallocate()
    }

    /// Adds the next bytes of the stream.
    package mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { view in
            _ = unsafe SHA256_Update(state, view.baseAddress, view.count)
        }
        byteCount += bytes.count
    }

    /// The digest of the bytes so far; the stream may go on afterwards.
    package borrowing func digest() -> Digest256 {
        var copy = unsafe state.pointee
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digest in
            _ = unsafe SHA256_Final(digest.baseAddress, &copy)
            return Digest256(bytes: unsafe Span(_unsafeElements: UnsafeBufferPointer(digest)))
        }
    }

    /// A second hasher that has seen the same bytes and goes its own way.
    package borrowing func copy() -> ContentHasher {
        var other = ContentHasher()
        unsafe other.state.update(from: state, count: 1)
        other.byteCount = byteCount
        return other
    }
}
