import Publication
import Statistics
import TestSupport

/// What an attacker knows of one measure from all that is published, as a linear programme.
///
/// Written from what the tables mean, not from how control sees them.
struct Attack {
    private let publication: MeasuredPublication
    private let controlled: ControlledPublication
    private let tables: [InventedLog.Table]
    private let persons: Int
    private var programme = AttackerProgramme()
    private var unknowns: [[String: String]: Int] = [:]
    private var truths: [Int: Double] = [:]
    private var targets: [Int: SuppressionReason] = [:]
    private var breakdowns: [Breakdown] = []
    /// Figures that are shown in one place and left out in another.
    private(set) var contradictions = 0
    private var shown: Set<[String: String]> = []
    /// The value of key `x1` that each value of key `x0` belongs to; empty when they are unrelated.
    private let families: [String: String]

    private struct Cell {
        let group: [String: String]
        let unknown: Int?
        let value: Double
    }

    private struct Breakdown {
        let names: [String]
        /// The key of which only one value is in the column.
        let only: String?
        let cells: [Cell]
    }

    typealias Finding = (range: ClosedRange<Double>, truth: Double, reason: SuppressionReason)

    init(
        _ publication: MeasuredPublication, _ controlled: ControlledPublication,
        _ tables: [InventedLog.Table], persons: Int, families: [String: String] = [:]
    ) {
        self.families = families
        self.publication = publication
        self.controlled = controlled
        self.tables = tables
        self.persons = persons
    }

    /// Takes in a column of a table; `only` when it is about one value of another key. With
    /// `counts`, no figure is smaller than the persons whom its reason tells of; with a `radius`,
    /// what is shown is only known to be as near to the truth.
    mutating func add(
        _ table: Int, column: Int, only: (key: String, value: String)? = nil, counts: Bool,
        ceiling: Double = .infinity, radius: Double = 0
    ) {
        var cells: [Cell] = []
        for (number, row) in publication.tables[table].rows.enumerated() {
            var group = group(table, number)
            if let only {
                // Rows of another value have nothing of it.
                if let own = group[only.key], own != only.value { continue }
                group[only.key] = only.value
            }
            let measured = row.cells[column]
            let truth = Self.truth(measured)
            let told = controlled.tables[table].rows[number].cells[column]
            guard case .suppressed(let reason) = told else {
                if unknowns[group] != nil, radius == 0 { contradictions += 1 }
                shown.insert(group)
                if radius > 0, case .value(.integer(let published)) = told {
                    let made = unknown(
                        group, atLeast: max(
                            Double(published) - radius,
                            Double(measured.backing?.persons ?? 0)), truth: truth)
                    programme.require([made: 1], atMost: Double(published) + radius)
                    cells.append(Cell(group: group, unknown: made, value: truth))
                    continue
                }
                cells.append(Cell(group: group, unknown: nil, value: truth))
                continue
            }
            if shown.contains(group) { contradictions += 1 }
            var lower = 0.0
            if counts {
                lower = reason == .persons
                    ? min(1, truth) : Double(measured.backing?.persons ?? 0)
            }
            let made = unknown(group, atLeast: lower, truth: truth)
            if reason == .persons, ceiling < .infinity {
                programme.require([made: 1], atMost: ceiling)
            }
            cells.append(Cell(group: group, unknown: made, value: truth))
            if ![.complementary, .linked].contains(reason) { targets[made] = reason }
        }
        var names = Set(tables[table].keys.map(Self.name))
        if names.contains("day") { names.insert("month") }
        if names.contains("x0"), !families.isEmpty { names.insert("x1") }
        if let only { names.insert(only.key) }
        breakdowns.append(
            Breakdown(names: names.sorted(), only: only?.key, cells: cells))
    }

    /// Takes in a table that nobody is shown: only which cells it has is known. Those of few
    /// persons must not be computed either.
    mutating func addUnseen(_ table: Int, column: Int) {
        var cells: [Cell] = []
        for (number, row) in publication.tables[table].rows.enumerated() {
            let group = group(table, number)
            let truth = Self.truth(row.cells[column])
            let made = unknown(group, atLeast: 0, truth: truth)
            if row.cells[column].backing?.persons ?? 0 < persons { targets[made] = .difference }
            cells.append(Cell(group: group, unknown: made, value: truth))
        }
        breakdowns.append(
            Breakdown(names: tables[table].keys.map(Self.name).sorted(), only: nil, cells: cells))
    }

    /// Takes in a column of distinct persons: a mark tells that there are fewer than asked for,
    /// other reasons that there are enough.
    mutating func addDistinct(_ table: Int, column: Int) {
        add(table, column: column, counts: false, ceiling: Double(persons - 1))
        for (number, row) in controlled.tables[table].rows.enumerated() {
            guard case .suppressed(let reason) = row.cells[column],
                let unknown = unknowns[group(table, number)]
            else { continue }
            let least = reason == .persons ? 1 : Double(persons)
            programme.require([unknown: -1], atMost: -least)
        }
    }

    private mutating func unknown(
        _ group: [String: String], atLeast lower: Double, truth: Double
    ) -> Int {
        if let known = unknowns[group] { return known }
        let made = programme.unknown(atLeast: lower)
        unknowns[group] = made
        truths[made] = truth
        return made
    }

