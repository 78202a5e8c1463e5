/// Numbers that are not below zero, and which of them has which place in their order.
///
/// A long run has millions of them, one for each session: those below 2^32 take four bytes, blocks
/// never move, and a place is found by counting, without sorting and without further room. A list
/// that may put numbers aside holds a quarter of a megabyte of them.
///
/// What was put aside belongs to the list that did so: a copy may be read, not added to.
struct MagnitudeList {
    /// The numbers below 2^32, as they came, but for those in files.
    private var blocks: [[UInt32]] = []
    /// The file of this list.
    private var file: (any SpillFile)?
    /// The files of lists that were added to it.
    private var otherFiles: [any SpillFile] = []
    /// All numbers that are not below 2^32.
    private var large: [Int64] = []
    /// How many numbers there are.
    private(set) var count = 0

    private static let blockLength = 1 << 14
    /// The most blocks that stay in memory where they can be put aside.
    private static let blocksMax = 4
    /// Of a number in a file, lowest byte first.
    private static let numberBytes = 4

    /// Adds a number; `spill` takes what is too much for memory.
    mutating func append(
        _ number: Int64, puttingAside spill: NumberSpill? = nil
    ) throws(PartialFault) {
        count += 1
        guard let short = UInt32(exactly: number) else { return large.append(number) }
        if blocks.last?.count ?? Self.blockLength == Self.blockLength {
            if let spill, blocks.count >= Self.blocksMax { try putAside(spill) }
            blocks.append([])
            // The first one grows: most lists are short.
            if blocks.count > 1 { blocks[blocks.count - 1].reserveCapacity(Self.blockLength) }
        }
        blocks[blocks.count - 1].append(short)
    }

    private mutating func putAside(_ spill: NumberSpill) throws(PartialFault) {
        let file = if let file { file } else { try spill.makeFile() }
        self.file = file
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.blockLength * Self.numberBytes)
        for block in blocks {
            bytes.removeAll(keepingCapacity: true)
            for number in block {
                for shift in stride(from: UInt32(0), through: 24, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: number >> shift))
                }
            }
            do { try file.append(bytes.span) } catch { throw PartialFault(error) }
        }
        blocks.removeAll(keepingCapacity: true)
    }

    /// Adds the numbers of another list, which is not added to any more.
    mutating func append(_ other: MagnitudeList) {
        blocks += other.blocks
        otherFiles += other.files
        large += other.large
        count += other.count
    }

    private var files: [any SpillFile] { [file].compactMap(\.self) + otherFiles }

    /// The number that is at `rank` (1 to `count`) when they stand in their order.
    ///
    /// One part of its bits after the other, the highest first: of the numbers that begin like the
    /// one sought, it is counted how many have which next bits. The time depends on their count
    /// alone.
    func number(atRank rank: Int) throws(PartialFault) -> Int64 {
        precondition(rank >= 1 && rank <= count)
        let shortCount = count - large.count
        if rank > shortCount { return large.sorted()[rank - shortCount - 1] }
        // Of many numbers each look at all of them takes longer than many counters.
        let bits: UInt64 = shortCount > Self.blockLength ? 16 : 8
        var found: UInt64 = 0
        var left = rank - 1
        var shift: UInt64 = 32
        while shift > 0 {
            shift -= bits
            var counts = [Int](repeating: 0, count: 1 << Int(bits))
            let mask = UInt64(1) << bits - 1
            try forEachShort { number in
                let begin = UInt64(number) >> shift
                if begin >> bits == found { counts[Int(begin & mask)] += 1 }
            }
            var next = 0
            while left >= counts[next] {
                left -= counts[next]
                next += 1
            }
            found = found << bits | UInt64(next)
        }
        return Int64(found)
    }

    /// All numbers in any order.
    func all() throws(PartialFault) -> [Int64] {
        var all = large
        try forEachShort { all.append(Int64($0)) }
        return all
    }

    /// Takes a look at each number below 2^32.
    @inline(__always)
    private func forEachShort(_ look: (UInt32) -> Void) throws(PartialFault) {
        for block in blocks { for number in block { look(number) } }
        var bytes: [UInt8] = []
        for file in files {
            var at = 0
            while at < file.count {
                let length = Self.blockLength * Self.numberBytes
                do { try file.read(at: at, atMost: length, into: &bytes) } catch {
                    throw PartialFault(error)
                }
                guard !bytes.isEmpty, bytes.count.isMultiple(of: Self.numberBytes) else {
                    throw PartialFault(.damaged, byteOffset: at)
                }
                for start in stride(from: 0, to: bytes.count, by: Self.numberBytes) {
                    look(
                        UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8
                            | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24)
                }
                at += bytes.count
            }
        }
    }
}
