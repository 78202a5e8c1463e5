import CScanning
import Records

/// Finds the fields of one line of a format; one per worker.
protocol LineScanner {
    /// To be called before the first line of a chunk whose source named `columns`.
    mutating func begin(columns: [String]?)

    /// Fills the slots of the last row of `table` from `line` of `bytes`, which is neither empty
    /// nor too long and has no NUL byte; a reason when it is not as it must be.
    mutating func scan(
        _ line: Range<Int>, of bytes: Span<UInt8>, into table: inout RecordTable
    ) -> QuarantineReason?

    /// Appends the text that a slice of kind `escapedText` stands for.
    func decode(_ text: Span<UInt8>, into buffer: inout ByteBuffer)
}

/// Reads formats in which a line is a record, in UTF-8. Lines end with LF or CRLF, an empty line is
/// a blank row.
final class LineReader<Scanner: LineScanner>: RecordReader {
    private var scanner: Scanner
    private var recordLength: RecordLength
    private var feeds = LineFeeds()

    init(_ scanner: Scanner, limits: RecordLimits) {
        self.scanner = scanner
        recordLength = RecordLength(limits)
    }

    func index(_ chunk: borrowing Chunk, into table: inout RecordTable) {
        table.removeAll()
        if chunk.isOverlong {
            let row = table.appendRow(start: 0, end: chunk.buffer.count)
            return table.markBad(row, .tooLong)
        }
        recordLength.begin(chunk)
        scanner.begin(columns: chunk.columns)
        let bytes = chunk.buffer.bytes
        feeds.find(in: bytes)
        let text = TextClass(bytes)
        var start = 0
        for index in 0..<feeds.count {
            let end = feeds[index]
            append(start, end, bytes, text, to: &table)
            start = end &+ 1
        }
        if start < bytes.count { append(start, bytes.count, bytes, text, to: &table) }
    }

    private func append(
        _ start: Int, _ feed: Int, _ bytes: Span<UInt8>, _ text: TextClass,
        to table: inout RecordTable
    ) {
        let hasReturn = feed > start && bytes[feed &- 1] == 0x0D
        let line = start..<(hasReturn ? feed &- 1 : feed)
        let row = table.appendRow(start: line.lowerBound, end: line.upperBound)
        if line.isEmpty { return table.markBlank(row) }
        if line.count > recordLength.bytesMax { return table.markBad(row, .tooLong) }
        if let reason = text.fault(in: line, of: bytes) { return table.markBad(row, reason) }
        if let reason = scanner.scan(line, of: bytes, into: &table) {
            table.markBad(row, reason)
        }
    }

    func decode(_ slice: FieldSlice, in bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        scanner.decode(bytes.extracting(slice.offset..<slice.end), into: &buffer)
    }
}

/// What is known of a chunk as a whole, so that most lines need not be looked at for it.
struct TextClass {
    private let hasNUL: Bool
    private let isASCII: Bool

    init(_ bytes: Span<UInt8>) {
        let found = unsafe bytes.withUnsafeBufferPointer { view in
            guard let base = view.baseAddress else { return Int32(0) }
            return unsafe sluice_csv_text_class(base, view.count)
        }
        hasNUL = found & 1 != 0
        isASCII = found & 2 == 0
    }

    /// What is wrong with the bytes of `line`: a NUL byte, or bytes that are no UTF-8.
    func fault(in line: Range<Int>, of bytes: Span<UInt8>) -> QuarantineReason? {
        if isASCII, !hasNUL { return nil }
        return unsafe bytes.withUnsafeBufferPointer { view in
            guard let base = view.baseAddress else { return nil }
            let start = unsafe base + line.lowerBound
            if hasNUL, unsafe containsNUL(start, length: line.count) { return .containsNUL }
            return unsafe isASCII || sluice_csv_is_utf8(start, line.count) ? nil : .invalidUTF8
        }
    }
}

/// The declared names, and where a value goes that has one of them or none.
struct NamedSlots {
    /// The name under which a format gives the values that no declared field names.
    static let unnamed = "(unnamed)"

    private let names: [[UInt8]]
    /// The slot of the unnamed values; -1 when nobody asks for them.
    let unnamed: Int
    private var firstUnnamed = 0

    init(_ fields: DeclaredFields) {
        names = fields.names.map { Array($0.utf8) }
        unnamed = fields.names.firstIndex { sameBytes($0, Self.unnamed) } ?? -1
    }

    /// The slot of a field called `name`; -1 when it is not declared.
    func slot(of name: Span<UInt8>) -> Int {
        for slot in names.indices where names[slot].count == name.count {
            if matches(names[slot], name, at: 0), slot != unnamed { return slot }
        }
        return -1
    }

    /// The slot of a field whose name is `prefix`, a dot and `name`; -1 when it is not declared.
    func slot(of prefix: Span<UInt8>, _ name: Span<UInt8>) -> Int {
        let length = prefix.count + 1 + name.count
        for slot in names.indices where names[slot].count == length {
            if names[slot][prefix.count] == UInt8(ascii: "."), slot != unnamed,
                matches(names[slot], prefix, at: 0),
                matches(names[slot], name, at: prefix.count + 1)
            {
                return slot
            }
        }
        return -1
    }

    private func matches(_ wanted: [UInt8], _ name: Span<UInt8>, at start: Int) -> Bool {
        for index in name.indices where wanted[start + index] != name[index] { return false }
        return true
    }

    /// To be called before the first value of a row.
    mutating func beginRow(_ table: borrowing RecordTable) {
        firstUnnamed = table.elements.count
    }

    /// Enters `slice` under `slot`, or with the unnamed values when that is -1. False when the row
    /// has a value there already.
    func set(_ slice: FieldSlice, slot: Int, in table: inout RecordTable) -> Bool {
        guard slot >= 0 else {
            if unnamed >= 0, slice.kind != .absent { table.elements.append(slice) }
            return true
        }
        let row = table.count - 1
        guard table.slice(slot: slot, row: row).kind == .absent else { return false }
        table.set(slice, slot: slot, row: row)
        return true
    }

    /// Enters the unnamed values of the row; to be called behind its last value.
    func endRow(_ table: inout RecordTable) {
        let count = table.elements.count - firstUnnamed
        guard unnamed >= 0, count > 0 else { return }
        table.set(
            FieldSlice(start: firstUnnamed, length: count, kind: .several), slot: unnamed,
            row: table.count - 1)
    }
}

extension FieldSlice {
    /// A value of a line: `-` alone is none.
    init(dashedText range: Range<Int>, of bytes: Span<UInt8>, isEscaped: Bool = false) {
        let isDash = range.count == 1 && bytes[range.lowerBound] == UInt8(ascii: "-")
        self.init(
            start: range.lowerBound, length: range.count,
            kind: isDash ? .null : isEscaped ? .escapedText : .text)
    }
}
