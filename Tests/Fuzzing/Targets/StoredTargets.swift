import KeyedHashing
import Ledger
import PlainTwins
import Statistics
import TestSupport

extension FuzzTarget {
    /// What `sluice` and other programs stored.
    static let stored: [FuzzTarget] = [
        FuzzTarget("partial", made: { numberSeeds }) {
            let isNumbers = try readNumbers($0)
            return try readPartial($0) || isNumbers
        },
        FuzzTarget(
            "event", words: ["{", "}", "[", "]", "\"", ":", ",", "null", "true", "\\u001f", "-1"],
            run: readEvent),
    ]
}

/// The plan of the partials: people by action, and their sessions.
private let plan = StatisticsPlan(
    textInputs: [TextInputPlan(name: "action"), TextInputPlan(name: "amount")],
    tokenInputCount: 1, personInput: 0, customerInput: nil,
    statistics: [
        StatisticPlan(
            name: "actions", purposeIndex: 0,
            groupBy: [.day, .text(input: 0, column: "action")],
            measures: [
                MeasurePlan(name: "count", kind: .count),
                MeasurePlan(name: "people", kind: .distinct(token: 0)),
            ], suppression: .standard),
        StatisticPlan(
            name: "sessions", purposeIndex: 0, groupBy: [.month],
            measures: [
                MeasurePlan(
                    name: "sessions",
                    kind: .sessions(
                        SessionsPlan(
                            token: 0, columns: [SessionsColumn(.count, name: "sessions")],
                            unit: .milliseconds)))
            ], suppression: .standard),
    ], granularity: .separable)

/// The content of a partial without its checksum: structure that lies, under a checksum that fits.
private func readPartial(_ input: [UInt8]) throws -> Bool {
    let file = MemorySpillFile(input + Digest256.of(input.span).bytes)
    let partials = Partials([file], plan: plan, storage: MemorySpillStorage())
    let tables: [MeasuredTable]
    do {
        tables = try partials.tables()
    } catch {
        return false
    }
    let merged = MemorySpillFile()
    try partials.merge(into: merged)
    let again = try Partials([merged], plan: plan, storage: MemorySpillStorage()).tables()
    try demand(again.map(\.rows.count) == tables.map(\.rows.count), "a merge has other rows")
    let twice = MemorySpillFile()
    try Partials([merged], plan: plan, storage: MemorySpillStorage()).merge(into: twice)
    try demand(twice.bytes == merged.bytes, "a merge of a merge is another")
    try compareSums(merged, tables)
    return true
}

/// A partial beside a known one: counts are added up row by row, and of distinct people there are
/// no more than in both and no fewer than in each; sessions are at most as many as in both.
private func compareSums(_ file: MemorySpillFile, _ tables: [MeasuredTable]) throws {
    for seed in keptSeeds(of: "partial") {
        let known = MemorySpillFile(seed + Digest256.of(seed.span).bytes)
        let other = try Partials([known], plan: plan, storage: MemorySpillStorage()).tables()
        // Partials of other keys and plans are not added up.
        let together = Partials([file, known], plan: plan, storage: MemorySpillStorage())
        guard let both = try? together.tables() else { continue }
        for (table, (one, two)) in zip(both, zip(tables, other)) {
            var figures: [[[UInt8]]: [[Int64]]] = [:]
            for row in one.rows + two.rows { figures[row.key, default: []].append(integers(row)) }
            // Sessions that become one are a row of the first one's month alone.
            let isSession = table.name == "sessions"
            let keys = Set(table.rows.map(\.key))
            let isAlike =
                isSession ? keys.isSubset(of: figures.keys) : keys == Set(figures.keys)
            try demand(
                isAlike && keys.count == table.rows.count,
                "two partials have other rows in \(table.name)")
            for row in table.rows {
                let parts = figures[row.key] ?? []
                for (index, found) in integers(row).enumerated() {
                    // What no machine could add up is a fault of its own.
                    guard parts.allSatisfy({ $0[index] < 1 << 60 }) else { continue }
                    let most = parts.map { $0[index] }.reduce(0, +)
                    // Sessions of one partial become one where the other has what lies between.
                    let least = isSession ? 0 : parts.map { $0[index] }.max() ?? 0
                    let isSum = !isSession && table.columns[index].role == .count
                    try demand(
                        isSum ? found == most : found >= least && found <= most,
                        "\(table.columns[index].name) is \(found) of \(parts)")
                }
            }
        }
    }
}

private func integers(_ row: MeasuredRow) -> [Int64] {
    row.cells.map { cell in
        if case .integer(let figure)? = cell.value { figure } else { 0 }
    }
}

// MARK: Numbers and devices

