internal import LogFormats
internal import Records

/// Headers of sources: what they name holds for the records behind them.
extension ChunkSource {
    func readHeader(_ source: ByteSource) throws(PipelineFailure) {
        do {
            while true {
                let isComplete = source.isAtEnd
                let result = try Self.header(format, limits, of: pending, isComplete)
                guard case .header(let length, let named) = result else {
                    try source.fill(&pending, upTo: Self.chunkBytes)
                    continue
                }
                headerBytes = Array(pending.array()[..<length])
                pending.removeFirst(length)
                pendingOffset = length
                columns = named
                sourceHeader = nil
                if format.repeatsHeaders { note(headerBytes) }
                if !mayLackColumns { try format.check(fields, against: named) }
                try compareColumns(named, source.name)
                return
            }
        } catch {
            throw Self.headerFailure(error, source.name)
        }
    }

    /// Notes a header of the source at hand.
    private func note(_ bytes: [UInt8]) {
        sourceHeader = SourceHeader(
            source: sourceIndex, number: sourceHeader.map { $0.number + 1 } ?? 0, bytes: bytes)
    }

    /// Passes over a header where the next records begin; true when there was one.
    func readInnerHeader(_ source: ByteSource) throws(PipelineFailure) -> Bool {
        guard format.repeatsHeaders else { return false }
        if pending.isEmpty, !source.isAtEnd { try source.fill(&pending, upTo: Self.chunkBytes) }
        guard Self.mayBeginHeader(pending) else { return false }
        do {
            while true {
                let result = try Self.innerHeader(format, limits, of: pending, source.isAtEnd)
                guard case .header(let length, let named) = result else {
                    try source.fill(&pending, upTo: Self.chunkBytes)
                    continue
                }
                if length == 0 { return false }
                note(Array(pending.array()[..<length]))
                pending.removeFirst(length)
                pendingOffset += length
                columns = named ?? columns
                if !mayLackColumns { try format.check(fields, against: named) }
                return true
            }
        } catch {
            throw Self.headerFailure(error, source.name)
        }
    }

    private static func mayBeginHeader(_ buffer: borrowing ByteBuffer) -> Bool {
        !buffer.isEmpty && buffer.bytes[0] == UInt8(ascii: "#")
    }

    private static func innerHeader(
        _ format: any LogFormat, _ limits: RecordLimits, of start: borrowing ByteBuffer,
        _ isComplete: Bool
    ) throws(SourceFault) -> HeaderResult {
        try format.innerHeader(of: start.bytes, isComplete: isComplete, limits: limits)
    }

    /// The columns that the header of the file at `path` names; nil for a format without one.
    static func columns(
        of path: String, format: any LogFormat, limits: RecordLimits
    ) throws(PipelineFailure) -> [String]? {
        let source = try ByteSource(path: path, digesting: false)
        var start = ByteBuffer(capacity: 1 << 16)
        do {
            while true {
                let result = try header(format, limits, of: start, source.isAtEnd)
                if case .header(_, let columns) = result { return columns }
                try source.fill(&start, upTo: chunkBytes)
            }
        } catch {
            throw Self.headerFailure(error, source.name)
        }
    }

    /// Why the header of the source called `name` could not be read.
    private static func headerFailure(_ error: any Error, _ name: String) -> PipelineFailure {
        switch error {
        case var fault as SourceFault:
            fault.source = name
            return .source(fault)
        case let failure as PipelineFailure: return failure
        default: return .internalFault("reading a header failed without a reason")
        }
    }

    /// What `format` finds at the start of a source.
    static func header(
        _ format: any LogFormat, _ limits: RecordLimits, of start: borrowing ByteBuffer,
        _ isComplete: Bool
    ) throws(SourceFault) -> HeaderResult {
        try format.header(of: start.bytes, isComplete: isComplete, limits: limits)
    }

    private func compareColumns(_ named: [String]?, _ name: String) throws(SourceFault) {
        guard let named else { return }
        guard let first = firstColumns else {
            firstColumns = named
            return
        }
        if needsEqualColumns { try Self.compare(named, with: first, name) }
    }

    /// Passes over lines up to `end`; a header among them holds for what follows.
    func skipLines(to end: Int, _ source: ByteSource) throws(PipelineFailure) {
        while pendingOffset < end {
            if try readInnerHeader(source) { continue }
            if pending.isEmpty { return }
            isSkippingLine = true
            try skipLine(source)
        }
    }

    /// The length of the records in front of the first header in the chunk's first `length` bytes.
    func recordsBeforeHeader(_ chunk: borrowing Chunk, _ length: Int) -> Int {
        guard format.repeatsHeaders else { return length }
        return format.nextHeader(in: chunk.buffer.bytes.extracting(0..<length)) ?? length
    }
}
