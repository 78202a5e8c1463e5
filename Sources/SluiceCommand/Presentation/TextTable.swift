private import Pipelines

/// A plain-text table that never gets wider than it may.
///
/// Too long texts of columns that may shrink lose their middle. When even that is not enough, each
/// row becomes a block of its own: the first cell, then a line for every other column.
package struct TextTable {
    /// One column.
    package struct Column: Sendable {
        package let title: String
        /// Numbers stand at the right.
        package let isNumber: Bool
        /// The fewest characters to which long texts may be cut; nil when they may not.
        package let shrinksTo: Int?

        package static func number(_ title: String) -> Column {
            Column(title: title, isNumber: true, shrinksTo: nil)
        }

        package static func text(_ title: String, shrinksTo: Int? = nil) -> Column {
            Column(title: title, isNumber: false, shrinksTo: shrinksTo)
        }
    }

    private static let gap = 2

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row of as many cells as there are columns; characters that a terminal would obey are
    /// replaced.
    package mutating func add(_ cells: [String]) {
        rows.append(cells.map(FaultReport.printable))
    }

    package var isEmpty: Bool { rows.isEmpty }

    /// The lines: titles first, none longer than `columnsMax` characters, no spaces at the end.
    package func lines(columnsMax: Int) -> [String] {
        guard let widths = widths(columnsMax: columnsMax) else {
            return rows.flatMap { block($0, columnsMax: columnsMax) }
        }
        return ([columns.map(\.title)] + rows).map { line($0, widths: widths) }
    }

    /// The width of each column; nil when they cannot stand side by side.
    private func widths(columnsMax: Int) -> [Int]? {
        var widths = columns.indices.map { index in
            rows.map { $0[index].count }.reduce(columns[index].title.count, max)
        }
        let available = columnsMax - Self.gap * (columns.count - 1)
        var excess = widths.reduce(0, +) - available
        while excess > 0 {
            let shrinkable = columns.indices.filter {
                widths[$0] > max(columns[$0].shrinksTo ?? .max, columns[$0].title.count)
            }
            guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { return nil }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ cells: [String], widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let text = Self.shortened(cell, to: widths[index])
            let padding = String(repeating: " ", count: widths[index] - text.count)
            if index > 0 { line += String(repeating: " ", count: Self.gap) }
            line += columns[index].isNumber ? padding + text : text + padding
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    private func block(_ cells: [String], columnsMax: Int) -> [String] {
        cells.enumerated().map { index, cell in
            let line = index == 0 ? cell : "  \(columns[index].title) \(cell)"
            return Self.shortened(line, to: columnsMax)
        }
    }

    /// The text with its middle replaced by dots when it is longer than `width`; more is kept of
    /// the end, where the name of a file stands.
    package static func shortened(_ text: String, to width: Int) -> String {
        guard text.count > width else { return text }
        guard width > 3 else { return String(text.prefix(max(width, 0))) }
        let head = (width - 3) / 3
        return String(text.prefix(head)) + "..." + String(text.suffix(width - 3 - head))
    }
}
