import Dispatch
import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

@Suite struct AggregatorTests {
    /// One figure as text, for comparison.
    private static func text(_ table: MeasuredTable) -> [String] {
        table.rows.map { row in
            let key = row.key.map { String(decoding: $0, as: UTF8.self) }
            let cells = row.cells.map { "\(String(describing: $0.value))/\($0.persons)" }
            return (key + cells).joined(separator: "|")
        }
    }

    private static func partial(
        _ observations: [Observation], _ plan: StatisticsPlan, batch: Int,
        limits: Aggregator.Limits = Aggregator.Limits()
    ) throws -> MemorySpillFile {
        var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage(), limits: limits)
        for start in stride(from: 0, to: observations.count, by: batch) {
            let part = Array(observations[start..<min(start + batch, observations.count)])
            try withBatch(part) { try aggregator.observe($0, chunk: $1) }
        }
        let file = MemorySpillFile()
        try aggregator.finish(
            PartialHeader(
                planDigest: [1, 2],
                keys: [PartialHeader.KeyReference(epoch: "2026-01", keyID: "a")]),
            into: file)
        return file
    }

    @Test(arguments: [Granularity.reduced, .separable])
    func anyPartitionGivesTheSameBytes(_ granularity: Granularity) throws {
        let seed: UInt64 = 11
        var generator = SeededGenerator(seed: seed)
        for rule in [SuppressionRule.count(10), .persons(10, customers: 3)] {
            let plan = examplePlan(rule, granularity)
            let all = randomObservations(3000, &generator)
            let whole = try Self.partial(all, plan, batch: 512)
            var tight = Aggregator.Limits()
            tight.residentBytesMax = 1
            let spilled = try Self.partial(all, plan, batch: 61, limits: tight)
            #expect(spilled.bytes == whole.bytes, "seed \(seed)")

            var parts: [[Observation]] = [[], [], [], []]
            for one in all { parts[Int.random(in: 0..<4, using: &generator)].append(one) }
            let files = try parts.shuffled(using: &generator).map {
                try Self.partial($0.shuffled(using: &generator), plan, batch: 100)
            }
            let merged = MemorySpillFile()
            try Partials(files, plan: plan, storage: MemorySpillStorage()).merge(into: merged)
            #expect(merged.bytes == whole.bytes, "seed \(seed)")
        }
    }

    /// Workers that fit together are merged in memory; others by way of their partials. Tables are
    /// made in the order of arrival, or from partials.
    @Test(arguments: [Granularity.reduced, .separable])
    func mergedAggregatorsGiveTheSameBytesAndTables(_ granularity: Granularity) throws {
        let seed: UInt64 = 15
        var generator = SeededGenerator(seed: seed)
        for round in 0..<12 {
            let rule: SuppressionRule =
                round % 2 == 0 ? .count(3) : .persons(4, customers: 2)
            let plan = examplePlan(rule, granularity)
            let all = randomObservations(700, &generator)
            var parts: [[Observation]] = [[], [], []]
            for one in all { parts[Int.random(in: 0..<3, using: &generator)].append(one) }
            var limits = Aggregator.Limits()
            if round % 3 == 2 { limits.residentBytesMax = 1 }
            func merged() throws -> Aggregator {
                var merged = Aggregator(plan: plan, storage: MemorySpillStorage())
                for part in parts {
                    var other = Aggregator(
                        plan: plan, storage: MemorySpillStorage(), limits: limits)
                    try withBatch(part) { try other.observe($0, chunk: $1) }
                    try other.prepareMerge()
                    try merged.merge(other)
                }
                return merged
            }
            let header = PartialHeader(planDigest: [1], keys: [])
            let whole = MemorySpillFile()
            var one = Aggregator(plan: plan, storage: MemorySpillStorage())
            try withBatch(all) { try one.observe($0, chunk: $1) }
            try one.finish(header, into: whole)
            let file = MemorySpillFile()
            try merged().finish(header, into: file)
            #expect(file.bytes == whole.bytes, "seed \(seed), round \(round)")
            let tables = try merged().tables().map(Self.text)
            let plain = try Partials([whole], plan: plan, storage: MemorySpillStorage()).tables()
            #expect(tables == plain.map(Self.text), "seed \(seed), round \(round)")
            let byThreads = try merged().tables(threads: 3) { count, body in
                DispatchQueue.concurrentPerform(iterations: count, execute: body)
            }
            #expect(byThreads.map(Self.text) == tables, "seed \(seed), round \(round)")
        }
    }

    @Test func separablePartialsReduceToTheReducedTables() throws {
        let seed: UInt64 = 12
        var generator = SeededGenerator(seed: seed)
        for rule in [SuppressionRule.count(10), .persons(5, customers: 3)] {
            let all = randomObservations(2000, &generator)
            var texts: [[[String]]] = []
            for granularity in [Granularity.reduced, .separable] {
                let plan = examplePlan(rule, granularity)
                let file = try Self.partial(all, plan, batch: 300)
                let tables = try Partials([file], plan: plan, storage: MemorySpillStorage())
                    .tables()
                texts.append(tables.map(Self.text))
            }
            if case .persons = rule {
                #expect(texts[0] == texts[1], "seed \(seed)")
            } else {
                #expect(texts[0].count == texts[1].count)
            }
        }
    }

    @Test func mergedAggregatorsCountEverythingOnce() throws {
        var generator = SeededGenerator(seed: 13)
        let plan = examplePlan(.count(1))
        let all = randomObservations(400, &generator)
        var one = Aggregator(plan: plan, storage: MemorySpillStorage())
        var other = Aggregator(plan: plan, storage: MemorySpillStorage())
        try withBatch(Array(all.prefix(150))) { try one.observe($0, chunk: $1) }
        try withBatch(Array(all.dropFirst(150))) { try other.observe($0, chunk: $1) }
        try one.merge(other)
        #expect(one.rowsObserved == 400)
        let tables = try one.tables()
        let counted = tables[1].rows.reduce(Int64(0)) { sum, row in
            if case .integer(let count) = row.cells[0].value { return sum + count }
            return sum
        }
        #expect(counted == 400)
    }

    @Test func aMaskedStatisticDoesNotSeeTheRow() throws {
        var generator = SeededGenerator(seed: 14)
        var aggregator = Aggregator(
            plan: examplePlan(.count(1)), storage: MemorySpillStorage())
        try withBatch(randomObservations(50, &generator), mask: 0b1101) {
            try aggregator.observe($0, chunk: $1)
        }
        let tables = try aggregator.tables()
        #expect(tables[1].rows.isEmpty)
        #expect(!tables[2].rows.isEmpty)
    }

    @Test func nothingObservedMakesEmptyTables() throws {
        let aggregator = Aggregator(
            plan: examplePlan(.standard), storage: MemorySpillStorage())
        let tables = try aggregator.tables()
        #expect(tables.count == 4)
        for table in tables { #expect(table.rows.isEmpty) }
    }
}
