internal import Records

/// One record of a chunk, lent to the outputs while it is released.
///
/// Not copyable: a copy would count a reference for each record, which workers that share it wait
/// for.
struct RecordView: ~Copyable, ~Escapable {
    var row: Int
    let bytes: Span<UInt8>
    let reader: any RecordReader

    @_lifetime(copy bytes)
    init(row: Int, bytes: Span<UInt8>, reader: any RecordReader) {
        self.row = row
        self.bytes = bytes
        self.reader = reader
    }

    /// True when the same bytes stand at both slices.
    @inline(__always)
    func hasEqualBytes(_ one: FieldSlice, _ other: FieldSlice) -> Bool {
        guard one.length == other.length else { return false }
        let left = bytes.extracting(one.offset..<one.end)
        let right = bytes.extracting(other.offset..<other.end)
        return unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                guard let one = left.baseAddress, let other = right.baseAddress else {
                    return true
                }
                return unsafe ByteHash.isEqual(one, other, count: left.count)
            }
        }
    }
}
