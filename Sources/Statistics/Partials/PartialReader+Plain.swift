/// Rows that lie in the window as a whole are read in one go: most are, and there are millions.
extension PartialReader {
    /// Steps to the next row where it is one of counters alone, has a row before it, and lies in
    /// the window; false when it is not, or when something is wrong with it: then nothing has
    /// changed, and reading it number by number says what. `counts` are the cells that cannot be
    /// below zero.
    @inline(__always)
    mutating func nextPlainRow(_ counts: [Int]) -> Bool {
        let longest = 2 + (row.key.count + row.cells.count + 1) * Self.longestNumber
        guard window.count - at >= longest else { return false }
        var place = at
        let bytes = window
        guard Self.decode(bytes.span, &place, &row, counts, &scratch) else { return false }
        at = place
        rowsRead += 1
        lastListed = 0
        lastNumber = nil
        return true
    }

    /// The most bytes of a number of 64 bits.
    private static let longestNumber = 10

    /// Reads the words that differ into `scratch` before the row is touched.
    private static func decode(
        _ bytes: Span<UInt8>, _ place: inout Int, _ row: inout PartialRow,
        _ counts: [Int], _ scratch: inout [Int64]
    ) -> Bool {
        guard bytes[place] == 1 else { return false }
        var at = place &+ 1
        let width = row.key.count
        let shared = Int(truncatingIfNeeded: bytes[at])
        at &+= 1
        guard shared < width else { return false }
        let count = width &- shared &+ row.cells.count
        if scratch.count < count { scratch = [Int64](repeating: 0, count: count) }
        for index in 0..<count {
            guard let number = number(bytes, &at) else { return false }
            scratch[index] = number
        }
        guard scratch[0] > Int64(row.key[shared]) else { return false }
        for index in 0..<(width &- shared) where scratch[index] >> 32 != 0 { return false }
        let first = width &- shared
        // Of a number with a sign the last bit is the sign.
        for cell in counts where scratch[first &+ cell] & 1 == 1 { return false }
        for index in shared..<width {
            row.key[index] = UInt32(truncatingIfNeeded: scratch[index &- shared])
        }
        for index in row.cells.indices {
            let raw = UInt64(bitPattern: scratch[first &+ index])
            row.cells[index] = Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
        }
        place = at
        return true
    }

    /// A number of at most 63 bits; nil for a longer one.
    @inline(__always)
    private static func number(_ bytes: Span<UInt8>, _ at: inout Int) -> Int64? {
        let first = bytes[at]
        at &+= 1
        if first < 0x80 { return Int64(first) }
        var value = Int64(first & 0x7f)
        var shift: Int64 = 7
        while shift < 63 {
            let byte = bytes[at]
            at &+= 1
            value |= Int64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        return nil
    }
}
