import Glibc
import Publication
import Statistics
import TestSupport

/// Tables over three keys, customers by values by months, with every total of them: as large as
/// asked for, many cells of few persons.
struct InventedCube {
    private let sizes: [Int]
    private let measure: MeasureKind
    private var cells: [Figures] = []

    private struct Figures {
        var persons = 0
        var count = 0
        /// The largest two contributions.
        var largest: [Int128] = [0, 0]
    }

    static let unit: Int128 = 1_000_000_000
    /// The keys of each of the eight tables, as bits.
    static let tables = [7, 3, 5, 6, 1, 2, 4, 0]

    init(_ sizes: [Int], _ measure: MeasureKind, seed: UInt64) {
        self.sizes = sizes
        self.measure = measure
        var generator = SeededGenerator(seed: seed)
        func decay() -> Double { -log(Double.random(in: 1e-9..<1, using: &generator)) }
        let weights = sizes.map { size in (0..<size).map { _ in 0.2 + decay() * decay() } }
        for customer in weights[0] {
            for value in weights[1] {
                for month in weights[2] {
                    let persons = Int(30 * customer * value * month * decay())
                    var figures = Figures(persons: persons)
                    if persons > 0 {
                        figures.count = persons + Int.random(in: 0...3 * persons, using: &generator)
                        let mean = figures.count / persons
                        figures.largest = [Int128(1 + 2 * mean), Int128(1 + mean)]
                    }
                    cells.append(figures)
                }
            }
        }
    }

    func publication() -> MeasuredPublication {
        let made = Self.tables.enumerated().map { table($1, name: "t\($0)") }
        return MeasuredPublication(statistics: made.map(\.0), tables: made.map(\.1))
    }

    private func table(_ keys: Int, name: String) -> (StatisticPlan, MeasuredTable) {
        let keys = sizes.indices.filter { keys >> $0 & 1 == 1 }
        let rule = SuppressionRule.persons(10, customers: nil)
        let plan = StatisticPlan(
            name: name, purposeIndex: 0,
            groupBy: keys.map { $0 == 2 ? .month : .text(input: $0, column: "x\($0)") },
            measures: [MeasurePlan(name: "c", kind: measure)], suppression: rule)
        let table = MeasuredTable(
            name: name, groupColumns: keys.map { "x\($0)" },
            columns: [MeasuredColumn(name: "c", role: role)],
            rows: sums(keys).sorted { $0.key < $1.key }.map { row(text($0, keys), $1) },
            suppression: rule)
        return (plan, table)
    }

    private var role: ColumnRole {
        switch measure {
        case .count: .count
        case .distinct: .distinctCount
        default: .magnitude
        }
    }

    /// The figures of a table by the number that its keys have together.
    private func sums(_ keys: [Int]) -> [Int: Figures] {
        var sums: [Int: Figures] = [:]
        for (at, cell) in cells.enumerated() where cell.count > 0 {
            let place = [at / sizes[2] / sizes[1], at / sizes[2] % sizes[1], at % sizes[2]]
            let number = keys.reduce(0) { $0 * sizes[$1] + place[$1] }
            var sum = sums[number, default: Figures()]
            sum.persons += cell.persons
            sum.count += cell.count
            for amount in cell.largest where amount > sum.largest[1] {
                sum.largest = [max(amount, sum.largest[0]), min(amount, sum.largest[0])]
            }
            sums[number] = sum
        }
        return sums
    }

    private func text(_ number: Int, _ keys: [Int]) -> [[UInt8]] {
        var rest = number
        var texts: [[UInt8]] = []
        for key in keys.reversed() {
            let value = rest % sizes[key]
            rest /= sizes[key]
            let text = key == 2 ? "20\(10 + value / 12)-\(10 + value % 12)" : "v\(value)"
            texts.append(Array(text.utf8))
        }
        return texts.reversed()
    }

    private func row(_ key: [[UInt8]], _ sum: Figures) -> MeasuredRow {
        let isDistinct = role == .distinctCount
        let value = isDistinct ? sum.persons : sum.count
        let cell = MeasuredCell(
            value: .integer(Int64(value)), basis: Int64(sum.count), persons: 0, customers: 0,
            unreadable: 0,
            backing: CellBacking(
                persons: sum.persons, customers: sum.persons,
                total: isDistinct ? nil : Int128(value) * Self.unit,
                largestPersons: sum.largest.map { $0 * Self.unit }))
        return MeasuredRow(
            key: key, cells: [cell], persons: 0, customers: 0,
            backing: RowBacking(persons: sum.persons, customers: sum.persons))
    }
}
