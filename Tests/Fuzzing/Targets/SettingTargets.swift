import Anonymization
import LogFormats
import Pipelines
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
    return found?.isEmpty == false
}

/// The rows of a file without quotes, cut as plainly as possible; nil when they are no table.
private func plainRows(_ input: [UInt8]) -> [[[UInt8]]]? {
    let text = input.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(input.dropFirst(3)) : input
    let rows = lines(of: text).map { $0.last == 0x0D ? Array($0.dropLast()) : $0 }
        .filter { !$0.isEmpty }
        .map { $0.split(separator: 0x2C, omittingEmptySubsequences: false).map(Array.init) }
    guard let names = rows.first, rows.allSatisfy({ $0.count == names.count }) else { return nil }
    return rows
}

private func readOptOuts(_ input: [UInt8]) throws -> Bool {
    let rows: DelimitedRows
    do {
        rows = try DelimitedRows(file: input.span)
    } catch {
        return false
    }
    // A carriage return that ends no line is refused or kept by rules of its own.
    if !input.contains(UInt8(ascii: "\"")), !input.contains(0x0D) {
        let plain = plainRows(input)
        let found = (0..<rows.count).map { row in
            rows.columns.indices.map { Array(rows.cell(row, $0)) }
        }
        try demand(plain.map { Array($0.dropFirst()) } == found, "the twin has other rows")
    }
    let read: Int
    do throws(OptOutFaults) {
        let list = try OptOutList(rows: rows, purposes: .standard, zone: .utc)
        read = list.entries.count
    } catch {
        try demand(!error.all.isEmpty, "an opt-out list is refused without a reason")
        return false
    }
    try demand(read == rows.count, "a row of an opt-out list is lost")
    return read > 0
}
