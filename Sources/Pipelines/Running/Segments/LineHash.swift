internal import Records

/// A hash of the first bytes of one line, the same on every machine and in every version: it finds
/// candidates, which a digest then proves or refutes. Says nothing of what stands behind its reach.
enum LineHash {
    /// How many bytes of a line it looks at.
    static let reachBytes = 4096

    private static let key: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The hash of a line without its terminator.
    static func of(_ line: Span<UInt8>) -> UInt64 {
        let count = min(line.count, reachBytes)
        var hash = key ^ UInt64(truncatingIfNeeded: count)
        var at = 0
        unsafe line.withUnsafeBytes { bytes in
            while count - at >= 8 {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                hash = mix(hash ^ UInt64(littleEndian: word))
                at += 8
            }
            var last: UInt64 = 0
            while at < count {
                last = unsafe last << 8 | UInt64(bytes[at])
                at += 1
            }
            hash = mix(hash ^ last)
        }
        return hash
    }

    /// The hash of lines one after the other, from that of the first ones and the next one's.
    static func joined(_ first: UInt64, _ next: UInt64) -> UInt64 {
        mix((first << 7 | first >> 57) ^ next)
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        let product = (word ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }
}

/// How a segment begins: the joint hash of its first lines. Where these stand, the segment may.
///
/// Many lines together, because what is kept for long must not let anybody test a guess at a single
/// record. Of a segment of few lines it says no more than the digest of its content.
struct SegmentHead: Hashable {
    /// The most lines that a head joins.
    static let linesMax = 32

    /// 1 to `linesMax`.
    var lines: Int
    var hash: UInt64

    static let none = SegmentHead(lines: 0, hash: 0)

    /// The head with one line more; full heads stay as they are.
    mutating func append(_ line: UInt64) {
        guard lines < Self.linesMax else { return }
        hash = lines == 0 ? line : LineHash.joined(hash, line)
        lines += 1
    }
}
