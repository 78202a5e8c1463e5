import Dispatch
import FileSystem
import KeyedHashing
import Records
import Synchronization
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

/// What was put aside, and what stayed in memory, is made into tables by several threads, each on a
/// range of keys: the plain twin merges all of it in one go.
@Suite struct SpilledTablesTests {
    private static let rules: [SuppressionRule] = [.count(1), .persons(40, customers: 5)]

    private static func plan(
        _ keys: [GroupKey],
        _ rule: SuppressionRule,
        _ granularity: Granularity
    ) -> StatisticsPlan {
        let columns = SessionsColumn.Figure.allCases.map { SessionsColumn($0, name: $0.rawValue) }
        func sessions(_ token: Int, gap: Int64) -> MeasurePlan {
            MeasurePlan(
                name: "sessions\(token)",
                kind: .sessions(
                    SessionsPlan(
                        token: token,
                        gapMilliseconds: gap,
                        columns: columns,
                        unit: .milliseconds
                    )
                )
            )
        }
        let distinct = MeasurePlan(name: "users", kind: .distinct(token: Input.user))
        func statistic(_ name: String, _ measures: [MeasurePlan]) -> StatisticPlan {
            StatisticPlan(
                name: name,
                purposeIndex: 0,
                groupBy: keys,
                measures: measures,
                suppression: rule
            )
        }
        return StatisticsPlan(
            textInputs: Input.texts,
            tokenInputCount: 2,
            personInput: Input.user,
            customerInput: Input.customer,
            statistics: [
                statistic("rows", [distinct]),
                statistic(
                    "both",
                    [sessions(Input.user, gap: 500), distinct, sessions(Input.customer, gap: 90)]
                ),
                statistic("sessions", [sessions(Input.user, gap: 40)]),
            ],
            granularity: granularity
        )
    }

    private static func observations(
        _ count: Int,
        _ generator: inout SeededGenerator
    ) -> [Observation] {
        (0..<count).map { number in
            Observation(
                time: 1_772_000_000_000 + Int64(number) * 60_000
                    + Int64.random(in: -300_000...300_000, using: &generator),
                partner: "p\(Int.random(in: 0..<3, using: &generator))",
                action: "a",
                browser: "b",
                amount: "1",
                user: Int.random(in: 0..<2000, using: &generator),
                customer: Int.random(in: 0..<60, using: &generator)
            )
        }
    }

    private static func spilled(
        _ all: [Observation],
        _ plan: StatisticsPlan,
        _ storage: any SpillStorage
    ) throws -> Aggregator {
        var limits = Aggregator.Limits()
        limits.residentBytesMax = 1
        var aggregator = Aggregator(plan: plan, storage: storage, limits: limits)
        for start in stride(from: 0, to: all.count, by: 4000) {
            let part = Array(all[start..<min(start + 4000, all.count)])
            try withBatch(part) { try aggregator.observe($0, chunk: $1) }
        }
        return aggregator
    }

    /// What as many workers as there are threads hold in memory, merged by these threads.
    private static func merged(
        _ all: [Observation],
        _ plan: StatisticsPlan,
        _ threads: Int
    ) throws -> Aggregator {
        var limits = Aggregator.Limits()
        limits.residentBytesMax = .max
        func worker(_ number: Int) throws -> Aggregator {
            var worker = Aggregator(plan: plan, storage: MemorySpillStorage(), limits: limits)
            let part = all.indices.filter { $0 % threads == number }.map { all[$0] }
            try withBatch(part) { try worker.observe($0, chunk: $1) }
            #expect(worker.residentBytes > 1 << 18, "too little to be merged by threads")
            return worker
        }
        var merged = try worker(0)
        for number in 1..<max(threads, 1) {
            try merged.merge(try worker(number), threads: threads, by: Self.byThreads)
        }
        return merged
    }

    private static func text(_ tables: [MeasuredTable]) -> [[String]] {
        tables.map { table in
            table.rows.map { row in
                let key = row.key.map { String(decoding: $0, as: UTF8.self) }
                let cells = row.cells.map { "\($0)" }
                return "\(key) \(row.persons) \(row.customers) \(cells)"
            }
        }
    }

