private import CScanning
package import Records

/// Finds the records and declared fields of JSON Lines chunks.
///
/// Stage one lists the structural bytes of the whole chunk (`CScanning`); stage two walks the list
/// record by record. One reader per worker; its tables are made once and reused.
@safe package final class JSONLinesReader: RecordReader {
    private let paths: JSONPathTree
    private let limits: RecordLimits
    private var recordLength: RecordLength
    private let wantsOutline: Bool
    private let scanChoice: Int32
    private let alwaysPlain: Bool
    private var memory = Memory()
    private var index: UnsafeMutablePointer<UInt32>
    /// The byte at each offset of the index.
    private var marks: UnsafeMutablePointer<UInt8>
    private var indexCapacity: Int

    /// What is remembered of the records read before: lent once for each chunk.
    private struct Memory: ~Copyable {
        var trie = ShapeTrie()
        var shapes = ShapeMemory()
    }

    /// A reader of `fields`. The two switches select the slow twins for tests.
    package init(
        fields: DeclaredFields, limits: RecordLimits, scan: StructuralScan = .automatic,
        plainWalker: Bool = false
    ) {
        paths = JSONPathTree(names: fields.names)
        self.limits = limits
        recordLength = RecordLength(limits)
        wantsOutline = fields.needsOutline
        scanChoice = scan.choice
        alwaysPlain = plainWalker
        indexCapacity = 1 << 12
        unsafe index = .allocate(capacity: indexCapacity)
        unsafe marks = .allocate(capacity: indexCapacity)
    }

    deinit {
        unsafe index.deallocate()
        unsafe marks.deallocate()
    }

    package func index(_ chunk: borrowing Chunk, into table: inout RecordTable) {
        table.removeAll()
        let length = chunk.buffer.count
        if chunk.isOverlong {
            let row = table.appendRow(start: 0, end: length)
            if wantsOutline { table.outlineStarts = [0, 0] }
            return table.markBad(row, .tooLong)
        }
        recordLength.begin(chunk)
        precondition(chunk.isSealed, "a chunk must be sealed before it is read")
        makeRoom(for: length)
        var isUTF8: Int32 = 0
        let bytes = unsafe UnsafePointer(chunk.buffer.base)
        let found = unsafe cscanning_json_index(
            bytes, length, index, marks, &isUTF8, scanChoice)
        // As if line feeds without end followed: the walker can look ahead without asking.
        for extra in 0..<8 {
            unsafe index[found + extra] = UInt32(length)
            unsafe marks[found + extra] = 0x0a
        }
        unsafe walk(
            bytes, length: length, found, isUTF8: isUTF8 != 0, remembering: &memory,
            into: &table)
    }

    private func makeRoom(for length: Int) {
        guard indexCapacity < length + 80 else { return }
        unsafe index.deallocate()
        unsafe marks.deallocate()
        indexCapacity = length + 80 + length / 4
        unsafe index = .allocate(capacity: indexCapacity)
        unsafe marks = .allocate(capacity: indexCapacity)
    }

    private func walk(
        _ bytes: UnsafePointer<UInt8>, length: Int, _ found: Int, isUTF8: Bool,
        remembering memory: inout Memory, into table: inout RecordTable
    ) {
        var walker = unsafe IndexedJSONWalker(
            bytes: bytes, index: index, marks: marks, found: found, paths: paths,
            limits: limits)
        memory.shapes.beginChunk()
        var sink = RecordSink(table: table, wantsOutline: wantsOutline)
        var start = 0
        while start < length {
            let row = table.appendRow(start: start, end: start)
            if wantsOutline { table.outlineStarts.append(Int32(table.outline.count)) }
            sink.begin(row: row, of: table)
            var outcome = IndexedJSONWalker.Outcome.needsPlainWalker
            if !alwaysPlain {
                outcome = walker.record(
                    from: start, trie: &memory.trie, shapes: &memory.shapes, sink: &sink)
            }
            let end = walker.skipLine()
            table.setEnd(end, row: row)
            unsafe settle(
                outcome, bytes, start..<end, row, mayBeInvalid: !isUTF8, &sink, &table)
            start = end + 1
        }
        if wantsOutline { table.outlineStarts.append(Int32(table.outline.count)) }
    }

    /// Turns the outcome of the fast walker into the final state of the row.
    @inline(__always)
    private func settle(
        _ outcome: IndexedJSONWalker.Outcome, _ bytes: UnsafePointer<UInt8>,
        _ line: Range<Int>, _ row: Int, mayBeInvalid: Bool, _ sink: inout RecordSink,
        _ table: inout RecordTable
    ) {
        if _fastPath(
            outcome == .good && !mayBeInvalid && line.count <= recordLength.bytesMax)
        {
            sink.finish(into: &table)
        } else {
            unsafe settleRare(outcome, bytes, line, row, mayBeInvalid, &sink, &table)
        }
    }

    @inline(never)
    private func settleRare(
        _ outcome: IndexedJSONWalker.Outcome, _ bytes: UnsafePointer<UInt8>,
        _ line: Range<Int>, _ row: Int, _ mayBeInvalid: Bool, _ sink: inout RecordSink,
        _ table: inout RecordTable
    ) {
        // Asked here as well as where chunks are cut: the answer must not depend on the cut.
        if line.count > recordLength.bytesMax { return table.markBad(row, .tooLong) }
        if unsafe JSONGrammar.isBlank(bytes, line.lowerBound, line.upperBound) {
            return table.markBlank(row)
        }
        if mayBeInvalid,
            unsafe cscanning_is_utf8(bytes + line.lowerBound, line.count, scanChoice) == 0
        {
            return table.markBad(row, .invalidUTF8)
        }
        switch outcome {
        case .good: sink.finish(into: &table)
        case .bad(let reason): table.markBad(row, reason)
        case .needsPlainWalker:
            sink.restart()
            var plain = unsafe PlainJSONWalker(
                bytes: bytes, start: line.lowerBound, end: line.upperBound, paths: paths,
                limits: limits)
            if let reason = plain.record(into: &sink) {
                table.markBad(row, reason)
            } else {
                sink.finish(into: &table)
            }
        }
    }

    package func decode(
        _ slice: FieldSlice, in bytes: Span<UInt8>, into buffer: inout ByteBuffer
    ) {
        JSONText.decode(bytes.extracting(slice.offset..<slice.end), into: &buffer)
    }

    package func withTexts(
        inside structure: FieldSlice, in bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Void
    ) {
        JSONText.forEach(inside: bytes.extracting(structure.offset..<structure.end), body)
    }
}
