import Anonymization
import Records

/// Finds the cells of a line by the columns in force.
struct HeadedTableScanner: LineScanner {
    private let dialect: HeadedTableDialect
    private let names: NamedSlots
    private var slots: NamedSlots
    private let fieldsMax: Int
    private var columns: [String]?
    /// For each column its slot, -1 when it is not declared, and whether its values have escapes.
    private var targets: [(slot: Int, hasEscapes: Bool)] = []
    private var cells: [Range<Int>] = []

    init(dialect: HeadedTableDialect, fields: DeclaredFields, limits: RecordLimits) {
        self.dialect = dialect
        names = NamedSlots(fields)
        slots = names
        fieldsMax = limits.fieldsMax
    }

    mutating func begin(columns found: [String]?) {
        guard found != columns else { return }
        columns = found
        targets = (found ?? []).map { name in
            let bytes = Array(name.utf8)
            return (names.slot(of: bytes.span), dialect.hasEscapes(column: name))
        }
    }

    mutating func scan(
        _ line: Range<Int>, of bytes: Span<UInt8>, into table: inout RecordTable
    ) -> QuarantineReason? {
        // A directive that nobody knows, or records in front of any header.
        guard bytes[line.lowerBound] != UInt8(ascii: "#"), !targets.isEmpty else {
            return .formatMismatch
        }
        if targets.count > fieldsMax { return .tooManyFields }
        split(line, of: bytes, quoted: false)
        if cells.count != targets.count, dialect == .w3c { split(line, of: bytes, quoted: true) }
        guard cells.count == targets.count else { return .raggedRow }
        slots.beginRow(table)
        for index in cells.indices {
            let cell = content(of: cells[index], bytes)
            let isEscaped =
                targets[index].hasEscapes && dialect.isEscaped(bytes.extracting(cell))
            _ = slots.set(
                FieldSlice(dashedText: cell, of: bytes, isEscaped: isEscaped),
                slot: targets[index].slot, in: &table)
        }
        slots.endRow(&table)
        return nil
    }

    /// Cuts the line at tabs, or at spaces when it has none. With `quoted`, what begins with a
    /// quote ends with one: a value that the first cut has torn apart is whole then, and a stray
    /// quote can only join cells, which leaves too few of them.
    private mutating func split(_ line: Range<Int>, of bytes: Span<UInt8>, quoted: Bool) {
        cells.removeAll(keepingCapacity: true)
        var end = line.upperBound
        let separator = self.separator(of: line, bytes)
        if separator == 0x20 {
            while end > line.lowerBound, bytes[end - 1] == 0x20 { end -= 1 }
        }
        var start = line.lowerBound
        var at = start
        while at < end {
            if quoted, at == start, bytes[at] == UInt8(ascii: "\"") {
                at = behindQuote(at + 1, end, bytes)
                continue
            }
            if bytes[at] == separator {
                cells.append(start..<at)
                start = at + 1
            }
            at += 1
        }
        cells.append(start..<end)
    }

    private func separator(of line: Range<Int>, _ bytes: Span<UInt8>) -> UInt8 {
        guard dialect == .w3c else { return 0x09 }
        for index in line where bytes[index] == 0x09 { return 0x09 }
        return 0x20
    }

    /// The place behind the quote that closes what begins at `start`; two quotes stand for one.
    private func behindQuote(_ start: Int, _ end: Int, _ bytes: Span<UInt8>) -> Int {
        var at = start
        while at < end {
            if bytes[at] == UInt8(ascii: "\"") {
                guard at + 1 < end, bytes[at + 1] == UInt8(ascii: "\"") else { return at + 1 }
                at += 1
            }
            at += 1
        }
        return end
    }

    /// The cell without quotes around it.
    private func content(of cell: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int> {
        let quote = UInt8(ascii: "\"")
        guard dialect == .w3c, cell.count >= 2, bytes[cell.lowerBound] == quote,
            bytes[cell.upperBound - 1] == quote
        else { return cell }
        return cell.lowerBound + 1..<cell.upperBound - 1
    }

    func decode(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        dialect.decode(text, into: &buffer)
    }
}

struct HeadedTableSyntax: LineSyntax {
    let dialect: HeadedTableDialect
    let nothing: StaticString = "-"

    func append(_ text: Span<UInt8>, isLast: Bool, to output: inout ByteBuffer) {
        dialect.encode(text, into: &output)
    }
}

/// Writes columns as a table with directives of its own in front.
struct HeadedTableColumnWriter: RecordWriter {
    private let syntax: HeadedTableSyntax
    private let names: [[UInt8]]

    /// White space in a name becomes `_`.
    init(dialect: HeadedTableDialect, columns: [String]) {
        syntax = HeadedTableSyntax(dialect: dialect)
        names = columns.map { name in name.utf8.map { $0 <= 0x20 ? UInt8(ascii: "_") : $0 } }
    }

    private var separator: UInt8 { syntax.dialect == .w3c ? 0x20 : 0x09 }

    func header(columns: [String]?) -> [UInt8] {
        var output = ByteBuffer()
        if syntax.dialect == .zeek {
            output.append(
                "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n")
            output.append("#fields")
            for name in names {
                output.append(UInt8(ascii: "\t"))
                output.append(name)
            }
        } else {
            output.append("#Version: 1.0\n#Fields:")
            for name in names {
                output.append(UInt8(ascii: " "))
                output.append(name)
            }
        }
        output.append(UInt8(ascii: "\n"))
        return output.array()
    }

    func write(
        _ index: Int,
        of batch: borrowing ReleasedBatch,
        chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        let record = batch.records[index]
        for at in 0..<record.pieceCount {
            if at > 0 { output.append(separator) }
            syntax.append(
                batch.pieces[record.firstPiece + at], isLast: false, of: batch, chunk: chunk,
                to: &output)
        }
        output.append(UInt8(ascii: "\n"))
    }
}