    private static func byThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }

    @Test(
        arguments: [
            [], [.month], [.day, .text(input: Input.partner, column: "partner")],
        ] as [[GroupKey]],
        rules
    )
    func anyNumberOfThreadsMakesTheSameTables(_ keys: [GroupKey], _ rule: SuppressionRule) throws {
        let seed: UInt64 = 61
        var generator = SeededGenerator(seed: seed)
        let all = Self.observations(11_000, &generator)
        for granularity in [Granularity.reduced, .separable] {
            let plan = Self.plan(keys, rule, granularity)
            let storage = MemorySpillStorage()
            let whole = MemorySpillFile()
            var one = Aggregator(plan: plan, storage: storage)
            try withBatch(all) { try one.observe($0, chunk: $1) }
            try one.finish(PartialHeader(planDigest: [], keys: []), into: whole)
            let plain = try Self.text(Partials([whole], plan: plan, storage: storage).tables())
            for threads in [1, 2, 5] {
                let tables = try Self.spilled(all, plan, storage)
                    .tables(threads: threads, by: Self.byThreads)
                #expect(Self.text(tables) == plain, "seed \(seed), \(threads) threads")
                let fromMemory = try Self.merged(all, plan, threads)
                    .tables(threads: threads, by: Self.byThreads)
                #expect(Self.text(fromMemory) == plain, "seed \(seed), \(threads) threads")
            }
        }
    }

    /// What the figures of a statistic need goes before the next statistic is begun.
    @Test func oneThreadWorksOutOneStatisticAtATime() throws {
        var generator = SeededGenerator(seed: 63)
        let plan = Self.plan([.month], .count(1), .reduced)
        let all = Self.observations(11_000, &generator)
        let storage = MemorySpillStorage()
        var rounds = 0
        let tables = try Self.spilled(all, plan, storage).tables(threads: 1) { count, body in
            rounds += 1
            (0..<count).forEach(body)
        }
        #expect(tables.count == plan.statistics.count)
        // The first one opens the parts.
        #expect(rounds == 1 + plan.statistics.count)
    }

    /// Without several places in it a partial would be one range, and nothing would be tried.
    @Test func aLongSectionHasPlacesToReadOnFrom() throws {
        var generator = SeededGenerator(seed: 62)
        let plan = Self.plan([], .count(1), .reduced)
        let file = MemorySpillFile()
        var writer = try PartialWriter(PartialHeader(planDigest: [], keys: []), to: file)
        try Partials(
            [try Self.partial(Self.observations(11_000, &generator), plan)],
            plan: plan,
            storage: MemorySpillStorage()
        ).merge(into: &writer)
        let landmarks = try writer.finish()
        #expect(landmarks.sections.map { $0.isEmpty } == Array(repeating: false, count: 7))
        #expect(landmarks.sections[2].count > 4)
        let offsets = landmarks.sections.flatMap { $0.map(\.offset) }
        #expect(offsets == offsets.sorted())
    }

    private static func partial(
        _ all: [Observation],
        _ plan: StatisticsPlan
    ) throws -> MemorySpillFile {
        let file = MemorySpillFile()
        try spilled(all, plan, MemorySpillStorage())
            .finish(PartialHeader(planDigest: [], keys: []), into: file)
        return file
    }

    /// A byte that the disk gives back otherwise is a fault, whoever reads it.
    @Test func whatIsDamagedIsAFault() {
        #expect(throws: PartialFault.self) { try Self.makeTablesOfDamagedParts() }
    }

    private static func makeTablesOfDamagedParts() throws {
        var generator = SeededGenerator(seed: 63)
        let plan = plan([.month], .count(1), .reduced)
        let storage = DamagingStorage()
        let aggregator = try spilled(observations(9000, &generator), plan, storage)
        storage.isDamaging.store(true, ordering: .relaxed)
        _ = try aggregator.tables(threads: 2, by: byThreads)
    }
}

/// Gives back each run of bytes with one of them changed, when told to.
private final class DamagingStorage: SpillStorage {
    let isDamaging = Atomic(false)

    func makeFile() throws(FileFault) -> any SpillFile { DamagingFile(self) }
}

private final class DamagingFile: SpillFile {
    private let storage: DamagingStorage
    private let file = MemorySpillFile()

    init(_ storage: DamagingStorage) { self.storage = storage }

    var count: Int { file.count }

    func append(_ bytes: Span<UInt8>) throws(FileFault) { try file.append(bytes) }

    func read(at offset: Int, atMost limit: Int, into buffer: inout [UInt8]) throws(FileFault) {
        try file.read(at: offset, atMost: limit, into: &buffer)
        guard storage.isDamaging.load(ordering: .relaxed), !buffer.isEmpty else { return }
        buffer[buffer.count / 2] ^= 1
    }
}
