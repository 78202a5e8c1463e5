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
        _ bytes: Span<UInt8>, columnCount: Int, columns: [Int], into table: inout RecordTable
    ) {
        unsafe bytes.withUnsafeBufferPointer { view in
            guard let base = view.baseAddress else { return }
            let text = unsafe sluice_csv_text_class(base, view.count)
            var scanner = unsafe sluice_csv_scanner()
            unsafe sluice_csv_open(
                &scanner, base, view.count, delimiter, hasQuotes, limits.recordBytesMax)
            var start = 0
            var row = sluice_csv_row()
            while start < view.count {
                unsafe sluice_csv_next(&scanner, start, cells, cellCapacity, &row)
                let index = table.appendRow(start: start, end: row.end)
                if row.end == start {
                    table.markBlank(index)
                } else if let reason = unsafe fault(
                    in: row, start, base, text: text, columnCount: columnCount)
                {
                    table.markBad(index, reason)
                } else {
                    for slot in columns.indices {
                        let column = columns[slot]
                        guard column >= 0, column < row.cells else { continue }
                        unsafe table.set(
                            FieldSlice(start: cells[column].start, packed: cells[column].packed),
                            slot: slot, row: index)
                    }
                }
                start = row.next
            }
        }
    }

    /// Why a row can't be read; the first that applies.
    @inline(__always)
    private func fault(
        in row: sluice_csv_row, _ start: Int, _ base: UnsafePointer<UInt8>, text: Int32,
        columnCount: Int
    ) -> QuarantineReason? {
        if row.end - start > limits.recordBytesMax { return .tooLong }
        if text & 1 != 0, unsafe containsNUL(base + start, length: row.end - start) {
            return .containsNUL
        }
        if row.bad { return .badQuoting }
        if row.cells != columnCount {
            return row.cells > limits.fieldsMax ? .tooManyFields : .raggedRow
        }
        if text & 2 != 0, unsafe !sluice_csv_is_utf8(base + start, row.end - start) {
            return .invalidUTF8
        }
        return nil
    }
}

extension FieldSlice {
    /// A slice from the two words that the C scanner wrote in this very layout.
    @inline(__always)
    init(start: UInt32, packed: UInt32) {
        self.init(start: Int(start), length: 0, kind: .absent)
        self.packed = packed
    }
}

/// What the first row of a source is.
enum CSVFirstRow {
    case incomplete
    /// The row is longer than the limit, or has bad quoting.
    case unreadable
    /// The decoded cells, and the length of the row with its terminator.
    case cells([[UInt8]], length: Int)
}

/// Reads the first row of `bytes`, which begin at `start`; used for headers, not for speed.
func firstRow(
    of bytes: Span<UInt8>, from start: Int, delimiter: UInt8, hasQuotes: Bool, isComplete: Bool,
    limits: RecordLimits
) -> CSVFirstRow {
    unsafe bytes.withUnsafeBufferPointer { view in
        guard let base = view.baseAddress, start < view.count else { return .incomplete }
        let count = view.count - start
        var scanner = unsafe sluice_csv_scanner()
        var row = sluice_csv_row()
        let capacity = max(limits.fieldsMax, 1)
        let cells = UnsafeMutablePointer<sluice_csv_cell>.allocate(capacity: capacity)
        defer { unsafe cells.deallocate() }
        unsafe sluice_csv_open(
            &scanner, base + start, count, delimiter, hasQuotes, limits.recordBytesMax)
        unsafe sluice_csv_next(&scanner, 0, cells, capacity, &row)
        let isWhole = isComplete || count > limits.recordBytesMax + 1
        if !isWhole, row.bad || row.next == count { return .incomplete }
        if row.bad || row.cells > limits.fieldsMax || row.end > limits.recordBytesMax {
            return .unreadable
        }
        var names: [[UInt8]] = []
        for index in 0..<row.cells {
            let slice = unsafe FieldSlice(start: cells[index].start, packed: cells[index].packed)
            let text = unsafe UnsafeBufferPointer(
                start: base + start + slice.offset, count: slice.length)
            names.append(
                unsafe slice.kind == .escapedText
                    ? withoutDoubledQuotes(Array(text)) : Array(text))
        }
        return .cells(names, length: row.next)
    }
}

/// The text of a quoted cell: two quotes stand for one.
private func withoutDoubledQuotes(_ text: [UInt8]) -> [UInt8] {
    var decoded = ByteBuffer(capacity: text.count)
    decodeCSV(text.span, into: &decoded)
    return decoded.array()
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
