/// A seeded source of random numbers: the same seed gives the same samples on every machine.
///
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct SampleRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of `range`.
    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// True once in `times` calls on average.
    mutating func happens(onceIn times: Int) -> Bool { number(1...times) == 1 }

    /// One of `list`, which must not be empty.
    mutating func pick<Item>(_ list: [Item]) -> Item { list[number(0...list.count - 1)] }

    /// `count` decimal digits, the first of which is not zero.
    mutating func digits(_ count: Int) -> String {
        (0..<count).map { String(number(($0 == 0 ? 1 : 0)...9)) }.joined()
    }

    /// `count` hexadecimal digits.
    mutating func hexadecimal(_ count: Int) -> String {
        (0..<count).map { _ in String(number(0...15), radix: 16) }.joined()
    }
}
