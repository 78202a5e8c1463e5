internal import Records

/// The whole records at the start of a log that its first header speaks of.
struct LogStart: ~Copyable {
    /// The records, with the columns that the header names.
    let chunk: Chunk
    /// True when another header follows.
    let endsAtHeader: Bool

    /// Takes them from `start`, the first bytes of a log; `isComplete` when they are all that there
    /// is. Throws when there is no header where one must be; nil when it is not there as a whole.
    init?(
        _ start: [UInt8], isComplete: Bool, format: any LogFormat, limits: RecordLimits
    ) throws(SourceFault) {
        let start = try Self.lines(start, isComplete, format)
        let header = try format.header(of: start.span, isComplete: true, limits: limits)
        guard case .header(let length, let columns) = header else { return nil }
        var end = start.count
        if !isComplete {
            while end > length, start[end - 1] != 0x0A { end -= 1 }
        }
        let next = format.nextHeader(in: start.span.extracting(length..<end)) ?? 0
        endsAtHeader = next > 0
        if next > 0 { end = length + next }
        var chunk = Chunk(capacity: max(end - length, 1))
        chunk.columns = columns
        chunk.buffer.append(Array(start[length..<end]))
        chunk.seal()
        self.chunk = chunk
    }

    /// The records of documents as lines, as far as they are there.
    private static func lines(
        _ start: [UInt8], _ isComplete: Bool, _ format: any LogFormat
    ) throws(SourceFault) -> [UInt8] {
        guard var framing = format.makeFraming() else { return start }
        var lines = ByteBuffer()
        try framing.frame(start.span, into: &lines)
        if isComplete { try framing.finish() }
        return lines.array()
    }

    /// The bytes of the records.
    var bytes: [UInt8] {
        var copy = ByteBuffer()
        copy.append(chunk.buffer.bytes)
        return copy.array()
    }
}
