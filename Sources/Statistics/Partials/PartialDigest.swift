import KeyedHashing

/// The checksum of a partial: HMAC-SHA-256 under a fixed, public key, chained over blocks of 64
/// KiB: each step covers the tag before it and the next block. It finds damage, not forgery.
struct PartialDigest {
    static let blockBytes = 1 << 16
    static let tagBytes = HMACSHA256.tagBytes

    private let hasher: HMACSHA256
    private var block: [UInt8]

    init() throws(PartialFault) {
        let label = Array("sluice partial checksum, version 1".utf8)
        do {
            hasher = HMACSHA256(key: try SecretKey.copying(label.span))
        } catch {
            throw PartialFault(.storage)
        }
        block = [UInt8](repeating: 0, count: Self.tagBytes)
        block.reserveCapacity(Self.blockBytes + Self.tagBytes)
    }

    /// Adds bytes.
    mutating func add(_ bytes: Span<UInt8>) {
        var at = 0
        while at < bytes.count {
            let room = Self.blockBytes + Self.tagBytes - block.count
            let step = min(room, bytes.count - at)
            for index in at..<at + step { block.append(bytes[index]) }
            at += step
            if step == room { fold() }
        }
    }

    private mutating func fold() {
        let tag = hasher.withTag(of: block.span) { tag in tag.indices.map { tag[$0] } }
        block.removeAll(keepingCapacity: true)
        block.append(contentsOf: tag)
    }

    /// The tag of everything added.
    mutating func finish() -> [UInt8] {
        fold()
        return block
    }
}
