import TestSupport
import Testing

@testable import Statistics

@Suite struct ThetaSketchTests {
    /// The compact sketch of the numbers 0 to n - 1 by the Python package datasketches 5.2.0:
    /// SHA-256 of its bytes in serial version 3, estimate and bounds at two standard deviations.
    private static let known: [(count: Int, digest: String, figures: [Double])] = [
        (
            0, "ecb24cbedb0f1b3507115e185e038545b5146a51c45e760129831196279d409f",
            [0, 0, 0]
        ),
        (
            1, "67e741e79d6b30a80347bca907ceed14dc611a2571ed8405f0f3c48337136405",
            [1, 1, 1]
        ),
        (
            2, "d6ae977466f1fdd206eeb0dfb09fc0a2b30c7d304e2063628bfb8917a33e48b3",
            [2, 2, 2]
        ),
        (
            100, "4c98b19c740b87c1d4d88bd2fc23129585029231ff8d548900540d98623df097",
            [100, 100, 100]
        ),
        (
            4096, "ee6f6aaaecbd7c5f0facd61e5241cf142e8bdf66d6e7b164dcd35030ed3e0cb5",
            [4096, 4096, 4096]
        ),
        (
            4097, "cf625b9e69876bea2fd9f6fe712020524e657145097d40fe02b3f85cc8da1fdb",
            [4096.3047464494975, 4096, 4098.40911781998]
        ),
        (
            8000, "c908ba78eeda36a18f32a41dacf70d84f7cba8bd53d9ec9c22ab14aba34f33ef",
            [7964.250071286965, 7791.214799791578, 8141.084102847943]
        ),
        (
            100_000, "ab1a7346c6724d653f05387a3d38281e9c0669409d5e8b5b133e776dd1f6b2f0",
            [98045.91060164096, 95079.89637942011, 101104.03886023912]
        ),
    ]

    @Test func bytesAndFiguresOfTheLibrary() {
        for known in Self.known {
            let sketch = theta(0..<known.count)
            #expect(digest(sketch.bytes) == known.digest, "\(known.count) items")
            let estimate = sketch.estimate()
            for (one, other) in zip(
                [estimate.value, estimate.lower, estimate.upper], known.figures)
            {
                #expect(abs(one - other) <= other * 1e-9, "\(known.count) items")
            }
            #expect(estimate.isExact == (known.count <= 4096))
        }
    }

    @Test func setOperationsOfTheLibrary() {
        let one = theta(0..<60_000)
        let other = theta(40_000..<120_000)
        #expect(
            digest(one.union(other).bytes)
                == "9f8ff3f7537fe13c097da3cd7f55e93f8df275467177eb6a49a85de6ba3abae8")
        let both = one.intersection(other)
        #expect(
            digest(both.bytes)
                == "06ce3e1bb6ae82d999aeffd9539d883f6565109eb3e8eed94b4d8737fec407f8")
        #expect(abs(both.estimate().lower - 17947.69274243755) < 1e-6)
        #expect(abs(both.estimate().upper - 20321.828057981475) < 1e-6)
        #expect(
            digest(one.subtracting(other).bytes)
                == "1bb453ba0fa59a1d2b3cf21fa9d11d6dc25ee08752b529c31eb700bffea543ba")
    }

    @Test func nothingInSetOperations() {
        let some = theta(0..<9000)
        #expect(some.union(.empty) == some)
        #expect(some.intersection(.empty) == .empty)
        #expect(ThetaSketch.empty.intersection(some) == .empty)
        #expect(some.subtracting(.empty) == some)
        #expect(ThetaSketch.empty.subtracting(some) == .empty)
        #expect(some.subtracting(some).estimate().value == 0)
        #expect(!some.subtracting(some).isEmpty)
        #expect(theta(0..<5).subtracting(theta(3..<9)) == theta(0..<3))
    }

    /// The k least hashes by sorting all.
    private static func plain(_ numbers: [Int], lgK: Int) -> ThetaSketch {
        let sorted = Set(numbers.map { SketchHash(Int64($0)).theta }).sorted()
        let most = 1 << lgK
        if sorted.count <= most {
            return ThetaSketch(theta: ThetaSketch.wholeTheta, sortedHashes: sorted)
        }
        return ThetaSketch(theta: sorted[most], sortedHashes: Array(sorted.prefix(most)))
    }

    @Test func anyOrderAndAnyPartsGiveTheSame() {
        var generator = SeededGenerator(seed: 73)
        for round in 0..<40 {
            let lgK = Int.random(in: 5...9, using: &generator)
            let count = Int.random(in: 0...3000, using: &generator)
            var numbers = (0..<count).map { _ in Int.random(in: 0..<2000, using: &generator) }
            let whole = Self.plain(numbers, lgK: lgK)
            #expect(theta(numbers, lgK: lgK) == whole, "round \(round)")
            numbers.shuffle(using: &generator)
            var parts = (0..<Int.random(in: 1...6, using: &generator)).map { _ in [Int]() }
            for number in numbers {
                parts[Int.random(in: parts.indices, using: &generator)].append(number)
            }
            var union = ThetaUnion(lgK: lgK)
            for part in parts {
                if Bool.random(using: &generator) {
                    union.add(theta(part, lgK: lgK))
                } else {
                    for number in part { union.insert(hash: SketchHash(Int64(number)).theta) }
                }
            }
            #expect(union.sketch().bytes == whole.bytes, "round \(round)")
        }
    }

    /// 200 sets of 5,000 items: the truth lies within the bounds in about 95 of 100 cases (192 to
    /// 187 would be three standard deviations off), and the error is as large as stated.
    @Test func errorsAreAsStated() {
        var within = 0
        var squares = 0.0
        let truth = 5000.0
        for seed in 1...200 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var union = ThetaUnion(lgK: 7)
            for _ in 0..<Int(truth) { union.insert(hash: generator.next() >> 1) }
            let estimate = union.sketch().estimate()
            if estimate.lower <= truth, truth <= estimate.upper { within += 1 }
            let error = estimate.value / truth - 1
            squares += error * error
        }
        #expect((181...199).contains(within), "\(within) of 200")
        let deviation = (squares / 200).squareRoot() / SketchDescriptor.theta.standardError(7)
        #expect((0.85...1.15).contains(deviation), "\(deviation)")
    }

    @Test func thresholdOneBelowTheWholeIsNoHash() {
        var union = ThetaUnion(lgK: 5)
        union.insert(hash: 0)
        union.insert(hash: .max)
        union.insert(hash: ThetaSketch.wholeTheta)
        #expect(union.sketch() == .empty)
        union.insert(hash: ThetaSketch.wholeTheta - 1)
        #expect(union.sketch().hashes == [ThetaSketch.wholeTheta - 1])
    }
}
