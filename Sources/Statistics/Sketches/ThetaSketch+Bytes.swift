/// The bytes of theta sketches as the DataSketches libraries define them (`theta/PreambleUtil.java`
/// of apache/datasketches-java).
///
///     0  longs in front of the hashes (1 empty or one hash, 2 exact, 3 with a threshold)
///     1  serial version     2  family 3     5  flags     6  digest of the seed, 2 bytes
///     8  number of hashes, 4 bytes    16  threshold    then the hashes, 8 bytes each
extension ThetaSketch {
    private enum Flag {
        static let bigEndian: UInt8 = 1
        static let readOnly: UInt8 = 2
        static let empty: UInt8 = 4
        static let compact: UInt8 = 8
        static let ordered: UInt8 = 16
    }

    private static let family: UInt8 = 3

    /// The compact ordered form of serial version 3: equal sketches have equal bytes.
    package var bytes: [UInt8] {
        let isSingle = hashes.count == 1 && !isEstimating
        let longs: UInt8 = isEstimating ? 3 : isEmpty || isSingle ? 1 : 2
        var flags = Flag.readOnly | Flag.compact | Flag.ordered
        if isEmpty { flags |= Flag.empty }
        var bytes: [UInt8] = [longs, 3, Self.family, 0, 0, flags]
        bytes.reserveCapacity(Int(longs) * 8 + hashes.count * 8)
        bytes.append(littleEndian: UInt64(SketchHash.seedDigest), width: 2)
        if longs > 1 { bytes.append(littleEndian: UInt64(hashes.count), width: 8) }
        if longs > 2 { bytes.append(littleEndian: theta, width: 8) }
        for hash in hashes { bytes.append(littleEndian: hash, width: 8) }
        return bytes
    }

    /// Reads the compact form of serial version 3, ordered or not, or 4 (compressed).
    ///
    /// All bytes are checked: a sketch that is made can be used without further care. The memory
    /// taken is at most 64 times that of `bytes`.
    package init(bytes: [UInt8]) throws(SketchFault) {
        let cursor = SketchCursor(bytes)
        try cursor.requireHead(family: Self.family, versions: 3...4)
        let flags = bytes[5]
        guard flags & Flag.bigEndian == 0, flags & Flag.compact != 0 else {
            throw SketchFault(.otherForm, at: 5, expected: "a compact little-endian sketch")
        }
        // Nothing has no hashes, so the seed does not matter.
        if flags & Flag.empty != 0 {
            guard bytes[1] == 3 else {
                throw SketchFault(.damaged, at: 5, expected: "hashes in a compressed sketch")
            }
            guard bytes[0] == 1 else {
                throw SketchFault(.damaged, at: 0, expected: "1 in front of an empty sketch")
            }
            try cursor.requireEnd(at: 8)
            self = .empty
            return
        }
        guard try cursor.word16(6) == Int(SketchHash.seedDigest) else {
            throw SketchFault(.otherSeed, at: 6, expected: "the digest of the seed 9001")
        }
        if bytes[1] == 4 {
            self = try Self.compressed(cursor)
        } else {
            self = try Self.plain(cursor, isOrdered: flags & Flag.ordered != 0)
        }
    }

    private static func plain(
        _ cursor: SketchCursor, isOrdered: Bool
    ) throws(SketchFault) -> ThetaSketch {
        let longs = Int(cursor.bytes[0])
        guard (1...3).contains(longs) else {
            throw SketchFault(.damaged, at: 0, expected: "1, 2 or 3")
        }
        let count = longs == 1 ? 1 : try cursor.word32(8)
        let theta = longs == 3 ? try readTheta(cursor, at: 16) : wholeTheta
        let start = longs * 8
        // A count is below 2^32, so this cannot overflow.
        try cursor.requireEnd(at: start + count * 8)
        guard count > 0 || longs == 3 else {
            throw SketchFault(.damaged, at: 8, expected: "at least one hash")
        }
        var hashes: [UInt64] = []
        hashes.reserveCapacity(count)
        for index in 0..<count { hashes.append(try cursor.word64(start + index * 8)) }
        if !isOrdered { hashes.sort() }
        var last: UInt64 = 0
        for (index, hash) in hashes.enumerated() {
            guard hash > last, hash < theta else {
                throw SketchFault(
                    .damaged, at: isOrdered ? start + index * 8 : start,
                    expected: "distinct hashes below the threshold, ascending if so marked")
            }
            last = hash
        }
        return ThetaSketch(theta: theta, sortedHashes: hashes)
    }

    private static func readTheta(
        _ cursor: SketchCursor, at offset: Int
    ) throws(SketchFault) -> UInt64 {
        let theta = try cursor.word64(offset)
        guard theta > 0, theta <= wholeTheta else {
            throw SketchFault(.damaged, at: offset, expected: "a threshold from 1 to 2^63 - 1")
        }
        return theta
    }

    /// Version 4: the differences of the ascending hashes, all with as many bits as the largest
    /// needs, the highest bit first, without gaps.
    private static func compressed(_ cursor: SketchCursor) throws(SketchFault) -> ThetaSketch {
        let longs = Int(cursor.bytes[0])
        guard (1...2).contains(longs) else {
            throw SketchFault(.damaged, at: 0, expected: "1 or 2")
        }
        let bits = Int(cursor.bytes[3])
        guard (1...63).contains(bits) else {
            throw SketchFault(.damaged, at: 3, expected: "1 to 63 bits a hash")
        }
        let countBytes = Int(cursor.bytes[4])
        guard (1...4).contains(countBytes) else {
            throw SketchFault(.damaged, at: 4, expected: "1 to 4 bytes of count")
        }
        let theta = longs == 2 ? try readTheta(cursor, at: 8) : wholeTheta
        let count = Int(try cursor.number(longs * 8, width: countBytes))
        let start = longs * 8 + countBytes
        try cursor.requireEnd(at: start + (count * bits + 7) / 8)
        guard count > 0 else {
            throw SketchFault(.damaged, at: longs * 8, expected: "at least one hash")
        }
        var reader = BitReader(cursor.bytes, at: start)
        var hashes: [UInt64] = []
        hashes.reserveCapacity(count)
        var last: UInt64 = 0
        for index in 0..<count {
            // Both are below 2^63.
            let hash = last &+ reader.next(bits)
            guard hash > last, hash < theta else {
                throw SketchFault(
                    .damaged, at: start + index * bits / 8,
                    expected: "a step up to a hash below the threshold")
            }
            hashes.append(hash)
            last = hash
        }
        return ThetaSketch(theta: theta, sortedHashes: hashes)
    }
}

/// Reads numbers of some bits each, the highest bit first; whoever calls has counted the bits.
private struct BitReader {
    private let bytes: [UInt8]
    private var at: Int
    private var left = 8

    init(_ bytes: [UInt8], at start: Int) {
        self.bytes = bytes
        at = start
    }

    mutating func next(_ bits: Int) -> UInt64 {
        var value: UInt64 = 0
        var wanted = bits
        while wanted > 0 {
            let taken = min(wanted, left)
            let chunk = UInt64(bytes[at]) >> UInt64(left - taken) & ((1 << UInt64(taken)) - 1)
            value = value << UInt64(taken) | chunk
            wanted -= taken
            left -= taken
            if left == 0 {
                at += 1
                left = 8
            }
        }
        return value
    }
}
