import Records
import Statistics

/// What the columns of a CSV file mean, for software that reads "CSV on the Web" (W3C, "Metadata
/// Vocabulary for Tabular Data", 2015).
struct CSVMetadata {
    private let published: PublishedTable
    private let publication: Publication
    private let file: String
    private let showsSketches: Bool

    /// The metadata of the CSV file named `file`, which lies beside it: of the figures of a table,
    /// or of its sketches.
    init(
        _ published: PublishedTable, of publication: Publication, file: String,
        showsSketches: Bool = false
    ) {
        self.showsSketches = showsSketches
        self.published = published
        self.publication = publication
        self.file = file
    }

    var bytes: [UInt8] {
        var buffer = ByteBuffer(capacity: 1 << 12)
        document.append(to: &buffer, indent: 0)
        buffer.append(UInt8(ascii: "\n"))
        return buffer.array()
    }

    private var document: Node {
        let table = published.table
        return .object([
            ("@context", .text("http://www.w3.org/ns/csvw")),
            ("url", .text(Self.escaped(file, Self.unreserved))),
            ("dc:title", .text(table.name)),
            ("dc:description", .text(description)),
            ("dc:issued", .text(publication.closed)),
            ("dc:temporal", .text("\(publication.period)-01/\(publication.through)")),
            (
                "dialect",
                .object([
                    ("encoding", .text("utf-8")), ("header", .flag(true)),
                    ("lineTerminators", .list([.text("\n")])), ("quoteChar", .text("\"")),
                    ("doubleQuote", .flag(true)), ("trim", .flag(false)),
                ])
            ),
            (
                "tableSchema",
                .object([
                    (
                        "columns",
                        .list(table.groupColumns.map(group) + figures)
                    ),
                    ("primaryKey", .list(table.groupColumns.map { .text(Self.name($0)) })),
                ])
            ),
        ])
    }

    private var description: String {
        let table = published.table
        if showsSketches {
            return "Sketches behind the statistics of \(publication.pipeline), purpose "
                + "\(published.purpose). \(ColumnWords.sketches)"
        }
        if let noise = published.noise {
            return "Published statistics of \(publication.pipeline), purpose "
                + "\(published.purpose). \(ColumnWords.noisy(noise))"
        }
        let customers = published.customers == 0 ? "" : " and \(published.customers) customers"
        return "Published statistics of \(publication.pipeline), purpose \(published.purpose). At "
            + "least \(table.persons) persons\(customers) stand behind every figure; "
            + "\(table.withheld.cells) of \(table.withheld.cellsTotal) figures are withheld."
            + (ColumnWords.counts(published).map { " \($0)" } ?? "")
    }

    private func group(_ column: String) -> Node {
        let datatype =
            switch column {
            case "month": "gYearMonth"
            case "day": "date"
            default: "string"
            }
        return .object([
            ("name", .text(Self.name(column))), ("titles", .text(Self.title(column))),
            ("dc:description", .text(ColumnWords.ofGroup(column))),
            ("datatype", .text(datatype)),
        ])
    }

    /// The columns of figures, each noisy one with that of its accuracy behind it.
    private var figures: [Node] {
        if showsSketches { return (published.sketches?.columns ?? []).map(sketch) }
        return published.table.columns.flatMap { column in
            published.noise == nil ? [figure(column)] : [figure(column), accuracy(of: column)]
        }
    }

    private func sketch(_ column: PublishedSketches.Column) -> Node {
        .object([
            ("name", .text(Self.name(column.name))), ("titles", .text(Self.title(column.name))),
            ("dc:description", .text(ColumnWords.of(column))), ("datatype", .text("base64Binary")),
            ("null", .list([.text("")])),
        ])
    }

    private func accuracy(of column: MeasuredColumn) -> Node {
        let name = PublishedNoise.accuracyName(of: column.name)
        return .object([
            ("name", .text(Self.name(name))), ("titles", .text(Self.title(name))),
            ("dc:description", .text(ColumnWords.ofAccuracy(column.name))),
            ("datatype", .text("decimal")),
        ])
    }

    private func figure(_ column: MeasuredColumn) -> Node {
        let isMagnitude = column.role == .magnitude
        let withheld = isMagnitude ? [""] : ["<\(published.table.persons)", "x"]
        return .object([
            ("name", .text(Self.name(column.name))), ("titles", .text(Self.title(column.name))),
            (
                "dc:description",
                .text(
                    "\(ColumnWords.of(column, in: published)) Unit: "
                        + "\(ColumnWords.unit(of: column.role)). Withheld where "
                        + (isMagnitude
                            ? "empty" : "\"\(withheld[0])\" (too few persons) or \"x\"")
                        + ", not measured where \"n/a\".")
            ),
            ("datatype", .text(isMagnitude ? "decimal" : "integer")),
            ("null", .list((withheld + ["n/a"]).map { .text($0) })),
        ])
    }

    private static func title(_ column: String) -> String {
        String(decoding: withoutFormula(Array(column.utf8)), as: UTF8.self)
    }

    /// A name as URI templates take it (RFC 6570 §2.3): no underscore in front, the rest escaped.
    private static func name(_ column: String) -> String {
        let text = escaped(column) { Self.unreserved($0) && $0 != UInt8(ascii: "-") }
        return text.utf8.first == UInt8(ascii: "_") ? "%5F" + text.dropFirst() : text
    }

    private static func unreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func escaped(_ text: String, _ isPlain: (UInt8) -> Bool) -> String {
        var buffer = ByteBuffer(capacity: 64)
        for byte in text.utf8 {
            if isPlain(byte) {
                buffer.append(byte)
            } else {
                buffer.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 15] {
                    buffer.append(Array("0123456789ABCDEF".utf8)[Int(digit)])
                }
            }
        }
        return String(decoding: buffer.array(), as: UTF8.self)
    }
}

/// JSON with its keys in the order in which they are given.
private enum Node {
    case text(String)
    case flag(Bool)
    case list([Node])
    case object([(String, Node)])

    func append(to buffer: inout ByteBuffer, indent: Int) {
        switch self {
        case .text(let text): appendJSONText(Array(text.utf8), to: &buffer)
        case .flag(let flag): buffer.append(text: flag ? "true" : "false")
        case .list(let nodes):
            Self.write(nodes, "[", "]", indent, &buffer) { $0.append(to: &$1, indent: indent + 1) }
        case .object(let entries):
            Self.write(entries, "{", "}", indent, &buffer) { entry, buffer in
                appendJSONText(Array(entry.0.utf8), to: &buffer)
                buffer.append(": ")
                entry.1.append(to: &buffer, indent: indent + 1)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], _ open: StaticString, _ close: StaticString, _ indent: Int,
        _ buffer: inout ByteBuffer, _ write: (Item, inout ByteBuffer) -> Void
    ) {
        buffer.append(open)
        for (index, item) in items.enumerated() {
            buffer.append(index == 0 ? "\n" : ",\n")
            for _ in 0...indent { buffer.append("  ") }
            write(item, &buffer)
        }
        if !items.isEmpty {
            buffer.append("\n")
            for _ in 0..<indent { buffer.append("  ") }
        }
        buffer.append(close)
    }
}
