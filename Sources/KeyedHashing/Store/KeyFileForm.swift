private import Records

/// The form of the file that holds one epoch's key.
///
///     "SLUICEKEY" · version 1 · month "yyyy-MM" · length of zone · zone · key (32) · SHA-256 (32)
///
/// The digest covers everything before it; a file is good only when every byte of it is as it was
/// written. It protects against damage, not against an owner who rewrites it.
enum KeyFileForm {
    static let version: UInt8 = 1
    static let keyBytes = 32
    static let versionOffset = "SLUICEKEY".utf8.count
    static let fileBytesMax = 512

    /// The content of a file that begins with `head`, in protected memory.
    static func encode(_ key: SecretKey, head: [UInt8]) throws(KeyFault) -> SecretKey {
        let total = head.count + keyBytes + Digest256.byteCount
        return try unsafe SecretKey.filled(count: total) { room throws(KeyFault) in
            unsafe room.copyBytes(from: head)
            unsafe key.withBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: room[head.count...])
                    .copyMemory(from: bytes)
            }
            let digest = unsafe digest(of: UnsafeRawBufferPointer(room), head.count + keyBytes)
            unsafe UnsafeMutableRawBufferPointer(rebasing: room[(head.count + keyBytes)...])
                .copyBytes(from: digest.bytes)
        }
    }

    /// The key in a file that begins with `head`, or nil when the content is not exactly what
    /// `encode` makes.
    static func decode(_ content: SecretKey, head: [UInt8]) throws(KeyFault) -> SecretKey? {
        let covered = head.count + keyBytes
        guard content.count == covered + Digest256.byteCount else { return nil }
        let isGood = unsafe content.withBytes { bytes in
            unsafe bytes.starts(with: head)
                && bytes[covered...].elementsEqual(digest(of: bytes, covered).bytes)
        }
        guard isGood else { return nil }
        return try unsafe SecretKey.filled(count: keyBytes) { room throws(KeyFault) in
            unsafe content.withBytes { bytes in
                unsafe room.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[head.count..<covered]))
            }
        }
    }

    /// What the file of a key that is no epoch's begins with.
    static func head(named name: String) -> [UInt8] {
        Array("SLUICEKEY".utf8) + [version] + Array(name.utf8)
    }

    static func head(of epoch: KeyEpoch) -> [UInt8] {
        Array("SLUICEKEY".utf8) + [version] + Array(epoch.month.text.utf8)
            + [UInt8(truncatingIfNeeded: epoch.zone.utf8.count)] + Array(epoch.zone.utf8)
    }

    private static func digest(of bytes: UnsafeRawBufferPointer, _ count: Int) -> Digest256 {
        let start = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<count])
        return unsafe Digest256.of(
            Span(_unsafeElements: start.assumingMemoryBound(to: UInt8.self)))
    }
}
