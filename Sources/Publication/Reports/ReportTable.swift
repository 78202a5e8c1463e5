import Records
import Statistics

/// The figures of a table as tiles or rows, with what stands for a figure that is not told.
struct ReportTable {
    let published: PublishedTable
    let texts: ReportTexts
    /// The table's number on the page, for ids.
    let number: Int
    /// The columns of the group that tell rows apart: the month of a publication is the same in all
    /// rows and stands above them.
    private let groups: [Int]

    /// The most rows that a page shows of a table, on screen and on paper: more of them nobody
    /// reads, and browsers take minutes. The download below the table has all.
    static let rowsMax = 2_000

    init(published: PublishedTable, texts: ReportTexts, number: Int) {
        self.published = published
        self.texts = texts
        self.number = number
        let table = published.table
        let all = table.groupColumns.indices
        let telling = all.filter { at in
            table.groupColumns[at] != "month"
                || table.rows.contains { $0.key[at] != table.rows[0].key[at] }
        }
        groups = telling.isEmpty ? Array(all) : telling
    }

    private var table: ControlledTable { published.table }

    private var shown: ArraySlice<ControlledTable.Row> { table.rows.prefix(Self.rowsMax) }

    /// A row by itself reads better as tiles than as a table.
    func write(into html: inout HTMLWriter) {
        if table.rows.isEmpty {
            html.element("p", ["class": "note"], text: texts.noRows)
        } else if table.rows.count == 1 {
            tiles(table.rows[0], &html)
        } else {
            if published.isLong {
                html.element(
                    "p", ["class": "note"],
                    text: texts.firstRows(
                        texts.number(Self.rowsMax), of: texts.number(table.rows.count)))
            }
            rows(&html)
        }
        reasons(&html)
    }

    private func tiles(_ row: ControlledTable.Row, _ html: inout HTMLWriter) {
        html.element("dl", ["class": "tiles"]) { list in
            for (number, (column, cell)) in zip(table.columns, row.cells).enumerated() {
                list.element("div", ["class": "tile \(style(cell))"]) { tile in
                    tile.element("dt", text: texts.title(column))
                    tile.element("dd", ["class": "figure"]) { figure(cell, column: number, &$0) }
                    if !published.isAddable(column) {
                        tile.element("dd") {
                            $0.element("span", ["class": "tag"], text: texts.notAddable)
                        }
                    }
                }
            }
        }
    }

    private func rows(_ html: inout HTMLWriter) {
        let caption = texts.table(texts.title(table.name))
        let frame: HTMLWriter.Attributes = [
            "class": "scroll", "tabindex": "0", "role": "region", "aria-label": caption,
        ]
        html.element("div", frame) { frame in
            frame.element("table", ["class": "figures"]) { html in
                html.element("caption", text: caption)
                html.element("thead") { $0.element("tr") { heads(&$0) } }
                html.element("tbody") { body in
                    for row in shown { body.element("tr") { self.row(row, &$0) } }
                }
            }
        }
    }

    private func heads(_ html: inout HTMLWriter) {
        for at in groups {
            html.element("th", ["scope": "col"]) {
                $0.element("span", ["class": "label"], text: texts.title(table.groupColumns[at]))
            }
        }
        for column in table.columns {
            html.element("th", ["scope": "col", "class": "number"]) { head in
                head.element("span", ["class": "label"], text: texts.title(column))
                if !published.isAddable(column) {
                    head.text(" ")
                    head.element("span", ["class": "tag"], text: texts.notAddable)
                }
            }
        }
    }

    private func row(_ row: ControlledTable.Row, _ html: inout HTMLWriter) {
        for index in groups {
            let text = texts.value(row.key[index])
            if index == groups.last {
                html.element("th", ["scope": "row"], text: text)
            } else {
                html.element("td", text: text)
            }
        }
        for (column, cell) in row.cells.enumerated() {
            html.element(
                "td", ["class": "number \(style(cell))", "data-value": plain(cell)]
            ) { figure(cell, column: column, &$0) }
        }
    }

    /// What the script sorts by; empty for what is no figure.
    private func plain(_ cell: ControlledCell) -> String {
        switch cell {
        case .value(let quantity): quantity.text
        case .zero: "0"
        case .suppressed, .notMeasured: ""
        }
    }

    private func style(_ cell: ControlledCell) -> String {
        switch cell {
        case .value: "told"
        case .zero: "zero"
        case .suppressed: "withheld"
        case .notMeasured: "missing"
        }
    }

    private func figure(_ cell: ControlledCell, column: Int, _ html: inout HTMLWriter) {
        let role = table.columns[column].role
        switch cell {
        case .value(let quantity):
            html.text(texts.number(quantity))
            accuracy(of: column, &html)
        case .zero:
            html.text("0")
            accuracy(of: column, &html)
        case .suppressed(let reason):
            let mark =
                reason == .persons && role != .magnitude
                ? "<\(texts.number(table.persons))" : texts.markWithheld
            html.element("span", ["title": texts.sentence(reason)]) { span in
                span.text(mark)
                span.element("sup", ["aria-hidden": "true"], text: reason.letter)
                span.element(
                    "span", ["class": "unseen"],
                    text: " (\(texts.markWithheld): \(texts.sentence(reason)))")
            }
        case .notMeasured:
            html.element("span", ["title": texts.notMeasured]) { span in
                span.text(texts.markNotMeasured)
                span.element("span", ["class": "unseen"], text: " (\(texts.notMeasured))")
            }
        }
    }

    /// How far from the truth a noisy figure may be, behind it.
    private func accuracy(of column: Int, _ html: inout HTMLWriter) {
        guard let noise = published.noise else { return }
        let reach = texts.number(noise.columns[column].accuracy)
        html.element("small", ["class": "reach", "title": texts.within(reach)]) {
            $0.text(" \u{b1}\(reach)")
        }
    }

    /// A sentence for each letter in the table.
    private func reasons(_ html: inout HTMLWriter) {
        let used = SuppressionReason.allCases.filter { reason in
            shown.contains { row in row.cells.contains(.suppressed(reason)) }
        }
        guard !used.isEmpty else { return }
        html.element("dl", ["class": "reasons"]) { list in
            for reason in used {
                list.element("div") { line in
                    line.element("dt", text: reason.letter)
                    line.element("dd", text: texts.sentence(reason))
                }
            }
        }
    }
}

extension PublishedTable {
    /// True when a page shows the first rows of the table only.
    var isLong: Bool { table.rows.count > ReportTable.rowsMax }
}

extension SuppressionReason {
    /// The letter beside a withheld figure, the same in all reports.
    var letter: String {
        switch self {
        case .persons: "a"
        case .customers: "b"
        case .dominance: "c"
        case .zero: "d"
        case .whole: "e"
        case .difference: "f"
        case .complementary: "g"
        case .linked: "h"
        }
    }
}

extension StatisticTable {
    /// The table as the csv format writes it.
    var csv: [UInt8] {
        var buffer = ByteBuffer(capacity: 1 << 12)
        appendCSV(to: &buffer)
        return buffer.array()
    }
}
