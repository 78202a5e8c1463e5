/// The bytes of KLL sketches as the DataSketches libraries define them (`kll/KllPreambleUtil.java`
/// of apache/datasketches-java), numbers of eight bytes.
///
///     0  ints in front (2 empty or one value, 5)    1  serial version (1, of one value 2)
///     2  family 15    3  flags    4  k, 2 bytes    6  least level size 8    8  count, 8 bytes
///     16  least k, 2 bytes    18  levels    20  where each level begins, 4 bytes each
///     then the smallest value, the greatest, and the levels
///
/// Places are counted as in the memory of the libraries, where free room comes first.
extension KLLSketch {
    private enum Flag {
        static var empty: UInt8 { 1 }
        static var sorted: UInt8 { 2 }
        static var single: UInt8 { 4 }
    }

    private static var family: UInt8 { 15 }
    private static var levelsStart: Int { 20 }

    /// The compact form, level 0 sorted.
    package var bytes: [UInt8] {
        let isSingle = count == 1
        let flags = count == 0 ? Flag.empty : isSingle ? Flag.single : Flag.sorted
        var bytes: [UInt8] = [count > 1 ? 5 : 2, isSingle ? 2 : 1, Self.family, flags]
        bytes.append(littleEndian: UInt64(k), width: 2)
        bytes += [UInt8(Self.levelMin), 0]
        guard count > 0, let least, let greatest else { return bytes }
        if isSingle {
            bytes.append(littleEndian: least.serialBits, width: 8)
            return bytes
        }
        bytes.append(littleEndian: count, width: 8)
        bytes.append(littleEndian: UInt64(leastK), width: 2)
        bytes += [UInt8(levels.count), 0]
        var place = KLLCapacity.total(k: k, levels: levels.count)
        for items in levels { place -= items.count }
        for items in levels {
            bytes.append(littleEndian: UInt64(place), width: 4)
            place += items.count
        }
        bytes.append(littleEndian: least.serialBits, width: 8)
        bytes.append(littleEndian: greatest.serialBits, width: 8)
        for (level, items) in levels.enumerated() {
            for item in level == 0 ? items.sorted() : items {
                bytes.append(littleEndian: item.serialBits, width: 8)
            }
        }
        return bytes
    }

    /// Reads the compact form; whoever reads must know of which numbers the sketch is.
    ///
    /// All bytes are checked: a sketch that is made can be used without further care.
    package init(bytes: [UInt8]) throws(SketchFault) {
        let cursor = SketchCursor(bytes)
        try cursor.requireHead(family: Self.family, versions: 1...2)
        let k = try cursor.word16(4)
        guard SketchDescriptor.kll.sizes.contains(k) else {
            throw SketchFault(.damaged, at: 4, expected: "a size from 8 to 65,535")
        }
        guard Int(bytes[6]) == Self.levelMin else {
            throw SketchFault(.otherForm, at: 6, expected: "8, the least size of a level")
        }
        let isEmpty = bytes[3] & Flag.empty != 0
        let isSingle = bytes[1] == 2
        guard isSingle == (bytes[3] & Flag.single != 0), !(isEmpty && isSingle) else {
            throw SketchFault(.damaged, at: 3, expected: "flags that fit the serial version")
        }
        guard bytes[0] == (isEmpty || isSingle ? 2 : 5) else {
            throw SketchFault(.damaged, at: 0, expected: "2 or 5, as the flags say")
        }
        self.init(k: k)
        if isEmpty {
            try cursor.requireEnd(at: 8)
        } else if isSingle {
            try cursor.requireEnd(at: 16)
            insert(try Self.item(cursor, 8))
        } else {
            self = try Self.full(cursor, k: k)
        }
    }

    private static func item(_ cursor: SketchCursor, _ offset: Int) throws(SketchFault) -> Item {
        if let item = Item(serialBits: try cursor.word64(offset)) { return item }
        throw SketchFault(.damaged, at: offset, expected: "a number")
    }

    private static func full(_ cursor: SketchCursor, k: Int) throws(SketchFault) -> KLLSketch {
        let count = try cursor.word64(8)
        let leastK = try cursor.word16(16)
        guard (SketchDescriptor.kll.sizes.lowerBound...k).contains(leastK) else {
            throw SketchFault(.damaged, at: 16, expected: "a size from 8 to k")
        }
        let sizes = try levelSizes(cursor, k: k)
        let start = levelsStart + sizes.count * 4
        let kept = sizes.reduce(0, +)
        try cursor.requireEnd(at: start + 16 + kept * 8)
        let least = try item(cursor, start)
        let greatest = try item(cursor, start + 8)
        var levels: [[Item]] = []
        var weight: UInt64 = 0
        var offset = start + 16
        for (level, size) in sizes.enumerated() {
            levels.append(
                try items(
                    cursor, offset, size, least: least, greatest: greatest,
                    isSorted: level > 0))
            offset += size * 8
            // At most 2^25 numbers of at most 2^59 each: no more than 2^84.
            let (share, isOver) = UInt64(size).multipliedReportingOverflow(by: 1 << UInt64(level))
            let (sum, isSumOver) = weight.addingReportingOverflow(share)
            guard !isOver, !isSumOver, sum <= count else {
                throw SketchFault(.damaged, at: 8, expected: "the number of values in the levels")
            }
            weight = sum
        }
        guard weight == count, count > 0, count <= countMax else {
            throw SketchFault(.damaged, at: 8, expected: "the number of values in the levels")
        }
        return KLLSketch(
            k: k, leastK: leastK, count: count, least: least, greatest: greatest,
            levels: levels)
    }

    /// The `size` numbers of a level.
    private static func items(
        _ cursor: SketchCursor, _ start: Int, _ size: Int, least: Item, greatest: Item,
        isSorted: Bool
    ) throws(SketchFault) -> [Item] {
        var items: [Item] = []
        items.reserveCapacity(size)
        for offset in stride(from: start, to: start + size * 8, by: 8) {
            let item = try item(cursor, offset)
            let isInOrder = !isSorted || items.last ?? item <= item
            guard item >= least, item <= greatest, isInOrder else {
                throw SketchFault(
                    .damaged, at: offset,
                    expected: "a number between the smallest and the greatest, in order")
            }
            items.append(item)
        }
        return items
    }

    private static func levelSizes(_ cursor: SketchCursor, k: Int) throws(SketchFault) -> [Int] {
        let levels = Int(try cursor.byte(18))
        guard (1...levelsMax).contains(levels) else {
            throw SketchFault(.damaged, at: 18, expected: "1 to 60 levels")
        }
        let end = KLLCapacity.total(k: k, levels: levels)
        var sizes: [Int] = []
        var place = try cursor.word32(levelsStart)
        for level in 0..<levels {
            let isLast = level == levels - 1
            let next = isLast ? end : try cursor.word32(levelsStart + (level + 1) * 4)
            guard place <= next, next <= end else {
                throw SketchFault(
                    .damaged, at: levelsStart + level * 4, expected: "places that ascend")
            }
            sizes.append(next - place)
            place = next
        }
        return sizes
    }
}
