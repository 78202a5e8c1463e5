private import Glibc

// Sketches read as `PreambleUtil.java` of each family in apache/datasketches-java lays them out, a
// number at a time, and reckoned with sets.

/// An estimate and the bounds around it.
package typealias PlainEstimate = (value: Double, lower: Double, upper: Double)

/// The bytes of a sketch.
private struct Image {
    let bytes: [UInt8]

    var count: Int { bytes.count }

    /// The little-endian number of `width` bytes at `place`; nil where there are none.
    func number(_ place: Int, _ width: Int) -> UInt64? {
        guard place + width <= bytes.count else { return nil }
        return bytes[place..<place + width].reversed().reduce(0) { $0 * 256 + UInt64($1) }
    }

    func integer(_ place: Int, _ width: Int) -> Int? {
        number(place, width).flatMap { Int(exactly: $0) }
    }

    func hasFlag(_ bit: Int) -> Bool { bytes[5] / UInt8(1 << bit) % 2 == 1 }
}

private func littleEndian(_ number: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(number >> UInt64($0 * 8) & 0xFF) }
}

/// The least number from 0 on at which `height`, which ascends where it crosses zero, is not
/// negative.
private func crossing(_ height: (Double) -> Double) -> Double {
    var (low, high) = (0.0, 1.0)
    if height(low) >= 0 { return low }
    while height(high) < 0 { high *= 2 }
    for _ in 0..<200 {
        let middle = (low + high) / 2
        if height(middle) < 0 { low = middle } else { high = middle }
    }
    return high
}

// MARK: Theta

