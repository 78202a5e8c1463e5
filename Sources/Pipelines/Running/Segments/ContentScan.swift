internal import KeyedHashing
internal import Ledger
internal import Records

/// What a file holds: its identity, the stretches that are known, and segments of the others.
struct ScannedContent {
    /// A stretch of whole lines that is known.
    struct Known: Equatable {
        /// Plain bytes, from 0.
        var range: Range<Int>
        var lines: Int
        /// The tag of its segments.
        var tag: Int
    }

    /// The identity of the whole plain content.
    var content: ContentIdentity
    /// In order; neighbours of one tag are one.
    var known: [Known]
    /// The segments of everything that is not known.
    var segments: [CountedSegment]
    /// The hashes of its first whole lines, at most `SegmentHead.linesMax`.
    var firstLines: [UInt64]
    /// The plain bytes of an open last line that was left: no part of the content.
    var openBytes = 0
    /// True when lines stand in it with which a known segment begins, and no such segment: content
    /// that was counted is there changed, or cut off.
    var isChanged = false

    var knownBytes: Int { known.reduce(0) { $0 + $1.range.count } }
    var knownLines: Int { known.reduce(0) { $0 + $1.lines } }
    /// Where the first byte stands that is not known.
    var knownPrefix: Int {
        known.reduce(0) { $1.range.lowerBound == $0 ? $1.range.upperBound : $0 }
    }
    /// True when nothing in it is new.
    var isKnown: Bool { knownBytes == content.byteCount }
}

/// Reads the plain bytes of a file once, front to back, and finds known segments wherever a line
/// begins, so that files that grew or were joined are recognised in their parts.
///
/// Memory: the longest known segment that may stand where the scan is, and a little more. Time:
/// each byte is hashed twice, and once more for each candidate that turns out to be none; heads of
/// 32 lines make those rare.
///
/// A segment of a single line counts as known only at the beginning of a file, behind something
/// known, or at the end: elsewhere it may be another event that happens to read the same.
///
/// Where the table lets segments overlap, every line is looked at, those within known segments too,
/// and each is known by the best segment that it lies in. Segments of the rest are then not made.
struct ContentScan: ~Copyable {
    private let source: ByteSource
    private let known: KnownSegments
    private var whole = ContentHasher()
    /// True when a last line without a line feed is not ended yet, and no part of the content.
    private let leavesOpenLine: Bool
    /// The digest of the whole lines so far, where the open one may be left.
    private var wholeLines = ContentHasher().digest()
    private var cutter = SegmentCutter()
    private var found: [ScannedContent.Known] = []

    // The bytes at hand and where they stand in the content.
    private var window = ByteBuffer(capacity: 1 << 20)
    private var windowStart = 0
    private var at = 0
    private var lines = WindowLines()
    private var line = 0
    /// The segments of a single line that were found.
    private var taken: Set<ContentIdentity> = []
    /// Those of them that were found since the last known segment of several lines.
    private var takenSince: Set<ContentIdentity> = []
    private var isInGiantLine = false
    private var isChanged = false

    /// Where segments overlap: those that reach behind the line at hand.
    private var covering: [(end: Int, segment: KnownSegments.Segment)] = []
    /// How many bytes were hashed to see whether a segment stands somewhere.
    private var triedBytes = 0

    private static let readBytes = 1 << 18
    /// Within known segments others are looked for while no more than so many times the bytes of
    /// the file were hashed for it: in a file of equal lines each could begin one.
    private static let triesMax = 16

    /// Scans the file at `path`, whose content is in `form`.
    static func scan(
        _ path: String, known: KnownSegments, form: SourceForm = .lines
    ) throws(PipelineFailure) -> ScannedContent {
        try scan(try ByteSource(path: path, digesting: false, form: form), known: known)
    }

    /// Scans a source of which nothing was read. With `leavesOpenLine` the content of a file that
    /// is not compressed ends behind its last line feed, unless the open line is known.
    static func scan(
        _ source: ByteSource, known: KnownSegments, leavesOpenLine: Bool = false
    ) throws(PipelineFailure) -> ScannedContent {
        var scan = ContentScan(source: source, known: known, leavesOpenLine: leavesOpenLine)
        return try scan.run()
    }

    private init(source: ByteSource, known: KnownSegments, leavesOpenLine: Bool) {
        self.source = source
        self.known = known
        self.leavesOpenLine = leavesOpenLine
    }

