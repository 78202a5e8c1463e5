/// A table of RFC 4180 cut where a comma or a line feed has an even number of quotes before it.
package enum PlainRows {
    /// The line on which a row begins, and its cells.
    package typealias Row = (line: Int, cells: [[UInt8]])

    private static let quote = UInt8(ascii: "\"")

    /// The rows that are not empty, that of the names first; nil when the file is no such table.
    package static func read(_ file: [UInt8]) -> [Row]? {
        let hasMark = file.starts(with: [0xEF, 0xBB, 0xBF])
        let text = hasMark ? Array(file.dropFirst(3)) : file
        guard !text.contains(0) else { return nil }
        var rows: [Row] = []
        var line = 1
        var lines = cut(text, at: UInt8(ascii: "\n"))
        // What stands behind the last line feed has none that a return could belong to.
        let rest = lines.removeLast()
        lines = lines.map { $0.last == UInt8(ascii: "\r") ? Array($0.dropLast()) : $0 }
        for raw in lines + [rest] {
            if !raw.isEmpty {
                let cells = cut(raw, at: UInt8(ascii: ",")).map(content)
                guard !cells.contains(nil) else { return nil }
                rows.append((line, cells.compactMap(\.self)))
            }
            line += 1 + raw.count { $0 == UInt8(ascii: "\n") }
        }
        guard let names = rows.first?.cells.map({ String(validating: $0, as: UTF8.self) }),
            names.allSatisfy({ $0?.isEmpty == false }), Set(names).count == names.count,
            names.count <= 256, rows.allSatisfy({ $0.cells.count == names.count })
        else { return nil }
        return rows
    }

    private static func cut(_ text: [UInt8], at sign: UInt8) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var quotes = 0
        for byte in text {
            if byte == quote { quotes += 1 }
            if byte == sign, quotes % 2 == 0 {
                parts.append([])
            } else {
                parts[parts.count - 1].append(byte)
            }
        }
        return parts
    }

    /// What a cell says; nil when its quotes are not around it and doubled within.
    private static func content(_ cell: [UInt8]) -> [UInt8]? {
        guard cell.contains(quote) else {
            return cell.contains(UInt8(ascii: "\r")) ? nil : cell
        }
        guard cell.count > 1, cell.first == quote, cell.last == quote else { return nil }
        var content: [UInt8] = []
        var isHalf = false
        for byte in cell.dropFirst().dropLast() {
            if isHalf, byte != quote { return nil }
            isHalf = byte == quote && !isHalf
            if !isHalf { content.append(byte) }
        }
        return isHalf ? nil : content
    }
}
