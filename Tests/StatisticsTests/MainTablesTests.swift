import Publication
import Records
import Statistics
import TestSupport
import Testing

@testable import Anonymization

@Suite struct MainTablesTests {
    static func csv(_ table: MeasuredTable) -> String {
        var buffer = ByteBuffer()
        suppressed(table).appendCSV(to: &buffer)
        return text(buffer.array())
    }

    /// The four tables of the main example against dictionaries and sorted lists.
    @Test(arguments: [UInt64(1), 2, 3, 4], [Granularity.reduced, .separable])
    func tablesEqualThePlainTwin(_ seed: UInt64, _ granularity: Granularity) throws {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...4000, using: &generator)
        let all = randomObservations(count, &generator)
        let expected = PlainTwin(all, below: 10).tables
        var aggregator = Aggregator(
            plan: examplePlan(.count(10), granularity), storage: MemorySpillStorage())
        let shuffled = all.shuffled(using: &generator)
        for start in stride(from: 0, to: count, by: 97) {
            try withBatch(Array(shuffled[start..<min(count, start + 97)])) {
                try aggregator.observe($0, chunk: $1)
            }
        }
        let tables = try aggregator.tables()
        for (table, twin) in zip(tables, expected) {
            #expect(Self.csv(table) == twin, "seed \(seed), table \(table.name)")
        }
    }
}
