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

    /// What is known of a source that was read to its end.
    struct Finished: Sendable {
        var name: String
        var plainBytes: Int
        var content: Digest256?
        var lastLineIsOpen: Bool
    }

    private let inputs: [SourceInput]
    private let format: any LogFormat
    private let fields: DeclaredFields
    private let limits: RecordLimits
    private let digesting: Bool

    private var sourceIndex = -1
    private var source: ByteSource?
    private var splitter: any RecordSplitter
    private var pending = ByteBuffer(capacity: 1 << 16)
    private var pendingOffset = 0
    private var columns: [String]?
    private var isSkippingLine = false
    /// The chunks given so far; the number of the next one.
    private(set) var chunksMade = 0
    private var fileBytesBefore = 0
    private(set) var finished: [Finished] = []
    /// The columns that the first source named, when the outputs copy its rows.
    private(set) var firstColumns: [String]?
    private let needsEqualColumns: Bool

    /// One source and where in its plain bytes to begin.
    struct SourceInput: Sendable {
        var path: String
        /// Plain bytes at the start that were counted by an earlier run.
        var skippedBytes = 0
    }

    init(
        _ inputs: [SourceInput], plan: Plan, digesting: Bool
    ) {
        self.inputs = inputs
        format = plan.format
        fields = plan.release.fields
        limits = plan.limits
        self.digesting = digesting
        splitter = plan.format.makeSplitter(limits: plan.limits)
        needsEqualColumns =
            plan.format.quoteRule == .ifPresent
            && plan.release.outputs.contains { $0.mode == .spliced }
    }

    /// The bytes of the sources as they lie on disk; nil when one of them is a pipe.
    func totalFileBytes() -> Int? {
        var total = 0
        for input in inputs {
            guard input.path != "-", let status = try? FileStatus.of(input.path) else { return nil }
            total += status.byteCount
        }
        return total
    }

    /// Bytes taken from the disk so far.
    var fileBytesRead: Int { fileBytesBefore + (source?.fileBytesRead ?? 0) }

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
                chunk.columns = columns
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
        let opened = try ByteSource(path: inputs[sourceIndex].path, digesting: digesting)
        source = opened
        splitter = format.makeSplitter(limits: limits)
        pending.removeAll()
        pendingOffset = 0
        isSkippingLine = false
        try readHeader(opened)
        try skip(inputs[sourceIndex].skippedBytes, opened)
        return true
    }

    private func readHeader(_ source: ByteSource) throws(PipelineFailure) {
        do {
            while true {
                let isComplete = source.isAtEnd
                let result = try Self.header(format, of: pending, isComplete: isComplete)
                guard case .header(let length, let named) = result else {
                    try source.fill(&pending, upTo: Self.chunkBytes)
                    continue
                }
                pending.removeFirst(length)
                pendingOffset = length
                columns = named
                try format.check(fields, against: named)
                try compareColumns(named, source.name)
                return
            }
        } catch let fault as SourceFault {
            var fault = fault
            fault.source = source.name
            throw .source(fault)
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .internalFault("reading a header failed without a reason")
        }
    }

    private static func header(
        _ format: any LogFormat, of start: borrowing ByteBuffer, isComplete: Bool
    ) throws(SourceFault) -> HeaderResult {
        try format.header(of: start.bytes, isComplete: isComplete)
    }

    private func compareColumns(_ named: [String]?, _ name: String) throws(SourceFault) {
        guard let named else { return }
        guard let first = firstColumns else {
            firstColumns = named
            return
        }
        if needsEqualColumns, !first.elementsEqual(named, by: { $0.utf8.elementsEqual($1.utf8) }) {
            throw SourceFault(
                .badHeader, source: name,
                expectation: "its columns differ from those of the first source, and an output "
                    + "copies their rows: expected the same header, or `columns` in the output")
        }
    }

    private func skip(_ count: Int, _ source: ByteSource) throws(PipelineFailure) {
        var left = count - pendingOffset
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
        finished.append(
            Finished(
                name: source.name, plainBytes: source.plainBytes,
                content: source.content?.digest(), lastLineIsOpen: lastOpen))
        lastOpen = false
        self.source = nil
    }

    private var lastOpen = false

    // MARK: Cutting

    /// Fills `chunk` from the source at hand; false when it has no more records.
    private func fill(_ chunk: inout Chunk) throws(PipelineFailure) -> Bool {
        guard let source else { return false }
        if isSkippingLine { try skipLine(source) }
        chunk.buffer.removeAll()
        chunk.isOverlong = false
        chunk.sourceOffset = pendingOffset
        chunk.buffer.append(pending.bytes)
        pending.removeAll()
        while true {
            if !source.isAtEnd, chunk.buffer.count < Self.chunkBytes || cannotCut {
                let room = max(Self.chunkBytes - chunk.buffer.count, 1 << 16)
                try source.fill(&chunk.buffer, upTo: room)
                cannotCut = false
                if chunk.buffer.count < Self.chunkBytes, !source.isAtEnd { continue }
            }
            if let length = splitter.wholeRecords(in: chunk.buffer.bytes) {
                keepRest(of: &chunk, from: length)
                return true
            }
            if chunk.buffer.count > limits.recordBytesMax + 1 {
                cutOverlong(&chunk)
                return true
            }
            if source.isAtEnd {
                if !chunk.buffer.isEmpty { lastOpen = true }
                pendingOffset += chunk.buffer.count
                return !chunk.buffer.isEmpty
            }
            cannotCut = true
        }
    }

    private var cannotCut = false

    private func keepRest(of chunk: inout Chunk, from length: Int) {
        pending.append(chunk.buffer.bytes.extracting(length..<chunk.buffer.count))
        chunk.buffer.truncate(to: length)
        pendingOffset += length
    }

    /// Keeps the beginning of a record that is too long and leaves the rest of its line to be
    /// skipped.
    private func cutOverlong(_ chunk: inout Chunk) {
        chunk.isOverlong = true
        pending.append(chunk.buffer.bytes.extracting(limits.recordBytesMax..<chunk.buffer.count))
        chunk.buffer.truncate(to: limits.recordBytesMax)
        pendingOffset += limits.recordBytesMax
        isSkippingLine = true
        splitter = format.makeSplitter(limits: limits)
    }

    private func skipLine(_ source: ByteSource) throws(PipelineFailure) {
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
