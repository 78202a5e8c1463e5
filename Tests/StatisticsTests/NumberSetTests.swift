import TestSupport
import Testing

@testable import Statistics

@Suite struct NumberSetTests {
    @Test func agreesWithASet() {
        var generator = SeededGenerator(seed: 81)
        for domain: UInt32 in [10, 3000, 200_000, .max] {
            var numbers = NumberSet()
            var twin: Set<UInt32> = []
            for _ in 0..<8000 {
                let number = UInt32.random(in: 1...domain, using: &generator)
                #expect(numbers.insert(number) == twin.insert(number).inserted)
            }
            #expect(numbers.count == twin.count)
        }
    }
}
