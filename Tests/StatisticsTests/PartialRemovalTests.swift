import KeyedHashing
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

/// Removing rows gives the bytes of a partial that never counted them.
@Suite struct PartialRemovalTests {
    private static let header = PartialHeader(
        planDigest: [1], keys: [PartialHeader.KeyReference(epoch: "2026-01", keyID: "a")])

    private static func partial(
        _ observations: [Observation], _ plan: StatisticsPlan
    ) throws -> MemorySpillFile {
        var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
        try withBatch(observations) { try aggregator.observe($0, chunk: $1) }
        let file = MemorySpillFile()
        try aggregator.finish(header, into: file)
        return file
    }

    private static func remove(
        _ entries: [PartialRemoval.Entry], from file: MemorySpillFile, _ plan: StatisticsPlan
    ) throws -> (bytes: [UInt8], removed: Int, counted: Int) {
        let partials = Partials([file], plan: plan, storage: MemorySpillStorage())
        let removal = PartialRemoval(entries, in: plan)
        let target = MemorySpillFile()
        let removed = try partials.merge(without: removal, into: target)
        return (target.bytes, removed, try partials.count(of: removal))
    }

    @Test("as if the rows had never been counted", arguments: [31, 32, 33] as [UInt64])
    func equalsUncounted(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let plan = examplePlan(.persons(5, customers: 3), .separable)
        var all = randomObservations(600, &generator)
        // Words that only the removed person uses go with their rows.
        for index in all.indices where all[index].user == 4 {
            all[index].action = "only-\(index % 3)"
        }
        let file = try Self.partial(all, plan)
        let cases: [(PartialRemoval.Entry, (Observation) -> Bool)] = [
            (.init(persons: [token(4)]), { $0.user == 4 }),
            (.init(customers: [token(3)]), { $0.customer == 3 }),
            (.init(persons: [token(4), token(5)], customers: [token(5)]), {
                $0.customer == 5 && ($0.user == 4 || $0.user == 5)
            }),
            (.init(persons: [token(99)]), { _ in false }),
            (.init(), { _ in false }),
        ]
        for (entry, isReached) in cases {
            let expected = try Self.partial(all.filter { !isReached($0) }, plan)
            let made = try Self.remove([entry], from: file, plan)
            #expect(made.bytes == expected.bytes, "seed \(seed)")
            #expect(made.removed == made.counted)
            #expect((made.removed > 0) == all.contains(where: isReached))
        }
    }

    @Test("only the statistics named lose their rows")
    func perStatistic() throws {
        var generator = SeededGenerator(seed: 34)
        let plan = examplePlan(.persons(5, customers: 3), .separable)
        let file = try Self.partial(randomObservations(300, &generator), plan)
        let before = try Partials([file], plan: plan, storage: MemorySpillStorage()).tables()
        var entries: [[PartialRemoval.Entry]] = plan.statistics.map { _ in [] }
        entries[1] = (0...30).map { .init(persons: [token($0 + 1)]) }
        let target = MemorySpillFile()
        _ = try Partials([file], plan: plan, storage: MemorySpillStorage())
            .merge(without: PartialRemoval(entries: entries), into: target)
        let after = try Partials([target], plan: plan, storage: MemorySpillStorage()).tables()
        for index in before.indices where index != 1 {
            #expect(before[index].rows.count == after[index].rows.count)
        }
        #expect(after[1].rows.count < before[1].rows.count)
    }

    @Test("tokens are out of lists of distinct values and of sessions")
    func listed() throws {
        var generator = SeededGenerator(seed: 35)
        let plan = examplePlan(.persons(5, customers: 3), .separable)
        let file = try Self.partial(randomObservations(400, &generator), plan)
        let made = try Self.remove(
            [.init(persons: [token(15)], listed: [token(15)])], from: file, plan)
        let (before, after) = (file.bytes.contains(token(15)), made.bytes.contains(token(15)))
        #expect(before && !after)
    }
}

extension [UInt8] {
    /// True when the sixteen bytes of a token stand in it.
    fileprivate func contains(_ token: Token) -> Bool {
        let wanted = [token.high, token.low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
        }
        return (0...(count - wanted.count)).contains { self[$0..<($0 + 16)].elementsEqual(wanted) }
    }
}
