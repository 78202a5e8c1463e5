/// A set of small dense numbers: a hash set while there are few, one bit a number when that takes
/// less room.
///
/// Tokens are numbered densely while partials are merged, so an exact count of distinct tokens
/// costs an eighth of a byte for each token there is, less than any sketch of them would.
struct NumberSet {
    private var few: Set<UInt32> = []
    private var bits: [UInt64] = []
    /// The number of members.
    private(set) var count = 0

    private static let fewMin = 1024

    /// Adds a number; true when it is new.
    mutating func insert(_ number: UInt32) -> Bool {
        if bits.isEmpty {
            guard few.insert(number).inserted else { return false }
            count += 1
            // A member of a hash set takes about as much room as 64 bits.
            if count >= Self.fewMin, count >= Int(number) / 64 { spread() }
            return true
        }
        let place = Int(number / 64)
        if place >= bits.count {
            let wanted = max(place + 1, bits.count * 2)
            bits.append(contentsOf: repeatElement(0, count: wanted - bits.count))
        }
        let bit: UInt64 = 1 << UInt64(number % 64)
        if bits[place] & bit != 0 { return false }
        bits[place] |= bit
        count += 1
        return true
    }

    private mutating func spread() {
        bits = [UInt64](repeating: 0, count: Int(few.max() ?? 0) / 64 + 1)
        for number in few { bits[Int(number / 64)] |= 1 << UInt64(number % 64) }
        few = []
    }
}
