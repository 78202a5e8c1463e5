import KeyedHashing
import TestSupport
import Testing

@testable import Publication
@testable import Statistics

/// A bounded table as plain values.
private struct PlainTable: Equatable {
    var rows: [[[UInt8]]: [Int64]] = [:]
}

private func plain(_ table: borrowing BoundedTable) -> PlainTable {
    var plain = PlainTable()
    for row in table.rows { plain.rows[row.key] = [row.persons] + row.sums }
    return plain
}

/// One person counts in at most l rows and adds at most Δ to each cell, however the records came.
@Suite struct BoundingTests {
    private static let columns = 6

    private static func bounded(
        _ partials: Partials, rows: UInt64 = 3,
        keys: NoiseSettings.Keys = .observed(delta: ratio(1, 1000), leastPersons: 1)
    ) throws -> PlainTable {
        let plan = try NoisePlan(
            BoundingWorld.settings(rows: rows, keys: keys), statistic: 1,
            of: BoundingWorld.plan)
        return plain(try plan.boundedTable(of: partials, key: try BoundingWorld.key()))
    }

    @Test(
        "one more person changes at most l rows by at most Δ, through partials and their merge",
        arguments: [501, 502, 503, 504] as [UInt64])
    func sensitivity(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let others = BoundingWorld.deeds(400, users: 0...12, &generator)
        let extra = BoundingWorld.deeds(150, users: 77...77, &generator)
        let all = (others + extra).shuffled(using: &generator)
        let places = all.map { _ in Int.random(in: 0..<5, using: &generator) }
        for limit in [1, 2, 3, 7] as [UInt64] {
            let with = try Self.bounded(
                BoundingWorld.partials(all, parts: 5) { places[$0] }, rows: limit)
            let without = try Self.bounded(
                BoundingWorld.partials(others, parts: 3) { $0 % 3 }, rows: limit)
            let zeros = [Int64](repeating: 0, count: Self.columns + 1)
            var changed = 0
            for key in Set(with.rows.keys).union(without.rows.keys) {
                let one = with.rows[key] ?? zeros
                let other = without.rows[key] ?? zeros
                if one != other { changed += 1 }
                #expect(one[0] - other[0] >= 0 && one[0] - other[0] <= 1, "seed \(seed)")
                for (column, bound) in BoundingWorld.bounds.enumerated() {
                    let gap = one[column + 1] - other[column + 1]
                    #expect(gap.magnitude <= bound.change, "seed \(seed), column \(column)")
                }
            }
            #expect(changed == Int(limit), "150 deeds fall in all rows there are")
        }
    }

