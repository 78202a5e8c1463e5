package import Anonymization
package import Records

/// JSON documents whose records are the elements of one array: the document itself, or a member of
/// its objects, such as `Records` of AWS CloudTrail.
///
/// A source is taken out of its document element by element and read as JSON Lines: white space
/// with line ends inside a record becomes spaces, nothing else changes. What stands beside the
/// array in its document is no part of any record and is left out: no rule could name it. Outputs
/// put their records into an array at the same place; what a run with `state` stores is JSON Lines,
/// because it is aged line by line.
package struct JSONArrayFormat: LogFormat {
    package let name: String
    package let ownTime: OwnTime?
    package let quoteRule = QuoteRule.always
    package let fieldNames: [String]? = nil
    package let oddBytes = OddBytes.nul
    package let oddBytesRefused = OddBytes.notUTF8
    private let lines: JSONLinesFormat
    /// The names of the members that lead to the array, outermost first.
    private let path: [[UInt8]]

    init(name: String, path: [[UInt8]], ownTime: OwnTime? = nil) {
        self.name = name
        self.path = path
        self.ownTime = ownTime
        lines = JSONLinesFormat(ownTime: ownTime)
    }

    package func knows(field: String) -> Bool? { lines.knows(field: field) }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter { LineSplitter() }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        lines.makeReader(fields: fields, limits: limits)
    }

    package func splicedWriter() -> any RecordWriter {
        JSONElementWriter(lines: lines.splicedWriter())
    }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        JSONElementWriter(lines: lines.columnWriter(columns: columns))
    }

    package func arranged(columns: [String]) throws(ColumnClash) -> [String] {
        try lines.arranged(columns: columns)
    }

    package func makeFraming() -> (any SourceFraming)? { JSONArrayFraming(path: path) }

    package var envelope: RecordEnvelope? {
        var opening = ByteBuffer()
        for name in path {
            opening.append(UInt8(ascii: "{"))
            JSONText.encode(name.span, into: &opening)
            opening.append(UInt8(ascii: ":"))
        }
        opening.append("[\n")
        let braces = [UInt8](repeating: UInt8(ascii: "}"), count: path.count)
        return RecordEnvelope(
            opening: opening.array(),
            closing: [UInt8(ascii: "]")] + braces + [UInt8(ascii: "\n")])
    }

    package var storedFormat: any LogFormat { lines }
}

/// Writes each record with a comma in front, which a file leaves out in front of its first one.
private struct JSONElementWriter: RecordWriter {
    let lines: any RecordWriter

    func header(columns: [String]?) -> [UInt8] { [] }

    func write(
        _ index: Int, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        output.append(UInt8(ascii: ","))
        lines.write(index, of: batch, chunk: chunk, into: &output)
    }
}

// MARK: - Catalogue

extension JSONArrayFormat {
    static let descriptor = FormatDescriptor(
        name: "json_array",
        summary: "JSON documents whose records are the elements of an array; fields are named as "
            + "in `jsonl`. Outputs are such documents again, without what stands beside the array; "
            + "a run with `state` stores `jsonl`.",
        options: [
            OptionDescriptor(
                "records", values: "names with dots between them",
                standard: "the document is the array",
                help: "The member that holds the array, such as `Records` or `log.entries`.")
        ],
        make: { reader in
            let text = reader.text("records")
            let names = text.map { $0.utf8.split(separator: UInt8(ascii: ".")).map(Array.init) }
            return JSONArrayFormat(name: "json_array", path: names ?? [])
        })

    /// AWS CloudTrail user guide, "CloudTrail log file examples".
    static let cloudTrail = FormatDescriptor(
        name: "cloudtrail",
        summary: "Log files of AWS CloudTrail: `eventTime`, `sourceIPAddress`, `userAgent`, "
            + "`userIdentity.arn`, `userIdentity.userName`. The time is `eventTime`.",
        make: { _ in
            JSONArrayFormat(
                name: "cloudtrail", path: [Array("Records".utf8)],
                ownTime: OwnTime("eventTime", as: .rfc3339))
        })
}
