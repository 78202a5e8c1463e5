package import Records

/// Writes HTML in which nothing that was given at run time can become markup.
///
/// Names of elements and attributes are literals of the source code; every text and every attribute
/// value is escaped. Elements close themselves.
///
///     var html = HTMLWriter()
///     html.element("p", ["class": "note"]) { $0.text("3 < 4") }
package struct HTMLWriter: ~Copyable {
    /// What was written so far, UTF-8.
    package private(set) var buffer = ByteBuffer(capacity: 1 << 14)

    /// An empty page.
    package init() {}

    /// One attribute; its value is escaped.
    package typealias Attributes = KeyValuePairs<StaticString, String>

    /// Writes `text` with everything escaped that means something in HTML; what HTML allows in no
    /// text (control characters, noncharacters) and what turns the direction of the text around it
    /// becomes U+FFFD.
    package mutating func text(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": buffer.append("&amp;")
            case "<": buffer.append("&lt;")
            case ">": buffer.append("&gt;")
            case "\"": buffer.append("&quot;")
            case "'": buffer.append("&#39;")
            case "\t", "\n": buffer.append(UInt8(truncatingIfNeeded: scalar.value))
            case _ where Self.isUnfit(scalar): buffer.append("\u{fffd}")
            default: for byte in String(scalar).utf8 { buffer.append(byte) }
            }
        }
    }

    private static func isUnfit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x202a...0x202e, 0x2066...0x2069, 0xfdd0...0xfdef: true
        default: scalar.value & 0xfffe == 0xfffe
        }
    }

    /// Writes an element with what `body` writes in it.
    package mutating func element(
        _ name: StaticString, _ attributes: Attributes = [:],
        _ body: (inout HTMLWriter) -> Void
    ) {
        open(name, attributes)
        body(&self)
        buffer.append("</")
        buffer.append(name)
        buffer.append(">")
    }

    /// Writes an element that holds nothing but `text`.
    package mutating func element(
        _ name: StaticString, _ attributes: Attributes = [:], text: String
    ) {
        element(name, attributes) { $0.text(text) }
    }

    /// Writes an element without an end, such as `meta`.
    package mutating func void(_ name: StaticString, _ attributes: Attributes) {
        open(name, attributes)
    }

    /// Where a link leads: inside the page, or to bytes that the page carries. There is no way to
    /// write another address.
    package enum Target: Sendable {
        /// The element with the id, which is a word of the source code and a number.
        case part(StaticString, Int)
        /// A CSV file of the page's own, to be saved under the name.
        case csv([UInt8], name: String)
    }

    /// Writes a link.
    package mutating func link(
        to target: Target, _ attributes: Attributes = [:], _ body: (inout HTMLWriter) -> Void
    ) {
        switch target {
        case .part(let word, let number):
            start("a", attributes)
            buffer.append(" href=\"#")
            buffer.append(word)
            buffer.append(decimal: Int64(number))
        case .csv(let bytes, let name):
            start("a", attributes)
            attribute("download", name)
            buffer.append(" href=\"data:text/csv;charset=utf-8;base64,")
            buffer.append(Base64.text(of: bytes))
        }
        buffer.append("\">")
        body(&self)
        buffer.append("</a>")
    }

    /// Writes a literal of the source code as it is: the document type, a style sheet.
    package mutating func literal(_ text: StaticString) { buffer.append(text) }

    private mutating func open(_ name: StaticString, _ attributes: Attributes) {
        start(name, attributes)
        buffer.append(">")
    }

    private mutating func start(_ name: StaticString, _ attributes: Attributes) {
        buffer.append("<")
        buffer.append(name)
        for (key, value) in attributes { attribute(key, value) }
    }

    private mutating func attribute(_ key: StaticString, _ value: String) {
        buffer.append(" ")
        buffer.append(key)
        buffer.append("=\"")
        text(value)
        buffer.append("\"")
    }
}

extension HTMLWriter {
    /// One column of a table.
    package struct Column: Sendable {
        let title: String
        let isNumber: Bool

        /// A column of words.
        package static func text(_ title: String) -> Column {
            Column(title: title, isNumber: false)
        }

        /// A column of figures, which stand at the right.
        package static func number(_ title: String) -> Column {
            Column(title: title, isNumber: true)
        }
    }

    /// Writes a table with a caption and a head for each column; the first cell of a row heads the
    /// row. It scrolls by itself where the page is too narrow for it.
    package mutating func table(caption: String, _ columns: [Column], _ rows: [[String]]) {
        let attributes: Attributes = [
            "class": "scroll", "tabindex": "0", "role": "region", "aria-label": caption,
        ]
        element("div", attributes) {
            $0.element("table") { table in
                table.element("caption", text: caption)
                table.element("thead") { head in
                    head.element("tr") { row in
                        for column in columns { row.head(column, scope: "col", column.title) }
                    }
                }
                table.element("tbody") { body in
                    for cells in rows { body.row(columns, cells) }
                }
            }
        }
    }

    private mutating func row(_ columns: [Column], _ cells: [String]) {
        element("tr") { row in
            for (index, cell) in cells.enumerated() where index < columns.count {
                if index == 0 {
                    row.head(columns[0], scope: "row", cell)
                } else if columns[index].isNumber {
                    row.element("td", ["class": "number"], text: cell)
                } else {
                    row.element("td", text: cell)
                }
            }
        }
    }

    private mutating func head(_ column: Column, scope: String, _ text: String) {
        if column.isNumber {
            element("th", ["scope": scope, "class": "number"], text: text)
        } else {
            element("th", ["scope": scope], text: text)
        }
    }
}