    @Test("as a slow plain twin has it", arguments: [511, 512] as [UInt64])
    func plainTwin(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let deeds = BoundingWorld.deeds(500, users: 0...9, &generator)
        let fast = try Self.bounded(BoundingWorld.partials(deeds, parts: 4) { $0 % 4 })
        let slow = try twin(deeds, limit: 3)
        #expect(Set(fast.rows.keys) == Set(slow.rows.keys), "seed \(seed)")
        for (key, cells) in fast.rows { #expect(cells == slow.rows[key], "seed \(seed)") }
    }

    @Test("the sums do not depend on how records are spread", arguments: [1, 2, 9])
    func partitions(_ parts: Int) throws {
        var generator = SeededGenerator(seed: 521)
        let deeds = BoundingWorld.deeds(600, users: 0...15, &generator)
        let one = try Self.bounded(BoundingWorld.partials(deeds, parts: 1) { _ in 0 })
        let shuffled = deeds.shuffled(using: &generator)
        let many = try Self.bounded(
            BoundingWorld.partials(shuffled, parts: parts) { $0 * 7 % parts })
        #expect(one == many)
    }

    @Test("the rows chosen of the whole are among those chosen of its parts")
    func choicesAgree() throws {
        var generator = SeededGenerator(seed: 531)
        let deeds = BoundingWorld.deeds(400, users: 1...8, &generator)
        let key = try BoundingWorld.key()
        func choice(_ deeds: [Deed]) throws -> RowChoice {
            var choice = RowChoice(key, limit: 3, wanted: .all)
            try BoundingWorld.partials(deeds, parts: 1) { _ in 0 }
                .contributions(toStatistic: 1, into: &choice)
            return choice
        }
        let whole = try choice(deeds)
        let parts = try [choice(Array(deeds[..<150])), choice(Array(deeds[150...]))]
        var agreed = 0
        for deed in deeds {
            let row = RowPriority.message(of: [
                Array(CivilText.day(deed.day).utf8), Array(deed.action.utf8),
            ])
            let person = BoundingWorld.token(deed.user)
            guard whole.note(row: row, person) != nil else { continue }
            agreed += 1
            #expect(parts.contains { $0.note(row: row, person) != nil })
        }
        #expect(agreed > 0)
    }

    @Test("a hundred deeds of one person spread over ten partials count once, as five")
    func manyDeedsOfOne() throws {
        let deed = Deed(
            time: BoundingWorld.start, action: "login", amount: "40", user: 5, customer: 100)
        let deeds = (0..<100).map { number in
            var copy = deed
            copy.customer = 100 + number
            copy.time += Int64(number) * 800_000
            return copy
        }.filter { $0.day == deed.day }
        let table = try Self.bounded(BoundingWorld.partials(deeds, parts: 10) { $0 % 10 })
        #expect(table.rows.values.first == [1, 5, 1, 2, 6, 3, 2])
        #expect(table.rows.count == 1)
    }

    @Test("declared rows are all there, others are not, and do not use up the rows of a person")
    func declaredRows() throws {
        let day = Array("2026-03-01".utf8)
        let wanted: [[[UInt8]]] = [
            [day, Array("login".utf8)], [day, Array("never".utf8)],
        ]
        let deeds = ["login", "search", "print", ""].map {
            Deed(time: BoundingWorld.start, action: $0, amount: "", user: 3, customer: 100)
        }
        let table = try Self.bounded(
            BoundingWorld.partials(deeds, parts: 1) { _ in 0 }, rows: 1, keys: .declared(wanted))
        #expect(table.rows.count == 2)
        #expect(table.rows[wanted[0]] == [1, 1, 1, 1, 0, 1, 1])
        #expect(table.rows[wanted[1]] == [0, 0, 0, 0, 0, 0, 0])
    }

    @Test("records of nobody are counted apart, not in")
    func nobody() throws {
        let deeds = [0, 0, 4].map {
            Deed(
                time: BoundingWorld.start, action: "a", amount: "", user: $0,
                customer: $0 == 0 ? 0 : 100)
        }
        let plan = try NoisePlan(
            BoundingWorld.settings(), statistic: 1, of: BoundingWorld.plan)
        let table = try plan.boundedTable(
            of: BoundingWorld.partials(deeds, parts: 1) { _ in 0 }, key: BoundingWorld.key())
        #expect(table.namelessRows == 1)
        #expect(plain(table).rows.values.first?.first == 1)
    }

    @Test("who may not be bounded gets no noise")
    func refusals() throws {
        func code(_ settings: NoiseSettings, _ plan: StatisticsPlan) -> PrivacyFault.Code? {
            do {
                _ = try NoisePlan(settings, statistic: 0, of: plan)
                return nil
            } catch { return error.code }
        }
        func plan(
            _ kind: MeasureKind, _ granularity: Granularity = .separable, person: Int? = 0
        ) -> StatisticsPlan {
            StatisticsPlan(
                textInputs: [TextInputPlan(name: "a")], tokenInputCount: 2, personInput: person,
                customerInput: 1,
                statistics: [
                    StatisticPlan(
                        name: "t", purposeIndex: 0, groupBy: [.month],
                        measures: [MeasurePlan(name: "m", kind: kind)], suppression: .standard)
                ], granularity: granularity)
        }
        let bound = try #require(ColumnBound(least: -1, most: 1))
        func settings(_ bound: ColumnBound, rows: UInt64 = 1) -> NoiseSettings {
            NoiseSettings(
                cost: .rho(ratio(1, 2)), rowsPerPerson: rows, bounds: [bound],
                keys: .declared([]))
        }
        let other = SessionsPlan(token: 1, columns: [SessionsColumn(.count, name: "m")])
        let mean = SessionsPlan(token: 0, columns: [SessionsColumn(.mean, name: "m")])
        #expect(code(settings(.one), plan(.count)) == nil)
        #expect(code(settings(.one), plan(.count, .reduced)) == .noPersons)
        #expect(code(settings(.one), plan(.count, person: nil)) == .noPersons)
        #expect(code(settings(.one), plan(.mean(input: 0, decimals: 2))) == .unsupportedColumn)
        #expect(code(settings(.one), plan(.sessions(other))) == .unsupportedColumn)
        #expect(code(settings(.one), plan(.sessions(mean))) == .unsupportedColumn)
        #expect(code(settings(bound), plan(.count)) == .badBound)
        #expect(code(settings(bound), plan(.sum(input: 0))) == nil)
        #expect(code(settings(.one, rows: 0), plan(.count)) == .badBound)
        #expect(code(settings(.one, rows: 1001), plan(.count)) == .badBound)
        #expect(ColumnBound(most: 0) == nil)
        #expect(ColumnBound(most: 1, step: ExactDecimal(0)) == nil)
        #expect(ColumnBound(most: 1 << 41) == nil)
    }
}

/// The bounded table by lists and dictionaries.
private func twin(_ deeds: [Deed], limit: Int) throws -> PlainTable {
    let key = try BoundingWorld.key()
    var rowsOfUser: [Int: Set<[[UInt8]]>] = [:]
    for deed in deeds where deed.user > 0 {
        rowsOfUser[deed.user, default: []].insert(twinKey(deed))
    }
    var plain = PlainTable()
    var customers: [[[UInt8]]: Set<Int>] = [:]
    for (user, rows) in rowsOfUser {
        let ordered = rows.sorted {
            RowPriority.of(RowPriority.message(of: $0), BoundingWorld.token(user), key)
                < RowPriority.of(RowPriority.message(of: $1), BoundingWorld.token(user), key)
        }
        for row in ordered.prefix(limit) {
            let own = deeds.filter { $0.user == user && twinKey($0) == row }
            let sessions = twinSessions(deeds, user, row)
            var cells = plain.rows[row] ?? [Int64](repeating: 0, count: 7)
            cells[0] += 1
            cells[1] += min(5, Int64(own.count))
            cells[2] += 1
            let ranked = Set(own.map(\.customer)).sorted {
                BoundingWorld.token($0) < BoundingWorld.token($1)
            }
            customers[row, default: []].formUnion(ranked.prefix(2))
            let halves = own.compactMap { Double($0.amount) }.reduce(0, +) * 2
            cells[4] += max(-4, min(6, Int64((halves + 1e-9).rounded(.down))))
            cells[5] += min(3, sessions.count)
            cells[6] += min(2, sessions.single)
            plain.rows[row] = cells
        }
    }
    for (row, all) in customers { plain.rows[row]?[3] = Int64(all.count) }
    return plain
}

private func twinKey(_ deed: Deed) -> [[UInt8]] {
    [Array(CivilText.day(deed.day).utf8), Array(deed.action.utf8)]
}

/// Sessions of one user and action that begin on the day of `row`, over all days and customers.
private func twinSessions(
    _ deeds: [Deed], _ user: Int, _ row: [[UInt8]]
) -> (count: Int64, single: Int64) {
    let times = deeds.filter { $0.user == user && Array($0.action.utf8) == row[1] }
        .map(\.time).sorted()
    var figures: (count: Int64, single: Int64) = (0, 0)
    var index = 0
    while index < times.count {
        var end = index + 1
        while end < times.count, times[end] - times[end - 1] <= 600_000 { end += 1 }
        if Array(CivilText.day(Int32(times[index] / 86_400_000)).utf8) == row[0] {
            figures.count += 1
            if end == index + 1 { figures.single += 1 }
        }
        index = end
    }
    return figures
}