    private mutating func run() throws(PipelineFailure) -> ScannedContent {
        cutter.begin(at: 0)
        while try fillLines() {
            if line < lines.ends.count {
                if known.overlap {
                    try coverLine()
                } else if try !recognise() {
                    takeLine()
                }
            } else if windowEnd - at > SegmentCutter.lineBytesMax {
                passGiant()
            } else {
                break
            }
        }
        try takeOpenLine()
        cutter.close()
        let open = openBytes
        return ScannedContent(
            content: ContentIdentity(
                digest: open == 0 ? whole.digest() : wholeLines,
                byteCount: source.plainBytes - open),
            known: found, segments: cutter.segments, firstLines: lines.first, openBytes: open,
            isChanged: isChanged)
    }

    // MARK: The window

    private var windowEnd: Int { windowStart + window.count }

    /// Reads until enough lines for a head are at hand; false when nothing is left.
    private mutating func fillLines() throws(PipelineFailure) -> Bool {
        while lines.ends.count - line < SegmentHead.linesMax, !source.isAtEnd,
            line == lines.ends.count || windowEnd - at < Self.readBytes
        {
            if line == lines.ends.count, windowEnd - at > SegmentCutter.lineBytesMax { return true }
            try readOn()
        }
        return windowEnd > at
    }

    private mutating func readOn() throws(PipelineFailure) {
        if at - windowStart >= 1 << 20 {
            window.removeFirst(at - windowStart)
            windowStart = at
            lines.removeFirst(line)
            line = 0
        }
        let before = window.count
        try source.fill(&window, upTo: Self.readBytes)
        lines.find(in: window, from: before, windowStart: windowStart)
        hashRead(from: before)
    }

    private mutating func hashRead(from before: Int) {
        let lineEnd = lines.lastEnd - windowStart
        guard leavesOpenLine, lineEnd > before else {
            return hash(window, before..<window.count, into: &whole)
        }
        hash(window, before..<lineEnd, into: &whole)
        wholeLines = whole.digest()
        hash(window, lineEnd..<window.count, into: &whole)
    }

    // MARK: Lines

    private mutating func takeLine() {
        let end = lines.ends[line]
        if isInGiantLine {
            isInGiantLine = false
            cutter.begin(at: end)
        } else if end - at > SegmentCutter.lineBytesMax {
            cutter.begin(at: end)
        } else {
            cutter.take(
                window, at - windowStart..<end - windowStart, hash: lines.hashes[line])
        }
        at = end
        line += 1
    }

    /// Goes on in a line that is too long for a segment.
    private mutating func passGiant() {
        if !isInGiantLine { cutter.close() }
        isInGiantLine = true
        at = windowEnd
        lines.scanned = windowEnd
    }

    /// The last line, which has no line feed.
    private mutating func takeOpenLine() throws(PipelineFailure) {
        guard at < windowEnd, !isInGiantLine else { return }
        let (hash, content) = Self.identity(of: window, from: at - windowStart)
        var head = SegmentHead.none
        head.append(hash)
        for segment in known.segments(beginning: head) where segment.content == content {
            return note(at..<windowEnd, segment)
        }
        if mayLeave { return }
        cutter.takeOpen(window, at - windowStart..<window.count, hash: hash)
    }

    /// True when an open line may still be written: a compressed file was ended by who made it.
    private var mayLeave: Bool { leavesOpenLine && !source.isCompressed }

    /// The bytes of the last line, where it was left.
    private var openBytes: Int {
        mayLeave && found.last?.range.upperBound != windowEnd ? windowEnd - lines.lastEnd : 0
    }

    private static func identity(
        of buffer: borrowing ByteBuffer, from start: Int
    ) -> (UInt64, ContentIdentity) {
        let bytes = buffer.bytes.extracting(start..<buffer.count)
        return (
            LineHash.of(bytes),
            ContentIdentity(digest: Digest256.of(bytes), byteCount: bytes.count)
        )
    }

    // MARK: Recognising

    /// Looks whether a known segment begins here, takes the longest that does, and says so.
    private mutating func recognise() throws(PipelineFailure) -> Bool {
        let from = at
        guard let match = try matches().last else { return false }
        note(from..<from + match.content.byteCount, match)
        return true
    }

    /// Takes the line at hand as known by the best segment that it lies in, or as new.
    private mutating func coverLine() throws(PipelineFailure) {
        covering.removeAll { $0.end <= at }
        if covering.isEmpty || triedBytes / Self.triesMax <= windowEnd {
            let from = at
            for match in try matches() {
                covering.append((from + match.content.byteCount, match))
            }
        }
        isInGiantLine = false
        let end = lines.ends[line]
        if let best = covering.min(by: { $0.segment.rank < $1.segment.rank }) {
            note(at..<end, lines: 1, tag: best.segment.tag)
        }
        at = end
        line += 1
    }

