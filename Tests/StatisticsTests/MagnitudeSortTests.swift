import TestSupport
import Testing

@testable import Statistics

@Suite struct MagnitudeSortTests {
    @Test func sortsLikeTheSortOfTheLibrary() {
        let seed: UInt64 = 51
        var generator = SeededGenerator(seed: seed)
        for round in 0..<200 {
            let count = Int.random(in: 0...300, using: &generator)
            let most = Int64.max >> Int64.random(in: 0...62, using: &generator)
            var numbers = (0..<count).map { _ in Int64.random(in: 0...most, using: &generator) }
            let expected = numbers.sorted()
            sortMagnitudes(&numbers)
            #expect(numbers == expected, "seed \(seed), round \(round)")
        }
    }
}
