/// A log format with its options resolved: makes splitters and readers, holds no state.
package protocol RecordFormat: Sendable {
    /// Finds where the header of a source ends and what it says, if this format has one.
    ///
    /// Called with the first bytes of each source until it answers other than `needMoreBytes`.
    /// `isComplete` is true when the source has no further bytes. A header is a record: past
    /// `limits` it is a fault.
    func header(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult

    /// Makes a splitter for one source. Where a record ends may depend on how long one may be: an
    /// unclosed CSV quote ends at the limit, for splitter and reader alike.
    func makeSplitter(limits: RecordLimits) -> any RecordSplitter

    /// Makes a reader for one worker that fills the slots of `fields`.
    func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader
}

extension RecordFormat {
    /// Most formats have no header; the byte order mark of UTF-8 is no part of the first record.
    package func header(
        of start: Span<UInt8>, isComplete: Bool, limits: RecordLimits
    ) throws(SourceFault) -> HeaderResult {
        guard let length = try byteOrderMark(of: start, isComplete: isComplete) else {
            return .needMoreBytes
        }
        return .header(length: length, columns: nil)
    }

    /// The length of the byte order mark of UTF-8 in front of a source, 0 without one; nil when
    /// more bytes are needed to tell. That of UTF-16 is a fault: read as UTF-8, nothing would be
    /// found.
    package func byteOrderMark(
        of start: Span<UInt8>, isComplete: Bool
    ) throws(SourceFault) -> Int? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let shared = zip(start.indices, mark).prefix { start[$0] == $1 }.count
        if start.count < mark.count, !isComplete, start.isEmpty || start[0] >= 0xEF { return nil }
        if start.count >= 2, UInt16(start[0]) << 8 | UInt16(start[1]) == 0xFFFE
            || UInt16(start[0]) << 8 | UInt16(start[1]) == 0xFEFF
        {
            throw SourceFault(
                .unsupportedEncoding,
                byteOffset: 0,
                expectation: "expected UTF-8, found the byte order mark of UTF-16: declare "
                    + "`encoding: utf-16`")
        }
        return shared == mark.count ? shared : 0
    }
}

/// What a format found at the start of a source.
package enum HeaderResult: Sendable, Equatable {
    /// Not enough bytes to tell yet.
    case needMoreBytes
    /// The header takes the first `length` bytes (0: there is none) and names these columns.
    case header(length: Int, columns: [String]?)
}

/// The limits on what one record may be; past one of them the record is quarantined.
package struct RecordLimits: Sendable, Equatable {
    /// The longest record in bytes; the rest of a longer line is skipped and counted.
    package var recordBytesMax = 1 << 20
    /// The most fields (JSON members, CSV columns) of one record.
    package var fieldsMax = 4096
    /// The deepest nesting of JSON values.
    package var depthMax = 64

    package init() {}

    /// For files that runs have written and the ledger knows: tokens and derived fields can make
    /// records longer than their sources' limits let them be.
    package static let ofOwnFiles: RecordLimits = {
        var limits = RecordLimits()
        limits.recordBytesMax = FieldSlice.lengthMax
        limits.fieldsMax = 65_535
        limits.depthMax = 512
        return limits
    }()
}

/// Finds the borders between records, so that bytes can be cut into chunks of whole records.
package protocol RecordSplitter {
    /// The length of the longest prefix of `bytes` that ends right behind a record terminator, or
    /// nil when no record ends in it.
    ///
    /// `bytes` always begins at a record border. The splitter may remember how far it has looked;
    /// when called again after nil, `bytes` begins with the same bytes and is longer. After a
    /// non-nil answer the next call begins behind that prefix.
    mutating func wholeRecords(in bytes: Span<UInt8>) -> Int?
}

/// Finds records and their declared fields in the chunks of one worker.
package protocol RecordReader: AnyObject {
    /// Fills `table` with all records of `chunk` (which holds whole records only; the last one may
    /// lack its terminator).
    func index(_ chunk: borrowing Chunk, into table: inout RecordTable)

    /// Appends the decoded text of a slice of kind `escapedText` to `buffer`.
    ///
    /// The slice came from `index` of this reader and `bytes` is the chunk it came from.
    func decode(_ slice: FieldSlice, in bytes: Span<UInt8>, into buffer: inout ByteBuffer)

    /// Calls `body` with each text in a slice of kind `structure`, decoded, at any depth: names of
    /// members and numbers are texts, too.
    ///
    /// The slice came from `index` of this reader and `bytes` is the chunk it came from.
    func withTexts(
        inside structure: FieldSlice, in bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Void)
}

extension RecordReader {
    /// Most formats have texts only.
    package func withTexts(
        inside structure: FieldSlice, in bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Void
    ) {}
}
