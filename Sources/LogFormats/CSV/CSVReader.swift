import Records

/// Reads the rows of CSV chunks; one per worker.
final class CSVReader: RecordReader {
    private let format: CSVFormat
    private let fields: DeclaredFields
    private var scanner: CSVScanner

    /// The columns that `columnOfSlot` was made for.
    private var columns: [String]?
    private var columnOfSlot = FlatArray<Int>()

    /// A reader of `fields`. The last two choose the slow twins for tests.
    init(
        format: CSVFormat, fields: DeclaredFields, limits: RecordLimits,
        scan: StructuralScan = .automatic, isPlain: Bool = false
    ) {
        self.format = format
        self.fields = fields
        scanner = CSVScanner(
            delimiter: format.delimiter.byte,
            hasQuotes: format.hasQuotes,
            limits: limits,
            scan: scan,
            isPlain: isPlain
        )
        resolve(format.columns ?? [])
    }

    func index(_ chunk: borrowing Chunk, into table: inout RecordTable) {
        table.removeAll()
        if chunk.isOverlong {
            let row = table.appendRow(start: 0, end: chunk.buffer.count)
            table.markBad(row, .tooLong)
            return
        }
        scanner.recordLength.begin(chunk)
        let found = chunk.columns ?? format.columns ?? []
        if found != columns { resolve(found) }
        scanner.scan(
            chunk.buffer.bytes,
            columnCount: found.count,
            columns: columnOfSlot,
            into: &table
        )
    }

    func decode(_ slice: FieldSlice, in bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        decodeCSV(bytes.extracting(slice.offset..<slice.end), into: &buffer)
    }

    private func resolve(_ found: [String]) {
        columns = found
        columnOfSlot.truncate(to: 0)
        for name in fields.names {
            columnOfSlot.append(found.firstIndex { sameBytes($0, name) } ?? -1)
        }
    }
}

/// True when two names are the same bytes; `==` of `String` would also equate other normal forms.
func sameBytes(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
}
