import TestSupport
import Testing

@testable import Statistics

@Suite struct MagnitudeListTests {
    /// Against the sort of the library.
    @Test func findsWhatTheSortedListHas() {
        let seed: UInt64 = 51
        var generator = SeededGenerator(seed: seed)
        for round in 0..<60 {
            let count = Int.random(in: 1...(round % 20 == 0 ? 40_000 : 300), using: &generator)
            let most = Int64.max >> Int64.random(in: 0...62, using: &generator)
            let numbers = (0..<count).map { _ in Int64.random(in: 0...most, using: &generator) }
            var list = MagnitudeList()
            for number in numbers { list.append(number) }
            #expect(list.count == count)
            let sorted = numbers.sorted()
            #expect(list.all.sorted() == sorted, "seed \(seed), round \(round)")
            for _ in 0..<12 {
                let rank = Int.random(in: 1...count, using: &generator)
                #expect(
                    list.number(atRank: rank) == sorted[rank - 1],
                    "seed \(seed), round \(round), rank \(rank)")
            }
        }
    }

    @Test func borders() {
        var list = MagnitudeList()
        for number in [Int64(UInt32.max) + 1, 0, Int64(UInt32.max), .max, 0] { list.append(number) }
        let sorted = [0, 0, Int64(UInt32.max), Int64(UInt32.max) + 1, .max]
        for rank in 1...5 { #expect(list.number(atRank: rank) == sorted[rank - 1]) }
    }
}
