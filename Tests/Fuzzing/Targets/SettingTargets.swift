import Anonymization
import LogFormats
import Pipelines
import PlainTwins
import Records
import Statistics
import TestSupport

extension FuzzTarget {
    /// The files that people write.
    static let settings: [FuzzTarget] = [
        FuzzTarget("pipeline", words: yamlWords, run: readPipeline),
        FuzzTarget(
            "holds", words: yamlWords + ["ground: law", "notice: ", "- name: "], run: readHolds),
        FuzzTarget(
            "opt-outs",
            words: ["customer", "person", "purpose", "effective_date", "*", ";", ",", "\"", "\n"],
            run: readOptOuts),
    ]

    private static let yamlWords = [
        "fields:", "source:", "outputs:", "- ", ": ", "{", "}", "[", "]", "&a ", "*a", "<<: *a",
        "!!str ", "|", ">", "'", "\"", "#", "\n", "\n  ", "? ", "---", "...", "~", "P1M", "%",
    ]
}

/// Faults lie inside of the file, and are the same the second time.
private func check(_ faults: Faults, _ again: Faults, of input: [UInt8]) throws {
    try demand(faults.all == again.all, "the faults are others the second time")
    let lineCount = lines(of: input).count
    for fault in faults.all {
        try demand(fault.position.line <= lineCount + 1, "a fault lies behind the file")
    }
}

private func readPipeline(_ input: [UInt8]) throws -> Bool {
    let known = KnownNames(
        transforms: TransformCatalogue.all.map(\.name), formats: FormatCatalogue.all.map(\.name),
        measures: MeasureCatalogue.all.map(\.name))
    let (faults, again) = (Faults(), Faults())
    let found = PipelineSpecification.read(input, known: known, faults: faults)
    let second = PipelineSpecification.read(input, known: known, faults: again)
    try demand(found == second, "a pipeline is another the second time")
    try check(faults, again, of: input)
    try demand(found != nil || !faults.isEmpty, "a pipeline is refused without a reason")
    return found != nil && faults.isEmpty
}

private func readHolds(_ input: [UInt8]) throws -> Bool {
    let (faults, again) = (Faults(), Faults())
    let found = HoldFile.read(input, pipeline: "p.yaml", faults: faults)
    let second = HoldFile.read(input, pipeline: "p.yaml", faults: again)
    try demand(found?.count == second?.count, "the holds are others the second time")
    try check(faults, again, of: input)
    try demand((found == nil) == !faults.isEmpty, "holds are refused without a reason")
    let parsing = Faults()
    let parsed = readSettings(input, faults: parsing)
    let plain = parsing.isEmpty ? parsed.flatMap(PlainHolds.read) : nil
    try demand(found?.map(members) == plain, "the twin has \(plain?.description ?? "no holds")")
    return found?.isEmpty == false
}

/// The texts of a hold by the keys that they stand behind.
private func members(_ hold: HoldRequest) -> [String: [String]] {
    var members = [
        "name": [hold.name], "reason": [hold.reason], "by": [hold.by], "customer": hold.customers,
        "user": hold.users, "addresses": hold.addresses, "output": hold.outputs,
    ]
    for (key, value) in [
        ("start", hold.start), ("end", hold.end), ("from", hold.from), ("until", hold.until),
    ] {
        members[key] = value.map { [$0] } ?? []
    }
    switch hold.ground {
    case .law(let citation): (members["ground"], members["citation"]) = (["law"], [citation])
    case .ownDecision(let notice):
        (members["ground"], members["notice"]) = (["own-decision"], [notice])
    }
    return members.filter { !$0.value.isEmpty }
}

private func readOptOuts(_ input: [UInt8]) throws -> Bool {
    let rows = try? DelimitedRows(file: input.span)
    let plain = PlainRows.read(input)
    try demand((rows == nil) == (plain == nil), "the twin says \(plain == nil ? "no" : "yes")")
    guard let rows, let plain else { return false }
    try demand(rows.columns.map(bytes) == plain.first?.cells, "the twin has other columns")
    try demand(rows.count == plain.count - 1, "the twin has another number of rows")
    for (row, expected) in plain.dropFirst().enumerated() {
        let found = rows.columns.indices.map { Array(rows.cell(row, $0)) }
        try demand(found == expected.cells, "the twin has another row")
        try demand(rows.line(row) == expected.line, "the twin has it on line \(expected.line)")
    }
    let expected = PlainOptOut.list(plain)
    let list: OptOutList
    do throws(OptOutFaults) {
        list = try OptOutList(rows: rows, purposes: .standard, zone: .utc)
    } catch {
        try demand(!error.all.isEmpty, "an opt-out list is refused without a reason")
        try demand(expected == nil, "the twin finds no fault")
        return false
    }
    try demand(list.entries.map(plainly) == expected, "the twin has \(expected as Any)")
    return !list.entries.isEmpty
}

private func plainly(_ entry: OptOutEntry) -> PlainOptOut {
    let known = PlainOptOut.usualPurposes.union(PlainOptOut.namedPurposes)
    func bars(_ purpose: String, _ category: Category) -> Bool {
        PurposeTable.standard[purpose].map { entry.scope.bars($0, category) } ?? false
    }
    return PlainOptOut(
        customer: entry.customer, person: entry.person,
        purposes: known.filter { purpose in Category.allCases.contains { bars(purpose, $0) } },
        categories: Set(
            Category.allCases.filter { category in known.contains { bars($0, category) } }
                .map(\.rawValue)),
        effective: entry.effective.milliseconds, withdrawn: entry.withdrawn?.milliseconds,
        line: entry.line)
}
