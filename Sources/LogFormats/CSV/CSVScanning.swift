import CScanning
import Records

// The only place where CSV is scanned with pointers. The work itself is done in C, see `csv_scan.h`
// for the rule of borders; here its results become rows of a table.

/// Cuts bytes behind the last row that is known to be whole.
struct CSVSplitter: RecordSplitter {
    private let delimiter: UInt8
    private let limit: Int
    private var state = sluice_csv_split_state()

    init(delimiter: UInt8, limit: Int) {
        self.delimiter = delimiter
        self.limit = limit
    }

    mutating func wholeRecords(in bytes: Span<UInt8>) -> Int? {
        let border = unsafe bytes.withUnsafeBufferPointer { view in
            unsafe view.baseAddress.map {
                unsafe sluice_csv_split($0, view.count, delimiter, limit, &state)
            } ?? 0
        }
        return border > 0 ? border : nil
    }
}

/// Finds rows and cells of one chunk at a time.
@safe struct CSVScanner: ~Copyable {
    private let delimiter: UInt8
    private let hasQuotes: Bool
    private let limits: RecordLimits
    private let cellCapacity: Int
    private let cells: UnsafeMutablePointer<sluice_csv_cell>

    init(delimiter: UInt8, hasQuotes: Bool, limits: RecordLimits) {
        self.delimiter = delimiter
        self.hasQuotes = hasQuotes
        self.limits = limits
        cellCapacity = max(limits.fieldsMax, 1)
        unsafe cells = .allocate(capacity: cellCapacity)
    }

    deinit { unsafe cells.deallocate() }

    /// Appends all rows of `bytes` to `table`. Rows with another number of cells than `columnCount`
    /// are bad; cell `columns[slot]` becomes slice `slot`, or stays absent when that is negative.
    func scan(
        _ bytes: Span<UInt8>,
        columnCount: Int,
        columns: [Int],
        into table: inout RecordTable
    ) {
        unsafe bytes.withUnsafeBufferPointer { view in
            guard let base = view.baseAddress else { return }
            let text = unsafe sluice_csv_text_class(base, view.count)
            var scanner = unsafe sluice_csv_scanner()
            unsafe sluice_csv_open(
                &scanner,
                base,
                view.count,
                delimiter,
                hasQuotes,
                limits.recordBytesMax
            )
            var start = 0
            var row = sluice_csv_row()
            while start < view.count {
                unsafe sluice_csv_next(&scanner, start, cells, cellCapacity, &row)
                let index = table.appendRow(start: start, end: row.end)
                if row.end == start {
                    table.markBlank(index)
                } else if let reason = unsafe reason(
                    against: row,
                    start,
                    base,
                    text: text,
                    columnCount: columnCount
                ) {
                    table.markBad(index, reason)
                } else {
                    setSlots(of: index, columns, into: &table)
                }
                start = row.next
            }
        }
    }

    /// Copies cells of the last row, which has a cell for each column.
    @inline(__always)
    private func setSlots(of row: Int, _ columns: [Int], into table: inout RecordTable) {
        for slot in columns.indices where columns[slot] >= 0 {
            let cell = unsafe cells[columns[slot]]
            table.set(FieldSlice(cell), slot: slot, row: row)
        }
    }

    /// Why a row can't be read; the first that applies.
    @inline(__always)
    private func reason(
        against row: sluice_csv_row,
        _ start: Int,
        _ base: UnsafePointer<UInt8>,
        text: Int32,
        columnCount: Int
    ) -> QuarantineReason? {
        if row.end - start > limits.recordBytesMax { return .tooLong }
        if text & 1 != 0, unsafe containsNUL(base + start, length: row.end - start) {
            return .containsNUL
        }
        if row.bad { return .badQuoting }
        // Cells beyond the limit were counted, but not kept.
        if row.cells > cellCapacity { return .tooManyFields }
        if row.cells != columnCount { return .raggedRow }
        if text & 2 != 0, unsafe !sluice_csv_is_utf8(base + start, row.end - start) {
            return .invalidUTF8
        }
        return nil
    }
}

extension FieldSlice {
    /// A slice from the two words that the C scanner wrote in this very layout.
    @inline(__always)
    init(_ cell: sluice_csv_cell) {
        self.init(start: Int(cell.start), length: 0, kind: .absent)
        packed = cell.packed
    }
}

/// What the first row of a source is.
enum CSVFirstRow {
    case incomplete
    /// The row is longer than the limit, has too many cells or bad quoting.
    case unreadable
    /// The cells, and the length of the row with its terminator.
    case cells([FieldSlice], length: Int)
}

/// Reads the first row of `bytes`; used for headers, not for speed. Allocates room for the most
/// cells a row may have.
func firstRow(
    of bytes: Span<UInt8>,
    delimiter: UInt8,
    hasQuotes: Bool,
    isComplete: Bool,
    limits: RecordLimits
) -> CSVFirstRow {
    unsafe bytes.withUnsafeBufferPointer { view in
        guard let base = view.baseAddress, view.count > 0 else { return .incomplete }
        let longest = limits.recordBytesMax
        var scanner = unsafe sluice_csv_scanner()
        var row = sluice_csv_row()
        var cells = [sluice_csv_cell](repeating: sluice_csv_cell(), count: limits.fieldsMax)
        unsafe sluice_csv_open(&scanner, base, view.count, delimiter, hasQuotes, longest)
        unsafe sluice_csv_next(&scanner, 0, &cells, cells.count, &row)
        let isWhole = isComplete || view.count > longest + 1
        if !isWhole, row.bad || row.next == view.count { return .incomplete }
        if row.bad || row.cells > cells.count || row.end > longest { return .unreadable }
        return .cells(cells.prefix(row.cells).map(FieldSlice.init), length: row.next)
    }
}

/// Appends the text of a quoted cell, in which two quotes stand for one.
func decodeCSV(_ cell: Span<UInt8>, into buffer: inout ByteBuffer) {
    var index = 0
    while index < cell.count {
        let byte = cell[index]
        buffer.append(byte)
        index += byte == UInt8(ascii: "\"") ? 2 : 1
    }
}
