package import Anonymization
package import Records

/// JSON Lines: one JSON object (RFC 8259) per line, in UTF-8.
///
/// Lines end with a line feed; a carriage return in front of it is white space of the record. Blank
/// lines are counted and vanish. A byte order mark at the start of a source is skipped.
package struct JSONLinesFormat: LogFormat {
    package let name: String
    package let ownTime: OwnTime?
    package let quoteRule = QuoteRule.always
    package let fieldNames: [String]? = nil
    package let oddBytes = OddBytes.nul
    package let oddBytesRefused = OddBytes.notUTF8

    /// JSON Lines of a program that writes its time as `ownTime` says.
    package init(name: String = "jsonl", ownTime: OwnTime? = nil) {
        self.name = name
        self.ownTime = ownTime
    }

    package func knows(field: String) -> Bool? { JSONPathTree.steps(of: field) != nil }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter { LineSplitter() }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        JSONLinesReader(fields: fields, limits: limits)
    }

    package func splicedWriter() -> any RecordWriter { JSONSplicedWriter() }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        JSONColumnWriter(columns: columns)
    }

    /// Columns of one object side by side, each object where its first column stood.
    package func arranged(columns: [String]) throws(ColumnClash) -> [String] {
        try JSONColumnOrder(columns).columns()
    }

    static let descriptor = FormatDescriptor(
        name: "jsonl",
        summary: "One JSON object per line. Fields are named by path: `client.os`, `tags[0]`, "
            + "`items[*].ip`; a numbered element goes before `[*]` and leaves `null` where it "
            + "goes, so that others keep their number; a "
            + "backslash takes the next character literally, as in `id\\.orig_h`.",
        make: { _ in JSONLinesFormat() })
}
