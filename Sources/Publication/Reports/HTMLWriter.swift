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

    /// Writes `text` with everything escaped that means something in HTML; control characters
    /// become U+FFFD.
    package mutating func text(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): buffer.append("&amp;")
            case UInt8(ascii: "<"): buffer.append("&lt;")
            case UInt8(ascii: ">"): buffer.append("&gt;")
            case UInt8(ascii: "\""): buffer.append("&quot;")
            case UInt8(ascii: "'"): buffer.append("&#39;")
            case 9, 10: buffer.append(byte)
            case 0..<32, 127: buffer.append("\u{fffd}")
            default: buffer.append(byte)
            }
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

    /// Writes a literal of the source code as it is: the document type, a style sheet.
    package mutating func literal(_ text: StaticString) { buffer.append(text) }

    private mutating func open(_ name: StaticString, _ attributes: Attributes) {
        buffer.append("<")
        buffer.append(name)
        for (key, value) in attributes {
            buffer.append(" ")
            buffer.append(key)
            buffer.append("=\"")
            text(value)
            buffer.append("\"")
        }
        buffer.append(">")
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
