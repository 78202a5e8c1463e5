import PlainTwins
import Statistics
import TestSupport

extension FuzzTarget {
    /// The sketches that `sluice` and other programs stored.
    static let sketches: [FuzzTarget] = [
        FuzzTarget("theta", made: { counts.map { theta(0..<$0).bytes } }, run: readTheta),
        FuzzTarget(
            "hll",
            made: { counts.map { hll(0..<$0).bytes }.flatMap { [$0, updatable($0)] } },
            run: readHLL),
        FuzzTarget("kll", made: { counts.map { kll(0..<$0).bytes } }) { input in
            let isNumbers = try readKLL(input) { bits in
                Double(bitPattern: bits).isNaN ? nil : Double(bitPattern: bits)
            }
            return try readKLL(input) { Int64(bitPattern: $0) } || isNumbers
        },
    ]

    /// Sizes at which sketches change their form.
    private static let counts = [0, 1, 2, 5, 40, 600]
}

/// Holds estimates, by the standard deviations of their bounds, against those of a twin, which
/// comes by them another way.
private func compareEstimates(
    _ estimate: (Double) -> SketchEstimate, _ plainEstimate: (Double) -> PlainEstimate
) throws {
    func isClose(_ one: Double, _ other: Double) -> Bool {
        one == other || abs(one - other) <= 1e-9 * max(abs(one), abs(other))
    }
    for deviations in [1.0, 2] {
        let (found, wanted) = (estimate(deviations), plainEstimate(deviations))
        try demand(
            isClose(found.value, wanted.value) && isClose(found.lower, wanted.lower)
                && isClose(found.upper, wanted.upper),
            "the estimate is \(found), the twin has \(wanted)")
    }
}

// MARK: Theta

private func theta(_ numbers: Range<Int>) -> ThetaSketch {
    var union = ThetaUnion(lgK: 7)
    for number in numbers { union.insert(hash: SketchHash(Int64(number)).theta) }
    return union.sketch()
}

/// The verdict on bytes, what they hold, and unions and differences with others.
private func readTheta(_ input: [UInt8]) throws -> Bool {
    let found = try? ThetaSketch(bytes: input)
    let plain = PlainTheta(input)
    try demand((found == nil) == (plain == nil), "the twin says \(plain == nil ? "no" : "yes")")
    guard let found, let plain else { return false }
    func compare(_ found: ThetaSketch, _ plain: PlainTheta, _ what: String) throws {
        try demand(
            found.theta == plain.theta && found.hashes == plain.hashes.sorted(),
            "the twin has another \(what)")
        try demand(found.bytes == plain.bytes, "the twin writes another \(what)")
        try compareEstimates(found.estimate(deviations:), plain.estimate(deviations:))
    }
    try compare(found, plain, "sketch")
    for known in [theta(0..<40), theta(0..<300)] {
        let other = PlainTheta(theta: known.theta, hashes: Set(known.hashes))
        for lgK in [5, 7] {
            let union = found.union(known, lgK: lgK)
            try compare(union, plain.union(other, lgK: lgK), "union")
            try demand(known.union(found, lgK: lgK) == union, "the order of a union counts")
        }
        try compare(known.intersection(found), other.intersection(plain), "intersection")
        try compare(known.subtracting(found), other.subtracting(plain), "difference")
        try compare(found.subtracting(known), plain.subtracting(other), "rest")
    }
    return true
}

// MARK: HLL

private func hll(_ numbers: Range<Int>, lgK: Int = 8) -> HLLSketch {
    var sketch = HLLSketch(lgK: lgK)
    for number in numbers { sketch.insert(coupon: SketchHash(Int64(number)).coupon) }
    return sketch
}

/// The form with a table, as other libraries write it: coupons in slots with free ones between.
private func updatable(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    bytes[5] &= ~8
    if bytes[7] & 3 == 2 { return bytes }
    let start = bytes[7] & 3 == 0 ? 8 : 12
    let free = start + 4 << Int(bytes[4]) - bytes.count
    bytes.insert(contentsOf: [UInt8](repeating: 0, count: free / 8 * 4), at: start)
    return bytes + [UInt8](repeating: 0, count: free - free / 8 * 4)
}

private func readHLL(_ input: [UInt8]) throws -> Bool {
    let found = try? HLLSketch(bytes: input)
    let plain = PlainHLL(input)
    try demand((found == nil) == (plain == nil), "the twin says \(plain == nil ? "no" : "yes")")
    guard let found, let plain else { return false }
    func compare(_ found: HLLSketch, _ plain: PlainHLL, _ what: String) throws {
        try demand(PlainHLL(found.bytes) == plain, "the twin has another \(what)")
        try compareEstimates(found.estimate(deviations:), plain.estimate(deviations:))
    }
    try compare(found, plain, "sketch")
    for known in [hll(0..<5), hll(0..<20), hll(0..<100), hll(0..<40, lgK: 5)] {
        guard let other = PlainHLL(known.bytes) else { continue }
        var (one, two) = (found, known)
        one.merge(known)
        two.merge(found)
        try demand(one == two, "the order of a union counts")
        try compare(one, plain.union(other), "union")
    }
    return true
}

// MARK: KLL

private func kll(_ numbers: Range<Int>) -> KLLSketch<Double> {
    var sketch = KLLSketch<Double>(k: 8)
    for number in numbers { sketch.insert(Double(number)) }
    return sketch
}

private func readKLL<Item: KLLItem>(
    _ input: [UInt8], _ item: (UInt64) -> Item?
) throws -> Bool {
    let found = try? KLLSketch<Item>(bytes: input)
    let plain = PlainKLL(input, read: item)
    try demand((found == nil) == (plain == nil), "the twin says \(plain == nil ? "no" : "yes")")
    guard var found, let plain else { return false }
    func compare(_ found: KLLSketch<Item>, _ plain: PlainKLL<Item>, _ what: String) throws {
        try demand(PlainKLL(found.bytes, read: item) == plain, "the twin has another \(what)")
        for share in [0, 0.25, 0.5, 0.75, 1] {
            let quantile = found.quantile(share)
            try demand(
                plain.isQuantile(quantile, share), "\(quantile as Any) is not at \(share)")
            guard let quantile else { continue }
            try demand(found.rank(quantile) == plain.rank(quantile), "the twin has another rank")
        }
        try demand(found.rankError == plain.rankError, "the twin has another error")
    }
    try compare(found, plain, "sketch")
    found.merge(found)
    let twice = plain.union(plain)
    try compare(found, twice, "union")
    guard let least = found.least else { return true }
    found.insert(least, times: 1 << 40 | 5)
    try compare(found, twice.adding(least, times: 1 << 40 | 5), "sum")
    return true
}