/// A theta sketch: a threshold and the set of the hashes below it.
package struct PlainTheta: Equatable {
    package let theta: UInt64
    package let hashes: Set<UInt64>

    /// The threshold of what was seen as a whole.
    private static let whole: UInt64 = 0x7FFF_FFFF_FFFF_FFFF

    package init(theta: UInt64, hashes: Set<UInt64>) {
        self.theta = theta
        self.hashes = hashes
    }

    /// The compact forms of serial version 3, and of 4 with its steps of equal width.
    package init?(_ bytes: [UInt8]) {
        let image = Image(bytes: bytes)
        guard image.count >= 8, bytes[2] == 3, bytes[1] == 3 || bytes[1] == 4,
            !image.hasFlag(0), image.hasFlag(3)
        else { return nil }
        let isPacked = bytes[1] == 4
        if image.hasFlag(2) {
            guard !isPacked, bytes == Array(bytes.prefix(8)), bytes[0] == 1 else { return nil }
            self.init(theta: Self.whole, hashes: [])
            return
        }
        guard image.number(6, 2) == 0x93CC else { return nil }
        let longs = Int(bytes[0])
        let read = isPacked ? Self.packed(image, longs) : Self.plain(image, longs)
        guard let (theta, list) = read, (1...Self.whole).contains(theta),
            Set(list).count == list.count, list.allSatisfy({ 0 < $0 && $0 < theta })
        else { return nil }
        if isPacked || image.hasFlag(4), list != list.sorted() { return nil }
        self.init(theta: theta, hashes: Set(list))
    }

    private static func plain(_ image: Image, _ longs: Int) -> (UInt64, [UInt64])? {
        let count = longs == 1 ? 1 : image.integer(8, 4)
        let theta = longs == 3 ? image.number(16, 8) : whole
        guard (1...3).contains(longs), let count, let theta, count > 0 || longs == 3,
            image.count == 8 * longs + 8 * count
        else { return nil }
        return (theta, (0..<count).compactMap { image.number(8 * longs + 8 * $0, 8) })
    }

    private static func packed(_ image: Image, _ longs: Int) -> (UInt64, [UInt64])? {
        let (width, countWidth) = (Int(image.bytes[3]), Int(image.bytes[4]))
        let start = 8 * longs + countWidth
        let theta = longs == 2 ? image.number(8, 8) : whole
        guard (1...2).contains(longs), (1...63).contains(width), (1...4).contains(countWidth),
            let theta, let count = image.integer(8 * longs, countWidth), count > 0,
            image.count == start + (count * width + 7) / 8
        else { return nil }
        let bits = image.bytes[start...].flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        var hashes: [UInt64] = []
        for number in 0..<count {
            let step = bits[number * width..<(number + 1) * width]
            hashes.append((hashes.last ?? 0) &+ step.reduce(0) { $0 * 2 + UInt64($1) })
        }
        return (theta, hashes)
    }

    /// The compact ordered form of serial version 3.
    package var bytes: [UInt8] {
        let isWhole = theta == Self.whole
        let longs = isWhole ? hashes.count < 2 ? 1 : 2 : 3
        var bytes: [UInt8] = [UInt8(longs), 3, 3, 0, 0, isWhole && hashes.isEmpty ? 0x1E : 0x1A]
        bytes += [0xCC, 0x93]
        if longs > 1 { bytes += littleEndian(UInt64(hashes.count), 8) }
        if longs > 2 { bytes += littleEndian(theta, 8) }
        return bytes + hashes.sorted().flatMap { littleEndian($0, 8) }
    }

    /// How many there are where each is kept with the same chance: as many as would be kept so
    /// often. The bounds are where what is kept, half a hash to be continuous, lies `deviations`
    /// standard deviations of the binomial distribution off.
    package func estimate(deviations: Double) -> PlainEstimate {
        let kept = Double(hashes.count)
        if theta == Self.whole { return (kept, kept, kept) }
        let chance = Double(theta) / 0x1p63
        func bound(_ kept: Double, _ deviations: Double) -> Double {
            crossing { count in
                count * chance - kept - deviations * (count * chance * (1 - chance)).squareRoot()
            }
        }
        let lower = bound(kept - 0.5, -deviations) - 0.5
        return (kept / chance, max(kept, lower), bound(kept + 0.5, deviations) + 0.5)
    }

    /// The hashes below both thresholds, the least 2^`lgK` of them, and what comes next as the
    /// threshold.
    package func union(_ other: PlainTheta, lgK: Int) -> PlainTheta {
        let theta = min(self.theta, other.theta)
        let all = hashes.union(other.hashes).filter { $0 < theta }.sorted()
        let most = 1 << lgK
        if all.count <= most { return PlainTheta(theta: theta, hashes: Set(all)) }
        return PlainTheta(theta: all[most], hashes: Set(all[..<most]))
    }

    private var isNothing: Bool { theta == Self.whole && hashes.isEmpty }

    private static let nothing = PlainTheta(theta: whole, hashes: [])

    package func intersection(_ other: PlainTheta) -> PlainTheta {
        if isNothing || other.isNothing { return Self.nothing }
        let theta = min(self.theta, other.theta)
        let both = hashes.intersection(other.hashes)
        return PlainTheta(theta: theta, hashes: both.filter { $0 < theta })
    }

    package func subtracting(_ other: PlainTheta) -> PlainTheta {
        if isNothing || other.isNothing { return self }
        let theta = min(self.theta, other.theta)
        let rest = hashes.subtracting(other.hashes)
        return PlainTheta(theta: theta, hashes: rest.filter { $0 < theta })
    }
}

// MARK: HLL

