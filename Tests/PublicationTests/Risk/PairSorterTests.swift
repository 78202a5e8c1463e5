import FileSystem
import Glibc
import TestSupport
import Testing

@testable import Publication
@testable import Statistics

/// Sorting and counting pairs in bounded memory.
@Suite struct PairSorterTests {
    private static func all(_ sorted: SortedPairs) throws -> [CountedPair] {
        var cursor = try sorted.cursor()
        var pairs: [CountedPair] = []
        while let pair = cursor.head {
            pairs.append(pair)
            try cursor.step()
        }
        return pairs
    }

    private static func twin(_ pairs: [(UInt64, UInt64)]) -> [CountedPair] {
        var counts: [[UInt64]: UInt64] = [:]
        for pair in pairs { counts[[pair.0, pair.1], default: 0] += 1 }
        return counts.map { CountedPair(first: $0[0], second: $0[1], count: $1) }
            .sorted { $0.isBefore($1) }
    }

    /// The number of pairs, and how many different words each half has.
    @Test(
        "as a dictionary has it",
        arguments: [
            (0, 1), (1, 1), (500, 4), (5000, 20), (20_000, 3), (6000, 1 << 40), (60_000, 1 << 40),
        ] as [(Int, UInt64)])
    func plainTwin(_ count: Int, _ words: UInt64) throws {
        var generator = SeededGenerator(seed: 801)
        let pairs = (0..<count).map { _ in
            (
                UInt64.random(in: 0..<words, using: &generator),
                UInt64.random(in: 0..<words, using: &generator)
            )
        }
        var sorter = PairSorter(
            memoryBytes: PairSorter.memoryBytesMin, storage: MemorySpillStorage())
        var resident = 0
        for pair in pairs {
            try sorter.add(pair.0, pair.1)
            resident = max(resident, sorter.residentBytes)
        }
        #expect(resident <= PairSorter.memoryBytesMin / 2, "memory does not grow with pairs")
        if words > 100, count > 3000 { #expect(sorter.runCount > 0) }
        if words < 30 { #expect(sorter.runCount == 0, "repeated pairs need no room") }
        let sorted = try sorter.sorted()
        let expected = Self.twin(pairs)
        #expect(try Self.all(sorted) == expected)
        #expect(try Self.all(sorted) == expected, "can be read again")
    }

    @Test("pairs on disk have no name and are the same")
    func onDisk() throws {
        let path = "/tmp/sluice-risk-tests-\(UInt64.random(in: .min ... .max))"
        let directory = try Directory.privateDirectory(path, creating: true)
        defer { _ = unsafe rmdir(path) }
        var generator = SeededGenerator(seed: 802)
        let pairs = (0..<9000).map { _ in (generator.next() % 5000, generator.next() % 3) }
        var sorter = PairSorter(
            memoryBytes: PairSorter.memoryBytesMin,
            storage: DirectorySpillStorage(directory: directory))
        for pair in pairs { try sorter.add(pair.0, pair.1) }
        #expect(sorter.runCount > 0)
        #expect(try directory.names().isEmpty)
        #expect(try Self.all(try sorter.sorted()) == Self.twin(pairs))
    }

    @Test("a survey with little memory finds what one with much finds")
    func surveyMemory() throws {
        var generator = SeededGenerator(seed: 803)
        let rows = RiskWorld.rows(4000, &generator)
        func report(_ memoryBytes: Int) throws -> RiskReport {
            try RiskWorld.report(
                rows,
                RiskPlan(
                    quasiIdentifiers: RiskWorld.columns,
                    ladder: Array(RiskWorld.ladder.prefix(2)), persons: 5, values: 2,
                    removedShare: ratio(1, 2), memoryBytes: memoryBytes))
        }
        let small = try report(6 * PairSorter.memoryBytesMin)
        let large = try report(1 << 24)
        #expect(small.levels == large.levels)
        #expect(small.after == large.after)
    }

    @Test("a full disk is a fault, not a figure")
    func fullDisk() throws {
        final class Full: SpillStorage {
            func makeFile() throws(FileFault) -> any SpillFile {
                throw FileFault(.write, errno: ENOSPC, path: "spill")
            }
        }
        var sorter = PairSorter(memoryBytes: PairSorter.memoryBytesMin, storage: Full())
        var code: RiskFault.Code?
        do {
            for number in 0..<5000 as Range<UInt64> { try sorter.add(number, 0) }
        } catch { code = error.code }
        #expect(code == .storage)
    }
}
