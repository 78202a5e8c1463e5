internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Records

/// Cuts the sources of a task into numbered chunks of whole records.
///
/// Used by one worker at a time. A chunk never holds records of two sources. How the bytes arrive
/// (whole files, one byte at a time, gzip members) has no influence on records or their order.
final class ChunkSource {
    /// The size a chunk is filled to, in bytes: a few of them fit the caches of a processor.
    static let chunkBytes = 1 << 18

    private let inputs: [SourceInput]
    let format: any LogFormat
    let fields: DeclaredFields
    let limits: RecordLimits
    let mayLackColumns: Bool
    private let pathDate: PathDate?
    /// The folder of the pipeline with a slash behind it.
    private let pathDateRoot: String
    /// The date of the records of the source at hand.
    private var date: [UInt8]?
    private let digesting: Bool
    private let endsRun: Bool
    let form: SourceForm
    /// The first source, where somebody has looked at its start.
    let opened: ByteSource?
    /// Opens the sources, and inflates those that come next.
    let ahead: InflationAhead
    /// The number of the first source in `ahead`.
    private let firstAhead: Int

    var sourceIndex = -1
    private var source: ByteSource?
    private var splitter: any RecordSplitter
    var pending = ByteBuffer(capacity: 1 << 16)
    var pendingOffset = 0
    var columns: [String]?
    var isSkippingLine = false
    /// The chunks given so far; the number of the next one.
    private(set) var chunksMade = 0
    private var fileBytesBefore = 0
    private var inflatedBefore: Int64 = 0
    private(set) var finished: [Finished] = []
    /// The columns that the first source named, when the outputs copy its rows.
    var firstColumns: [String]?
    /// The bytes of the header at the start of the source at hand, as they are.
    var headerBytes: [UInt8] = []
    /// The header of the records at hand, in formats with headers in mid-file.
    var sourceHeader: SourceHeader?
    let needsEqualColumns: Bool

    /// The sources of `inputs`; `opened` is the first of them if it is open already. `endsRun` is
    /// false when further records of the run come behind the last input. `ahead` inflates for
    /// several chunk sources, in which the first of `inputs` has the number `firstAhead`.
    init(
        _ inputs: [SourceInput], plan: Plan, digesting: Bool, opened: ByteSource? = nil,
        endsRun: Bool = true, workers: Int = 1, ahead: InflationAhead? = nil, firstAhead: Int = 0
    ) {
        self.inputs = inputs
        self.opened = opened
        self.ahead =
            ahead
            ?? InflationAhead(
                inputs.map { $0.range == nil ? $0.path : nil }, digesting: digesting,
                form: plan.sourceForm, workers: workers)
        self.firstAhead = firstAhead
        self.endsRun = endsRun
        form = plan.sourceForm
        format = plan.format
        fields = plan.release.fields
        limits = plan.limits
        mayLackColumns = plan.mayLackColumns
        pathDate = plan.pathDate
        pathDateRoot = plan.pathDateRoot
        self.digesting = digesting
        splitter = plan.format.makeSplitter(limits: plan.limits)
        needsEqualColumns = plan.needsEqualColumns
    }

    /// The bytes of the inputs as they lie on disk; nil when one of them is a pipe.
    func totalFileBytes() -> Int? {
        var total = 0
        for input in inputs {
            guard input.path != "-", let status = try? FileStatus.of(input.path) else { return nil }
            total += input.range?.count ?? status.byteCount
        }
        return total
    }

    /// True when the source at hand is compressed.
    var isCompressed: Bool { source?.isCompressed ?? false }

    /// Bytes taken from the disk so far.
    var fileBytesRead: Int { fileBytesBefore + (source?.fileBytesRead ?? 0) }

    /// How long inflating has taken so far.
    var inflateNanoseconds: Int64 { inflatedBefore + (source?.inflateNanoseconds ?? 0) }

    /// What the sources failed with. Another worker may ask before it hears of a failure, and must
    /// not be given the bytes behind it: nothing was checked there.
    private var failure: PipelineFailure?

    /// Fills `chunk` with the next records; false when there are no more. Once it has failed, it
    /// fails again each time.
    func next(_ chunk: inout Chunk) throws(PipelineFailure) -> Bool {
        if let failure { throw failure }
        do throws(PipelineFailure) {
            return try cutNext(&chunk)
        } catch {
            failure = error
            throw error
        }
    }

    private func cutNext(_ chunk: inout Chunk) throws(PipelineFailure) -> Bool {
        if Interruption.isRequested { throw .interrupted(signal: Interruption.signal ?? 15) }
        while true {
            if source == nil {
                guard try openNext() else { return false }
            }
            if try fill(&chunk) {
                chunk.number = chunksMade
                chunk.sourceIndex = sourceIndex
                chunk.date = date
                chunk.columns = columns
                chunk.header = sourceHeader
                chunk.seal()
                chunksMade += 1
                return true
            }
            closeSource()
        }
    }

