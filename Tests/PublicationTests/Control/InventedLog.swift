import Publication
import Statistics
import TestSupport

/// Invented records and the tables that are measured from them, the slow plain way.
struct InventedLog {
    struct Record {
        var day: Int
        /// The texts of inputs 0, 1, 2 ...
        var texts: [String]
        var amount: Int64
        var person: Int
        var customer: Int
    }

    var records: [Record] = []

    /// One table: by what, and with which columns.
    struct Table {
        var keys: [GroupKey]
        var columns: [Column]
        var purpose = 0
    }

    enum Column {
        case times(when: (input: Int, text: String)?)
        case sum
        case mean
        case users
    }

    static let unit: Int128 = 1_000_000_000
    static let amountInput = 9

    /// Two rows and two columns of 5, 6, 7 and 8 persons, each with one record.
    static var twoByTwo: InventedLog {
        var log = InventedLog()
        for (at, count) in [5, 6, 7, 8].enumerated() {
            for person in 0..<count {
                log.records.append(
                    Record(
                        day: 0, texts: ["r\(at / 2)", "c\(at % 2)"], amount: 1,
                        person: 10 * at + person, customer: person))
            }
        }
        return log
    }

    /// Up to `count` records of `persons` persons over `days` days and texts of `sizes` values.
    static func random(
        _ count: Int, persons: Int, days: Int, sizes: [Int], _ generator: inout SeededGenerator
    ) -> InventedLog {
        var log = InventedLog()
        for _ in 0..<count {
            // The smaller of two: some groups large, many small.
            func skewed(_ size: Int) -> Int {
                min(
                    Int.random(in: 0..<size, using: &generator),
                    Int.random(in: 0..<size, using: &generator))
            }
            let person = Int.random(in: 1...persons, using: &generator)
            log.records.append(
                Record(
                    day: skewed(days), texts: sizes.map { "v\(skewed($0))" },
                    amount: Int64.random(in: 0...40, using: &generator), person: person,
                    customer: person % 7 + 1))
        }
        return log
    }

    static func dayText(_ day: Int) -> String {
        // Four days a month: small hierarchies.
        "2026-0\(day / 4 + 1)-0\(day % 4 + 1)"
    }

    private static func text(_ record: Record, _ key: GroupKey) -> String {
        switch key {
        case .month: String(dayText(record.day).prefix(7))
        case .day: dayText(record.day)
        case .hour: "00"
        case .text(let input, _): record.texts[input]
        case .dimensions: ""
        }
    }

    /// The tables as the reduction would measure them.
    func publication(
        _ tables: [Table], _ rule: SuppressionRule, hierarchies: [ValueHierarchy] = []
    ) -> MeasuredPublication {
        var statistics: [StatisticPlan] = []
        var measured: [MeasuredTable] = []
        for (number, table) in tables.enumerated() {
            let statistic = Self.plan(table, "t\(number)", rule)
            statistics.append(statistic)
            measured.append(measure(table, statistic, rule))
        }
        return MeasuredPublication(
            statistics: statistics, tables: measured, hierarchies: hierarchies)
    }

    private static func plan(
        _ table: Table, _ name: String, _ rule: SuppressionRule
    ) -> StatisticPlan {
        StatisticPlan(
            name: name, purposeIndex: table.purpose, groupBy: table.keys,
            measures: table.columns.enumerated().map { at, column in
                switch column {
                case .times(let when):
                    MeasurePlan(
                        name: "c\(at)",
                        conditions: when.map {
                            [Condition(input: $0.input, texts: [Array($0.text.utf8)])]
                        } ?? [], kind: .count)
                case .sum: MeasurePlan(name: "c\(at)", kind: .sum(input: amountInput))
                case .mean:
                    MeasurePlan(name: "c\(at)", kind: .mean(input: amountInput, decimals: 2))
                case .users: MeasurePlan(name: "c\(at)", kind: .distinct(token: 0))
                }
            }, suppression: rule)
    }

    private func measure(
        _ table: Table, _ statistic: StatisticPlan, _ rule: SuppressionRule
    ) -> MeasuredTable {
        var groups: [[String]: [Record]] = [:]
        for record in records {
            groups[table.keys.map { Self.text(record, $0) }, default: []].append(record)
        }
        let rows = groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, all in
            MeasuredRow(
                key: key.map { Array($0.utf8) },
                cells: table.columns.map { Self.cell($0, all) },
                persons: 0, customers: 0,
                backing: RowBacking(
                    persons: Set(all.map(\.person)).count,
                    customers: Set(all.map(\.customer)).count))
        }
        let columns = zip(statistic.measures, table.columns).map { measure, column in
            switch column {
            case .times: MeasuredColumn(name: measure.name, role: .count)
            case .sum, .mean: MeasuredColumn(name: measure.name, role: .magnitude)
            case .users: MeasuredColumn(name: measure.name, role: .distinctCount)
            }
        }
        return MeasuredTable(
            name: statistic.name,
            groupColumns: table.keys.indices.map { "k\($0)" }, columns: columns, rows: rows,
            suppression: rule)
    }

    private static func cell(_ column: Column, _ all: [Record]) -> MeasuredCell {
        var part = all
        if case .times(let when?) = column {
            part = all.filter { $0.texts[when.input] == when.text }
        }
        var total: Int128? = part.reduce(0) { $0 + Int128($1.amount) } * unit
        var value = total ?? 0
        switch column {
        case .times:
            total = Int128(part.count) * unit
            value = total ?? 0
        case .users:
            total = nil
            value = Int128(Set(part.map(\.person)).count) * unit
        case .sum: break
        case .mean: value /= Int128(max(part.count, 1))
        }
        func largest(_ who: KeyPath<Record, Int>) -> [Int128] {
            var sums: [Int: Int128] = [:]
            for record in part {
                sums[record[keyPath: who], default: 0] += Int128(record.amount) * unit
            }
            return total == nil ? [] : Array(sums.values.sorted(by: >).prefix(2))
        }
        return MeasuredCell(
            value: value % unit == 0
                ? .integer(Int64(value / unit)) : .decimal(ExactDecimal(billionths: value)),
            basis: Int64(all.count), persons: 0, customers: 0, unreadable: 0,
            backing: CellBacking(
                persons: Set(part.map(\.person)).count,
                customers: Set(part.map(\.customer)).count, total: total,
                largestPersons: largest(\.person), largestCustomers: largest(\.customer)))
    }
}