/// An HLL sketch: the coupons themselves, or for each place the greatest rank.
package enum PlainHLL: Equatable {
    case coupons(lgK: Int, Set<UInt64>)
    case ranks([UInt8])

    /// The forms of one byte a register: a list, a set or all registers.
    package init?(_ bytes: [UInt8]) {
        let image = Image(bytes: bytes)
        guard image.count >= 8, bytes[1] == 1, bytes[2] == 7, (4...21).contains(bytes[3]),
            !image.hasFlag(0), bytes[7] / 4 % 4 == 2
        else { return nil }
        let lgK = Int(bytes[3])
        switch (bytes[7] % 4, bytes[0]) {
        case (0, 2): self.init(image, lgK, number: Int(bytes[6]), at: 8, lgSlots: 3)
        case (1, 3):
            guard let number = image.integer(8, 4) else { return nil }
            self.init(image, lgK, number: number, at: 12, lgSlots: Int(bytes[4]))
        case (2, 10):
            let ranks = Array(bytes.dropFirst(40))
            guard image.count == 40 + 1 << lgK, ranks.allSatisfy({ $0 < 64 }) else { return nil }
            guard !image.hasFlag(2) || ranks.allSatisfy({ $0 == 0 }) else { return nil }
            self = .ranks(ranks)
        default: return nil
        }
    }

    /// So many coupons one behind the other, or somewhere in a table, where 0 is nothing.
    private init?(_ image: Image, _ lgK: Int, number: Int, at start: Int, lgSlots: Int) {
        let isTable = !image.hasFlag(3)
        guard !isTable || (start == 8 ? 3...3 : 5...21).contains(lgSlots) else { return nil }
        let places = isTable ? 1 << lgSlots : number
        guard image.count == start + 4 * places else { return nil }
        let found = (0..<places).compactMap { image.number(start + 4 * $0, 4) }
        let coupons = isTable ? found.filter { $0 != 0 } : found
        guard coupons.count == number, Set(coupons).count == number,
            coupons.allSatisfy({ $0 >= 1 << 26 }), number <= Self.couponsMax(lgK),
            !image.hasFlag(2) || number == 0
        else { return nil }
        self = .coupons(lgK: lgK, Set(coupons))
    }

    /// Of small sketches a list of eight is full; of others a table of an eighth of the registers
    /// that is three quarters full.
    private static func couponsMax(_ lgK: Int) -> Int { lgK < 8 ? 7 : (1 << lgK) / 8 * 3 / 4 }

    private var lgK: Int {
        switch self {
        case .coupons(let lgK, _): lgK
        case .ranks(let ranks): ranks.count.trailingZeroBitCount
        }
    }

    /// Places of 2^`lgK` with their greatest ranks.
    private func ranks(_ lgK: Int) -> [UInt8] {
        let pairs: [(place: Int, rank: UInt8)] =
            switch self {
            case .coupons(_, let coupons):
                coupons.map { (Int($0 % (1 << 26)), UInt8($0 / (1 << 26))) }
            case .ranks(let ranks): ranks.enumerated().map { ($0.offset, $0.element) }
            }
        var ranks = [UInt8](repeating: 0, count: 1 << lgK)
        for (place, rank) in pairs {
            let place = place % ranks.count
            ranks[place] = max(ranks[place], rank)
        }
        return ranks
    }

    /// What is in either, with the registers of the smaller one.
    package func union(_ other: PlainHLL) -> PlainHLL {
        let lgK = min(self.lgK, other.lgK)
        if case .coupons(_, let mine) = self, case .coupons(_, let theirs) = other,
            mine.union(theirs).count <= Self.couponsMax(lgK)
        {
            return .coupons(lgK: lgK, mine.union(theirs))
        }
        return .ranks(zip(ranks(lgK), other.ranks(lgK)).map { max($0, $1) })
    }

    /// Of coupons their number, and what pairs of things with one coupon hide: of 2^26 places, and
    /// ranks that are alike for one pair in three. Of registers formula 19 of Ertl 2017.
    package func estimate(deviations: Double) -> PlainEstimate {
        switch self {
        case .coupons(_, let coupons):
            let number = Double(coupons.count)
            let pairs = number * (number - 1) / 2
            let value = number + pairs / (3 * pow(2, 26))
            let error = deviations * 0.409 / pow(2, 13)
            return (value, max(number, value / (1 + error)), value / (1 - error))
        case .ranks(let ranks):
            let size = Double(ranks.count)
            var counts = [Int](repeating: 0, count: 64)
            for rank in ranks { counts[Int(rank)] += 1 }
            func share(_ rank: Int) -> Double { Double(counts[rank]) / size }
            var sum = sigma(share(0))
            for rank in 1...62 { sum += share(rank) * pow(2, -Double(rank)) }
            sum += tau(1 - share(63)) * pow(2, -62)
            let value = size / (2 * log(2) * sum)
            let seen = size * (1 - share(0))
            let error = deviations * (3 * log(2) - 1).squareRoot() / size.squareRoot()
            let upper = error < 1 ? value / (1 - error) : .infinity
            return (max(value, seen), max(seen, value / (1 + error)), upper)
        }
    }

    private func sigma(_ share: Double) -> Double {
        if share == 1 { return .infinity }
        let terms = (1...60).map { pow(share, pow(2, Double($0))) * pow(2, Double($0 - 1)) }
        return share + terms.reduce(0, +)
    }

    private func tau(_ share: Double) -> Double {
        if share == 0 { return 0 }
        let terms = (1...60).map { step in
            pow(1 - pow(share, pow(2, -Double(step))), 2) * pow(2, -Double(step))
        }
        return (1 - share - terms.reduce(0, +)) / 3
    }
}

