import KeyedHashing
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

/// Who stands behind a figure, against dictionaries of everything.
@Suite struct BackingTests {
    private static func plan(_ granularity: Granularity) -> StatisticsPlan {
        let sessions = SessionsPlan(
            token: Input.user,
            columns: [
                SessionsColumn(.count, name: "s"), SessionsColumn(.mean, name: "mean"),
                SessionsColumn(.single, name: "single"),
            ])
        return StatisticsPlan(
            textInputs: Input.texts, tokenInputCount: 2, personInput: Input.user,
            customerInput: Input.customer,
            statistics: [
                StatisticPlan(
                    name: "amounts", purposeIndex: 0,
                    groupBy: [.text(input: Input.partner, column: "partner")],
                    measures: [
                        MeasurePlan(name: "times", kind: .count),
                        MeasurePlan(name: "sum", kind: .sum(input: Input.amount)),
                        MeasurePlan(
                            name: "logins",
                            conditions: [
                                Condition(input: Input.action, texts: [Array("login".utf8)])
                            ], kind: .mean(input: Input.amount, decimals: 2)),
                        MeasurePlan(name: "users", kind: .distinct(token: Input.user)),
                    ], suppression: .standard),
                StatisticPlan(
                    name: "sessions", purposeIndex: 0, groupBy: [.month],
                    measures: [MeasurePlan(name: "x", kind: .sessions(sessions))],
                    suppression: .standard),
            ], granularity: granularity)
    }

    private static func tables(
        _ observations: [Observation], _ granularity: Granularity, batch: Int = 97
    ) throws -> [MeasuredTable] {
        var limits = Aggregator.Limits()
        limits.residentBytesMax = 1 << 14
        var aggregator = Aggregator(
            plan: plan(granularity), storage: MemorySpillStorage(), limits: limits)
        for start in stride(from: 0, to: observations.count, by: batch) {
            let part = Array(observations[start..<min(start + batch, observations.count)])
            try withBatch(part) { try aggregator.observe($0, chunk: $1) }
        }
        return try aggregator.tables()
    }

    /// Contributions in billionths by user and customer.
    private static func expected(
        _ observations: [Observation], total hasTotal: Bool = true,
        _ amount: (Observation) -> Int128?
    ) -> CellBacking {
        var persons: [Int: Int128] = [:]
        var customers: [Int: Int128] = [:]
        var total: Int128 = 0
        for one in observations {
            guard let amount = amount(one) else { continue }
            persons[one.user, default: 0] += amount
            customers[one.customer, default: 0] += amount
            total += amount
        }
        func top(_ amounts: [Int: Int128]) -> [Int128] {
            let sizes = amounts.values.map { Int128($0.magnitude) }.filter { $0 > 0 }
            return hasTotal ? Array(sizes.sorted(by: >).prefix(2)) : []
        }
        return CellBacking(
            persons: persons.keys.filter { $0 > 0 }.count,
            customers: customers.keys.filter { $0 > 0 }.count, total: hasTotal ? total : nil,
            largestPersons: top(persons), largestCustomers: top(customers))
    }

    private static func amount(_ one: Observation) -> Int128? {
        switch one.amount {
        case "12.5": 12_500_000_000
        case "-3": -3_000_000_000
        case "0.000000001": 1
        case "7": 7_000_000_000
        default: nil
        }
    }

