package import Anonymization
package import Records

/// A format that can be read and written: what the planner knows about it.
package protocol LogFormat: RecordFormat {
    /// The word in pipeline files and in `--format`.
    var name: String { get }

    /// Where this format has the time of a record, if its documents fix that.
    var ownTime: OwnTime? { get }

    /// Whether quotes stand around a field's slice, and so around its replacement.
    var quoteRule: QuoteRule { get }

    /// How a field is replaced in the middle of a record.
    var syntax: SpliceSyntax { get }

    /// The name under which readers give all values that no declared field names, for formats whose
    /// fields only a record can tell and whose records are not rebuilt; nil: there is none.
    var unnamedField: String? { get }

    /// True when a record has text that belongs to no field, so that nothing can drop it where
    /// records are not rebuilt.
    var hasTextBeyondFields: Bool { get }

    /// A writer for records of this same format: raw pieces are copied, replaced texts encoded.
    /// Ends each record with a line feed, whatever ended it in the source.
    func splicedWriter() -> any RecordWriter

    /// A writer for `ReleaseMode.columns`; piece `i` is the value of `columns[i]`.
    func columnWriter(columns: [String]) -> any RecordWriter

    /// Whether records have this field: nil when that only a source can tell.
    func knows(field: String) -> Bool?

    /// All field names, when the format fixes them.
    var fieldNames: [String]? { get }

    /// The fields that are parts of `field`: their bytes lie inside its bytes.
    func parts(of field: String) -> [String]

    /// The columns in an order in which `columnWriter` can write them; throws when two of them
    /// would be written to one place.
    func arranged(columns: [String]) throws(ColumnClash) -> [String]

    /// True when a last line without a terminator is written without one again: formats whose other
    /// bytes are nobody's business.
    var keepsMissingTerminator: Bool { get }

    /// Takes the records out of a source that is no lines; nil for formats of lines.
    func makeFraming() -> (any SourceFraming)?

    /// What stands around the records of a file in this format; their writers put a comma in front
    /// of each record. nil: nothing.
    var envelope: RecordEnvelope? { get }

    /// The format in which a run with state stores records of this one, to age them by their lines.
    var storedFormat: any LogFormat { get }

    /// The format in which records of `columnWriter` are read back.
    var columnFormat: any LogFormat { get }

    /// What values of this format may hold, their escapes decoded.
    var oddBytes: OddBytes { get }

    /// What its writers cannot put into a value so that its readers take the record back: there
    /// they are given escaped values (`ByteEscapes`).
    var oddBytesRefused: OddBytes { get }

    /// True when headers may come in mid-file, and stand in front of the records that they speak of
    /// in outputs, too.
    var repeatsHeaders: Bool { get }

    /// As `header(of:isComplete:limits:)`, for a header in mid-file; a length of 0 when none begins
    /// here, and no columns when it leaves them as they are.
    func innerHeader(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult

    /// The offset of the first line of a header in `bytes`, which begin with a line.
    func nextHeader(in bytes: Span<UInt8>) -> Int?

    /// Checks the declared fields against the columns that the header of a source named.
    ///
    /// Throws `SourceFault.Code.missingColumn` when one is not there. To be called once per source,
    /// behind `header(of:isComplete:limits:)`.
    func check(_ fields: DeclaredFields, against columns: [String]?) throws(SourceFault)
}

extension LogFormat {
    package var keepsMissingTerminator: Bool { false }

    package var syntax: SpliceSyntax {
        switch quoteRule {
        case .always: .json
        case .ifPresent: .delimited
        case .never: .template
        }
    }

    package var unnamedField: String? { nil }

    package var hasTextBeyondFields: Bool { false }

    package var oddBytes: OddBytes { [] }

    package var oddBytesRefused: OddBytes { [] }

    package var repeatsHeaders: Bool { false }

    package func makeFraming() -> (any SourceFraming)? { nil }

    package var envelope: RecordEnvelope? { nil }

    package var storedFormat: any LogFormat { self }

    package var columnFormat: any LogFormat { self }

    package func innerHeader(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult { .header(length: 0, columns: nil) }

    package func nextHeader(in bytes: Span<UInt8>) -> Int? { nil }

    /// True when a record begins behind every line feed, and nowhere else: a file can then be read
    /// from any place. Not so where quotes may hold line feeds, where headers come in mid-file, and
    /// where records are taken out of something else.
    package var endsRecordsAtLineFeeds: Bool {
        makeSplitter(limits: RecordLimits()) is LineSplitter && !repeatsHeaders
            && makeFraming() == nil
    }

    package func parts(of field: String) -> [String] { [] }

    package func arranged(columns: [String]) throws(ColumnClash) -> [String] { columns }

    package func check(
        _ fields: DeclaredFields,
        against columns: [String]?
    ) throws(SourceFault) {}
}

/// Two columns of an output that a format would write to one place.
package struct ColumnClash: Error, Sendable, Equatable {
    /// The columns, the one that comes first in the list first.
    package let first: String
    package let second: String

    package init(first: String, second: String) {
        self.first = first
        self.second = second
    }
}

/// Whether the slice of a text has quotes around it in the source.
package enum QuoteRule: Sendable, Equatable {
    /// JSON: always one quote on each side, outside the slice; a replacement brings its own.
    case always
    /// CSV: when the byte before the slice is a quote. The replacement brings its own if it needs
    /// them, so the quotes around the slice must be cut out with it.
    case ifPresent
    /// Access logs: quotes belong to the template; they stay, a replacement has none.
    case never
}
