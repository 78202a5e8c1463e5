import KeyedHashing

/// The checksum of a partial: SHA-256 over everything in front of it. It finds damage, not forgery.
final class PartialDigest {
    static let tagBytes = Digest256.byteCount

    private var hasher = ContentHasher()

    /// Adds bytes.
    func add(_ bytes: Span<UInt8>) { hasher.update(bytes) }

    /// The digest of everything added.
    func finish() -> [UInt8] { hasher.digest().bytes }
}
