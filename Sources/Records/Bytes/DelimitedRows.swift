/// One fault of a reference file (an opt-out list, a look-up table): where and what was expected,
/// never what was found.
package struct ReferenceFault: Error, Equatable, Sendable {
    /// The line on which the row or quote begins, 1-based.
    package let line: Int
    /// What was expected, as a sentence for people.
    package let expectation: String

    package init(line: Int, _ expectation: String) {
        self.line = line
        self.expectation = expectation
    }
}

/// A small comma-separated reference file, read whole.
///
/// Strict RFC 4180: the first row names the columns, every other row has as many cells, quotes
/// stand around whole cells and are doubled inside them; lines end with LF or CRLF. A byte order
/// mark is skipped and so are empty lines. Record sources are read by the formats instead; this
/// reader is for files that a pipeline names beside its source.
package struct DelimitedRows: Sendable {
    /// The names of the columns, distinct.
    package let columns: [String]
    /// The number of rows below the names.
    package var count: Int { lines.count }

    private let bytes: [UInt8]
    /// Row-major ends of the cells in `bytes`; each begins where the one before it ends.
    private let ends: [Int]
    private let lines: [Int]

    /// The largest file in bytes.
    package static let fileBytesMax = 1 << 28
    /// The longest row in bytes, quotes included: as long as a record may be unless told otherwise.
    package static let rowBytesMax = RecordLimits().recordBytesMax
    /// The most columns.
    package static let columnsMax = 256

    /// Reads the whole of `file`; the first thing that is not as it should be is thrown.
    package init(file: Span<UInt8>) throws(ReferenceFault) {
        guard file.count <= Self.fileBytesMax else {
            throw ReferenceFault(
                line: 1,
                "expected a file of at most \(Self.fileBytesMax >> 20) MiB"
            )
        }
        var scanner = DelimitedScanner(at: Self.startsWithMark(file) ? 3 : 0)
        var names: [String] = []
        var lines: [Int] = []
        var headerCells = 0
        while let row = try scanner.row(file) {
            if names.isEmpty {
                names = try Self.names(scanner.content, scanner.ends)
                headerCells = scanner.ends.count
                continue
            }
            guard row.cells == names.count else {
                throw ReferenceFault(
                    line: row.line,
                    "expected \(names.count) cells, as the first line has"
                )
            }
            lines.append(row.line)
        }
        guard !names.isEmpty else {
            throw ReferenceFault(line: 1, "expected a first line with the names of the columns")
        }
        columns = names
        bytes = scanner.content
        ends = Array(scanner.ends[(headerCells - 1)...])
        self.lines = lines
    }

    /// The line on which `row` (0-based) begins, 1-based.
    package func line(_ row: Int) -> Int { lines[row] }

    /// The content of a cell without its quotes; `row` and `column` are 0-based and must exist.
    package func cell(_ row: Int, _ column: Int) -> ArraySlice<UInt8> {
        let index = row * columns.count + column
        return bytes[ends[index]..<ends[index + 1]]
    }

    private static func startsWithMark(_ file: Span<UInt8>) -> Bool {
        file.count >= 3 && file[0] == 0xEF && file[1] == 0xBB && file[2] == 0xBF
    }

    private static func names(
        _ content: [UInt8],
        _ ends: [Int]
    ) throws(ReferenceFault) -> [String] {
        var names: [String] = []
        var start = 0
        for end in ends {
            guard let name = String(validating: content[start..<end], as: UTF8.self), !name.isEmpty
            else { throw ReferenceFault(line: 1, "expected a name for every column, in UTF-8") }
            names.append(name)
            start = end
        }
        guard names.count <= columnsMax, Set(names).count == names.count else {
            throw ReferenceFault(
                line: 1,
                "expected distinct names of at most \(columnsMax) columns"
            )
        }
        return names
    }
}

/// Cuts a file into cells, one row at a time.
private struct DelimitedScanner {
    /// The content of all cells so far, one behind the other, and where each ends.
    var content: [UInt8] = []
    var ends: [Int] = []

    private var at: Int
    private var line = 1
    /// The row that is being read: its line, where it begins, and one byte behind the end of the
    /// longest one that may begin there, or the end of the file.
    private var rowLine = 1
    private var rowStart = 0
    private var rowEnd = 0

    init(at: Int) { self.at = at }

    /// Reads the next row that is not empty: its line and number of cells. Nil at the end.
    mutating func row(_ file: Span<UInt8>) throws(ReferenceFault) -> (line: Int, cells: Int)? {
        while at < file.count, takeLineEnd(file) {}
        guard at < file.count else { return nil }
        rowLine = line
        rowStart = at
        rowEnd = min(file.count, rowStart + DelimitedRows.rowBytesMax + 1)
        var cells = 0
        while true {
            if at < file.count, file[at] == UInt8(ascii: "\"") {
                try quotedCell(file)
            } else {
                try bareCell(file)
            }
            try checkLength()
            ends.append(content.count)
            cells += 1
            if at == file.count || takeLineEnd(file) { return (rowLine, cells) }
            guard file[at] == UInt8(ascii: ",") else {
                throw ReferenceFault(line: line, "expected a comma or the end of the line")
            }
            at += 1
        }
    }

    /// Refuses a row that is too long up to here.
    private func checkLength() throws(ReferenceFault) {
        guard at - rowStart > DelimitedRows.rowBytesMax else { return }
        throw ReferenceFault(
            line: rowLine, "expected a row of at most \(DelimitedRows.rowBytesMax >> 20) MiB")
    }

    private mutating func takeLineEnd(_ file: Span<UInt8>) -> Bool {
        if file[at] == UInt8(ascii: "\n") {
            at += 1
        } else if file[at] == UInt8(ascii: "\r"), at + 1 < file.count,
            file[at + 1] == UInt8(ascii: "\n")
        {
            at += 2
        } else {
            return false
        }
        line += 1
        return true
    }

    private mutating func bareCell(_ file: Span<UInt8>) throws(ReferenceFault) {
        while at < rowEnd {
            let byte = file[at]
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r"): return
            case UInt8(ascii: "\""):
                throw ReferenceFault(line: line, "expected quotes around whole cells only")
            case 0: throw ReferenceFault(line: line, "expected text without NUL bytes")
            default: content.append(byte)
            }
            at += 1
        }
    }

    private mutating func quotedCell(_ file: Span<UInt8>) throws(ReferenceFault) {
        let start = line
        at += 1
        while at < rowEnd {
            let byte = file[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard at < file.count, file[at] == byte else { return }
                at += 1
            case UInt8(ascii: "\n"): line += 1
            case 0: throw ReferenceFault(line: line, "expected text without NUL bytes")
            default: break
            }
            content.append(byte)
        }
        try checkLength()
        throw ReferenceFault(line: start, "expected the closing quote of a cell")
    }
}
