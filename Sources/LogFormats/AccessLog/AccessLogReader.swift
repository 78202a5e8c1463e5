import Records

/// Reads the lines of access logs; one per worker.
@safe final class AccessLogReader: RecordReader {
    /// Where a slot comes from: a field of the program, or a part of the request line in it.
    private struct Origin {
        var slot: Int
        var field: Int
        /// Below zero for the whole field.
        var part = -1
    }

    private let program: AccessLogProgram
    /// The slots that come from somewhere.
    private let origins: [Origin]
    private var recordLength: RecordLength
    private let found: UnsafeMutablePointer<FieldSlice>
    private var places = LogIndex()

    init(
        template: AccessLogTemplate,
        program: AccessLogProgram,
        fields: DeclaredFields,
        limits: RecordLimits
    ) {
        self.program = program
        recordLength = RecordLength(limits)
        let names = template.fields.map(\.name)
        origins = fields.names.enumerated().compactMap { slot, wanted in
            if let index = names.firstIndex(where: { sameBytes($0, wanted) }) {
                return Origin(slot: slot, field: index)
            }
            let parts = AccessLogTemplate.requestParts
            guard let request = template.requestIndex,
                let part = parts.firstIndex(where: { sameBytes($0, wanted) })
            else { return nil }
            return Origin(slot: slot, field: request, part: part)
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
        recordLength.begin(chunk)
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
        var cursor = AccessLogScan.Cursor()
        while start < scan.count {
            let line = scan.line(number, at: start)
            _ = scan.places.mark(from: start, &cursor.mark)
            let row = table.appendRow(start: start, end: line.end)
            if line.end == start {
                table.markBlank(row)
            } else if line.end - start > recordLength.bytesMax {
                table.markBad(row, .tooLong)
            } else if mayHaveNUL, scan.hasNUL(in: line) {
                table.markBad(row, .containsNUL)
            } else if matches(scan, line, &cursor) {
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
        _ cursor: inout AccessLogScan.Cursor
    ) -> Bool {
        let first = cursor.mark
        if scan.matches(line.start, line.end, &cursor, spacedUser: false) { return true }
        guard program.hasSpacedUser else { return false }
        cursor.mark = first
        return scan.matches(line.start, line.end, &cursor, spacedUser: true)
            && !scan.hasListBeforeUser()
    }

    @inline(__always)
    private func setSlots(
        _ row: Int,
        _ scan: borrowing AccessLogScan,
        into table: inout RecordTable
    ) {
        for index in origins.indices {
            let origin = origins[index]
            let slice =
                origin.part < 0
                ? scan.classified(unsafe found[origin.field])
                : scan.requestPart(origin.part, of: unsafe found[origin.field])
            table.set(slice, slot: origin.slot, row: row)
        }
    }

    func decode(_ slice: FieldSlice, in bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        decodeAccessLog(bytes.extracting(slice.offset..<slice.end), into: &buffer)
    }
}