    @Test("exact for separable rows", arguments: [41, 42, 43] as [UInt64])
    func ofRows(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let all = randomObservations(700, &generator)
        let table = try Self.tables(all, .separable)[0]
        for row in table.rows {
            let part = all.filter { Array($0.partner.utf8) == row.key[0] }
            let unit: Int128 = 1_000_000_000
            #expect(
                row.cells.map(\.backing) == [
                    Self.expected(part) { _ in unit }, Self.expected(part, Self.amount),
                    Self.expected(part) { $0.action == "login" ? Self.amount($0) : nil },
                    Self.expected(part, total: false) { $0.user > 0 ? unit : nil },
                ], "seed \(seed)")
            let left = part.filter { $0.amount == "x" }
            let people = Self.expected(part) { _ in unit }
            let unread = Self.expected(left) { _ in unit }
            #expect(
                row.cells[1].unreadableBacking
                    == (left.isEmpty
                        ? nil : RowBacking(persons: unread.persons, customers: unread.customers)),
                "seed \(seed)")
            #expect(
                row.backing
                    == RowBacking(persons: people.persons, customers: people.customers))
        }
    }

    @Test("of sessions: the single ones apart")
    func ofSessions() throws {
        let minute: Int64 = 60_000
        func at(_ time: Int64, _ user: Int, _ customer: Int) -> Observation {
            Observation(
                time: 1_768_435_200_000 + time * minute, partner: "p", action: "a", browser: "b",
                amount: "", user: user, customer: customer)
        }
        let all = [
            at(0, 1, 1), at(10, 1, 1), at(200, 1, 1), at(0, 2, 1), at(3, 2, 1), at(500, 3, 2),
        ]
        let cells = try #require(try Self.tables(all, .separable)[1].rows.first?.cells)
        let unit: Int128 = 1_000_000_000
        let durations: [Int128] = [600_000 * unit, 180_000 * unit]
        #expect(cells[0].backing?.total == 4 * unit)
        #expect(cells[1].backing?.total == 780_000 * unit)
        #expect(cells[1].backing?.largestPersons == durations)
        #expect(cells[1].backing?.largestCustomers == [780_000 * unit])
        #expect(cells[1].backing?.persons == 3)
        #expect(cells[2].backing?.persons == 2)
        #expect(cells[2].backing?.total == 2 * unit)
    }

    /// The cell key is the sum of the keys of the persons, each once, whatever the order.
    @Test func recordKeys() throws {
        var generator = SeededGenerator(seed: 45)
        let all = randomObservations(300, &generator)
        let bytes = [UInt8](repeating: 9, count: 32)
        let keys = RecordKeys(HMACSHA256(key: try SecretKey.copying(bytes.span)))
        let plan = Self.plan(.separable)
        let files = try [all.prefix(100), all.dropFirst(100)].map { part in
            var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
            try withBatch(Array(part).shuffled(using: &generator)) {
                try aggregator.observe($0, chunk: $1)
            }
            let file = MemorySpillFile()
            try aggregator.finish(PartialHeader(planDigest: [1], keys: []), into: file)
            return file
        }
        let partials = Partials(files, plan: plan, storage: MemorySpillStorage())
        let tables = try partials.tables(recordKeys: keys)
        for row in tables[0].rows {
            let part = all.filter { Array($0.partner.utf8) == row.key[0] }
            for (cell, isIn) in zip(
                row.cells, [{ _ in true }, { Self.amount($0) != nil }] as [(Observation) -> Bool])
            {
                let persons = Set(part.filter(isIn).map(\.user)).subtracting([0])
                let sum = persons.reduce(UInt64(0)) { $0 &+ keys.key(of: token($1)) }
                #expect(cell.backing?.cellKey == sum)
            }
        }
        for row in tables[1].rows {
            let part = all.filter { Array($0.month.utf8) == row.key[0] && $0.user > 0 }
            let sum = Set(part.map(\.user)).reduce(UInt64(0)) { $0 &+ keys.key(of: token($1)) }
            // A session belongs to the month of its first event; nobody here has one over both.
            #expect(row.cells[0].backing?.cellKey == sum)
        }
        #expect(try partials.tables()[0].rows.allSatisfy { $0.cells[0].backing?.cellKey == 0 })
    }

    @Test("nothing of it in reduced rows")
    func reduced() throws {
        var generator = SeededGenerator(seed: 44)
        for table in try Self.tables(randomObservations(200, &generator), .reduced) {
            for row in table.rows {
                #expect(row.backing == nil)
                #expect(row.cells.allSatisfy { $0.backing == nil })
            }
        }
    }
}
