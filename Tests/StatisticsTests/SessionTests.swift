import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

@Suite struct SessionTests {
    private static func plan(
        _ keys: [GroupKey], gap: Int64, _ granularity: Granularity = .reduced,
        _ rule: SuppressionRule = .persons(2, customers: nil)
    ) -> StatisticsPlan {
        let columns = SessionsColumn.Figure.allCases.map { SessionsColumn($0, name: $0.rawValue) }
        let sessions = SessionsPlan(
            token: Input.user, gapMilliseconds: gap, columns: columns, unit: .milliseconds)
        return StatisticsPlan(
            textInputs: Input.texts, tokenInputCount: 2, personInput: Input.user,
            customerInput: Input.customer,
            statistics: [
                StatisticPlan(
                    name: "s", purposeIndex: 0, groupBy: keys,
                    measures: [MeasurePlan(name: "s", kind: .sessions(sessions))],
                    suppression: rule)
            ], granularity: granularity)
    }

    private static func event(
        _ time: Int64, user: Int = 1, customer: Int = 1, partner: String = "p"
    ) -> Observation {
        Observation(
            time: time, partner: partner, action: "", browser: "", amount: "", user: user,
            customer: customer)
    }

    private static func rows(
        _ events: [Observation], _ plan: StatisticsPlan
    ) throws -> [MeasuredRow] {
        var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
        try withBatch(events) { try aggregator.observe($0, chunk: $1) }
        return try aggregator.tables()[0].rows
    }

    private static func numbers(_ row: MeasuredRow) -> [Int64?] {
        row.cells.map { cell in
            if case .integer(let value) = cell.value { value } else { nil }
        }
    }

    /// The examples of the Kafka documentation (`SessionWindows`) and the inclusive gap; sessions
    /// as count, mean, median, p50, p95, single.
    @Test(arguments: [
        (5, [10, 12, 20], [2, 1, 0, 0, 2, 1]),
        (5, [10, 12, 20, 16], [1, 10, 10, 10, 10, 0]),
        (1800, [0, 1800], [1, 1800, 1800, 1800, 1800, 0]),
        (1800, [0, 1801], [2, 0, 0, 0, 0, 2]),
        (1800, [7], [1, 0, 0, 0, 0, 1]),
        (1800, [7, 7, 7], [1, 0, 0, 0, 0, 0]),
        (5, [30, 10, 20, 15, 25], [1, 20, 20, 20, 20, 0]),
        (5, [-3, 2, 8], [2, 2, 0, 0, 5, 1]),
        // The last two make the open session reach back to the closed one.
        (50, [0, 100, 60, 40], [1, 100, 100, 100, 100, 0]),
        // One that comes late lies apart, before the closed one, which lies before the open one.
        (5, [100, 200, 0], [3, 0, 0, 0, 0, 3]),
    ] as [(Int64, [Int64], [Int64])])
    func eventsBecomeSessions(_ gap: Int64, _ times: [Int64], _ expected: [Int64]) throws {
        for granularity in [Granularity.reduced, .separable] {
            let base: Int64 = 1_772_000_000_000
            let rows = try Self.rows(
                times.map { Self.event(base + $0) },
                Self.plan([.month], gap: gap, granularity))
            #expect(rows.map(Self.numbers) == [expected.map(Optional.some)])
        }
    }

    @Test func aSessionBelongsToTheMonthOfItsFirstEvent() throws {
        let march: Int64 = 1_772_323_200_000
        for granularity in [Granularity.reduced, .separable] {
            let plan = Self.plan([.month], gap: 1_800_000, granularity)
            let rows = try Self.rows(
                [Self.event(march + 60_000), Self.event(march - 60_000)], plan)
            #expect(rows.map { text($0.key[0]) } == ["2026-02"])
            #expect(Self.numbers(rows[0])[1] == 120_000)
        }
    }

    @Test func otherGroupsCutSessions() throws {
        let plan = Self.plan(
            [.day, .text(input: Input.partner, column: "partner")], gap: 1_800_000)
        let rows = try Self.rows(
            [
                Self.event(1000, partner: "a"), Self.event(2000, partner: "b"),
                Self.event(3000, partner: "a"),
            ], plan)
        #expect(rows.map { text($0.key[1]) } == ["a", "b"])
        #expect(rows.map { Self.numbers($0)[1] } == [2000, 0])
    }

    /// One user seen under two customers: one session, two customers behind it.
    @Test func sessionsJoinAcrossCustomers() throws {
        for granularity in [Granularity.reduced, .separable] {
            let plan = Self.plan(
                [.month], gap: 10, granularity, .persons(2, customers: 2))
            let rows = try Self.rows(
                [
                    Self.event(0, customer: 1), Self.event(9, customer: 2),
                    Self.event(18, customer: 1), Self.event(5, user: 0),
                ], plan)
            #expect(Self.numbers(rows[0])[0] == 1)
            #expect(rows[0].cells[0].customers == 2)
            #expect(rows[0].cells[0].persons == 1)
        }
    }
}
