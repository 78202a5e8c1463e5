package import Anonymization
package import Records

/// A format that can be read and written: what the planner knows about it.
package protocol LogFormat: RecordFormat {
    /// The word in pipeline files and in `--format`.
    var name: String { get }

    /// The form in which this format writes its field `time`, if it has one of its own.
    var ownTimeFormat: TimeFormat? { get }

    /// Whether quotes stand around a field's slice, and so around its replacement.
    var quoteRule: QuoteRule { get }

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

    /// Checks the declared fields against the columns that the header of a source named.
    ///
    /// Throws `SourceFault.Code.missingColumn` when one is not there. To be called once per source,
    /// behind `header(of:isComplete:limits:)`.
    func check(_ fields: DeclaredFields, against columns: [String]?) throws(SourceFault)
}

extension LogFormat {
    package var keepsMissingTerminator: Bool { false }

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
