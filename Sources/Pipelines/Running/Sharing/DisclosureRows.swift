/// Tells for whom or what the rows of a disclosure's file stand.
struct DisclosureRows {
    private let keyCount: Int
    /// What begins the figures of a row in JSON.
    private let figures: [UInt8]
    private let isCSV: Bool

    init(_ table: TablePlan) {
        keyCount = table.keyColumns.count
        figures = Array(",\"\(table.firstFigure)\":".utf8)
        isCSV = table.paths.first?.format == .csv
    }

    /// The rows up to their first figures.
    func keys(of bytes: [UInt8]) -> Set<[UInt8]> {
        let lines = bytes.split(separator: 0x0a)
        return isCSV ? Set(lines.dropFirst().map(cells)) : Set(lines.map(members))
    }

    private func cells(_ row: ArraySlice<UInt8>) -> [UInt8] {
        var isQuoted = false
        var commas = 0
        for index in row.indices {
            if row[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard row[index] == UInt8(ascii: ","), !isQuoted else { continue }
            commas += 1
            if commas == keyCount { return Array(row[..<index]) }
        }
        return Array(row)
    }

    private func members(_ row: ArraySlice<UInt8>) -> [UInt8] {
        let end = row.indices.first { row[$0...].starts(with: figures) }
        return Array(row[..<(end ?? row.endIndex)])
    }
}
