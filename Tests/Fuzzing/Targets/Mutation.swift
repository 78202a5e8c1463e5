import TestSupport

/// Changes inputs by a seed; a small stand-in for libFuzzer in the ordinary tests.
package struct Mutation {
    private let seeds: [[UInt8]]
    private let words: [[UInt8]]
    private var generator: SeededGenerator

    /// The longest input in bytes.
    private static let lengthMax = 4096

    package init(of target: FuzzTarget, seed: UInt64) {
        seeds = target.seeds
        words = target.words.map { Array($0.utf8) }
        generator = SeededGenerator(seed: seed)
    }

    /// A seed with a few changes.
    package mutating func next() -> [UInt8] {
        var input = seeds.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &generator) { change(&input) }
        return Array(input.prefix(Self.lengthMax))
    }

    private mutating func change(_ input: inout [UInt8]) {
        let at = Int.random(in: 0...input.count, using: &generator)
        let end = min(input.count, at + Int.random(in: 1...8, using: &generator))
        switch Int.random(in: 0..<8, using: &generator) {
        case 0 where at < input.count: input[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1 where at < input.count: input[at] = UInt8.random(in: 0...255, using: &generator)
        case 2 where at < input.count:
            input[at] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
        case 3: input.removeSubrange(at..<end)
        case 4: input.insert(contentsOf: input[at..<end], at: at)
        case 5:
            let other = seeds.randomElement(using: &generator) ?? []
            let from = Int.random(in: 0...other.count, using: &generator)
            input = Array(input[..<at]) + other[from...]
        default:
            let word = words.randomElement(using: &generator)
            let noise = [UInt8.random(in: 0...255, using: &generator)]
            input.replaceSubrange(at..<(word == nil ? at : end), with: word ?? noise)
        }
    }
}
