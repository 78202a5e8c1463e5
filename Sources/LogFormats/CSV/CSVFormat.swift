package import Anonymization
package import Records

/// Comma-separated values and their relatives (RFC 4180), with a header line or named columns.
///
/// Lines end with LF or CRLF, a byte order mark at the start is skipped, empty lines are blank
/// rows, and the last line may lack its end. Which bytes are a row, also a broken one, is fixed in
/// `csv_scan.h` and depends on nothing but the bytes and the record limit.
package struct CSVFormat: LogFormat, Equatable {
    /// What stands between two cells.
    package enum Delimiter: String, Sendable, CaseIterable {
        case comma, semicolon, tab, pipe

        package var byte: UInt8 {
            switch self {
            case .comma: UInt8(ascii: ",")
            case .semicolon: UInt8(ascii: ";")
            case .tab: UInt8(ascii: "\t")
            case .pipe: UInt8(ascii: "|")
            }
        }
    }

    package let name: String
    package let delimiter: Delimiter
    /// False: quotes are ordinary bytes, as in the media type text/tab-separated-values.
    package let hasQuotes: Bool
    /// The columns, when sources have no header line.
    package let columns: [String]?
    package var oddBytesRefused: OddBytes { [.nul, .notUTF8] }

    package init(
        name: String = "csv",
        delimiter: Delimiter = .comma,
        hasQuotes: Bool = true,
        columns: [String]? = nil
    ) {
        self.name = name
        self.delimiter = delimiter
        self.hasQuotes = hasQuotes
        self.columns = columns
    }

    package var ownTime: OwnTime? { nil }
    package var quoteRule: QuoteRule { hasQuotes ? .ifPresent : .never }
    package var fieldNames: [String]? { columns }

    package func knows(field: String) -> Bool? {
        columns.map { names in names.contains { sameBytes($0, field) } }
    }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter {
        guard hasQuotes else { return LineSplitter() }
        return CSVSplitter(delimiter: delimiter.byte, limit: RecordLength(limits).bytesMax)
    }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        CSVReader(format: self, fields: fields, limits: limits)
    }

    package func splicedWriter() -> any RecordWriter {
        CSVWriter(format: self, columns: nil)
    }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        CSVWriter(format: self, columns: columns)
    }

    package func check(
        _ fields: DeclaredFields,
        against columns: [String]?
    ) throws(SourceFault) {
        guard let columns, self.columns == nil else { return }
        for name in fields.names where !columns.contains(where: { sameBytes($0, name) }) {
            // A header is no record, but a file without one starts with values: only a column that
            // the pipeline nearly names is told.
            let near = nearestName(to: name, among: columns)
            throw SourceFault(
                .missingColumn,
                byteOffset: 0,
                expectation: "expected a column `\(name)` in the header line, found "
                    + (near.map { "none; did you mean `\($0)`?" } ?? "none")
            )
        }
    }
}

// MARK: - Header

extension CSVFormat {
    /// Skips a byte order mark and reads the header line, if sources have one. An empty source has
    /// no header and no records, which is no fault.
    package func header(
        of start: Span<UInt8>,
        isComplete: Bool,
        limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult {
        guard let skipped = try byteOrderMark(of: start, isComplete: isComplete) else {
            return .needMoreBytes
        }
        if let columns { return .header(length: skipped, columns: columns) }
        if start.count == skipped {
            return isComplete ? .header(length: skipped, columns: nil) : .needMoreBytes
        }
        let rest = start.extracting(skipped..<start.count)
        switch firstRow(
            of: rest,
            delimiter: delimiter.byte,
            hasQuotes: hasQuotes,
            isComplete: isComplete,
            limits: limits
        ) {
        case .incomplete: return .needMoreBytes
        case .unreadable: throw Self.badHeader
        case .cells(let cells, let length):
            return .header(length: skipped + length, columns: try names(cells, in: rest))
        }
    }

    private func names(
        _ cells: [FieldSlice],
        in bytes: Span<UInt8>
    ) throws(SourceFault) -> [String] {
        var seen: Set<[UInt8]> = []
        var names: [String] = []
        for cell in cells {
            var buffer = ByteBuffer()
            let content = bytes.extracting(cell.offset..<cell.end)
            if cell.kind == .escapedText {
                decodeCSV(content, into: &buffer)
            } else {
                buffer.append(content)
            }
            let text = buffer.array()
            guard let name = String(validating: text, as: UTF8.self), !text.contains(0) else {
                throw Self.badHeader
            }
            guard seen.insert(text).inserted else {
                throw SourceFault(
                    .badHeader,
                    byteOffset: 0,
                    expectation: "expected each column of the header line to have its own name, "
                        + "found column \(names.count + 1) named like an earlier one"
                )
            }
            names.append(name)
        }
        if seen == [[]] { throw Self.badHeader }
        return names
    }

    private static let badHeader = SourceFault(
        .badHeader,
        byteOffset: 0,
        expectation: "expected a header line of column names in UTF-8 with closed quotes"
    )
}