// MARK: KLL

/// A KLL sketch of numbers of eight bytes: lists of which each number of list h stands for 2^h.
package struct PlainKLL<Item: Comparable>: Equatable {
    package private(set) var k: Int
    package private(set) var leastK: Int
    package private(set) var count: Int
    package private(set) var least: Item?
    package private(set) var greatest: Item?
    private var levels: [[Item]] = [[]]

    /// The most that the levels may stand for.
    private static var countMax: Int { 1 << 59 }

    /// The compact form; `read` gives the number of eight bytes, nil for none.
    package init?(_ bytes: [UInt8], read: (UInt64) -> Item?) {
        let image = Image(bytes: bytes)
        guard image.count >= 8, bytes[2] == 15, let k = image.integer(4, 2), k >= 8, bytes[6] == 8
        else { return nil }
        func item(_ place: Int) -> Item? { image.number(place, 8).flatMap(read) }
        (self.k, leastK, count) = (k, k, 0)
        switch (bytes[0], bytes[1], bytes[3] % 2, bytes[3] / 4 % 2) {
        case (2, 1, 1, 0):
            guard image.count == 8 else { return nil }
        case (2, 2, 0, 1):
            guard image.count == 16, let only = item(8) else { return nil }
            (count, least, greatest, levels) = (1, only, only, [[only]])
        case (5, 1, 0, 0):
            guard let count = image.integer(8, 8), let leastK = image.integer(16, 2),
                (8...k).contains(leastK), (1...Self.countMax).contains(count),
                image.count > 18, (1...60).contains(bytes[18])
            else { return nil }
            let height = Int(bytes[18])
            let data = 20 + 4 * height
            let room = Self.rooms(k, height).reduce(0, +)
            let starts = (0..<height).compactMap { image.integer(20 + 4 * $0, 4) }
            let ends = starts.dropFirst() + [room]
            guard starts.count == height, zip(starts, ends).allSatisfy({ $0 <= $1 }),
                image.count == data + 16 + 8 * (room - starts[0]), let least = item(data),
                let greatest = item(data + 8)
            else { return nil }
            var levels: [[Item]] = []
            for (start, end) in zip(starts, ends) {
                let list = (start..<end).compactMap { item(data + 16 + 8 * ($0 - starts[0])) }
                guard list.count == end - start else { return nil }
                guard list.allSatisfy({ least <= $0 && $0 <= greatest }) else { return nil }
                guard levels.isEmpty || list == list.sorted() else { return nil }
                levels.append(list)
            }
            (self.count, self.leastK, self.levels) = (count, leastK, levels)
            (self.least, self.greatest) = (least, greatest)
            guard weight({ _ in true }) == Int128(count) else { return nil }
        default: return nil
        }
    }

    /// The room of each of `height` levels: the top one k, each below two thirds of the one above
    /// it, halves up, and eight at least; more than thirty steps down in two, each rounded.
    private static func rooms(_ k: Int, _ height: Int) -> [Int] {
        func down(_ size: Int, _ steps: Int) -> Int {
            if steps > 30 { return down(down(size, steps / 2), steps - steps / 2) }
            let (twos, threes) = (1 << steps, (0..<steps).reduce(1) { product, _ in product * 3 })
            return (2 * size * twos + threes) / (2 * threes)
        }
        return (0..<height).map { max(8, down(k, height - 1 - $0)) }
    }

    private func weight(_ isMeant: (Item) -> Bool) -> Int128 {
        levels.enumerated().reduce(0) { sum, level in
            sum + Int128(level.element.filter(isMeant).count) << level.offset
        }
    }

    /// The share of values that are not above `item`.
    package func rank(_ item: Item) -> Double {
        count == 0 ? 0 : Double(weight { $0 <= item }) / Double(count)
    }

    /// True when `found` may be called the value at or below which `share` of the values lie.
    package func isQuantile(_ found: Item?, _ share: Double) -> Bool {
        guard let found, count > 0 else { return found == nil && count == 0 }
        let wanted = share * Double(count)
        if share == 0 { return found == least }
        // What no double tells apart.
        let slack = count > 1 << 53 ? wanted / 0x1p40 : 0
        if wanted.rounded(.up) >= Double(count) - slack, found == greatest { return true }
        if wanted.rounded(.up) >= Double(count) { return false }
        return Double(weight { $0 < found }) < wanted + slack
            && Double(weight { $0 <= found }) >= wanted - slack
    }

    package var rankError: Double {
        levels.count == 1 ? 0 : 2.296 / pow(Double(leastK), 0.9021)
    }

    // MARK: Adding

    /// All that `other` has, level by level; more than can be counted is left out.
    package func union(_ other: PlainKLL) -> PlainKLL {
        guard let otherLeast = other.least, let otherGreatest = other.greatest,
            count + other.count <= Self.countMax
        else { return self }
        var both = self
        for (level, items) in other.levels.enumerated() { both.add(items, level) }
        both.count += other.count
        if other.levels.count > 1 { both.leastK = min(leastK, other.leastK) }
        both.least = min(least ?? otherLeast, otherLeast)
        both.greatest = max(greatest ?? otherGreatest, otherGreatest)
        both.shrink()
        return both
    }

    /// `item` so many times: once in each level that is a power of two of the number.
    package func adding(_ item: Item, times: Int) -> PlainKLL {
        let times = min(times, Self.countMax - count)
        guard times > 0 else { return self }
        var more = self
        for (level, digit) in String(times, radix: 2).reversed().enumerated() where digit == "1" {
            more.add([item], level)
        }
        more.count += times
        more.least = min(least ?? item, item)
        more.greatest = max(greatest ?? item, item)
        more.shrink()
        return more
    }

    private mutating func add(_ items: [Item], _ level: Int) {
        while levels.count <= level { levels.append([]) }
        levels[level] += items
    }

    /// As long as there is more than all levels have room for: every other number of the lowest
    /// level that is full goes up, an odd one at its front stays.
    private mutating func shrink() {
        while levels.joined().count > Self.rooms(k, levels.count).reduce(0, +) {
            let rooms = Self.rooms(k, levels.count)
            guard let level = rooms.indices.first(where: { levels[$0].count >= rooms[$0] }) else {
                return
            }
            let kept = levels.joined().count
            let sorted = levels[level].sorted()
            let odd = sorted.count % 2
            let pairs = sorted.dropFirst(odd).enumerated()
            let coin = Self.coin(count, kept, level)
            levels[level] = Array(sorted.prefix(odd))
            add(pairs.filter { $0.offset % 2 == coin }.map(\.element), level + 1)
        }
    }

    /// The finish of SplitMix64: its highest bit.
    private static func coin(_ count: Int, _ kept: Int, _ level: Int) -> Int {
        var word = UInt64(count) &+ UInt64(kept) << 40 &+ UInt64(level) << 58
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word >> 63 == 1 ? 1 : 0
    }

    /// The same numbers in the same levels, of one level in any order.
    package static func == (left: PlainKLL, right: PlainKLL) -> Bool {
        (left.k, left.leastK, left.count) == (right.k, right.leastK, right.count)
            && left.least == right.least && left.greatest == right.greatest
            && left.levels.map { $0.sorted() } == right.levels.map { $0.sorted() }
    }
}
