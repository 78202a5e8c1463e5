internal import KeyedHashing
internal import Ledger
internal import Records

/// Cuts content into segments at ends of lines: as many whole lines as make about four mebibytes.
///
/// Where a segment ends depends on nothing but its own lines, so equal stretches are cut alike
/// wherever they stand. An open last line is a segment of its own. One that is longer than
/// `lineBytesMax` is in no segment.
struct SegmentCutter: ~Copyable {
    /// A segment ends with the line that brings it to this many bytes.
    static let segmentBytes = 4 << 20
    /// A longer line is not recognised again. A record of the standard limits stays below it even
    /// where a token takes the place of each of its values.
    static let lineBytesMax = 8 << 20

    private(set) var segments: [CountedSegment] = []
    private var hasher = ContentHasher()
    private var start = 0
    private var count = 0
    private var lines = 0
    private var head = SegmentHead.none

    /// Begins a stretch at `offset`; what came before ends there.
    mutating func begin(at offset: Int) {
        close()
        start = offset
    }

    /// Takes the next whole line with its terminator.
    mutating func take(_ line: Span<UInt8>, hash: UInt64) {
        hasher.update(line)
        count += line.count
        lines += 1
        head.append(hash)
        if count >= Self.segmentBytes { close() }
    }

    /// Takes the next whole line, which is a part of `buffer`.
    mutating func take(_ buffer: borrowing ByteBuffer, _ range: Range<Int>, hash: UInt64) {
        take(buffer.bytes.extracting(range), hash: hash)
    }

    /// Takes the last line of the content, which has no terminator and is a part of `buffer`.
    mutating func takeOpen(_ buffer: borrowing ByteBuffer, _ range: Range<Int>, hash: UInt64) {
        close()
        take(buffer, range, hash: hash)
        close()
    }

    /// Ends the segment at hand, if it has any lines.
    mutating func close() {
        guard count > 0 else { return }
        segments.append(
            CountedSegment(
                start: start,
                content: ContentIdentity(digest: hasher.digest(), byteCount: count),
                records: Int64(lines), headLines: head.lines,
                head: Int64(bitPattern: head.hash)))
        start += count
        count = 0
        lines = 0
        head = .none
        hasher = ContentHasher()
    }
}
