import KeyedHashing
import TestSupport
import Testing

@testable import Statistics

@Suite struct CountDistinctTests {
    private static func count(
        _ numbers: some Sequence<Int>, _ limits: CountDistinct.Limits
    ) -> CountDistinct {
        var count = CountDistinct(limits)
        for number in numbers { count.insert(productToken(number)) }
        return count
    }

    @Test func exactUpToTheStatedSizeAndNoFurther() {
        let limits = CountDistinct.Limits(exactMax: 100, lgK: 5)
        let exact = Self.count(1...100, limits)
        #expect(exact.tokens?.count == 100)
        #expect(
            exact.estimate()
                == SketchEstimate(value: 100, lower: 100, upper: 100, isExact: true))
        let beyond = Self.count(1...101, limits)
        #expect(beyond.tokens == nil)
        #expect(!beyond.estimate().isExact)
        #expect(beyond.estimate().lower >= 101)
        #expect(Self.count([], limits).estimate().value == 0)
        var nobody = CountDistinct(limits)
        nobody.insert(.none)
        #expect(nobody.tokens?.isEmpty == true)
    }

    @Test func limitsAndTheirError() {
        let standard = CountDistinct.Limits()
        #expect(standard.exactMax == 65_536)
        #expect(standard.lgK == 16)
        #expect(abs(SketchDescriptor.theta.standardError(standard.lgK) - 0.0039) < 0.0001)
        #expect(CountDistinct.Limits(exactMax: 0).lgK == 12)
        #expect(CountDistinct.Limits(exactMax: .max).lgK == 26)
    }

    /// Any partition, any order, any tree of merging: equal values, equal bytes.
    @Test func canonicalForAnyPartition() {
        var generator = SeededGenerator(seed: 80)
        for round in 0..<60 {
            let limits = CountDistinct.Limits(
                exactMax: Int.random(in: 0...1500, using: &generator), lgK: 6)
            let domain = Int.random(in: 1...2500, using: &generator)
            let numbers = (0..<3000).map { _ in Int.random(in: 1...domain, using: &generator) }
            let whole = Self.count(numbers, limits)
            #expect(whole.tokens?.count ?? limits.exactMax + 1 <= limits.exactMax + 1)
            #expect((whole.tokens != nil) == (Set(numbers).count <= limits.exactMax))
            var parts: [CountDistinct] = (0..<5).map { _ in CountDistinct(limits) }
            for number in numbers.shuffled(using: &generator) {
                parts[Int.random(in: 0..<5, using: &generator)].insert(productToken(number))
            }
            while parts.count > 1 {
                let one = parts.remove(at: Int.random(in: parts.indices, using: &generator))
                parts[Int.random(in: parts.indices, using: &generator)].merge(one)
            }
            #expect(parts[0] == whole, "round \(round)")
            #expect(parts[0].theta().bytes == whole.theta().bytes, "round \(round)")
            #expect(parts[0].estimate() == whole.estimate(), "round \(round)")
        }
    }

    @Test func mergedLimitsAreTheSmallerOnes() {
        var large = Self.count(1...500, CountDistinct.Limits(exactMax: 1000, lgK: 9))
        let small = Self.count(400...450, CountDistinct.Limits(exactMax: 100, lgK: 7))
        var other = small
        other.merge(large)
        large.merge(small)
        #expect(large == other)
        #expect(large.limits == CountDistinct.Limits(exactMax: 100, lgK: 7))
        #expect(large == Self.count(1...500, large.limits))
    }

    @Test func exportedSketchIsThatOfTheTokens() {
        var union = ThetaUnion(lgK: 12)
        for number in 1...9000 { union.insert(productToken(number)) }
        let exact = Self.count(1...9000, CountDistinct.Limits())
        let sketched = Self.count(1...9000, CountDistinct.Limits(exactMax: 10, lgK: 13))
        #expect(exact.theta(lgK: 12) == union.sketch())
        #expect(sketched.theta(lgK: 12) == union.sketch())
    }
}