/// The plan of partials with every measure on records: how many there are by action, and of whom.
private let numberPlan = StatisticsPlan(
    textInputs: [TextInputPlan(name: "action"), TextInputPlan(name: "amount")],
    tokenInputCount: 3, personInput: 0, customerInput: 1,
    statistics: [
        StatisticPlan(
            name: "amounts", purposeIndex: 0, groupBy: [.text(input: 0, column: "action")],
            measures: [
                MeasurePlan(name: "count", kind: .count),
                MeasurePlan(name: "sum", kind: .sum(input: 1)),
                MeasurePlan(name: "people", kind: .distinct(token: 0)),
                MeasurePlan(name: "customers", kind: .distinct(token: 1)),
                MeasurePlan(name: "devices", kind: .distinct(token: 2)),
                MeasurePlan(name: "median", kind: .percentile(input: 1, .median)),
            ], suppression: .standard)
    ], granularity: .separable)

/// Partials of that plan, written by hand: of one action and one person, and of two of each.
private let numberSeeds: [[UInt8]] = {
    let head = bytes("SLUICEPT") + [1, 1, 1, 0]
    let texts: [UInt8] = [1, 0, 1, 97] + [1, 1, 1, 98] + [0]
    func tokens(_ numbers: [UInt8]) -> [UInt8] {
        numbers.flatMap { [1, $0] + [UInt8](repeating: 7, count: 15) } + [0]
    }
    func end(_ rows: UInt8) -> [UInt8] { [0] + [UInt8](repeating: 0, count: 7) + [rows] }
    // Two records with 5 and -3 billionths, of one device.
    let first: [UInt8] = [1, 0, 1, 1, 2, 9, 4, 4, 4, 0, 4, 0, 4, 4, 4, 4, 0, 2, 0]
    let its: [UInt8] = [1, 5, 1, 1, 16, 1, 0]
    // One that could not be read, and one with another device; nobody's.
    let second: [UInt8] = [1, 0, 2, 0, 0, 9, 4, 4, 10, 0, 2, 2, 0, 0, 4, 2, 2, 1, 2, 0, 1, 10, 1, 0]
    let third: [UInt8] = [1, 1, 1, 2, 10, 2, 2, 10, 0, 2, 0, 2, 2, 2, 2, 0, 3, 0, 1, 10, 1, 0]
    return [
        head + texts + tokens([1, 2, 3]) + first + its + end(1),
        head + texts + tokens([1, 2, 4]) + first + its + second + third + end(3),
    ]
}()

/// A partial of numbers against dictionaries: by itself, and beside each of the known ones.
private func readNumbers(_ input: [UInt8]) throws -> Bool {
    func sealed(_ content: [UInt8]) -> MemorySpillFile {
        MemorySpillFile(content + Digest256.of(content.span).bytes)
    }
    func tables(_ files: [MemorySpillFile]) -> [MeasuredTable]? {
        try? Partials(files, plan: numberPlan, storage: MemorySpillStorage()).tables()
    }
    let file = sealed(input)
    guard let alone = tables([file]) else { return false }
    guard let plain = PlainPartial(file.bytes) else { return false }
    try compareFigures(alone, plain)
    for seed in numberSeeds {
        guard let other = PlainPartial(sealed(seed).bytes) else { continue }
        // Partials of other keys and plans are not added up.
        guard let both = tables([file, sealed(seed)]) else { continue }
        try compareFigures(both, plain.union(other))
    }
    return true
}

private func compareFigures(_ tables: [MeasuredTable], _ plain: PlainPartial) throws {
    let groups = plain.groups
    let rows = tables.first?.rows ?? []
    try demand(Set(rows.map(\.key)) == Set(groups.keys.map { [$0] }), "the twin has other groups")
    for row in rows {
        guard let wanted = groups[row.key[0]], !wanted.isUntold else { continue }
        func decimal(_ billionths: Int128?) -> Quantity? {
            billionths.map { .decimal(ExactDecimal(billionths: $0)) }
        }
        let figures: [Quantity?] = [
            .integer(Int64(wanted.counted)), decimal(wanted.sum), .integer(Int64(wanted.persons)),
            .integer(Int64(wanted.customers)), .integer(Int64(wanted.devices)),
            decimal(wanted.median),
        ]
        for (cell, figure) in zip(row.cells, figures) {
            try demand(
                cell.value == figure, "\(cell.value as Any), the twin has \(figure as Any)")
            try demand(cell.basis == wanted.records, "the twin has other records")
        }
        let sum = row.cells[1]
        try demand(sum.unreadable == wanted.unreadable, "the twin has other unreadable numbers")
        try demand(sum.backing?.persons == wanted.contributors, "the twin has other persons")
    }
}

/// What is read of an event of the ledger or a file of a task is what was written, byte for byte,
/// and what its twin reads.
private func readEvent(_ input: [UInt8]) throws -> Bool {
    let value = CanonicalJSON(parsing: input)
    try demand(value.map(plain) == PlainEvent(input), "the twin reads another event")
    guard let value else { return false }
    try demand(value.bytes == input, "an event reads back otherwise")
    return true
}

private func plain(_ value: CanonicalJSON) -> PlainEvent {
    switch value {
    case .null: .null
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .text(let text): .text(Array(text.utf8))
    case .array(let values): .array(values.map(plain))
    case .object(let members):
        .object(
            members.map { PlainEvent.Member(name: Array($0.name.utf8), value: plain($0.value)) })
    }
}
