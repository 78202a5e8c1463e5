import KeyedHashing
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

/// Values that are counted together, against records that never had values of their own.
@Suite struct RollUpTests {
    private static let sessions = SessionsPlan(
        token: Input.user,
        columns: [SessionsColumn(.count, name: "s"), SessionsColumn(.single, name: "single")])

    private static let plan = StatisticsPlan(
        textInputs: Input.texts, tokenInputCount: 2, personInput: Input.user,
        customerInput: Input.customer,
        statistics: [
            StatisticPlan(
                name: "partners", purposeIndex: 0,
                groupBy: [
                    .month, .text(input: Input.partner, column: "partner"),
                    .text(input: Input.action, column: "action"),
                ],
                measures: [
                    MeasurePlan(name: "times", kind: .count),
                    MeasurePlan(name: "sum", kind: .sum(input: Input.amount)),
                    MeasurePlan(name: "median", kind: .percentile(input: Input.amount, .median)),
                    MeasurePlan(name: "users", kind: .distinct(token: Input.user)),
                ], suppression: .standard),
            StatisticPlan(
                name: "words", purposeIndex: 0,
                groupBy: [
                    .dimensions([
                        Dimension(name: "action", input: Input.action),
                        Dimension(name: "browser", input: Input.browser),
                    ])
                ],
                measures: [MeasurePlan(name: "times", kind: .count)], suppression: .standard),
            StatisticPlan(
                name: "visits", purposeIndex: 0,
                groupBy: [.month, .text(input: Input.action, column: "action")],
                measures: [MeasurePlan(name: "x", kind: .sessions(sessions))],
                suppression: .standard),
        ], granularity: .separable)

    private static func partials(_ observations: [Observation]) throws -> Partials {
        var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
        try withBatch(observations) { try aggregator.observe($0, chunk: $1) }
        let file = MemorySpillFile()
        try aggregator.finish(PartialHeader(planDigest: [1], keys: []), into: file)
        return Partials([file], plan: plan, storage: MemorySpillStorage())
    }

    private static func bytes(_ texts: [String]) -> Set<[UInt8]> {
        Set(texts.map { Array($0.utf8) })
    }

    @Test("as if the values had been written alike", arguments: [51, 52, 53] as [UInt64])
    func likeReplacedValues(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let all = randomObservations(500, &generator)
        let small = ["search", "logout", ""]
        let rollUp = RollUp(values: [
            Input.action: Self.bytes(small), Input.browser: Self.bytes(["Firefox 128"]),
        ])
        let replaced = all.map { one in
            var other = one
            if small.contains(one.action) { other.action = "Other" }
            if one.browser == "Firefox 128" { other.browser = "Other" }
            return other
        }
        let found = try Self.partials(all).tables(rollUp: rollUp)
        let expected = try Self.partials(replaced).tables()
        for (one, two) in zip(found, expected).dropLast() {
            #expect(one.rows.map(\.key) == two.rows.map(\.key), "seed \(seed)")
            #expect(one.rows.map(\.cells) == two.rows.map(\.cells), "seed \(seed)")
            #expect(one.rows.map(\.backing) == two.rows.map(\.backing), "seed \(seed)")
        }
    }

    @Test func sessionsOfSmallValuesAreAddedUp() throws {
        var generator = SeededGenerator(seed: 54)
        let partials = try Self.partials(randomObservations(500, &generator))
        let small = Self.bytes(["search", "logout"])
        let apart = try #require(try partials.tables().last).rows
        let together = try #require(
            try partials.tables(rollUp: RollUp(values: [Input.action: small])).last).rows
        var sums: [[[UInt8]]: [Int64]] = [:]
        for row in apart {
            let key = [row.key[0], small.contains(row.key[1]) ? RollUp.label : row.key[1]]
            for (at, cell) in row.cells.enumerated() {
                guard case .integer(let count) = cell.value else { continue }
                sums[key, default: [0, 0]][at] += count
            }
        }
        #expect(together.count == sums.count && together.count < apart.count)
        for row in together {
            #expect(row.cells.map(\.value) == sums[row.key]?.map { .integer($0) })
            #expect((row.backing?.persons ?? 0) <= 30)
        }
    }

    /// A record for each user of each action.
    private static func observations(_ actions: [(String, ClosedRange<Int>)]) -> [Observation] {
        actions.flatMap { action, users in
            users.map { user in
                Observation(
                    time: 1_768_435_200_000, partner: "p", action: action, browser: "b",
                    amount: "1", user: user, customer: user % 7 + 1)
            }
        }
    }

    private static func rolled(
        _ actions: [(String, ClosedRange<Int>)], _ change: (inout RollUpRule) -> Void = { _ in }
    ) throws -> Set<[UInt8]> {
        var rule = RollUpRule(statistics: [0], inputs: [Input.action], persons: 4, customers: 2)
        change(&rule)
        return try partials(observations(actions)).rollUp(rule).values[Input.action] ?? []
    }

    @Test func smallValuesAreChosen() throws {
        let many: [(String, ClosedRange<Int>)] = [
            ("a", 1...9), ("b", 1...8), ("c", 1...5), ("d", 1...2), ("e", 3...4), ("f", 5...5),
        ]
        #expect(try Self.rolled(many) == Self.bytes(["d", "e", "f"]))
        // Too few together: the one with the fewest records follows.
        #expect(try Self.rolled(Array(many.dropLast(2))) == Self.bytes(["c", "d"]))
        // The same few again and again are no more.
        let same = many.prefix(3) + [("x", 1...2), ("y", 1...2)]
        #expect(try Self.rolled(Array(same)) == Self.bytes(["c", "x", "y"]))
        // One value at least keeps a row of its own.
        #expect(try Self.rolled([("a", 1...9), ("d", 1...2)]) == Self.bytes(["d"]))
        #expect(try Self.rolled([("a", 1...9), ("b", 1...8)]) == [])
        #expect(try Self.rolled([("a", 1...9), ("b", 1...8), ("Other", 1...9)])
            == Self.bytes(["Other"]))
    }

    @Test func someValuesHaveTheirPlace() throws {
        let many: [(String, ClosedRange<Int>)] = [
            ("a", 1...9), ("b", 1...8), ("c", 1...5), ("d", 1...2), ("e", 3...4),
        ]
        let own = try Self.rolled(many) { $0.own = [Input.action: Self.bytes(["d"])] }
        #expect(own == Self.bytes(["e", "c"]))
        let together = try Self.rolled(many) { $0.together = [Input.action: Self.bytes(["a"])] }
        #expect(together == Self.bytes(["a", "d", "e"]))
        let others = try Self.rolled(many) { $0.inputs = [Input.partner] }
        #expect(others == [])
    }

    @Test func customersCountAsWell() throws {
        // Users 7, 14, 21 and 28 are of one customer.
        let one = [7, 14, 21, 28].map { ("c", $0...$0) }
        let all = one + [("a", 1...9), ("b", 1...8)]
        #expect(try Self.rolled(all) == Self.bytes(["b", "c"]))
        #expect(try Self.rolled(all) { $0.customers = 1 } == [])
    }
}
