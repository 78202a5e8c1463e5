package import Records

/// One piece of a released record, in sixteen bytes or less: where the bytes are and what they are.
@usableFromInline package struct ReleasedPiece: Sendable, Equatable, BitwiseCopyable {
    /// What a piece is.
    @usableFromInline package enum Kind: UInt8, Sendable, BitwiseCopyable {
        /// Bytes of the chunk, to be copied as they are: they are already in the output's syntax.
        case raw
        /// Text in the arena, to be quoted and escaped by the writer.
        case text
        /// Text in the arena of which no byte needs an escape in any format.
        case plainText
        /// A number or other bare value in the arena.
        case bare
        /// No value: JSON `null`, an empty CSV cell, `-` in an access log.
        case null
        /// The field is not there at all. Only in column mode.
        case absent
        /// One byte of JSON punctuation, kept in `start`.
        case syntax
        /// Text of the chunk that stands for itself, to be quoted and escaped (column mode).
        case sourceText
    }

    @usableFromInline package let kind: Kind
    @usableFromInline package let start: UInt32
    @usableFromInline package let length: UInt32

    @inlinable package init(_ kind: Kind, start: Int = 0, length: Int = 0) {
        self.kind = kind
        self.start = UInt32(truncatingIfNeeded: start)
        self.length = UInt32(truncatingIfNeeded: length)
    }

    /// Where the bytes lie in the chunk or the arena.
    @inlinable @inline(__always)
    package var range: Range<Int> { Int(start)..<Int(start) &+ Int(length) }
}

/// How the pieces of a record make up the record.
package enum ReleaseMode: Sendable, Equatable {
    /// The pieces, written one after the other, are the record in the syntax of its source.
    case spliced
    /// Piece `i` is the value of column `i` of the output; the writer supplies everything between.
    case columns
}

/// The records of one chunk that may leave through one output.
///
/// Only this module can add to a batch: `append` and the arena are internal. A writer can do no
/// more than walk over what was released, so a raw record cannot reach an output by accident. Made
/// once per worker and output, refilled for each chunk; valid together with the chunk it was filled
/// from.
package struct ReleasedBatch: ~Copyable {
    /// One released record.
    package struct Record: Sendable, BitwiseCopyable {
        package let firstPiece: Int
        package let pieceCount: Int
        /// Days since 1970-01-01 of the event in the pipeline's zone; `noDay` without a time.
        package let day: Int32
        /// True when a later run has to look at the record again: a field is shown that becomes
        /// due, or the record may have to be deleted.
        package let isReadable: Bool
        /// The row of the record in its chunk.
        package let row: Int32
        /// True when a hold keeps the record as it is, due or not.
        package let isHeld: Bool
        /// True when that hold keeps something from being done that is due, or an erasure: what was
        /// dealt with before it was held stays dealt with.
        package let isSuspended: Bool
        /// True when something in a stored record is dealt with.
        package let isAged: Bool
    }

    /// Of what fields of a record something is dealt with.
    package struct Done: Sendable, Hashable {
        /// The clocks whose fields are.
        package let clocks: DueSet
        /// The only slots of which that is said, in their order; nil: of all.
        package let slots: [Int]?
        /// True when it is just what is due now: it needs no note where the record is written anew.
        package let isJustDue: Bool
    }

    /// What is dealt with in one record.
    package struct Dealing: Sendable {
        /// Its index in `records`.
        package let record: Int
        package let done: Done
    }

    /// The day of a record whose time could not be read.
    package static let noDay = Int32.min

    package let mode: ReleaseMode
    package private(set) var records = FlatArray<Record>(capacity: 1024)
    package private(set) var pieces = FlatArray<ReleasedPiece>(capacity: 4096)
    /// The stored records of which other fields are dealt with than those that are due now, in the
    /// order of `records`: a hold keeps what is due, or the clock was ahead before.
    package private(set) var dealings: [Dealing] = []

    /// The bytes of replaced values.
    package internal(set) var arena = ByteBuffer(capacity: 1 << 16)

    private var openRecordStart = 0

    init(mode: ReleaseMode) { self.mode = mode }

    mutating func removeAll() {
        records.truncate(to: 0)
        pieces.truncate(to: 0)
        dealings.removeAll(keepingCapacity: true)
        arena.removeAll()
        openRecordStart = 0
    }

    @inline(__always)
    mutating func append(_ piece: ReleasedPiece) { pieces.append(piece) }

    /// Notes that exactly the fields of `clocks`, of these slots, are dealt with in the record that
    /// is finished next.
    mutating func noteDealing(_ clocks: DueSet, slots: [Int]? = nil, isJustDue: Bool = false) {
        let done = Done(clocks: clocks, slots: slots, isJustDue: isJustDue)
        dealings.append(Dealing(record: records.count, done: done))
    }

    @inline(__always)
    mutating func finishRecord(
        row: Int, isHeld: Bool, isSuspended: Bool = false, isAged: Bool = false, day: Int32,
        isReadable: Bool
    ) {
        records.append(
            Record(
                firstPiece: openRecordStart, pieceCount: pieces.count - openRecordStart, day: day,
                isReadable: isReadable, row: Int32(truncatingIfNeeded: row), isHeld: isHeld,
                isSuspended: isSuspended, isAged: isAged))
        openRecordStart = pieces.count
    }
}

/// Writes released records in the syntax of one format.
///
/// One writer per worker and output; it holds no file. The bytes it appends for the records of a
/// chunk depend on nothing but those records.
package protocol RecordWriter: Sendable {
    /// What stands before the first record of a file, for example a CSV header; often nothing.
    func header(columns: [String]?) -> [UInt8]

    /// Appends record `index` of `batch`, with its terminator, to `output`.
    func write(
        _ index: Int, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer)

    /// Appends `records` of `batch` one after the other: the same bytes as a call for each.
    func write(
        _ records: Range<Int>, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer)
}

extension RecordWriter {
    package func write(
        _ records: Range<Int>, of batch: borrowing ReleasedBatch, chunk: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        for index in records { write(index, of: batch, chunk: chunk, into: &output) }
    }
}
