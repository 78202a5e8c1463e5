internal import Glibc

/// A KLL sketch (Karnin, Lang and Liberty 2016): a sample of a list of numbers from which every
/// percentile can be told, with an error of rank that is the same everywhere.
///
/// Level 0 holds numbers as they came, level h numbers that stand for 2^h each. When a level is
/// full it is sorted, and every other number goes up. Which half goes is drawn from the number of
/// values and the level, so the same numbers in the same order give the same bytes, and a sketch
/// read from bytes goes on like the one that wrote them. Another order gives other bytes: exports
/// add numbers sorted.
package struct KLLSketch<Item: KLLItem>: Sendable, Equatable {
    /// The size of the top level.
    package let k: Int
    /// The least size that went into it, which decides the error.
    private(set) var leastK: Int
    /// The number of values.
    package private(set) var count: UInt64 = 0
    /// The smallest and the greatest value; nil of an empty sketch.
    package private(set) var least: Item?
    package private(set) var greatest: Item?
    /// The numbers kept; all levels but 0 are sorted.
    private(set) var levels: [[Item]] = [[]]
    private var kept = 0
    /// The numbers that each level and all of them may hold.
    private var sizes: [Int]
    private var room: Int

    /// The least size of a level.
    static var levelMin: Int { 8 }
    /// The most levels.
    static var levelsMax: Int { 60 }
    /// The most values: what levels can stand for.
    static var countMax: UInt64 { 1 << UInt64(levelsMax - 1) }

    /// An empty sketch; `k` must be from 8 to 65,535.
    package init(k: Int = SketchDescriptor.kll.standardSize) {
        precondition(SketchDescriptor.kll.sizes.contains(k))
        self.k = k
        leastK = k
        sizes = KLLCapacity.levels(1, k: k)
        room = sizes.reduce(0, +)
    }

    /// A sketch of checked parts.
    init(
        k: Int, leastK: Int, count: UInt64, least: Item, greatest: Item, levels: [[Item]]
    ) {
        self.k = k
        self.leastK = leastK
        self.count = count
        self.least = least
        self.greatest = greatest
        self.levels = levels
        kept = levels.reduce(0) { $0 + $1.count }
        sizes = KLLCapacity.levels(levels.count, k: k)
        room = sizes.reduce(0, +)
    }

    /// True when the sketch holds a sample only.
    package var isEstimating: Bool { levels.count > 1 }

    /// Adds a value; one that has no order (NaN) is left out.
    @specialized(where Item == Double)
    @specialized(where Item == Int64)
    package mutating func insert(_ item: Item) {
        guard item.isOrdered, count < Self.countMax else { return }
        if kept >= room { compress() }
        levels[0].append(item)
        kept &+= 1
        count &+= 1
        widen(item, item)
    }

    /// Adds a value `times` times: for each one bit of the number a place in the level that stands
    /// for it. Values beyond 2^59 in all are left out.
    @specialized(where Item == Double)
    @specialized(where Item == Int64)
    package mutating func insert(_ item: Item, times: UInt64) {
        let times = min(times, Self.countMax - count)
        guard item.isOrdered, times > 0 else { return }
        for level in 0..<Self.levelsMax where times >> UInt64(level) & 1 == 1 {
            while levels.count <= level { addLevel() }
            let place = level == 0 ? levels[0].count : levels[level].partition(above: item)
            levels[level].insert(item, at: place)
            kept += 1
        }
        count += times
        widen(item, item)
        while kept > room { compress() }
    }

    /// Adds everything that `other` has seen.
    @specialized(where Item == Double)
    @specialized(where Item == Int64)
    package mutating func merge(_ other: KLLSketch) {
        guard let otherLeast = other.least, let otherGreatest = other.greatest,
            other.count <= Self.countMax - count
        else { return }
        while levels.count < other.levels.count { addLevel() }
        levels[0] += other.levels[0]
        for level in other.levels.indices.dropFirst() {
            levels[level] = Self.merged(levels[level], other.levels[level])
        }
        kept += other.kept
        count += other.count
        if other.isEstimating { leastK = min(leastK, other.leastK) }
        widen(otherLeast, otherGreatest)
        while kept > room { compress() }
    }

    @inline(__always)
    private mutating func widen(_ low: Item, _ high: Item) {
        if least.map({ low < $0 }) ?? true { least = low }
        if greatest.map({ high > $0 }) ?? true { greatest = high }
    }

    private mutating func addLevel() {
        levels.append([])
        sizes = KLLCapacity.levels(levels.count, k: k)
        room = sizes.reduce(0, +)
    }

    /// Halves the lowest level that is full.
    private mutating func compress() {
        // Whenever all is full, some level is.
        guard let level = levels.indices.first(where: { levels[$0].count >= sizes[$0] }) else {
            return
        }
        if level == levels.count - 1 { addLevel() }
        if level == 0 { levels[0].sort() }
        // Taken out, so that each has one owner while it is written to.
        var lower = levels[level]
        var upper = levels[level + 1]
        levels[level] = []
        levels[level + 1] = []
        // An odd one stays.
        let rest = lower.count & 1
        let half = lower.count / 2
        Self.raise(lower, from: rest + coin(level), into: &upper)
        lower.removeLast(lower.count - rest)
        kept -= half
        levels[level] = lower
        levels[level + 1] = upper
    }

    /// Merges every other one of `lower` from `first` on into `upper`, from the end, in place.
    private static func raise(_ lower: [Item], from first: Int, into upper: inout [Item]) {
        var low = first + (lower.count - first - 1) / 2 * 2
        var high = upper.count - 1
        upper.append(contentsOf: repeatElement(lower[first], count: (low - first) / 2 + 1))
        var place = upper.count - 1
        while low >= first {
            if high >= 0, upper[high] > lower[low] {
                upper[place] = upper[high]
                high -= 1
            } else {
                upper[place] = lower[low]
                low -= 2
            }
            place -= 1
        }
    }

    /// 0 or 1, as good as drawn (the finish of SplitMix64).
    private func coin(_ level: Int) -> Int {
        var word = count &+ UInt64(kept) << 40 &+ UInt64(level) << 58
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return Int(word >> 63)
    }

    private static func merged(_ left: [Item], _ right: [Item]) -> [Item] {
        if left.isEmpty { return right }
        if right.isEmpty { return left }
        var both: [Item] = []
        both.reserveCapacity(left.count + right.count)
        var at = 0
        for item in right {
            while at < left.count, left[at] <= item {
                both.append(left[at])
                at += 1
            }
            both.append(item)
        }
        both.append(contentsOf: left[at...])
        return both
    }
}