    // MARK: Opening and closing

    private func openNext() throws(PipelineFailure) -> Bool {
        guard sourceIndex + 1 < inputs.count else { return false }
        sourceIndex += 1
        let path = inputs[sourceIndex].path
        let opened: ByteSource
        if sourceIndex == 0, let first = self.opened {
            opened = first
        } else {
            opened = try ahead.source(firstAhead + sourceIndex, at: path)
            // Whoever inflated ahead has told of it.
            inflatedBefore -= opened.inflateNanoseconds
        }
        if let end = inputs[sourceIndex].end { opened.end(at: end) }
        source = opened
        date = try date(of: path)
        splitter = format.makeSplitter(limits: limits)
        pending.removeAll()
        pendingOffset = 0
        isSkippingLine = false
        try readHeader(opened)
        try enterRange(opened)
        recordsStart = pendingOffset
        startColumns = columns
        stretch = 0
        endedInRecord = false
        try beginStretch(opened)
        return true
    }

    /// The date that the path of a source names, where the plan says how.
    private func date(of path: String) throws(PipelineFailure) -> [UInt8]? {
        guard let pathDate else { return nil }
        // The folder of the pipeline says nothing of its sources.
        let below = path.utf8.starts(with: pathDateRoot.utf8)
            ? String(decoding: path.utf8.dropFirst(pathDateRoot.utf8.count), as: UTF8.self) : path
        if let date = pathDate.text(in: below) { return date }
        throw .source(
            SourceFault(
                .noDate, source: path,
                expectation: "a path that names a day as `source.time.path` says"))
    }

    /// Goes to the first record of the input's range, if it has one.
    private func enterRange(_ source: ByteSource) throws(PipelineFailure) {
        rangeEnd = nil
        guard let range = inputs[sourceIndex].range else { return }
        let own = try source.records(in: range, behind: pendingOffset)
        rangeEnd = own.end
        guard own.start > pendingOffset else { return }
        try source.move(to: own.start)
        pending.removeAll()
        pendingOffset = own.start
    }

    // MARK: Stretches

    /// The next stretch of the source that may matter.
    private var stretch = 0
    /// Where the records at hand end in the source; nil: with the source.
    private var border: Int?
    /// Where the records of the input's range end in the source; nil: with the source.
    private var rangeEnd: Int?
    private var recordsStart = 0
    /// The columns that the header at the start of the source at hand named.
    private var startColumns: [String]?
    private var earlierClocks = -1
    /// True when the last chunk ended at the border of a stretch, and not its last record.
    private var endedInRecord = false
    /// True when a stretch began or ended within a record: it was noted of other bytes.
    private(set) var hasCutRecord = false

    /// The limits of the records at hand: what runs have dealt with may be of any length.
    private var recordLimits: RecordLimits {
        var limits = limits
        if earlierClocks >= 0 { limits.recordBytesMax = FieldSlice.lengthMax }
        return limits
    }

    /// Begins what stands at `pendingOffset`: skips what is to be skipped and finds the next
    /// border.
    private func beginStretch(_ source: ByteSource) throws(PipelineFailure) {
        border = rangeEnd
        earlierClocks = -1
        defer { splitter = format.makeSplitter(limits: recordLimits) }
        let stretches = inputs[sourceIndex].stretches
        while stretch < stretches.count {
            let next = stretches[stretch]
            if next.range.upperBound <= pendingOffset {
                stretch += 1
                continue
            }
            guard next.range.lowerBound <= pendingOffset else {
                border = next.range.lowerBound
                return
            }
            switch next.use {
            case .skip: try skip(next.range.upperBound - pendingOffset, source)
            case .earlier(let index):
                border = next.range.upperBound
                earlierClocks = index
                return
            }
            // A source that became shorter is found by its digest.
            if source.isAtEnd, pending.isEmpty { return }
        }
    }

    private func skip(_ count: Int, _ source: ByteSource) throws(PipelineFailure) {
        if format.repeatsHeaders { return try skipLines(to: pendingOffset + count, source) }
        var left = count
        while left > 0 {
            if pending.isEmpty {
                if source.isAtEnd { return }
                try source.fill(&pending, upTo: Self.chunkBytes)
            }
            let taken = min(left, pending.count)
            pending.removeFirst(taken)
            pendingOffset += taken
            left -= taken
        }
    }

    private func closeSource() {
        guard let source else { return }
        fileBytesBefore += source.fileBytesRead
        inflatedBefore += source.inflateNanoseconds
        finished.append(
            Finished(
                name: source.name, plainBytes: source.plainBytes,
                content: source.content?.digest(), records: recordsStart..<pendingOffset,
                columns: startColumns))
        self.source = nil
    }

