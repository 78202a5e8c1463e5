import KeyedHashing
import Records
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
        let middle = all.map(\.day).sorted()[all.count / 2]
        let cases: [(PartialRemoval.Entry, (Observation) -> Bool)] = [
            (.init(persons: [token(4)]), { $0.user == 4 }),
            (.init(customers: [token(3)]), { $0.customer == 3 }),
            (.init(persons: [token(4), token(5)], customers: [token(5)]), {
                $0.customer == 5 && ($0.user == 4 || $0.user == 5)
            }),
            (.init(persons: [token(4)], lastDay: middle), { $0.user == 4 && $0.day <= middle }),
            (.init(customers: [token(3)], lastDay: middle), {
                $0.customer == 3 && $0.day <= middle
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

    @Test("the months of a partial make it up, each as if it had been counted alone")
    func months() throws {
        var generator = SeededGenerator(seed: 35)
        let plan = examplePlan(.persons(5, customers: 3), .separable)
        var all = randomObservations(400, &generator)
        for index in all.indices { all[index].time += Int64(index % 3) * 31 * 86_400_000 }
        let file = try Self.partial(all, plan)
        let partials = Partials([file], plan: plan, storage: MemorySpillStorage())
        let content = try partials.content()
        #expect(content.months.count > 2 && content.months == content.months.sorted())
        // A row counts once in each of its dimensions and statistics.
        #expect(content.records >= 400)
        var pieces: [MemorySpillFile] = []
        for month in content.months {
            let piece = MemorySpillFile()
            _ = try partials.merge(
                without: PartialRemoval(keepingDays: month.days, in: plan), into: piece)
            let alone = all.filter { month.days.contains($0.day) }
            #expect(piece.bytes == (try Self.partial(alone, plan)).bytes, "\(month.text)")
            pieces.append(piece)
        }
        // All at once, and one by one, as where there are too many tokens.
        for tokens in [content.tokens, 1 << 40] {
            let parts = content.months.map {
                PartialPart(days: $0.days, header: Self.header, file: MemorySpillFile())
            }
            try partials.split(into: parts, tokens: tokens)
            let made = parts.map { ($0.file as? MemorySpillFile)?.bytes }
            #expect(made == pieces.map(\.bytes))
        }
        let whole = MemorySpillFile()
        try Partials(pieces, plan: plan, storage: MemorySpillStorage()).merge(into: whole)
        #expect(whole.bytes == file.bytes)
    }

    @Test("one customer's rows alone")
    func customers() throws {
        var generator = SeededGenerator(seed: 36)
        let plan = examplePlan(.persons(5, customers: 3), .separable)
        let all = randomObservations(300, &generator)
        let partials = Partials(
            [try Self.partial(all, plan)], plan: plan, storage: MemorySpillStorage())
        let target = MemorySpillFile()
        _ = try partials.merge(
            without: PartialRemoval(keepingDays: nil, customers: [token(3)], in: plan),
            into: target)
        #expect(target.bytes == (try Self.partial(all.filter { $0.customer == 3 }, plan)).bytes)
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
        // Those of later days stay in them.
        let days = try Self.remove(
            [.init(persons: [token(15)], listed: [token(15)], lastDay: -1)], from: file, plan)
        #expect(days.removed == 0 && days.bytes == file.bytes)
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
