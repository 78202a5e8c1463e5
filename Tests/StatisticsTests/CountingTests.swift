import Records
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

/// Counting by columns against counting row by row: conditions of several fields and texts, and
/// rows that some statistics may not count.
@Suite struct CountingTests {
    private static let conditions: [[Condition]] = [
        [],
        [condition(Input.action, ["login"])],
        [condition(Input.action, ["login", "logout", "search"])],
        [condition(Input.partner, ["p2"]), condition(Input.action, ["login", "invoice_sent"])],
        [condition(Input.browser, ["no such"])],
    ]

    private static func condition(_ input: Int, _ texts: [String]) -> Condition {
        Condition(input: input, texts: texts.map { Array($0.utf8) })
    }

    private static let plan = StatisticsPlan(
        textInputs: Input.texts, tokenInputCount: 2, personInput: Input.user,
        customerInput: Input.customer,
        statistics: [statistic(0, [.day]), statistic(1, []), statistic(2, [.month, .hour, .day])])

    private static func statistic(_ number: Int, _ keys: [GroupKey]) -> StatisticPlan {
        let measures = conditions.enumerated().flatMap { index, conditions in
            [
                MeasurePlan(name: "count\(index)", conditions: conditions, kind: .count),
                MeasurePlan(
                    name: "users\(index)", conditions: conditions,
                    kind: .distinct(token: Input.user)),
                MeasurePlan(
                    name: "sum\(index)", conditions: conditions,
                    kind: .sum(input: Input.amount)),
            ]
        }
        return StatisticPlan(
            name: "s\(number)", purposeIndex: 0, groupBy: keys, measures: measures,
            suppression: number == 1 ? .persons(4, customers: 2) : .count(1))
    }

    /// What one statistic makes of the rows of one group.
    private struct Figures: Equatable {
        var counts: [Int64] = []
        var users: [Int64] = []
        var sums: [Int128?] = []
        var persons: [Int] = []
    }

    private static func figures(_ rows: [Observation], personsMax: Int) -> Figures {
        var figures = Figures()
        for list in conditions {
            let fitting = rows.filter { row in
                list.allSatisfy { condition in
                    let text = [row.partner, row.action, row.browser][condition.input]
                    return condition.texts.contains(Array(text.utf8))
                }
            }
            figures.counts.append(Int64(fitting.count))
            let users = Set(fitting.map(\.user)).subtracting([0])
            figures.users.append(Int64(users.count))
            let numbers = fitting.compactMap { ExactDecimal(Array($0.amount.utf8).span) }
            let sum: Int128 = numbers.reduce(0) { $0 + $1.billionths }
            figures.sums.append(numbers.isEmpty ? nil : sum)
            figures.persons.append(min(users.count, personsMax))
        }
        return figures
    }

    private static func figures(_ row: MeasuredRow) -> Figures {
        var figures = Figures()
        for index in conditions.indices {
            let cells = row.cells[(index * 3)..<(index * 3 + 3)].map(\.value)
            if case .integer(let count)? = cells[0] { figures.counts.append(count) }
            if case .integer(let users)? = cells[1] { figures.users.append(users) }
            if case .decimal(let sum)? = cells[2] {
                figures.sums.append(sum.billionths)
            } else {
                figures.sums.append(nil)
            }
            figures.persons.append(row.cells[index * 3].persons)
        }
        return figures
    }

    @Test(arguments: [1 as UInt64, 2, 3])
    func columnsCountWhatRowsCount(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let all = randomObservations(900, &generator)
        let masks = all.map { _ in UInt64.random(in: 0...7, using: &generator) }
        var aggregator = Aggregator(plan: Self.plan, storage: MemorySpillStorage())
        for start in stride(from: 0, to: all.count, by: 70) {
            let range = start..<min(start + 70, all.count)
            try withBatch(Array(all[range]), masks: Array(masks[range])) {
                try aggregator.observe($0, chunk: $1)
            }
        }
        let tables = try aggregator.tables()
        for statistic in 0..<3 {
            var groups: [String: [Observation]] = [:]
            for (row, mask) in zip(all, masks) where mask >> UInt64(statistic) & 1 == 1 {
                groups[Self.key(row, statistic), default: []].append(row)
            }
            #expect(tables[statistic].rows.count == groups.count, "seed \(seed)")
            for row in tables[statistic].rows {
                let key = row.key.map { String(decoding: $0, as: UTF8.self) }
                    .joined(separator: " ")
                let wanted = Self.figures(
                    groups[key] ?? [], personsMax: statistic == 1 ? 4 : 0)
                #expect(Self.figures(row) == wanted, "seed \(seed), statistic \(statistic)")
            }
        }
    }

    private static func key(_ row: Observation, _ statistic: Int) -> String {
        let hour = row.time / 3_600_000 % 24
        let day = CivilDate(daysSince1970: row.day).text
        switch statistic {
        case 0: return day
        case 1: return ""
        default: return "\(row.month) \(hour < 10 ? "0" : "")\(hour) \(day)"
        }
    }
}
