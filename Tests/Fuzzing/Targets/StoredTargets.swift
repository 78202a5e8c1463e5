import KeyedHashing
import Ledger
import Statistics
import TestSupport

extension FuzzTarget {
    /// What `sluice` and other programs stored.
    static let stored: [FuzzTarget] = [
        FuzzTarget("partial", run: readPartial),
        FuzzTarget("theta", made: { counts.map { theta(0..<$0).bytes } }, run: readTheta),
        FuzzTarget("hll", made: { counts.map { hll(0..<$0).bytes } }, run: readHLL),
        FuzzTarget("kll", made: { counts.map { kll(0..<$0).bytes } }) { input in
            let isNumbers = try readKLL(input, Double.self)
            return try readKLL(input, Int64.self) || isNumbers
        },
        FuzzTarget(
            "event", words: ["{", "}", "[", "]", "\"", ":", ",", "null", "true", "\\u001f", "-1"],
            run: readEvent),
    ]

    /// Sizes at which sketches change their form.
    private static let counts = [0, 1, 2, 5, 40, 600]
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
            try demand(table.rows.count == figures.count, "two partials have other rows")
            for row in table.rows {
                let parts = figures[row.key] ?? []
                for (index, found) in integers(row).enumerated() {
                    // What no machine could add up is a fault of its own.
                    guard parts.allSatisfy({ $0[index] < 1 << 60 }) else { continue }
                    let most = parts.map { $0[index] }.reduce(0, +)
                    // Sessions of one partial become one where the other has what lies between.
                    let isSession = table.name == "sessions"
                    let least = isSession ? 0 : parts.map { $0[index] }.max() ?? 0
                    let isSum = !isSession && table.columns[index].role == .count
                    try demand(
                        isSum ? found == most : (least...most).contains(found),
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

private func theta(_ numbers: Range<Int>) -> ThetaSketch {
    var union = ThetaUnion(lgK: 7)
    for number in numbers { union.insert(hash: SketchHash(Int64(number)).theta) }
    return union.sketch()
}

private func readTheta(_ input: [UInt8]) throws -> Bool {
    guard let sketch = try? ThetaSketch(bytes: input) else { return false }
    try demand((try? ThetaSketch(bytes: sketch.bytes)) == sketch, "a sketch reads back otherwise")
    try demand(sketch.estimate().value >= 0, "a sketch estimates less than nothing")
    let known = theta(0..<300)
    _ = known.union(sketch, lgK: 7)
    _ = known.intersection(sketch).union(known.subtracting(sketch), lgK: 5)
    return true
}

private func hll(_ numbers: Range<Int>) -> HLLSketch {
    var sketch = HLLSketch(lgK: 8)
    for number in numbers { sketch.insert(coupon: SketchHash(Int64(number)).coupon) }
    return sketch
}

private func readHLL(_ input: [UInt8]) throws -> Bool {
    guard var sketch = try? HLLSketch(bytes: input) else { return false }
    try demand((try? HLLSketch(bytes: sketch.bytes)) == sketch, "a sketch reads back otherwise")
    try demand(sketch.estimate().value >= 0, "a sketch estimates less than nothing")
    sketch.merge(hll(0..<100))
    _ = sketch.bytes
    return true
}

private func kll(_ numbers: Range<Int>) -> KLLSketch<Double> {
    var sketch = KLLSketch<Double>(k: 8)
    for number in numbers { sketch.insert(Double(number)) }
    return sketch
}

private func readKLL<Item: KLLItem>(_ input: [UInt8], _: Item.Type) throws -> Bool {
    guard var sketch = try? KLLSketch<Item>(bytes: input) else { return false }
    let again = try? KLLSketch<Item>(bytes: sketch.bytes)
    try demand(again?.bytes == sketch.bytes, "a sketch reads back otherwise")
    _ = sketch.quantile(0.3)
    sketch.merge(sketch)
    if let least = sketch.least { sketch.insert(least, times: 1 << 40) }
    _ = sketch.bytes
    return true
}

/// What is read of an event of the ledger or a file of a task is what was written, byte for byte.
private func readEvent(_ input: [UInt8]) throws -> Bool {
    guard let value = CanonicalJSON(parsing: input) else { return false }
    try demand(value.bytes == input, "an event reads back otherwise")
    return true
}
