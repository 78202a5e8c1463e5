import FileSystem
import Glibc
import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

@Suite struct PartialTests {
    private static func partial(
        _ plan: StatisticsPlan, digest: [UInt8] = [1], key: String = "a", count: Int = 40,
        into file: any SpillFile
    ) throws {
        var generator = SeededGenerator(seed: 21)
        var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
        try withBatch(randomObservations(count, &generator)) {
            try aggregator.observe($0, chunk: $1)
        }
        let keys = [PartialHeader.KeyReference(epoch: "2026-01", keyID: key)]
        try aggregator.finish(PartialHeader(planDigest: digest, keys: keys), into: file)
    }

    private static func code(_ body: () throws -> Void) -> PartialFault.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? PartialFault)?.code }
    }

    @Test func anyFlippedByteIsFound() throws {
        let file = MemorySpillFile()
        let plan = examplePlan(.standard, .separable)
        try Self.partial(plan, count: 8, into: file)
        for place in file.bytes.indices {
            var damaged = file.bytes
            damaged[place] ^= 0x10
            let partials = Partials(
                [MemorySpillFile(damaged)], plan: plan, storage: MemorySpillStorage())
            let code = Self.code { _ = try partials.tables() }
            #expect(code != nil, "byte \(place)")
        }
    }

    @Test func anyTruncationIsFound() throws {
        let file = MemorySpillFile()
        let plan = examplePlan(.standard)
        try Self.partial(plan, count: 8, into: file)
        for length in 0..<file.count {
            let partials = Partials(
                [MemorySpillFile(Array(file.bytes.prefix(length)))], plan: plan,
                storage: MemorySpillStorage())
            #expect(Self.code { _ = try partials.tables() } != nil, "length \(length)")
        }
    }

    /// A checksum protects from damage only; structure that lies must not crash either.
    @Test func lyingContentIsAFaultAndNoCrash() throws {
        let file = MemorySpillFile()
        let plan = examplePlan(.standard)
        try Self.partial(plan, count: 8, into: file)
        let content = file.bytes.dropLast(PartialDigest.tagBytes)
        var generator = SeededGenerator(seed: 22)
        for _ in 0..<500 {
            var forged = Array(content)
            let place = Int.random(in: 9..<forged.count, using: &generator)
            forged[place] = UInt8.random(in: .min ... .max, using: &generator)
            let digest = PartialDigest()
            digest.add(forged.span)
            forged += digest.finish()
            let partials = Partials(
                [MemorySpillFile(forged)], plan: plan, storage: MemorySpillStorage())
            _ = Self.code { _ = try partials.tables() }
        }
    }

    /// The first row and the last ones are read number by number, those between in one go.
    @Test(arguments: [0, 1, 20, 59])
    func aCountBelowZeroIsDamage(row: Int) throws {
        let plan = StatisticsPlan(
            textInputs: [TextInputPlan(name: "amount")], tokenInputCount: 1, personInput: 0,
            customerInput: nil,
            statistics: [
                StatisticPlan(
                    name: "amounts", purposeIndex: 0, groupBy: [.month],
                    measures: [MeasurePlan(name: "sum", kind: .sum(input: 0))],
                    suppression: .standard)
            ], granularity: .separable)
        func fault(cells: [Int64]) throws -> PartialFault.Code? {
            let file = MemorySpillFile()
            var writer = try PartialWriter(PartialHeader(planDigest: [1], keys: []), to: file)
            try writer.endDictionary()
            for number in 0..<60 {
                try writer.beginRow(
                    PartialRow(
                        key: [UInt32(number + 1), 0, 0, 7],
                        cells: number == row ? cells : [1, 5, 0, 1, 0]))
            }
            try writer.endRows()
            try writer.finish()
            let partials = Partials([file], plan: plan, storage: MemorySpillStorage())
            return Self.code { _ = try partials.tables() }
        }
        // Two halves of a sum may be below zero; records, numbers and unreadable ones may not.
        #expect(try fault(cells: [1, -5, -1, 1, 0]) == nil)
        for counter in [0, 3, 4] {
            var cells: [Int64] = [1, 5, 0, 1, 0]
            cells[counter] = -1
            #expect(try fault(cells: cells) == .damaged, "counter \(counter)")
        }
    }

    @Test func otherPlansAndKeysAreRefused() throws {
        let plan = examplePlan(.standard)
        let first = MemorySpillFile()
        let otherPlan = MemorySpillFile()
        let otherKey = MemorySpillFile()
        try Self.partial(plan, into: first)
        try Self.partial(plan, digest: [2], into: otherPlan)
        try Self.partial(plan, key: "b", into: otherKey)
        func merge(_ files: [any SpillFile]) throws {
            try Partials(files, plan: plan, storage: MemorySpillStorage())
                .merge(into: MemorySpillFile())
        }
        #expect(Self.code { try merge([first, first]) } == nil)
        #expect(Self.code { try merge([first, otherPlan]) } == .otherPlan)
        #expect(Self.code { try merge([first, otherKey]) } == .otherKey)
        #expect(Self.code { try merge([MemorySpillFile([1, 2])]) } == .notAPartial)
    }

    @Test func veryManyPartialsMergeInRounds() throws {
        let plan = examplePlan(.count(1))
        let file = MemorySpillFile()
        try Self.partial(plan, into: file)
        let partials = Partials(
            Array(repeating: file, count: 150), plan: plan, storage: MemorySpillStorage())
        let one = try Partials([file], plan: plan, storage: MemorySpillStorage()).tables()
        let many = try partials.tables()
        for (row, other) in zip(one[1].rows, many[1].rows) {
            guard case .integer(let count) = row.cells[0].value else { continue }
            #expect(other.cells[0].value == .integer(count * 150))
        }
    }

    @Test func filesOnDiskHaveNoNameAndHoldTheSameBytes() throws {
        let path = "/tmp/sluice-stats-tests-\(UInt64.random(in: .min ... .max))"
        let directory = try Directory.privateDirectory(path, creating: true)
        defer { _ = unsafe rmdir(path) }
        let plan = examplePlan(.standard)
        let onDisk = try DirectorySpillStorage(directory: directory).makeFile()
        let inMemory = MemorySpillFile()
        try Self.partial(plan, count: 3000, into: onDisk)
        try Self.partial(plan, count: 3000, into: inMemory)
        var read: [UInt8] = []
        try onDisk.read(at: 0, atMost: onDisk.count, into: &read)
        #expect(read == inMemory.bytes)
        #expect(try directory.names().isEmpty)
        let partials = Partials([onDisk], plan: plan, storage: MemorySpillStorage())
        #expect(try partials.tables().count == 4)
    }
}
