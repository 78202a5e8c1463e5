/// Numbers that are not below zero, and which of them has which place in their order.
///
/// A long run has millions of them, one for each session: those below 2^32 take four bytes, blocks
/// never move, and a place is found by counting, without sorting and without further room.
struct MagnitudeList {
    /// The numbers below 2^32, as they came.
    private var blocks: [[UInt32]] = []
    /// All others.
    private var large: [Int64] = []
    /// How many numbers there are.
    private(set) var count = 0

    private static let blockLength = 1 << 14

    /// Adds a number.
    mutating func append(_ number: Int64) {
        count += 1
        guard let short = UInt32(exactly: number) else { return large.append(number) }
        if blocks.last?.count ?? Self.blockLength == Self.blockLength {
            blocks.append([])
            // The first one grows: most lists are short.
            if blocks.count > 1 { blocks[blocks.count - 1].reserveCapacity(Self.blockLength) }
        }
        blocks[blocks.count - 1].append(short)
    }

    /// Adds the numbers of another list.
    mutating func append(_ other: MagnitudeList) {
        blocks += other.blocks
        large += other.large
        count += other.count
    }

    /// The number that is at `rank` (1 to `count`) when they stand in their order.
    ///
    /// One byte after the other, the highest first: of the numbers that begin like the one sought,
    /// it is counted how many have which next byte. The time depends on their count alone.
    func number(atRank rank: Int) -> Int64 {
        precondition(rank >= 1 && rank <= count)
        let shortCount = count - large.count
        if rank > shortCount { return large.sorted()[rank - shortCount - 1] }
        var found: UInt64 = 0
        var left = rank - 1
        for shift in stride(from: UInt64(24), through: 0, by: -8) {
            var counts = [Int](repeating: 0, count: 256)
            for block in blocks {
                for number in block where UInt64(number) >> (shift + 8) == found {
                    counts[Int(number >> UInt32(shift) & 0xff)] += 1
                }
            }
            var byte = 0
            while left >= counts[byte] {
                left -= counts[byte]
                byte += 1
            }
            found = found << 8 | UInt64(byte)
        }
        return Int64(found)
    }

    /// All numbers in any order.
    var all: [Int64] { blocks.flatMap { $0.map(Int64.init) } + large }
}
