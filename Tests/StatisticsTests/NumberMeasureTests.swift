import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

@Suite struct NumberMeasureTests {
    private static func plan(_ granularity: Granularity) throws -> StatisticsPlan {
        let p90 = try #require(Percentile(basisPoints: 9000))
        return StatisticsPlan(
            textInputs: Input.texts, tokenInputCount: 2, personInput: Input.user,
            customerInput: Input.customer,
            statistics: [
                StatisticPlan(
                    name: "n", purposeIndex: 0,
                    groupBy: [.text(input: Input.partner, column: "partner")],
                    measures: [
                        MeasurePlan(name: "sum", kind: .sum(input: Input.amount)),
                        MeasurePlan(name: "mean", kind: .mean(input: Input.amount, decimals: 2)),
                        MeasurePlan(name: "p90", kind: .percentile(input: Input.amount, p90)),
                        MeasurePlan(name: "customers", kind: .distinct(token: Input.customer)),
                    ], suppression: .persons(3, customers: nil))
            ], granularity: granularity)
    }

    private static func tables(
        _ observations: [Observation], _ granularity: Granularity
    ) throws -> MeasuredTable {
        var aggregator = Aggregator(plan: try plan(granularity), storage: MemorySpillStorage())
        for start in stride(from: 0, to: observations.count, by: 50) {
            let part = Array(observations[start..<min(start + 50, observations.count)])
            var other = Aggregator(plan: try plan(granularity), storage: MemorySpillStorage())
            try withBatch(part) { try other.observe($0, chunk: $1) }
            try aggregator.merge(other)
        }
        return try aggregator.tables()[0]
    }

    @Test(arguments: [Granularity.reduced, .separable])
    func numbersEqualThePlainTwin(_ granularity: Granularity) throws {
        let seed: UInt64 = 31
        var generator = SeededGenerator(seed: seed)
        let all = randomObservations(700, &generator)
        let table = try Self.tables(all, granularity)
        let groups = Dictionary(grouping: all, by: \.partner).sorted { $0.key < $1.key }
        #expect(table.rows.count == groups.count)
        for (row, (_, members)) in zip(table.rows, groups) {
            let read = members.compactMap { ExactDecimal(bytes($0.amount).span)?.billionths }
            let sum = read.reduce(0, +)
            let sorted = read.sorted()
            let n = Int128(read.count)
            let cents = (Double(sum) / Double(n) / 10_000_000).rounded(.down)
            #expect(row.cells[0].value == .decimal(ExactDecimal(billionths: sum)))
            #expect(
                row.cells[1].value
                    == .decimal(ExactDecimal(billionths: Int128(cents) * 10_000_000)))
            #expect(
                row.cells[2].value
                    == .decimal(ExactDecimal(billionths: sorted[(sorted.count * 9 + 9) / 10 - 1])))
            let customers = Set(members.map(\.customer)).subtracting([0]).count
            #expect(row.cells[3].value == .integer(Int64(customers)))
            let unreadable = members.filter { $0.amount == "x" }.count
            #expect(row.cells[0].unreadable == Int64(unreadable))
            #expect(row.cells[2].unreadable == Int64(unreadable))
            #expect(row.cells[0].persons == 3, "seed \(seed)")
        }
    }

    @Test func nothingToMeasureIsNil() throws {
        let one = Observation(
            time: 0, partner: "p", action: "", browser: "", amount: "x", user: 1, customer: 0)
        let row = try #require(try Self.tables([one], .reduced).rows.first)
        #expect(row.cells[0].value == nil)
        #expect(row.cells[1].value == nil)
        #expect(row.cells[2].value == nil)
        #expect(row.cells[3].value == .integer(0))
        #expect(row.cells.map(\.persons) == [0, 0, 0, 0])
        #expect(row.persons == 1)
    }
}
