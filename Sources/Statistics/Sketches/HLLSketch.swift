internal import Glibc
package import KeyedHashing

/// An HLL sketch of one byte a register (HLL_8): counts a set in 2^lgK bytes, and can do nothing
/// but count and be merged.
///
/// While the set is small, its hashes themselves are kept (coupons of 26 bits of place and 6 bits
/// of rank); beyond, each register keeps the greatest rank of its place. Neither depends on the
/// order of the items, and the running estimate that the libraries keep beside the registers, which
/// does, is left out: the bytes are those of a union. So equal sets give equal bytes.
///
/// Flajolet, Fusy, Gandouet and Meunier 2007; the estimate is Ertl's improved one (2017, section
/// 4), which needs no tables and is unbiased at every size. Spark's and the libraries' own
/// estimates of the same bytes differ from it by less than the stated error.
package struct HLLSketch: Sendable, Equatable {
    /// The binary logarithm of the number of registers.
    package private(set) var lgK: Int
    private(set) var content: Content

    enum Content: Sendable, Equatable {
        case coupons(Set<UInt32>)
        /// Ranks, 0 where nothing came.
        case registers([UInt8])
    }

    /// An empty sketch of 2^`lgK` registers; `lgK` must be from 4 to 21.
    package init(lgK: Int = SketchDescriptor.hll.standardSize) {
        self.init(lgK: lgK, content: .coupons([]))
    }

    init(lgK: Int, content: Content) {
        precondition(SketchDescriptor.hll.sizes.contains(lgK))
        self.lgK = lgK
        self.content = content
    }

    /// The most coupons kept before registers take over, as in the libraries.
    static func couponsMax(lgK: Int) -> Int { lgK < 8 ? 7 : 3 << (lgK - 5) }

    /// Adds a token.
    @inline(__always)
    package mutating func insert(_ token: Token) { insert(coupon: SketchHash(token).coupon) }

    /// Adds an item by the coupon of its hash.
    package mutating func insert(coupon: UInt32) {
        switch content {
        case .registers(var registers):
            // The array must have one owner while it is written to.
            content = .coupons([])
            Self.raise(&registers, coupon)
            content = .registers(registers)
        case .coupons(var coupons):
            content = .coupons([])
            coupons.insert(coupon)
            content = .coupons(coupons)
            if coupons.count > Self.couponsMax(lgK: lgK) { promote() }
        }
    }

    /// Adds everything that `other` has seen. The sketch takes on the smaller of the two sizes.
    package mutating func merge(_ other: HLLSketch) {
        shrink(to: other.lgK)
        switch other.content {
        case .coupons(let coupons): for coupon in coupons { insert(coupon: coupon) }
        case .registers(let ranks):
            var registers = Self.registers(content, lgK: lgK)
            content = .coupons([])
            let mask = registers.count - 1
            for place in ranks.indices where ranks[place] > registers[place & mask] {
                registers[place & mask] = ranks[place]
            }
            content = .registers(registers)
        }
    }

    private mutating func shrink(to size: Int) {
        if size >= lgK { return }
        lgK = size
        switch content {
        case .coupons(let coupons):
            if coupons.count > Self.couponsMax(lgK: size) { promote() }
        case .registers(let ranks):
            var registers = [UInt8](repeating: 0, count: 1 << size)
            let mask = registers.count - 1
            for place in ranks.indices where ranks[place] > registers[place & mask] {
                registers[place & mask] = ranks[place]
            }
            content = .registers(registers)
        }
    }

    private mutating func promote() {
        content = .registers(Self.registers(content, lgK: lgK))
    }

    private static func registers(_ content: Content, lgK: Int) -> [UInt8] {
        switch content {
        case .registers(let registers): return registers
        case .coupons(let coupons):
            var registers = [UInt8](repeating: 0, count: 1 << lgK)
            for coupon in coupons { raise(&registers, coupon) }
            return registers
        }
    }

    @inline(__always)
    private static func raise(_ registers: inout [UInt8], _ coupon: UInt32) {
        let place = Int(coupon) & (registers.count &- 1)
        let rank = UInt8(truncatingIfNeeded: coupon >> 26)
        if rank > registers[place] { registers[place] = rank }
    }
}

extension HLLSketch {
    /// The greatest rank of a register.
    static let rankMax = 63

    /// The number of distinct items, with bounds at `deviations` standard deviations.
    ///
    /// Of coupons the count itself, but for pairs of items with one coupon, which one pair in
    /// 3 * 2^26 has; the bounds are those of the libraries.
    package func estimate(deviations: Double = 2) -> SketchEstimate {
        switch content {
        case .coupons(let coupons):
            let count = Double(coupons.count)
            let value = count + count * (count - 1) / 6 / 0x1p26
            let error = deviations * 0.409 / 0x1p13
            return SketchEstimate(
                value: value, lower: max(count, value / (1 + error)),
                upper: value / (1 - error), isExact: coupons.isEmpty)
        case .registers(let registers):
            let value = Self.estimate(registers)
            let error = deviations * SketchDescriptor.hll.standardError(lgK)
            let seen = Double(registers.reduce(0) { $0 + ($1 > 0 ? 1 : 0) })
            return SketchEstimate(
                value: max(value, seen), lower: max(seen, value / (1 + error)),
                upper: error < 1 ? value / (1 - error) : .infinity, isExact: false)
        }
    }

    private static func estimate(_ registers: [UInt8]) -> Double {
        var counts = [Int](repeating: 0, count: rankMax + 1)
        for rank in registers { counts[Int(rank)] += 1 }
        let size = Double(registers.count)
        var sum = size * tau(1 - Double(counts[rankMax]) / size)
        for rank in stride(from: rankMax - 1, through: 1, by: -1) {
            sum = 0.5 * (sum + Double(counts[rank]))
        }
        sum += size * sigma(Double(counts[0]) / size)
        return size * size / (2 * log(2) * sum)
    }

    /// Ertl's sigma: x + the sum of x^(2^k) * 2^(k-1); infinite at 1.
    private static func sigma(_ share: Double) -> Double {
        if share == 1 { return .infinity }
        var power = share
        var weight = 1.0
        var sum = share
        while true {
            power *= power
            let next = sum + power * weight
            if next == sum { return sum }
            sum = next
            weight += weight
        }
    }

    /// Ertl's tau: a third of 1 - x - the sum of (1 - x^(2^-k))^2 * 2^-k; 0 at 0 and 1.
    private static func tau(_ share: Double) -> Double {
        if share == 0 || share == 1 { return 0 }
        var root = share
        var weight = 1.0
        var sum = 1 - share
        while true {
            root = root.squareRoot()
            weight *= 0.5
            let next = sum - (1 - root) * (1 - root) * weight
            if next == sum { return sum / 3 }
            sum = next
        }
    }
}

extension SketchDescriptor {
    /// HLL sketches.
    package static let hll = SketchDescriptor(
        name: "hll",
        summary: "The smallest sketch that counts a set; it can be merged, but not compared.",
        sizeName: "lgK", sizes: 4...21, standardSize: 12,
        errorFormula: "0.00005 while at most 3/32 of 2^lgK items are in, then "
            + "sqrt(3 * ln 2 - 1) / sqrt(2^lgK)",
        standardError: { (3 * log(2) - 1).squareRoot() / Double(1 << $0).squareRoot() },
        serialBytesMax: { 40 + (1 << $0) },
        sparkFunction: { _ in "hll_union_agg (Spark 3.5)" })
}
