package import Anonymization
package import Records

/// A format that is another one but for what it says itself.
package protocol WrappingFormat: LogFormat {
    var base: any LogFormat { get }
}

// All that a format is asked for stands here, also what `LogFormat` has a default for: that one
// would be taken for the answer of `base`.
extension WrappingFormat {
    package var name: String { base.name }
    package var ownTime: OwnTime? { base.ownTime }
    package var quoteRule: QuoteRule { base.quoteRule }
    package var syntax: SpliceSyntax { base.syntax }
    package var unnamedField: String? { base.unnamedField }
    package var hasTextBeyondFields: Bool { base.hasTextBeyondFields }
    package var fieldNames: [String]? { base.fieldNames }
    package var keepsMissingTerminator: Bool { base.keepsMissingTerminator }
    package var envelope: RecordEnvelope? { base.envelope }
    package var storedFormat: any LogFormat { base.storedFormat }
    package var columnFormat: any LogFormat { base.columnFormat }
    package var oddBytes: OddBytes { base.oddBytes }
    package var oddBytesRefused: OddBytes { base.oddBytesRefused }
    package var repeatsHeaders: Bool { base.repeatsHeaders }

    package func splicedWriter() -> any RecordWriter { base.splicedWriter() }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        base.columnWriter(columns: columns)
    }

    package func knows(field: String) -> Bool? { base.knows(field: field) }

    package func parts(of field: String) -> [String] { base.parts(of: field) }

    package func arranged(columns: [String]) throws(ColumnClash) -> [String] {
        try base.arranged(columns: columns)
    }

    package func makeFraming() -> (any SourceFraming)? { base.makeFraming() }

    package func header(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult {
        try base.header(of: start, isComplete: isComplete, limits: limits)
    }

    package func innerHeader(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult {
        try base.innerHeader(of: start, isComplete: isComplete, limits: limits)
    }

    package func nextHeader(in bytes: Span<UInt8>) -> Int? { base.nextHeader(in: bytes) }

    package func check(
        _ fields: DeclaredFields, against columns: [String]?
    ) throws(SourceFault) {
        try base.check(fields, against: columns)
    }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter {
        base.makeSplitter(limits: limits)
    }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        base.makeReader(fields: fields, limits: limits)
    }
}
