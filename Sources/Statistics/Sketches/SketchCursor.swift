/// Reads little-endian numbers at given places of bytes from elsewhere; a place behind the end is a
/// fault, never a trap.
struct SketchCursor {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The number of bytes.
    var count: Int { bytes.count }

    /// Checks that at least `length` bytes are there.
    func require(_ length: Int) throws(SketchFault) {
        if bytes.count < length {
            throw SketchFault(.truncated, at: bytes.count, expected: "more bytes")
        }
    }

    /// Checks that exactly `length` bytes are there.
    func requireEnd(at length: Int) throws(SketchFault) {
        try require(length)
        if bytes.count > length {
            throw SketchFault(.trailing, at: length, expected: "the end of the sketch")
        }
    }

    /// The byte at `offset`.
    func byte(_ offset: Int) throws(SketchFault) -> UInt8 {
        try require(offset + 1)
        return bytes[offset]
    }

    /// The number in the `width` bytes (1 to 8) from `offset` on.
    @inline(__always)
    func number(_ offset: Int, width: Int) throws(SketchFault) -> UInt64 {
        try require(offset + width)
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
        return value
    }

    /// The two bytes from `offset` on.
    func word16(_ offset: Int) throws(SketchFault) -> Int {
        Int(try number(offset, width: 2))
    }

    /// The four bytes from `offset` on.
    func word32(_ offset: Int) throws(SketchFault) -> Int {
        Int(try number(offset, width: 4))
    }

    /// The eight bytes from `offset` on.
    func word64(_ offset: Int) throws(SketchFault) -> UInt64 { try number(offset, width: 8) }

    /// Checks the family and one of the serial versions, which all sketches have at the same place.
    func requireHead(
        family: UInt8, versions: ClosedRange<UInt8>
    ) throws(SketchFault) {
        try require(8)
        if bytes[2] != family {
            throw SketchFault(.otherFamily, at: 2, expected: "the family of this kind of sketch")
        }
        if !versions.contains(bytes[1]) {
            throw SketchFault(.otherVersion, at: 1, expected: "a serial version that is known")
        }
    }
}

/// Appends little-endian numbers.
extension [UInt8] {
    /// Appends the lowest `width` bytes (1 to 8) of `value`.
    mutating func append(littleEndian value: UInt64, width: Int) {
        for index in 0..<width {
            append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
        }
    }
}