extension KLLSketch {
    /// The value below or at which at least the share `share` (0 to 1) of the values lies; nil of
    /// an empty sketch.
    package func quantile(_ share: Double) -> Item? {
        if count == 0 { return nil }
        if share <= 0 { return least }
        let wanted = max(1, (share * Double(count)).rounded(.up))
        if wanted >= Double(count) { return greatest }
        var seen = 0.0
        for (item, weight) in weighted() {
            seen += Double(weight)
            if seen >= wanted { return item }
        }
        return greatest
    }

    /// The share of values that are not above `item`, 0 to 1; 0 of an empty sketch.
    package func rank(_ item: Item) -> Double {
        var below: UInt64 = 0
        for (level, items) in levels.enumerated() {
            for known in items where known <= item { below += 1 << UInt64(level) }
        }
        return count == 0 ? 0 : Double(below) / Double(count)
    }

    private func weighted() -> [(item: Item, weight: UInt64)] {
        var all: [(item: Item, weight: UInt64)] = []
        all.reserveCapacity(kept)
        for (level, items) in levels.enumerated() {
            for item in items { all.append((item, 1 << UInt64(level))) }
        }
        all.sort { $0.item < $1.item }
        return all
    }

    /// How far off the rank of a percentile may be, in 99 of 100 cases, as a share of all values.
    package var rankError: Double {
        isEstimating ? 2.296 / pow(Double(leastK), 0.9021) : 0
    }
}

extension Array where Element: KLLItem {
    /// The first place in a sorted list whose value is above `item`.
    fileprivate func partition(above item: Element) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] <= item { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// How many numbers levels may hold: the top one k, each below two thirds of the next, none fewer
/// than eight. All readers compute the same, for the places in the bytes depend on it.
enum KLLCapacity {
    /// The numbers of level `level` of `levels`.
    static func level(_ level: Int, k: Int, levels: Int) -> Int {
        max(KLLSketch<Int64>.levelMin, twoThirds(k, power: levels - level - 1))
    }

    /// The numbers of each of `count` levels, at most 60.
    static func levels(_ count: Int, k: Int) -> [Int] {
        (0..<count).map { level($0, k: k, levels: count) }
    }

    /// The numbers of all of `levels` levels, at most 60.
    static func total(k: Int, levels count: Int) -> Int { levels(count, k: k).reduce(0, +) }

    /// k * (2/3)^power, rounded half up; in two steps where 3^power does not fit.
    private static func twoThirds(_ k: Int, power: Int) -> Int {
        if power > 30 {
            return twoThirds(twoThirds(k, power: power / 2), power: power - power / 2)
        }
        var threes = 1
        for _ in 0..<power { threes *= 3 }
        return ((k << (power + 1)) / threes + 1) >> 1
    }
}

extension SketchDescriptor {
    /// KLL sketches.
    package static let kll = SketchDescriptor(
        name: "kll",
        summary: "A sample of numbers that tells every percentile; smallest and greatest value "
            + "are in it as they are.",
        sizeName: "k", sizes: 8...65_535, standardSize: 200,
        errorFormula: "0 up to k values, then a rank is off by less than 2.296 / k^0.9021 of all "
            + "values in 99 of 100 cases; one standard deviation is 2.576 times less",
        standardError: { 2.296 / pow(Double($0), 0.9021) / 2.576 },
        serialBytesMax: { 36 + 30 * 4 + KLLCapacity.total(k: $0, levels: 30) * 8 },
        // A KLL sketch does not say what its items are; read as others they are nonsense.
        sparkFunction: { "kll_merge_agg_\($0 == .milliseconds ? "bigint" : "double") (Spark 4.1)" })
}
