package import Anonymization
package import Records

/// Lines of any bytes whose first field, up to the first space, is the field `ip`.
///
/// The form of the outside benchmark: nothing but LF ends a line (a carriage return before it is
/// content), NUL and invalid UTF-8 are content too, and an empty line is a good record without the
/// field, so that it is written again.
package struct FirstFieldFormat: LogFormat {
    package let name = "first-field"
    package let ownTime: OwnTime? = nil
    package let quoteRule = QuoteRule.never
    package let fieldNames: [String]? = ["ip"]
    package let oddBytes: OddBytes = [.nul, .notUTF8]

    package let keepsMissingTerminator = true
    package let hasTextBeyondFields = true

    /// What a line that begins with a space is: its first field is empty, and an address behind the
    /// space would stay as it is.
    package enum LeadingSpace: String, CaseIterable, Sendable {
        case refuse
        /// A good record with an empty field: the form of the outside benchmark.
        case empty
    }

    private let leadingSpace: LeadingSpace

    package init(leadingSpace: LeadingSpace = .refuse) { self.leadingSpace = leadingSpace }

    package func knows(field: String) -> Bool? { sameBytes(field, "ip") }

    /// Nothing is skipped: a byte order mark is content, too.
    package func header(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult { .header(length: 0, columns: nil) }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter { LineSplitter() }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        FirstFieldReader(fields: fields, leadingSpace: leadingSpace, limits: limits)
    }

    package func splicedWriter() -> any RecordWriter { AccessLogSplicedWriter() }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        AccessLogColumnWriter(template: AccessLogTemplate(known: "%h"), columns: columns)
    }

    static let descriptor = FormatDescriptor(
        name: "first-field",
        summary: """
            Lines of any kind whose first field, `ip`, up to the first space, is an address. What \
            stands behind it is no field, and cannot be dropped: an output in this format needs \
            `others: keep-everything`.
            """,
        options: [
            OptionDescriptor(
                "leading_space",
                values: "refuse or empty",
                standard: "refuse",
                help: """
                    Lines that begin with a space: `refuse` sets them aside, `empty` takes their \
                    first field as empty and leaves an address behind the space as it is.
                    """
            )
        ],
        make: { reader in
            FirstFieldFormat(
                leadingSpace: reader.choice("leading_space", LeadingSpace.self) ?? .refuse)
        }
    )
}

/// Finds lines and their first fields.
final class FirstFieldReader: RecordReader {
    /// The slot of the field; -1 when nobody asks for it.
    private let slot: Int
    private let refusesSpace: Bool
    private var recordLength: RecordLength
    private var feeds = LineFeeds()

    init(
        fields: DeclaredFields,
        leadingSpace: FirstFieldFormat.LeadingSpace,
        limits: RecordLimits
    ) {
        refusesSpace = leadingSpace == .refuse
        slot = fields.names.firstIndex { sameBytes($0, "ip") } ?? -1
        recordLength = RecordLength(limits)
    }

    func index(_ chunk: borrowing Chunk, into table: inout RecordTable) {
        table.removeAll()
        if chunk.isOverlong {
            let row = table.appendRow(start: 0, end: chunk.buffer.count)
            table.markBad(row, .tooLong)
            return
        }
        recordLength.begin(chunk)
        feeds.find(in: chunk.buffer.bytes)
        appendLines(feeds, chunk.buffer.bytes, to: &table)
    }

    private func appendLines(
        _ feeds: borrowing LineFeeds,
        _ bytes: Span<UInt8>,
        to table: inout RecordTable
    ) {
        var start = 0
        for index in 0..<feeds.count {
            let end = feeds[index]
            append(start, end, bytes, to: &table)
            start = end &+ 1
        }
        if start < bytes.count { append(start, bytes.count, bytes, to: &table) }
    }

    @inline(__always)
    private func append(
        _ start: Int,
        _ end: Int,
        _ bytes: Span<UInt8>,
        to table: inout RecordTable
    ) {
        let row = table.appendRow(start: start, end: end)
        if end &- start > recordLength.bytesMax {
            table.markBad(row, .tooLong)
        } else if refusesSpace, end > start, bytes[start] == UInt8(ascii: " ") {
            table.markBad(row, .formatMismatch)
        } else if end > start {
            let length = lengthOfFirstField(of: bytes, start, end)
            let slice = FieldSlice(start: start, length: length, kind: .text)
            if slot >= 0 { table.set(slice, slot: slot, row: row) }
        }
    }

    func decode(_ slice: FieldSlice, in bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        buffer.append(bytes.extracting(slice.offset..<slice.end))
    }
}
