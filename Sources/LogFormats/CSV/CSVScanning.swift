import CScanning
import Records

// The only place where CSV is scanned with pointers. The work itself is done in C, see `csv_scan.h`
// for the rule of borders; here its results become rows of a table.

/// Cuts bytes behind the last row that is known to be whole.
struct CSVSplitter: RecordSplitter {
    private let delimiter: UInt8
    private let limit: Int
    private let scan: StructuralScan
    private var state = sluice_csv_split_state()

    init(delimiter: UInt8, limit: Int, scan: StructuralScan = .automatic) {
        self.delimiter = delimiter
        self.limit = limit
        self.scan = scan
    }

    mutating func wholeRecords(in bytes: Span<UInt8>) -> Int? {
        let border = unsafe bytes.withUnsafeBufferPointer { view in
            unsafe view.baseAddress.map { base in
                let border = unsafe regularBorder(base, view.count)
                if border > 0 { return border }
                return unsafe sluice_csv_split(base, view.count, delimiter, limit, &state)
            } ?? 0
        }
        return border > 0 ? border : nil
    }

    /// The border in bytes that begin with a row and have quotes only where they belong, or 0.
    private func regularBorder(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int {
        // Within the limit no quote is out of reach; a search that was begun goes on as it began.
        guard count < limit, state.position == 0, state.opened == 0 else { return 0 }
        var isRegular = false
        let border = unsafe sluice_csv_border(base, count, delimiter, &isRegular, scan.choice)
        return isRegular ? border : 0
    }
}

/// Finds rows and cells of one chunk at a time.
///
/// Regular text (see `csv_index.c`) is indexed as a whole, and only the cells of declared fields
/// are looked at. All other text is read row by row. Both give the same rows.
@safe struct CSVScanner: ~Copyable {
    private let delimiter: UInt8
    private let hasQuotes: Bool
    var recordLength: RecordLength
    private let scan: StructuralScan
    /// True to read all text row by row: the slow twin.
    private let isPlain: Bool
    private let cellCapacity: Int
    private let cells: UnsafeMutablePointer<sluice_csv_cell>
    /// The offsets of the ends of cells, and of those that end rows.
    private var cellEnds: UnsafeMutablePointer<UInt32>
    private var rowEnds: UnsafeMutablePointer<UInt32>
    private var endCapacity = 64

    /// What the index leaves to be done for each row.
    @safe private struct Work {
        let base: UnsafePointer<UInt8>
        let count: Int
        let columnCount: Int
        let text: sluice_csv_text

        /// Nothing but the number of cells can be wrong with a row.
        var isClean: Bool { text.is_utf8 && !text.has_zeros }
    }

    init(
        delimiter: UInt8, hasQuotes: Bool, limits: RecordLimits,
        scan: StructuralScan = .automatic, isPlain: Bool = false
    ) {
        self.delimiter = delimiter
        self.hasQuotes = hasQuotes
        recordLength = RecordLength(limits)
        self.scan = scan
        self.isPlain = isPlain
        cellCapacity = max(limits.fieldsMax, 1)
        unsafe cells = .allocate(capacity: cellCapacity)
        unsafe cellEnds = .allocate(capacity: endCapacity)
        unsafe rowEnds = .allocate(capacity: endCapacity)
    }

    deinit {
        unsafe cells.deallocate()
        unsafe cellEnds.deallocate()
        unsafe rowEnds.deallocate()
    }

    /// Appends all rows of `bytes` to `table`, which is empty. Rows with another number of cells
    /// than `columnCount` are bad; cell `columns[slot]` becomes slice `slot`, or stays absent when
    /// that is negative.
    mutating func scan(
        _ bytes: Span<UInt8>, columnCount: Int, columns: borrowing FlatArray<Int>,
        into table: inout RecordTable
    ) {
        unsafe bytes.withUnsafeBufferPointer { view in
            guard let base = view.baseAddress, view.count > 0 else { return }
            if !isPlain, unsafe scanIndex(base, view.count, columnCount, columns, &table) {
                return
            }
            table.removeAll()
            unsafe scanRows(base, view.count, columnCount, columns, &table)
        }
    }

    // MARK: By the index

    /// Appends all rows of a regular text; false, with some rows appended, when it is none.
    private mutating func scanIndex(
        _ base: UnsafePointer<UInt8>, _ count: Int, _ columnCount: Int,
        _ columns: borrowing FlatArray<Int>, _ table: inout RecordTable
    ) -> Bool {
        makeRoom(for: count)
        var text = sluice_csv_text()
        unsafe sluice_csv_index(
            base, count, delimiter, hasQuotes, cellEnds, rowEnds, &text, scan.choice)
        guard text.is_regular else { return false }
        // As if a line feed stood behind the last row.
        if unsafe base[count - 1] != 0x0a {
            unsafe cellEnds[text.cells] = UInt32(truncatingIfNeeded: count)
            unsafe rowEnds[text.rows] = UInt32(truncatingIfNeeded: count)
            text.cells += 1
            text.rows += 1
        }
        let work = unsafe Work(base: base, count: count, columnCount: columnCount, text: text)
        var start = 0
        var first = 0
        for row in 0..<text.rows {
            let end = unsafe Int(rowEnds[row])
            // Behind the limit quotes do not count.
            guard end &- start <= recordLength.bytesMax else { return false }
            first = appendRow(start, end, first, work, columns, &table)
            start = end &+ 1
        }
        return true
    }

