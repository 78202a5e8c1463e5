import FileSystem
import TestSupport
import Testing

@testable import Statistics

@Suite struct MagnitudeListTests {
    /// Against the sort of the library, in memory and with most of it put aside.
    @Test(arguments: [false, true]) func findsWhatTheSortedListHas(putsAside: Bool) throws {
        let seed: UInt64 = 51
        var generator = SeededGenerator(seed: seed)
        let storage = CountingStorage()
        let spill = NumberSpill(storage)
        for round in 0..<60 {
            let isLong = round % 20 == 0
            let count = isLong ? 80_000 : Int.random(in: 1...300, using: &generator)
            let most = Int64.max >> (isLong ? 32 : Int64.random(in: 0...62, using: &generator))
            let numbers = (0..<count).map { _ in Int64.random(in: 0...most, using: &generator) }
            var lists = [MagnitudeList(), MagnitudeList()]
            for (index, number) in numbers.enumerated() {
                let list = index % 8 == 0 ? 1 : 0
                try lists[list].append(number, puttingAside: putsAside ? spill : nil)
            }
            var list = lists[0]
            list.append(lists[1])
            #expect(list.count == count)
            let sorted = numbers.sorted()
            #expect(try list.all().sorted() == sorted, "seed \(seed), round \(round)")
            for _ in 0..<12 {
                let rank = Int.random(in: 1...count, using: &generator)
                #expect(
                    try list.number(atRank: rank) == sorted[rank - 1],
                    "seed \(seed), round \(round), rank \(rank)")
            }
        }
        // Many lists put aside into one file.
        #expect(storage.files.count == (putsAside ? 1 : 0))
    }

    @Test func borders() throws {
        var list = MagnitudeList()
        for number in [Int64(UInt32.max) + 1, 0, Int64(UInt32.max), .max, 0] {
            try list.append(number)
        }
        let sorted = [0, 0, Int64(UInt32.max), Int64(UInt32.max) + 1, .max]
        for rank in 1...5 { #expect(try list.number(atRank: rank) == sorted[rank - 1]) }
    }

    @Test("of what may be put aside no more than a quarter of a megabyte stays in memory")
    func memory() throws {
        let storage = CountingStorage()
        let spill = NumberSpill(storage)
        var list = MagnitudeList()
        let count = 200_000
        for number in 0..<count { try list.append(Int64(number), puttingAside: spill) }
        #expect((storage.files.first?.count ?? 0) >= 4 * count - 262_144)
        #expect(try list.number(atRank: count / 2) == Int64(count / 2 - 1))
    }

    @Test("a file that ends too early is a fault") func cutOff() throws {
        let spill = NumberSpill(CountingStorage(isCutOff: true))
        var list = MagnitudeList()
        for number in 0..<100_000 { try list.append(Int64(number), puttingAside: spill) }
        #expect(throws: PartialFault.self) { try list.number(atRank: 1) }
    }
}

/// Keeps the files that it makes.
private final class CountingStorage: SpillStorage, @unchecked Sendable {
    private(set) var files: [any SpillFile] = []
    private let isCutOff: Bool

    init(isCutOff: Bool = false) { self.isCutOff = isCutOff }

    func makeFile() throws(FileFault) -> any SpillFile {
        let file: any SpillFile = isCutOff ? CutOffFile() : MemorySpillFile()
        files.append(file)
        return file
    }
}

/// A file of which nothing can be read again.
private final class CutOffFile: SpillFile {
    private(set) var count = 0

    func append(_ bytes: Span<UInt8>) throws(FileFault) { count += bytes.count }

    func read(at offset: Int, atMost limit: Int, into buffer: inout [UInt8]) throws(FileFault) {
        buffer.removeAll()
    }
}
