package import Records
import Statistics

extension StatisticTable {
    /// Appends the table as JSON Lines: one object a row, keys in the order of the columns.
    ///
    /// Group values are strings, as `ByteEscapes` has them. Figures are numbers; for the rest see
    /// `TableMarks`.
    package func appendJSONLines(to buffer: inout ByteBuffer) {
        for row in rows {
            buffer.append(UInt8(ascii: "{"))
            for (index, text) in row.key.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                appendJSONText(Array(groupColumns[index].utf8), to: &buffer)
                buffer.append(UInt8(ascii: ":"))
                appendJSONText(ByteEscapes.escaped(text), to: &buffer)
            }
            for (index, cell) in row.cells.enumerated() {
                if index > 0 || !row.key.isEmpty { buffer.append(UInt8(ascii: ",")) }
                appendJSONText(Array(columns[index].name.utf8), to: &buffer)
                buffer.append(UInt8(ascii: ":"))
                appendJSONFigure(cell, to: &buffer)
            }
            buffer.append("}\n")
        }
    }
}

extension StatisticTable {
    /// The table as the jsonl format writes it.
    var jsonLines: [UInt8] {
        var buffer = ByteBuffer(capacity: 1 << 12)
        appendJSONLines(to: &buffer)
        return buffer.array()
    }
}

/// Appends `text` as a string of JSON; bytes that are no UTF-8 become U+FFFD.
func appendJSONText(_ text: [UInt8], to buffer: inout ByteBuffer) {
    buffer.append(UInt8(ascii: "\""))
    for byte in String(decoding: text, as: UTF8.self).utf8 {
        switch byte {
        case UInt8(ascii: "\""): buffer.append("\\\"")
        case UInt8(ascii: "\\"): buffer.append("\\\\")
        case 10: buffer.append("\\n")
        case 13: buffer.append("\\r")
        case 9: buffer.append("\\t")
        case 0..<32:
            buffer.append("\\u00")
            buffer.append(hex: UInt64(byte), digits: 2)
        default: buffer.append(byte)
        }
    }
    buffer.append(UInt8(ascii: "\""))
}

private func appendJSONFigure(_ cell: StatisticTable.Cell, to buffer: inout ByteBuffer) {
    switch cell {
    case .value(let quantity): quantity.append(to: &buffer)
    case .zero: buffer.append(UInt8(ascii: "0"))
    case .suppressed(let below):
        buffer.append("{\"suppressed\":true,\"below\":")
        buffer.append(decimal: Int64(below))
        buffer.append(UInt8(ascii: "}"))
    case .withheld: buffer.append("{\"suppressed\":true}")
    case .notMeasured: buffer.append("null")
    }
}