    private mutating func makeRoom(for count: Int) {
        guard endCapacity < count + 65 else { return }
        unsafe cellEnds.deallocate()
        unsafe rowEnds.deallocate()
        endCapacity = count + 65 + count / 4
        unsafe cellEnds = .allocate(capacity: endCapacity)
        unsafe rowEnds = .allocate(capacity: endCapacity)
    }

    /// Appends the row at `start ..< end`, whose first cell ends at `cellEnds[first]`; returns the
    /// place behind its last one.
    @inline(__always)
    private func appendRow(
        _ start: Int, _ end: Int, _ first: Int, _ work: Work,
        _ columns: borrowing FlatArray<Int>, _ table: inout RecordTable
    ) -> Int {
        let hasReturn = unsafe end > start && work.base[end &- 1] == 0x0d
        let rowEnd = hasReturn ? end &- 1 : end
        let row = table.appendRow(start: start, end: rowEnd)
        var next = first &+ work.columnCount
        let isWhole =
            next <= work.text.cells && next > first
            && (unsafe Int(cellEnds[next &- 1])) == end
        if _slowPath(!isWhole || !work.isClean || rowEnd == start || next &- first > cellCapacity) {
            next = first
            while unsafe Int(cellEnds[next]) != end { next += 1 }
            next += 1
            guard isGood(row, start, rowEnd, cells: next - first, work, &table) else {
                return next
            }
        }
        for slot in 0..<columns.count where columns[slot] >= 0 {
            let place = first &+ columns[slot]
            let cell = place == first ? start : unsafe Int(cellEnds[place &- 1]) &+ 1
            let cellEnd = place == next &- 1 ? rowEnd : unsafe Int(cellEnds[place])
            table.set(slice(cell, cellEnd, work), slot: slot, row: row)
        }
        return next
    }

    /// The content of the cell at `start ..< end`.
    @inline(__always)
    private func slice(_ start: Int, _ end: Int, _ work: Work) -> FieldSlice {
        let isQuoted = unsafe hasQuotes && end > start && work.base[start] == 0x22
        // Adding instead of asking: which cells are quoted changes from row to row.
        let quote = isQuoted ? 1 : 0
        let first = start &+ quote
        let length = end &- quote &- first
        let isEscaped =
            unsafe work.text.has_doubled_quotes && isQuoted
            && sluice_last_byte(work.base + first, length, 0x22) >= 0
        return FieldSlice(start: first, length: length, kind: isEscaped ? .escapedText : .text)
    }

    /// Settles a row that is not plainly good; true when it is good all the same.
    @inline(never)
    private func isGood(
        _ index: Int, _ start: Int, _ end: Int, cells: Int, _ work: Work,
        _ table: inout RecordTable
    ) -> Bool {
        if end == start {
            table.markBlank(index)
            return false
        }
        var row = sluice_csv_row()
        row.end = end
        row.cells = cells
        let flags: Int32 = (work.text.has_zeros ? 1 : 0) | (work.text.is_utf8 ? 0 : 2)
        let reason = unsafe reason(
            against: row, start, work.base, text: flags, columnCount: work.columnCount)
        guard let reason else { return true }
        table.markBad(index, reason)
        return false
    }

    // MARK: Row by row

    private func scanRows(
        _ base: UnsafePointer<UInt8>, _ count: Int, _ columnCount: Int,
        _ columns: borrowing FlatArray<Int>, _ table: inout RecordTable
    ) {
        let text = unsafe sluice_csv_text_class(base, count)
        var scanner = unsafe sluice_csv_scanner()
        unsafe sluice_csv_open(
            &scanner, base, count, delimiter, hasQuotes, recordLength.bytesMax)
        var start = 0
        var row = sluice_csv_row()
        while start < count {
            unsafe sluice_csv_next(&scanner, start, cells, cellCapacity, &row)
            let index = table.appendRow(start: start, end: row.end)
            if row.end == start {
                table.markBlank(index)
            } else if let reason = unsafe reason(
                against: row, start, base, text: text, columnCount: columnCount)
            {
                table.markBad(index, reason)
            } else {
                setSlots(of: index, columns, into: &table)
            }
            start = row.next
        }
    }

    /// Copies cells of the last row, which has a cell for each column.
    @inline(__always)
    private func setSlots(
        of row: Int, _ columns: borrowing FlatArray<Int>, into table: inout RecordTable
    ) {
        for slot in 0..<columns.count where columns[slot] >= 0 {
            let cell = unsafe cells[columns[slot]]
            table.set(FieldSlice(cell), slot: slot, row: row)
        }
    }

    /// Why a row can't be read; the first that applies.
    @inline(__always)
    private func reason(
        against row: sluice_csv_row, _ start: Int, _ base: UnsafePointer<UInt8>, text: Int32,
        columnCount: Int
    ) -> QuarantineReason? {
        if row.end - start > recordLength.bytesMax { return .tooLong }
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
