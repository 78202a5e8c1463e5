/// A header of a source as it is written.
package struct SourceHeader: Sendable {
    /// The index of the source in the plan of the run.
    package let source: Int
    /// 0 for the header at the start of the source, then one more for each further one.
    package let number: Int
    package let bytes: [UInt8]

    package init(source: Int, number: Int, bytes: [UInt8]) {
        self.source = source
        self.number = number
        self.bytes = bytes
    }

    /// True when both are the same place of the same source.
    package func isSame(as other: SourceHeader?) -> Bool {
        other.map { $0.source == source && $0.number == number } ?? false
    }
}

/// A run of whole records of one source, owned by one worker at a time and reused.
package struct Chunk: ~Copyable {
    /// The bytes; they end at a record border or at the end of the source.
    package var buffer: ByteBuffer

    /// The number of the chunk in the whole run, 0-based; outputs are put in this order.
    package var number = 0

    /// The index of the source in the plan of the run.
    package var sourceIndex = 0

    /// The offset in the uncompressed source of the first byte, 0-based.
    package var sourceOffset = 0

    /// The date of the records, with or without a time of day, where their source tells it.
    package var date: [UInt8]?

    /// Columns named by the header of the source, if the format has one.
    package var columns: [String]?

    /// The header that speaks of the records, for formats that have headers in mid-file.
    package var header: SourceHeader?

    /// True when a record longer than the limit was cut off: the chunk holds only its beginning,
    /// the one row must be counted as `tooLong`.
    package var isOverlong = false

    /// True when the chunk ends the last source without a terminator behind its last record.
    package var isLastAndOpen = false

    /// An empty chunk with room for `capacity` bytes.
    package init(capacity: Int) { buffer = ByteBuffer(capacity: capacity) }

    /// Which of the plan's earlier clocks its records were dealt with under, as an index; -1: none
    /// of them.
    package var earlierClocks = -1

    /// True when a run has dealt with its records before: their length has no limit then, because
    /// tokens can make records longer than their source's limit lets them be.
    package var isKnown: Bool { earlierClocks >= 0 }

    /// How long its records may be where they may have `limit` bytes otherwise.
    package func recordBytesMax(_ limit: Int) -> Int { isKnown ? FieldSlice.lengthMax : limit }

    /// The bytes behind the content that are readable once the chunk is sealed.
    package static let paddingBytes = 64

    /// The number of content bytes when the chunk was sealed.
    private var sealedCount = -1

    /// True when the padding is in place and the content has not changed its length since.
    package var isSealed: Bool { sealedCount == buffer.count }

    /// Puts a line feed and zeros behind the content, without counting them, so that a scan may
    /// look a little ahead and always meets an end of line.
    package mutating func seal() {
        buffer.reserve(Self.paddingBytes)
        let content = buffer.count
        buffer.append(0x0a)
        for _ in 1..<Self.paddingBytes { buffer.append(0) }
        buffer.truncate(to: content)
        sealedCount = content
    }
}
