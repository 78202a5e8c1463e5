import FileSystem
import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

/// Rows that are dealt out or left out while they are read, against partials that were copied.
@Suite struct CustomerDealingTests {
    private static let plan = examplePlan(.persons(5, customers: 3), .separable)

    private static func partial(_ observations: [Observation]) throws -> MemorySpillFile {
        var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
        try withBatch(observations) { try aggregator.observe($0, chunk: $1) }
        let file = MemorySpillFile()
        try aggregator.finish(
            PartialHeader(
                planDigest: [1], keys: [PartialHeader.KeyReference(epoch: "2026-01", keyID: "a")]),
            into: file)
        return file
    }

    private static func partials(_ files: [MemorySpillFile]) -> Partials {
        Partials(files, plan: plan, storage: MemorySpillStorage())
    }

    @Test("each customer gets what a partial of its rows alone has", arguments: [1, 3] as [Int])
    func dealt(_ parts: Int) throws {
        let seed: UInt64 = 41
        var generator = SeededGenerator(seed: seed)
        let all = randomObservations(700, &generator)
        let files = try (0..<parts).map { part in
            try Self.partial(all.enumerated().filter { $0.offset % parts == part }.map(\.element))
        }
        // One of them was never counted.
        let customers = ((1...6).map { token($0) } + [token(4000)]).sorted()
        let shared = SharedSpill(MemorySpillFile())
        let dealt = customers.map { _ in shared.makeFile() }
        try Self.partials(files).deal(to: customers) { dealt[$0] }
        for (place, customer) in customers.enumerated() {
            let alone = MemorySpillFile()
            _ = try Self.partials(files).merge(
                without: PartialRemoval(keepingDays: nil, customers: [customer], in: Self.plan),
                into: alone)
            var bytes: [UInt8] = []
            try dealt[place].read(at: 0, atMost: .max / 2, into: &bytes)
            #expect(bytes == alone.bytes, "seed \(seed), customer \(place)")
            #expect(dealt[place].count == alone.count)
        }
    }

    @Test("what is left out while reading gives the tables of a copy without it")
    func leftOut() throws {
        let seed: UInt64 = 42
        var generator = SeededGenerator(seed: seed)
        let all = randomObservations(900, &generator)
        let days = all.map(\.day)
        let first = try #require(days.min())
        let last = try #require(days.max())
        let removals: [PartialRemoval] = [
            PartialRemoval(keepingDays: first...(first + last) / 2, in: Self.plan),
            PartialRemoval(
                [.init(persons: [token(4)]), .init(customers: [token(3)])], in: Self.plan),
            PartialRemoval([.init(persons: [token(15)], listed: [token(15)])], in: Self.plan),
        ]
        for count in [1, 2, 70] {
            let files = try (0..<count).map { part in
                try Self.partial(
                    all.enumerated().filter { $0.offset % count == part }.map(\.element))
            }
            for removal in removals {
                let copy = MemorySpillFile()
                _ = try Self.partials(files).merge(without: removal, into: copy)
                let expected = try Self.partials([copy]).tables()
                let inPlace = Partials(
                    files.map { ($0, removal) }, plan: Self.plan, storage: MemorySpillStorage())
                let made = try inPlace.tables()
                #expect("\(made)" == "\(expected)", "seed \(seed), \(count) files")
            }
        }
    }

    /// A file that notes the largest pieces that go through it.
    private final class ProbedFile: SpillFile {
        private let file = MemorySpillFile()
        private(set) var largest = 0
        var count: Int { file.count }

        func append(_ bytes: Span<UInt8>) throws(FileFault) {
            largest = max(largest, bytes.count)
            try file.append(bytes)
        }

        func read(
            at offset: Int, atMost limit: Int, into buffer: inout [UInt8]
        ) throws(FileFault) {
            try file.read(at: offset, atMost: limit, into: &buffer)
            largest = max(largest, buffer.count)
        }
    }

    @Test("a merge holds a window of each partial, however many rows there are")
    func windows() throws {
        let plan = StatisticsPlan(
            textInputs: [TextInputPlan(name: "a")], tokenInputCount: 2, personInput: 0,
            customerInput: 1,
            statistics: [
                StatisticPlan(
                    name: "t", purposeIndex: 0, groupBy: [.day, .text(input: 0, column: "a")],
                    measures: [MeasurePlan(name: "n", kind: .count)], suppression: .standard)
            ], granularity: .separable)
        let words = plan.statistics.map { StatisticLayout($0, in: plan) }[0].rowWords.count
        #expect(words == 5)
        let files = try (0..<4).map { _ in
            let file = ProbedFile()
            var writer = try PartialWriter(PartialHeader(planDigest: [1], keys: []), to: file)
            try writer.text(Array("x".utf8))
            try writer.token(token(1))
            try writer.endDictionary()
            for day in 1...60_000 as ClosedRange<UInt32> {
                try writer.beginRow(PartialRow(key: [day, 1, 1, 1, day], cells: [7, 7]))
            }
            try writer.endRows()
            try writer.finish()
            return file
        }
        let merged = ProbedFile()
        try Partials(files, plan: plan, storage: MemorySpillStorage()).merge(into: merged)
        #expect(files.allSatisfy { $0.count > 400_000 } && merged.count > 400_000)
        #expect((files + [merged]).allSatisfy { $0.largest <= 1 << 17 })
    }

    @Test("files in one file keep what is theirs")
    func sharedFiles() throws {
        let seed: UInt64 = 43
        var generator = SeededGenerator(seed: seed)
        let shared = SharedSpill(MemorySpillFile())
        let files = (0..<5).map { _ in shared.makeFile() }
        var expected = [[UInt8]](repeating: [], count: 5)
        for _ in 0..<200 {
            let at = Int.random(in: 0..<5, using: &generator)
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { UInt8($0 + at) }
            try files[at].append(bytes.span)
            expected[at] += bytes
        }
        for (file, bytes) in zip(files, expected) {
            #expect(file.count == bytes.count, "seed \(seed)")
            var read: [UInt8] = [9]
            try file.read(at: bytes.count, atMost: 10, into: &read)
            #expect(read.isEmpty)
            for _ in 0..<20 {
                let start = Int.random(in: 0...bytes.count, using: &generator)
                let limit = Int.random(in: 0...300, using: &generator)
                try file.read(at: start, atMost: limit, into: &read)
                #expect(read == Array(bytes[start..<min(bytes.count, start + limit)]))
            }
        }
    }

    @Test("amounts by number, as a dictionary has them")
    func amounts() {
        let seed: UInt64 = 44
        var generator = SeededGenerator(seed: seed)
        for most in [3, 12, 13, 40, 5000] as [UInt32] {
            var table = AmountTable()
            var twin: [UInt32: Int128] = [:]
            for _ in 0..<4000 {
                let number = UInt32.random(in: 0...most, using: &generator)
                let amount = Int128(Int.random(in: -9...9, using: &generator))
                let isNew = twin[number] == nil
                twin[number, default: 0] += amount
                #expect(table.add(amount, of: number) == isNew)
            }
            var sums: [Int128] = []
            table.forEach { sums.append($0) }
            #expect(sums.sorted() == twin.values.sorted(), "seed \(seed)")
            #expect(table.countOfSome == twin.count - (twin[0] == nil ? 0 : 1))
        }
    }
}