    // MARK: Cutting

    /// Fills `chunk` from the source at hand; false when it has no more records.
    private func fill(_ chunk: inout Chunk) throws(PipelineFailure) -> Bool {
        guard let source else { return false }
        while true {
            if isSkippingLine { try skipLine(source) }
            let isRestOfRecord = endedInRecord
            if try fillFromStretch(&chunk, source) {
                // The last record of a file may lack its end.
                if isRestOfRecord { hasCutRecord = true }
                return true
            }
            guard let border, border != rangeEnd else { return false }
            try beginStretch(source)
        }
    }

    private func fillFromStretch(
        _ chunk: inout Chunk, _ source: ByteSource
    ) throws(PipelineFailure) -> Bool {
        chunk.buffer.removeAll()
        chunk.isOverlong = false
        chunk.isLastAndOpen = false
        let hasHeader = try readInnerHeader(source)
        chunk.sourceOffset = pendingOffset
        chunk.earlierClocks = earlierClocks
        takePending(into: &chunk)
        while true {
            if !isAtBorder(chunk, source), chunk.buffer.count < Self.chunkBytes || cannotCut {
                let room = max(Self.chunkBytes - chunk.buffer.count, 1 << 16)
                let end = chunk.sourceOffset + chunk.buffer.count
                try source.fill(&chunk.buffer, upTo: min(room, (border ?? .max) - end))
                cannotCut = false
                if chunk.buffer.count < Self.chunkBytes, !isAtBorder(chunk, source) { continue }
            }
            if let length = splitter.wholeRecords(in: chunk.buffer.bytes) {
                keepRest(of: &chunk, from: recordsBeforeHeader(chunk, length))
                return true
            }
            if chunk.buffer.count > chunk.recordBytesMax(limits.recordBytesMax) + 1 {
                cutOverlong(&chunk)
                return true
            }
            if isAtBorder(chunk, source) {
                chunk.isLastAndOpen =
                    border == nil && sourceIndex == inputs.count - 1 && endsRun
                pendingOffset += chunk.buffer.count
                if !chunk.buffer.isEmpty { endedInRecord = border != nil }
                // A header without records behind it is written all the same.
                return !chunk.buffer.isEmpty || hasHeader
            }
            cannotCut = true
        }
    }

    private var cannotCut = false

    /// True when nothing further belongs to the chunk's stretch.
    private func isAtBorder(_ chunk: borrowing Chunk, _ source: ByteSource) -> Bool {
        if let border, chunk.sourceOffset + chunk.buffer.count >= border { return true }
        return source.isAtEnd && pending.isEmpty
    }

    /// Moves what was read ahead into the chunk, up to the border.
    private func takePending(into chunk: inout Chunk) {
        let taken = max(0, min(pending.count, (border ?? .max) - pendingOffset))
        chunk.buffer.append(pending.bytes.extracting(0..<taken))
        pending.removeFirst(taken)
    }

    private func keepRest(of chunk: inout Chunk, from length: Int) {
        giveBack(&chunk, from: length)
        pendingOffset += length
    }

    /// Puts the end of the chunk back in front of what was read ahead.
    private func giveBack(_ chunk: inout Chunk, from length: Int) {
        if pending.isEmpty {
            pending.append(chunk.buffer.bytes.extracting(length..<chunk.buffer.count))
            return chunk.buffer.truncate(to: length)
        }
        var rest = ByteBuffer(capacity: chunk.buffer.count - length + pending.count)
        rest.append(chunk.buffer.bytes.extracting(length..<chunk.buffer.count))
        rest.append(pending.bytes)
        pending.removeAll()
        pending.append(rest.bytes)
        chunk.buffer.truncate(to: length)
    }

    /// Keeps the beginning of a record that is too long and leaves the rest of its line to be
    /// skipped.
    private func cutOverlong(_ chunk: inout Chunk) {
        chunk.isOverlong = true
        giveBack(&chunk, from: limits.recordBytesMax)
        pendingOffset += limits.recordBytesMax
        isSkippingLine = true
        splitter = format.makeSplitter(limits: limits)
    }

    func skipLine(_ source: ByteSource) throws(PipelineFailure) {
        while true {
            if let feed = firstLineFeed(in: pending.bytes) {
                pending.removeFirst(feed + 1)
                pendingOffset += feed + 1
                isSkippingLine = false
                return
            }
            pendingOffset += pending.count
            pending.removeAll()
            if source.isAtEnd {
                isSkippingLine = false
                return
            }
            try source.fill(&pending, upTo: Self.chunkBytes)
        }
    }

    private func firstLineFeed(in bytes: Span<UInt8>) -> Int? {
        for index in bytes.indices where bytes[index] == 0x0a { return index }
        return nil
    }
}
