package import Anonymization
package import Records

/// JSON Lines: one JSON object (RFC 8259) per line, in UTF-8.
///
/// Lines end with a line feed; a carriage return in front of it is white space of the record. Blank
/// lines are counted and vanish. A byte order mark at the start of a source is skipped.
package struct JSONLinesFormat: LogFormat {
    package let name = "jsonl"
    package let defaultTimeFormatName: String? = nil
    package let quoteRule = QuoteRule.always
    package let fieldNames: [String]? = nil

    package init() {}

    package func knows(field: String) -> Bool? { JSONPathTree.steps(of: field) != nil }

    package func header(
        of start: Span<UInt8>, isComplete: Bool
    ) throws(SourceFault) -> HeaderResult {
        guard start.count >= 3 || isComplete else { return .needMoreBytes }
        let hasMark =
            start.count >= 3 && start[0] == 0xef && start[1] == 0xbb && start[2] == 0xbf
        return .header(length: hasMark ? 3 : 0, columns: nil)
    }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter { LineSplitter() }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        JSONLinesReader(fields: fields, limits: limits)
    }

    package func splicedWriter() -> any RecordWriter { JSONSplicedWriter() }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        JSONColumnWriter(columns: columns)
    }

    static let descriptor = FormatDescriptor(
        name: "jsonl",
        summary: "One JSON object per line. Fields are named by path: `client.os`, `tags[0]`, "
            + "`items[*].ip`; a backslash takes the next character literally, as in `id\\.orig_h`.",
        make: { _ in JSONLinesFormat() })
}
