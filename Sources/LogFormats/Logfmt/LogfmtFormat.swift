package import Anonymization
package import Records

/// logfmt: `key=value` pairs with blanks between them, one record per line.
///
/// There is no standard; this is what the common writers agree on. A key is of bytes above the
/// space without `=` and `"`. A value is bare (bytes above the space without `"`) or in double
/// quotes with the escapes of JSON and of Go's `%q`. A key without `=` stands for itself. A line
/// without any pair is bad, and so is one that has a declared key twice.
package struct LogfmtFormat: LogFormat {
    package let name = "logfmt"
    package let ownTime: OwnTime? = nil
    package let quoteRule = QuoteRule.never
    package let syntax = SpliceSyntax.logfmt
    package let fieldNames: [String]? = nil
    package let unnamedField: String? = NamedSlots.unnamed
    package let oddBytes: OddBytes = [.nul, .notUTF8]

    package init() {}

    package func knows(field: String) -> Bool? {
        field.utf8.isEmpty || !field.utf8.allSatisfy(LogfmtText.isKeyByte) ? false : nil
    }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter { LineSplitter() }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        LineReader(LogfmtScanner(fields: fields, limits: limits), limits: limits)
    }

    package func splicedWriter() -> any RecordWriter { LineSplicedWriter(syntax: LogfmtSyntax()) }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        LogfmtColumnWriter(columns: columns)
    }

    static let descriptor = FormatDescriptor(
        name: "logfmt",
        summary: "`key=value` pairs, values with blanks in double quotes; fields are named by key. "
            + "A dropped field goes with its key.",
        make: { _ in LogfmtFormat() }
    )
}

/// Finds the pairs of a line.
struct LogfmtScanner: LineScanner {
    private var slots: NamedSlots
    private let fieldsMax: Int

    init(fields: DeclaredFields, limits: RecordLimits) {
        slots = NamedSlots(fields)
        fieldsMax = limits.fieldsMax
    }

    mutating func begin(columns: [String]?) {}

    mutating func scan(
        _ line: Range<Int>, of bytes: Span<UInt8>, into table: inout RecordTable
    ) -> QuarantineReason? {
        slots.beginRow(table)
        var at = line.lowerBound
        var found = 0
        var hasPair = false
        while true {
            while at < line.upperBound, bytes[at] <= 0x20 { at += 1 }
            guard at < line.upperBound else { break }
            found += 1
            if found > fieldsMax { return .tooManyFields }
            let start = at
            while at < line.upperBound, LogfmtText.isKeyByte(bytes[at]) { at += 1 }
            guard at > start else { return .formatMismatch }
            let key = bytes.extracting(start..<at)
            let isPair = at < line.upperBound && bytes[at] == UInt8(ascii: "=")
            guard isPair || at == line.upperBound || bytes[at] <= 0x20 else { return .badQuoting }
            var value = FieldSlice(start: start, length: at - start, kind: .text)
            var slot = slots.slot(of: key)
            if isPair {
                hasPair = true
                guard let read = LogfmtText.value(at + 1, line.upperBound, bytes) else {
                    return .badQuoting
                }
                (value, at) = read
            } else if slot >= 0 {
                // The key of a named field without a value is its name, and tells nothing.
                value = FieldSlice(start: start, length: at - start, kind: .null)
            } else {
                slot = -1
            }
            guard slots.set(value, slot: slot, in: &table) else { return .duplicateKey }
        }
        slots.endRow(&table)
        return hasPair ? nil : .formatMismatch
    }

    func decode(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        LogfmtText.decode(text, into: &buffer)
    }
}
