package import Anonymization
package import Records

/// Tables whose columns are named by directives, lines that begin with `#`: the W3C extended log
/// format (W3C working draft WD-logfile-960323) as IIS and CloudFront write it, and the logs of
/// Zeek.
///
/// Directives may come again in mid-file and then name the columns of what follows. They are no
/// records: they are kept in front of the records that they speak of. A `#Remark` and directives
/// that nobody knows may say anything, and are set aside like any line that is not as it must be.
/// `-` is no value.
package struct HeadedTableFormat: LogFormat {
    package let name: String
    package let ownTime: OwnTime?
    package let quoteRule = QuoteRule.never
    package let fieldNames: [String]? = nil
    package let unnamedField: String? = NamedSlots.unnamed
    package let repeatsHeaders = true
    package let oddBytes: OddBytes = [.nul, .notUTF8]
    let dialect: HeadedTableDialect

    init(name: String, dialect: HeadedTableDialect) {
        self.name = name
        self.dialect = dialect
        ownTime =
            switch dialect {
            case .w3c, .cloudFront:
                OwnTime("date", timeOfDay: "time", as: .dateTime, zone: .utc)
            case .zeek: OwnTime("ts", as: .epochSeconds)
            }
    }

    package func knows(field: String) -> Bool? { nil }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter { LineSplitter() }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        LineReader(
            HeadedTableScanner(dialect: dialect, fields: fields, limits: limits), limits: limits)
    }

    package func splicedWriter() -> any RecordWriter {
        LineSplicedWriter(syntax: HeadedTableSyntax(dialect: dialect))
    }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        HeadedTableColumnWriter(dialect: dialect, columns: columns)
    }

    package func check(
        _ fields: DeclaredFields,
        against columns: [String]?
    ) throws(SourceFault) {
        guard let columns else { return }
        for name in fields.names where !columns.contains(where: { sameBytes($0, name) }) {
            let isTime = ownTime?.fields.contains { sameBytes($0, name) } ?? false
            if !isTime, dialect.mayLack(name) || sameBytes(name, NamedSlots.unnamed) { continue }
            let near = nearestName(to: name, among: columns)
            throw SourceFault(
                .missingColumn,
                byteOffset: 0,
                expectation: "expected `\(name)` among the fields that the directives name, found "
                    + (near.map { "none; did you mean `\($0)`?" } ?? "none")
            )
        }
    }
}

// MARK: - Headers

extension HeadedTableFormat {
    package func header(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult {
        guard let mark = try byteOrderMark(of: start, isComplete: isComplete) else {
            return .needMoreBytes
        }
        let rest = start.extracting(mark..<start.count)
        guard case .header(let length, let columns) =
            try innerHeader(of: rest, isComplete: isComplete, limits: limits)
        else { return .needMoreBytes }
        if columns == nil, mark + length < start.count { throw dialect.badHeader }
        return .header(length: mark + length, columns: columns)
    }

    package func innerHeader(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult {
        var columns: [String]?
        var at = 0
        while at < start.count {
            let feed = endOfFirstLine(in: start, from: at)
            if feed == nil, !isComplete, mayBeDirective(start, at) {
                guard start.count - at <= limits.recordBytesMax else { throw dialect.badHeader }
                return .needMoreBytes
            }
            let next = feed ?? start.count
            var end = feed.map { $0 - 1 } ?? next
            if end > at, start[end - 1] == 0x0D { end -= 1 }
            if end > at {
                guard let directive = dialect.directive(start.extracting(at..<end)) else { break }
                if case .fields(let words) = directive { columns = try names(words) }
            }
            at = next
        }
        if at == start.count, !isComplete { return .needMoreBytes }
        return .header(length: at, columns: columns)
    }

    private func mayBeDirective(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
        bytes[at] == UInt8(ascii: "#") || bytes[at] == 0x0D
    }

    /// The names of the columns, in their order.
    private func names(_ words: [[UInt8]]) throws(SourceFault) -> [String] {
        let names = words.compactMap { String(validating: $0, as: UTF8.self) }
        guard !names.isEmpty, names.count == words.count, Set(words).count == words.count else {
            throw dialect.badHeader
        }
        return names
    }

    package func nextHeader(in bytes: Span<UInt8>) -> Int? {
        var from = 0
        while let at = firstLine(beginningWith: UInt8(ascii: "#"), in: bytes, from: from) {
            let end = endOfFirstLine(in: bytes, from: at).map { $0 - 1 } ?? bytes.count
            if dialect.directive(bytes.extracting(at..<end)) != nil { return at }
            from = end
        }
        return nil
    }
}

// MARK: - Catalogue

extension HeadedTableFormat {
    static let w3c = descriptor(
        "w3c", .w3c,
        "The W3C extended log format, as IIS writes it: fields are named by the `#Fields` of each "
            + "file, such as `c-ip`, `cs-username`, `cs-uri-query`, `cs(User-Agent)`. The time is "
            + "`date` and `time`, in UTC; where a site writes no date, say "
            + "`time: { path: \"u_ex{yy}{month}{day}\", field: time }`.")

    static let cloudFront = descriptor(
        "cloudfront", .cloudFront,
        "Standard logs of Amazon CloudFront: the W3C format with tabs, fields such as `c-ip`, "
            + "`x-forwarded-for`, `cs(User-Agent)`, `cs(Cookie)`. The time is `date` and `time`, "
            + "in UTC.")

    static let zeek = descriptor(
        "zeek", .zeek,
        "Logs of Zeek as tables with tabs: fields are named by `#fields`, such as `id.orig_h`, "
            + "`host`, `uri`, `user_agent`. The time is `ts`.")

    private static func descriptor(
        _ name: String, _ dialect: HeadedTableDialect, _ summary: String
    ) -> FormatDescriptor {
        FormatDescriptor(
            name: name, summary: summary,
            make: { _ in HeadedTableFormat(name: name, dialect: dialect) })
    }
}
