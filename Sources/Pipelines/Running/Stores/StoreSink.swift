internal import Anonymization
internal import Compression
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Takes the bytes that will stand in a store's file: looks at them only, or writes them.
final class StoreSink: OutputSink {
    /// Records that were changed, and those that were taken out.
    private(set) var changed = 0
    private(set) var removed = 0
    /// Records that stay because a hold binds them.
    private(set) var held = 0
    /// Records in which something is dealt with.
    private(set) var agedRecords = 0
    /// Their lines, by what that is; nil: just what is due.
    private(set) var aged: [ReleasedBatch.Done?: [UInt64]] = [:]

    private let file: DurableFile?
    private let deflater: GzipDeflater?
    private let header: () -> [UInt8]
    private var hasHeader = false
    /// The number of the header that was written last.
    private var headerNumber = 0
    private var compressed = ByteBuffer(capacity: 1 << 16)
    private var plain = ContentHasher()
    private var stored = ContentHasher()
    private var lines = LineFeed()
    /// All lines, held ones as well: what was counted of a source was counted, held or not.
    private var countedLines: LineFeed?

    /// With a `file` the bytes are written, as gzip if `compressing`; `counting` when they take the
    /// place of a source that was counted.
    init(
        writingTo file: DurableFile?, compressing: Bool, counting: Bool,
        header: @escaping () -> [UInt8]
    ) throws(PipelineFailure) {
        self.file = file
        if counting { countedLines = LineFeed() }
        self.header = header
        do { deflater = file != nil && compressing ? try GzipDeflater.make() : nil } catch {
            throw .storage("cannot prepare gzip")
        }
    }

    /// The identity of the plain bytes.
    var content: ContentIdentity {
        ContentIdentity(digest: plain.digest(), byteCount: plain.byteCount)
    }

    /// The segments of the plain bytes; to be asked for once, at the end. Lines that were dealt
    /// with apart are in segments of their own.
    func segments() -> [LineFeed.Segment] { lines.finish() }

    /// The segments of all lines, for a file that takes the place of a counted source; else empty.
    func countedSegments() -> [CountedSegment] { countedLines?.finish().map(\.lines) ?? [] }

    /// The identity of the bytes as they lie in the file.
    var storedContent: ContentIdentity {
        ContentIdentity(digest: stored.digest(), byteCount: stored.byteCount)
    }

    func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure) {
        try writeHeader()
        if let header = block.header, header.number > headerNumber {
            headerNumber = header.number
            try append(header.bytes.span)
        }
        changed += block.changed
        removed += block.removed
        held += block.held
        agedRecords += block.agedRecords
        for line in block.aged { aged[line.done, default: []].append(line.digest.bits) }
        var at = 0
        for line in block.apart {
            try append(block.bytes, at..<line.range.lowerBound)
            try append(block.bytes, line.range, done: line.done)
            at = line.range.upperBound
        }
        try append(block.bytes, at..<block.bytes.count)
    }

    private func writeHeader() throws(PipelineFailure) {
        guard !hasHeader else { return }
        hasHeader = true
        try append(header().span)
    }

    private func append(
        _ bytes: borrowing ByteBuffer, _ range: Range<Int>, done: ReleasedBatch.Done? = nil
    ) throws(PipelineFailure) {
        try append(bytes.bytes.extracting(range), done: done)
    }

    private func append(
        _ bytes: Span<UInt8>, done: ReleasedBatch.Done? = nil
    ) throws(PipelineFailure) {
        plain.update(bytes)
        lines.take(bytes, done: done)
        countedLines?.take(bytes)
        guard let deflater else { return try store(bytes) }
        deflater.deflate(bytes, into: &compressed)
        if compressed.count >= 1 << 16 { try flush() }
    }

    private func flush() throws(PipelineFailure) {
        // The buffer is lent out while it is stored, and comes back empty.
        var lent = ByteBuffer(capacity: 16)
        swap(&lent, &compressed)
        try store(lent.bytes)
        lent.removeAll()
        swap(&lent, &compressed)
    }

    private func store(_ bytes: Span<UInt8>) throws(PipelineFailure) {
        guard let file else { return }
        stored.update(bytes)
        do { try file.write(bytes) } catch {
            throw .storage("cannot rewrite \(file.folder)/\(file.finalName)", error)
        }
    }

    /// Ends the bytes; to be called before anything is asked.
    func finish() throws(PipelineFailure) {
        try writeHeader()
        guard let deflater else { return }
        deflater.finish(into: &compressed)
        try flush()
    }

    /// False once the file could not keep its group, which has lost its rights to it.
    private(set) var keepsGroup = true

    /// Makes the file durable, with owner, permissions and times of the one it will replace.
    func prepare(like status: FileStatus) throws(PipelineFailure) -> PreparedFile? {
        guard let file else { return nil }
        do {
            keepsGroup = try file.follow(status)
            return try file.prepare()
        } catch {
            throw .storage("cannot rewrite \(file.folder)/\(file.finalName)", error)
        }
    }

    func abandon() { file?.abandon() }
}