    /// The known segments that begin here, shortest first.
    private mutating func matches() throws(PipelineFailure) -> [KnownSegments.Segment] {
        guard !known.isEmpty, !isInGiantLine else { return [] }
        var head = SegmentHead.none
        var candidates: [KnownSegments.Segment] = []
        var isFullHead = false
        for index in line..<min(line + SegmentHead.linesMax, lines.ends.count) {
            head.append(lines.hashes[index])
            if known.hasHead(ofLines: head.lines) {
                let found = known.segments(beginning: head)
                isFullHead = head.lines == SegmentHead.linesMax && !found.isEmpty
                candidates += found
            }
        }
        if candidates.isEmpty { return [] }
        candidates.sort { $0.content.byteCount < $1.content.byteCount }
        let found = try standing(candidates)
        // Fewer lines may begin alike by chance.
        if found.isEmpty, isFullHead { isChanged = true }
        return found
    }

    /// Those of `candidates`, shortest first, whose bytes stand here.
    private mutating func standing(
        _ candidates: [KnownSegments.Segment]
    ) throws(PipelineFailure) -> [KnownSegments.Segment] {
        var hasher = ContentHasher()
        var found: [KnownSegments.Segment] = []
        for candidate in candidates {
            let end = at + candidate.content.byteCount
            // One byte more, to see whether the line ends there.
            while windowEnd <= end, !source.isAtEnd { try readOn() }
            guard windowEnd >= end else { break }
            let done = at + hasher.byteCount
            hash(window, done - windowStart..<end - windowStart, into: &hasher)
            if hasher.digest() == candidate.content.digest, isAcceptable(candidate, end) {
                found.append(candidate)
            }
        }
        triedBytes += hasher.byteCount
        return found
    }

    private func isAcceptable(_ candidate: KnownSegments.Segment, _ end: Int) -> Bool {
        let bytes = window.bytes
        let isAtEnd = end == windowEnd
        guard isAtEnd || bytes[end - 1 - windowStart] == 0x0a || bytes[end - windowStart] == 0x0a
        else { return false }
        if candidate.lines > 1 || known.overlap { return true }
        let isBehindKnown = found.last?.range.upperBound == at
        if taken.contains(candidate.content) {
            // A file of several segments that is there a second time.
            return isBehindKnown && !takenSince.contains(candidate.content)
        }
        return at == 0 || isAtEnd || isBehindKnown
    }

    /// Takes `range` as known and goes on behind it.
    private mutating func note(_ range: Range<Int>, _ segment: KnownSegments.Segment) {
        if segment.lines == 1 {
            taken.insert(segment.content)
            takenSince.insert(segment.content)
        } else {
            takenSince.removeAll()
        }
        var range = range
        // It ended with an open line, whose line feed has come since.
        if range.upperBound < windowEnd,
            window.bytes[range.upperBound - 1 - windowStart] != 0x0a
        {
            range = range.lowerBound..<range.upperBound + 1
        }
        note(range, lines: segment.lines, tag: segment.tag)
        at = range.upperBound
        while line < lines.ends.count, lines.ends[line] <= at { line += 1 }
        cutter.begin(at: at)
    }

    /// Enters `range` as known by `tag`.
    private mutating func note(_ range: Range<Int>, lines: Int, tag: Int) {
        if let last = found.last, last.tag == tag, last.range.upperBound == range.lowerBound {
            found[found.count - 1].range = last.range.lowerBound..<range.upperBound
            found[found.count - 1].lines += lines
        } else {
            found.append(ScannedContent.Known(range: range, lines: lines, tag: tag))
        }
    }
}

/// Hashes a part of `buffer`.
private func hash(
    _ buffer: borrowing ByteBuffer, _ range: Range<Int>, into hasher: inout ContentHasher
) {
    hasher.update(buffer.bytes.extracting(range))
}

/// The whole lines of a window of content.
private struct WindowLines {
    /// Where each line ends in the content, behind its line feed.
    private(set) var ends: [Int] = []
    private(set) var hashes: [UInt64] = []
    /// The hashes of the first lines of the whole content.
    private(set) var first: [UInt64] = []
    /// Where the line begins whose end has not been seen.
    var scanned = 0
    /// Behind the last line feed of the content.
    private(set) var lastEnd = 0

    mutating func find(in window: borrowing ByteBuffer, from: Int, windowStart: Int) {
        let bytes = window.bytes
        var begin = max(scanned, windowStart) - windowStart
        for index in from..<bytes.count where bytes[index] == 0x0a {
            ends.append(windowStart + index + 1)
            hashes.append(LineHash.of(bytes.extracting(begin..<index)))
            if first.count < SegmentHead.linesMax { first.append(hashes[hashes.count - 1]) }
            begin = index + 1
            lastEnd = windowStart + begin
        }
        scanned = windowStart + begin
    }

    mutating func removeFirst(_ count: Int) {
        ends.removeFirst(count)
        hashes.removeFirst(count)
    }
}
