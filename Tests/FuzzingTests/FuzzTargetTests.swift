import FuzzTargets
import TestSupport
import Testing

/// Every target on its seeds and on changed ones; `.ci/fuzz` lets libFuzzer look for more.
@Suite struct FuzzTargetTests {
    /// How many changed seeds each target is given.
    private static let rounds = 400

    @Test(arguments: FuzzTarget.all.map(\.name))
    func seedsAndChangesAreAnswered(_ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        var answered = 0
        for (number, input) in target.seeds.enumerated() {
            if try target.run(input) { answered += 1 }
            #expect(input.count < 1 << 16, "seed \(number) is large")
        }
        // Seeds that say nothing to the target would be of no use.
        #expect(answered * 2 >= target.seeds.count - 1 && answered > 0)
        let seed: UInt64 = 0xF022
        var mutation = Mutation(of: target, seed: seed)
        for round in 0..<Self.rounds {
            let input = mutation.next()
            do {
                _ = try target.run(input)
            } catch {
                Issue.record("\(name), seed \(seed), round \(round): \(error); \(text(input))")
                return
            }
        }
    }

    @Test func everyTargetHasSeedsAndItsOwnName() {
        #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
        for target in FuzzTarget.all { #expect(target.seeds.count > 1, "\(target.name)") }
    }

    /// The runner of the ordinary tests must change what it is given, and the same way each time.
    @Test func changesDependOnTheSeedAlone() throws {
        let target = try #require(FuzzTarget.all.first { $0.name == "jsonl" })
        func inputs(_ seed: UInt64) -> [[UInt8]] {
            var mutation = Mutation(of: target, seed: seed)
            return (0..<50).map { _ in mutation.next() }
        }
        #expect(inputs(1) == inputs(1))
        #expect(inputs(1) != inputs(2))
        #expect(Set(inputs(1)).count > 40)
    }
}
