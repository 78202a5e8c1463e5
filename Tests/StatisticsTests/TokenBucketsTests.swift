import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

/// Partials that are dealt out to buckets of tokens, against what they were made of.
@Suite struct TokenBucketsTests {
    private static func partial(
        _ observations: [Observation], _ plan: StatisticsPlan
    ) throws -> MemorySpillFile {
        var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
        try withBatch(observations) { try aggregator.observe($0, chunk: $1) }
        let file = MemorySpillFile()
        try aggregator.finish(
            PartialHeader(
                planDigest: [1], keys: [PartialHeader.KeyReference(epoch: "2026-01", keyID: "a")]),
            into: file)
        return file
    }

    private static func merged(
        _ files: [MemorySpillFile], _ plan: StatisticsPlan
    ) throws -> MemorySpillFile {
        let file = MemorySpillFile()
        try Partials(files, plan: plan, storage: MemorySpillStorage()).merge(into: file)
        return file
    }

    private static func dealt(
        _ files: [MemorySpillFile], _ plan: StatisticsPlan, _ count: Int
    ) throws -> [MemorySpillFile] {
        let buckets = (0..<count).map { _ in MemorySpillFile() }
        try Partials(files, plan: plan, storage: MemorySpillStorage())
            .deal(toBuckets: count) { buckets[$0] }
        return buckets
    }

    @Test(
        "merged by bucket on many machines, then together: the bytes of one merge",
        arguments: [Granularity.reduced, .separable], [1, 2, 7, 256] as [Int])
    func sameBytes(_ granularity: Granularity, _ count: Int) throws {
        let seed: UInt64 = 51
        var generator = SeededGenerator(seed: seed)
        let rules: [SuppressionRule] = [
            .count(10), .persons(10, customers: 3), .persons(2, customers: nil),
        ]
        for rule in rules {
            let plan = examplePlan(rule, granularity)
            var parts: [[Observation]] = [[], [], []]
            for one in randomObservations(1500, &generator) {
                parts[Int.random(in: 0..<3, using: &generator)].append(one)
            }
            let tasks = try parts.map { try Self.partial($0, plan) }
            let whole = try Self.merged(tasks, plan)
            let byTask = try tasks.map { try Self.dealt([$0], plan, count) }
            let reduced = try (0..<count).map { bucket in
                try Self.merged(byTask.map { $0[bucket] }, plan)
            }
            #expect(try Self.merged(reduced, plan).bytes == whole.bytes, "seed \(seed)")
            // Some machines were not there: their buckets are merged at the end.
            let mixed = reduced.prefix(count / 2) + byTask.flatMap { $0.dropFirst(count / 2) }
            #expect(try Self.merged(Array(mixed), plan).bytes == whole.bytes, "seed \(seed)")
            // A bucket does not tell how its rows were spread over tasks.
            let atOnce = try Self.dealt([whole], plan, count)
            for (one, other) in zip(atOnce, reduced) {
                #expect(one.bytes == other.bytes, "seed \(seed)")
            }
            if count == 1 { #expect(atOnce[0].bytes == whole.bytes) }
        }
    }

    @Test("a bucket has no token of another one in its lists and intervals, and its share of them")
    func apart() throws {
        let seed: UInt64 = 52
        var generator = SeededGenerator(seed: seed)
        let plan = examplePlan(.count(10), .reduced)
        let whole = try Self.partial(randomObservations(4000, &generator), plan)
        let buckets = try Self.dealt([whole], plan, 4)
        var known = ListedTokens(plan)
        try Partials([whole], plan: plan, storage: MemorySpillStorage()).merge(into: &known)
        var found: [Token] = []
        for (number, bucket) in buckets.enumerated() {
            var listed = ListedTokens(plan)
            try Partials([bucket], plan: plan, storage: MemorySpillStorage()).merge(into: &listed)
            let isOwn = listed.used.allSatisfy {
                $0 == .none || TokenBuckets.bucket(of: $0, count: 4) == number
            }
            #expect(isOwn, "seed \(seed), bucket \(number)")
            #expect(listed.records > 0 && listed.records < known.records)
            found += listed.used.filter { $0 != .none }
        }
        #expect(Set(found) == known.used.subtracting([.none]) && found.count > 10)
        #expect(Set(found).count == found.count)
    }

    @Test("ranges of tokens follow each other and cover all")
    func ranges() {
        for count in [1, 2, 3, 100, 256] {
            #expect(TokenBuckets.bucket(of: Token(high: 0, low: .max), count: count) == 0)
            #expect(TokenBuckets.bucket(of: Token(high: .max, low: 0), count: count) == count - 1)
            var last = 0
            for high in stride(from: UInt64(0), through: .max - (1 << 54), by: 1 << 54) {
                let bucket = TokenBuckets.bucket(of: Token(high: high, low: 1), count: count)
                #expect(bucket == last || bucket == last + 1)
                last = bucket
            }
            #expect(last == count - 1)
        }
    }
}

/// Collects what lists and intervals name, and counts records.
private struct ListedTokens: PartialSink {
    private var tokens: [Token] = [.none]
    private let layouts: [StatisticLayout]
    private var statistic = 0
    private var sessionsDone = 0
    private(set) var used: Set<Token> = []
    private(set) var records: Int64 = 0

    init(_ plan: StatisticsPlan) { layouts = plan.statistics.map { StatisticLayout($0, in: plan) } }

    mutating func text(_ text: [UInt8]) throws(PartialFault) {}
    mutating func token(_ token: Token) throws(PartialFault) { tokens.append(token) }
    mutating func endDictionary() throws(PartialFault) {}
    mutating func beginRow(_ row: PartialRow) throws(PartialFault) { records += row.cells[0] }
    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        used.insert(tokens[Int(number)])
    }
    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {}
    mutating func endList() throws(PartialFault) {}
    mutating func endRows() throws(PartialFault) {
        if layouts[statistic].sessions.isEmpty { statistic += 1 }
    }
    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        used.insert(tokens[Int(key[layouts[statistic].sessionHead.count - 1])])
    }
    mutating func endIntervals() throws(PartialFault) {
        sessionsDone += 1
        guard sessionsDone == layouts[statistic].sessions.count else { return }
        statistic += 1
        sessionsDone = 0
    }
}