    private static func name(_ key: GroupKey) -> String {
        switch key {
        case .month: "month"
        case .day: "day"
        case .text(let input, _): "x\(input)"
        default: "?"
        }
    }

    private func group(_ table: Int, _ row: Int) -> [String: String] {
        var group: [String: String] = [:]
        let key = publication.tables[table].rows[row].key
        for (part, text) in zip(tables[table].keys, key) {
            group[Self.name(part)] = String(decoding: text, as: UTF8.self)
        }
        if let day = group["day"] { group["month"] = String(day.prefix(7)) }
        if let value = group["x0"], let family = families[value] { group["x1"] = family }
        return group
    }

    static func truth(_ cell: MeasuredCell) -> Double {
        if let total = cell.backing?.total { return Double(total) / 1e9 }
        if case .integer(let value) = cell.value { return Double(value) }
        return 0
    }

    /// The range of each figure that is unsafe in itself, when figures add up; nil when what is
    /// published contradicts itself.
    mutating func additiveFindings() -> [Finding]? {
        for (at, one) in breakdowns.enumerated() {
            for other in breakdowns[(at + 1)...] { addEquations(one, other) }
        }
        addRests()
        return findings()
    }

    private func findings() -> [Finding]? {
        let order = targets.keys.sorted()
        return programme.ranges(of: order).map { ranges in
            zip(order, ranges).map { ($1, truths[$0] ?? 0, targets[$0] ?? .persons) }
        }
    }

    /// Two breakdowns have the same totals of everything that they share. One that is about a
    /// single value of a key compares only with breakdowns that have the key.
    private mutating func addEquations(_ one: Breakdown, _ other: Breakdown) {
        for key in [one.only, other.only].compactMap({ $0 })
        where !one.names.contains(key) || !other.names.contains(key) { return }
        let only = one.only ?? other.only
        let value = only.flatMap { key in
            ((one.only == key ? one : other).cells.first?.group[key])
        }
        if only != nil, value == nil { return }
        let shared = one.names.filter { other.names.contains($0) }
        var sums: [[String]: (factors: [Int: Double], right: Double)] = [:]
        for (cells, sign) in [(one.cells, 1.0), (other.cells, -1.0)] {
            for cell in cells {
                if let only, cell.group[only] != value { continue }
                let key = shared.map { cell.group[$0] ?? "" }
                var sum = sums[key] ?? ([:], 0)
                if let unknown = cell.unknown {
                    sum.factors[unknown, default: 0] += sign
                } else {
                    sum.right -= sign * cell.value
                }
                sums[key] = sum
            }
        }
        for (factors, right) in sums.values where !factors.isEmpty {
            programme.require(factors, equals: right)
        }
    }

    /// What a total has besides the part that is shown: nobody shows it, but it must not be known
    /// either when few are in it.
    private mutating func addRests() {
        for part in breakdowns {
            guard let only = part.only else { continue }
            let names = part.names.filter { $0 != only }
            for whole in breakdowns where whole.only == nil && whole.names == names {
                for cell in part.cells {
                    var group = cell.group
                    group[only] = nil
                    guard let total = whole.cells.first(where: { $0.group == group }) else {
                        continue
                    }
                    addRest(total, cell, only)
                }
            }
        }
    }

    private mutating func addRest(_ total: Cell, _ part: Cell, _ only: String) {
        let truth = total.value - part.value
        var group = part.group
        group[only] = "/rest"
        let isFew = truth > 0 && truth < Double(persons)
        let rest = unknown(group, atLeast: isFew ? 1 : 0, truth: truth)
        if isFew { targets[rest] = .difference }
        var factors = [rest: 1.0]
        var right = 0.0
        if let unknown = part.unknown {
            factors[unknown, default: 0] += 1
        } else {
            right -= part.value
        }
        if let unknown = total.unknown {
            factors[unknown, default: 0] -= 1
        } else {
            right += total.value
        }
        programme.require(factors, equals: right)
    }

    /// The range of each figure that is unsafe in itself, when figures are distinct counts.
    mutating func distinctFindings() -> [Finding]? {
        for finer in breakdowns {
            for coarser in breakdowns
            where coarser.names.count < finer.names.count
                && coarser.names.allSatisfy({ finer.names.contains($0) })
            {
                for whole in coarser.cells { addInequalities(whole, finer, coarser.names) }
            }
        }
        return findings()
    }

    private mutating func addInequalities(
        _ whole: Cell, _ finer: Breakdown, _ names: [String]
    ) {
        var all: [Int: Double] = [:]
        var right = 0.0
        for part in finer.cells where names.allSatisfy({ part.group[$0] == whole.group[$0] }) {
            var one: [Int: Double] = [:]
            var limit = 0.0
            if let unknown = part.unknown {
                one[unknown, default: 0] += 1
                all[unknown, default: 0] -= 1
            } else {
                limit -= part.value
                right += part.value
            }
            if let unknown = whole.unknown { one[unknown, default: 0] -= 1 } else {
                limit += whole.value
            }
            if !one.isEmpty { programme.require(one, atMost: limit) }
        }
        if let unknown = whole.unknown { all[unknown, default: 0] += 1 } else {
            right -= whole.value
        }
        if !all.isEmpty { programme.require(all, atMost: right) }
    }
}
