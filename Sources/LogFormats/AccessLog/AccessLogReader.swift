import Records

/// Reads the lines of access logs; one per worker.
@safe final class AccessLogReader: RecordReader {
    /// Where a slot comes from.
    private enum Origin {
        case field(Int)
        case requestPart(Int)
        case nowhere
    }

    private let program: AccessLogProgram
    private let origins: [Origin]
    private let requestIndex: Int
    private let recordBytesMax: Int
    private let found: UnsafeMutablePointer<FieldSlice>
    private var places = LogIndex()

    init(
        template: AccessLogTemplate,
        program: AccessLogProgram,
        fields: DeclaredFields,
        limits: RecordLimits
    ) {
        self.program = program
        requestIndex = template.requestIndex ?? -1
        recordBytesMax = min(limits.recordBytesMax, FieldSlice.lengthMax)
        let names = template.fields.map(\.name)
        let hasRequest = requestIndex >= 0
        origins = fields.names.map { wanted in
            if let index = names.firstIndex(where: { sameBytes($0, wanted) }) {
                return .field(index)
            }
            let parts = AccessLogTemplate.requestParts
            if hasRequest, let part = parts.firstIndex(where: { sameBytes($0, wanted) }) {
                return .requestPart(part)
            }
            return .nowhere
        }
        let room = max(program.fieldCount, 1)
        unsafe found = .allocate(capacity: room)
        unsafe found.initialize(repeating: .absent, count: room)
    }

    deinit { unsafe found.deallocate() }

    func index(_ chunk: borrowing Chunk, into table: inout RecordTable) {
        table.removeAll()
        if chunk.isOverlong {
            let row = table.appendRow(start: 0, end: chunk.buffer.count)
            table.markBad(row, .tooLong)
            return
        }
        unsafe chunk.buffer.bytes.withUnsafeBufferPointer { view in
            guard let base = view.baseAddress else { return }
            unsafe places.find(base, count: view.count)
            unsafe scan(base, count: view.count, places, into: &table)
        }
    }

    private func scan(
        _ base: UnsafePointer<UInt8>,
        count: Int,
        _ index: borrowing LogIndex,
        into table: inout RecordTable
    ) {
        let hasNUL = index.hasNUL
        let places = index.places
        unsafe program.steps.withUnsafeBufferPointer { steps in
            unsafe program.literals.withUnsafeBufferPointer { literals in
                let scan = unsafe AccessLogScan(
                    base: base,
                    count: count,
                    places: places,
                    steps: steps,
                    literals: literals,
                    found: found
                )
                indexLines(scan, mayHaveNUL: hasNUL, into: &table)
            }
        }
    }

    private func indexLines(
        _ scan: borrowing AccessLogScan,
        mayHaveNUL: Bool,
        into table: inout RecordTable
    ) {
        var start = 0
        var number = 0
        // The first mark that is not before the line.
        var mark = 0
        while start < scan.count {
            let line = scan.line(number, at: start)
            _ = scan.places.mark(from: start, &mark)
            let row = table.appendRow(start: start, end: line.end)
            if line.end == start {
                table.markBlank(row)
            } else if line.end - start > recordBytesMax {
                table.markBad(row, .tooLong)
            } else if mayHaveNUL, scan.hasNUL(in: line) {
                table.markBad(row, .containsNUL)
            } else if matches(scan, line, &mark) {
                setSlots(row, scan, into: &table)
            } else {
                table.markBad(row, .formatMismatch)
            }
            start = line.next
            number &+= 1
        }
    }

    @inline(__always)
    private func matches(
        _ scan: borrowing AccessLogScan,
        _ line: Line,
        _ mark: inout Int
    ) -> Bool {
        let first = mark
        if scan.matches(line.start, line.end, &mark, spacedUser: false) { return true }
        guard program.hasSpacedUser else { return false }
        mark = first
        return scan.matches(line.start, line.end, &mark, spacedUser: true)
    }

    @inline(__always)
    private func setSlots(
        _ row: Int,
        _ scan: borrowing AccessLogScan,
        into table: inout RecordTable
    ) {
        for slot in origins.indices {
            switch origins[slot] {
            case .field(let index):
                table.set(scan.classified(unsafe found[index]), slot: slot, row: row)
            case .requestPart(let part):
                let request = unsafe found[requestIndex]
                table.set(scan.requestPart(part, of: request), slot: slot, row: row)
            case .nowhere: break
            }
        }
    }

    func decode(_ slice: FieldSlice, in bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        decodeAccessLog(bytes.extracting(slice.offset..<slice.end), into: &buffer)
    }
}
