internal import KeyedHashing
internal import Ledger

/// The segments that are known, to be found again by how they begin.
struct KnownSegments {
    /// One of them.
    struct Segment: Equatable {
        var content: ContentIdentity
        var lines: Int
        /// What the owner of the table knows it by.
        var tag: Int
        /// How many were inserted before.
        var rank: Int
    }

    /// True when segments are known wherever their lines stand, single lines and lines of other
    /// segments too; of several the one counts that was inserted first. False when lines are
    /// counted: each then belongs to one segment, and a single line may be another event that
    /// happens to read the same.
    let overlap: Bool
    private var count = 0

    private var byHead: [SegmentHead: [Segment]] = [:]
    /// Bit `n` is set when a head of `n` lines is among them.
    private var lengths: UInt64 = 0

    init(overlap: Bool = false) { self.overlap = overlap }

    var isEmpty: Bool { byHead.isEmpty }

    /// Adds a segment; of two with the same content the first stays.
    mutating func insert(_ segment: CountedSegment, tag: Int) {
        guard (1...SegmentHead.linesMax).contains(segment.headLines) else { return }
        let head = SegmentHead(lines: segment.headLines, hash: UInt64(bitPattern: segment.head))
        var known = byHead[head] ?? []
        guard !known.contains(where: { $0.content == segment.content }) else { return }
        known.append(
            Segment(
                content: segment.content, lines: Int(segment.records), tag: tag, rank: count))
        count += 1
        byHead[head] = known
        lengths |= 1 << UInt64(head.lines)
    }

    /// True when a head of so many lines may be found.
    func hasHead(ofLines lines: Int) -> Bool { lengths & (1 << UInt64(lines)) != 0 }

    /// The segments that begin so.
    func segments(beginning head: SegmentHead) -> [Segment] { byHead[head] ?? [] }
}
