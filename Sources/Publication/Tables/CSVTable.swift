package import Records
import Statistics

extension StatisticTable {
    /// Appends the table as CSV: RFC 4180 with LF, a header, quotes only where needed.
    ///
    /// A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
    /// Injection"); figures never do.
    package func appendCSV(to buffer: inout ByteBuffer) {
        appendCSVHeader(to: &buffer)
        appendCSVRows(to: &buffer)
    }

    private func appendCSVHeader(to buffer: inout ByteBuffer) {
        for (index, column) in (groupColumns + columns.map(\.name)).enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            appendCSVText(Array(column.utf8), to: &buffer)
        }
        buffer.append(UInt8(ascii: "\n"))
    }

    /// Appends what stands below the header: for a table that comes in parts.
    package func appendCSVRows(to buffer: inout ByteBuffer) {
        for row in rows {
            for (index, text) in row.key.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                appendCSVText(ByteEscapes.escaped(text), to: &buffer)
            }
            for (index, cell) in row.cells.enumerated() {
                if index > 0 || !row.key.isEmpty { buffer.append(UInt8(ascii: ",")) }
                appendCSVFigure(cell, columns[index].role, to: &buffer)
            }
            buffer.append(UInt8(ascii: "\n"))
        }
    }
}

/// The text with an apostrophe in front where a spreadsheet would take it for a formula.
func withoutFormula(_ text: [UInt8]) -> [UInt8] {
    guard let first = text.first, Array("=+-@\t\r".utf8).contains(first) else { return text }
    return [UInt8(ascii: "'")] + text
}

private func appendCSVText(_ text: [UInt8], to buffer: inout ByteBuffer) {
    let text = withoutFormula(text)
    let needsQuotes = text.contains { byte in
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r")
    }
    guard needsQuotes else {
        buffer.append(text)
        return
    }
    buffer.append(UInt8(ascii: "\""))
    for byte in text {
        if byte == UInt8(ascii: "\"") { buffer.append(byte) }
        buffer.append(byte)
    }
    buffer.append(UInt8(ascii: "\""))
}

private func appendCSVFigure(
    _ cell: StatisticTable.Cell, _ role: ColumnRole, to buffer: inout ByteBuffer
) {
    switch cell {
    case .value(let quantity): quantity.append(to: &buffer)
    case .zero: buffer.append(UInt8(ascii: "0"))
    case .suppressed(let below):
        if role == .magnitude { return }
        buffer.append(UInt8(ascii: "<"))
        buffer.append(decimal: Int64(below))
    case .withheld:
        if role != .magnitude { buffer.append(TableMarks.withheld) }
    case .notMeasured: buffer.append(TableMarks.notMeasured)
    }
}
