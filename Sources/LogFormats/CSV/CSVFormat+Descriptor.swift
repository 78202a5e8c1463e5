import Anonymization
import Records

extension CSVFormat {
    static let csv = descriptor(
        name: "csv",
        standard: .comma,
        summary: "Comma-separated values as in RFC 4180."
    )

    static let tsv = descriptor(
        name: "tsv",
        standard: .tab,
        summary: "Tab-separated values, with the quotes of RFC 4180 unless `quotes: none`."
    )

    /// How a quote is read.
    private enum Quotes: String, CaseIterable {
        case double, none
    }

    private static func descriptor(
        name: String,
        standard: Delimiter,
        summary: String
    ) -> FormatDescriptor {
        FormatDescriptor(
            name: name,
            summary: summary,
            options: [
                OptionDescriptor(
                    "delimiter",
                    values: "comma, semicolon, tab or pipe",
                    standard: standard.rawValue,
                    help: "What stands between two cells."
                ),
                OptionDescriptor(
                    "header",
                    values: "true or false",
                    standard: "true",
                    help: "Whether the first line names the columns."
                ),
                OptionDescriptor(
                    "columns",
                    values: "a list of names",
                    standard: "from the header",
                    help: "The columns of sources without a header line."
                ),
                OptionDescriptor(
                    "quotes",
                    values: "double or none",
                    standard: "double",
                    help: "Whether double quotes can stand around a cell."
                ),
            ],
            make: { reader in make(name: name, standard: standard, reader) }
        )
    }

    private static func make(
        name: String,
        standard: Delimiter,
        _ reader: SettingReader
    ) -> (any LogFormat)? {
        let faultsBefore = reader.faults.all.count
        let delimiter = readDelimiter(reader) ?? standard
        let hasHeader = reader.flag("header") ?? true
        let quotes = reader.choice("quotes", Quotes.self) ?? .double
        let columns = reader.texts("columns")
        if let fault = fault(of: columns, hasHeader: hasHeader) {
            reader.faults.add(
                fault,
                at: reader.optional("columns")?.position ?? reader.position,
                path: reader.path(of: "columns")
            )
        }
        guard reader.faults.all.count == faultsBefore else { return nil }
        return CSVFormat(
            name: name,
            delimiter: delimiter,
            hasQuotes: quotes == .double,
            columns: hasHeader ? nil : columns
        )
    }

    /// What is wrong with named columns, or with their absence.
    private static func fault(of columns: [String]?, hasHeader: Bool) -> String? {
        guard let columns else {
            return hasHeader
                ? nil : "`columns` is missing; sources without a header line need it"
        }
        if hasHeader {
            return "found `columns` for sources with a header line, expected `header: false`"
        }
        let isDistinct = Set(columns.map { Array($0.utf8) }).count == columns.count
        return columns.isEmpty || !isDistinct
            ? "expected at least one column, each with its own name" : nil
    }

    /// The delimiter by its name or as the character itself.
    private static func readDelimiter(_ reader: SettingReader) -> Delimiter? {
        if case .text(let text, _)? = reader.optional("delimiter") {
            let bytes = Array(text.utf8)
            for one in Delimiter.allCases where bytes == [one.byte] { return one }
        }
        return reader.choice("delimiter", Delimiter.self)
    }
}