/// Cuts a stream of bytes into the lines that segments are made of.
struct LineFeed: ~Copyable {
    /// A segment, and what is dealt with in its lines.
    struct Segment {
        var lines: CountedSegment
        /// Nil: just what is due.
        var done: ReleasedBatch.Done?
    }

    private var cutter = SegmentCutter()
    private var finished: [Segment] = []
    /// As in `Segment`, of the lines at hand.
    private var done: ReleasedBatch.Done?
    private var carried = ByteBuffer(capacity: 1 << 12)
    private var offset = 0
    private var isGiant = false

    /// Takes the next bytes of the stream; where `done` changes a line begins.
    mutating func take(_ bytes: Span<UInt8>, done: ReleasedBatch.Done?) {
        if done != self.done {
            cutter.begin(at: offset)
            finishSegments()
            self.done = done
        }
        take(bytes)
    }

    private mutating func finishSegments() {
        for segment in cutter.segments.dropFirst(finished.count) {
            finished.append(Segment(lines: segment, done: done))
        }
    }

    /// Takes the next bytes of the stream.
    mutating func take(_ bytes: Span<UInt8>) {
        var begin = 0
        for index in bytes.indices where bytes[index] == 0x0a {
            end(bytes.extracting(begin..<index + 1))
            begin = index + 1
        }
        let rest = bytes.extracting(begin..<bytes.count)
        offset += rest.count
        if isGiant { return }
        carried.append(rest)
        isGiant = carried.count > SegmentCutter.lineBytesMax
        if isGiant { carried.removeAll() }
    }

    /// The line at hand ends with `last`.
    private mutating func end(_ last: Span<UInt8>) {
        offset += last.count
        if isGiant || carried.count + last.count > SegmentCutter.lineBytesMax {
            cutter.begin(at: offset)
        } else if carried.isEmpty {
            take(line: last)
        } else {
            carried.append(last)
            takeCarried()
        }
        isGiant = false
        carried.removeAll()
    }

    private mutating func take(line: Span<UInt8>) {
        cutter.take(line, hash: LineHash.of(line.extracting(0..<line.count - 1)))
    }

    private mutating func takeCarried() {
        var line = ByteBuffer(capacity: 16)
        swap(&line, &carried)
        take(line: line.bytes)
        line.removeAll()
        swap(&line, &carried)
    }

    /// The segments of the stream, which has ended.
    mutating func finish() -> [Segment] {
        if !carried.isEmpty {
            var line = ByteBuffer(capacity: 16)
            swap(&line, &carried)
            cutter.takeOpen(line, 0..<line.count, hash: LineHash.of(line.bytes))
        }
        cutter.close()
        finishSegments()
        return finished
    }
}
