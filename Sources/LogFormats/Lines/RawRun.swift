import Records

/// Bytes of the chunk that lie side by side and go out unchanged: copied with one move, however
/// many pieces and records they belong to.
struct RawRun {
    private var start = 0
    private var end = 0

    /// Adds `range` of the chunk to what goes out.
    @inline(__always)
    mutating func add(_ range: Range<Int>, of chunk: Span<UInt8>, to output: inout ByteBuffer) {
        if range.lowerBound != end {
            flush(chunk, to: &output)
            start = range.lowerBound
        }
        end = range.upperBound
    }

    /// Ends a record with a line feed: the one of the source if it comes next.
    @inline(__always)
    mutating func endLine(_ chunk: Span<UInt8>, to output: inout ByteBuffer) {
        if end > start, end < chunk.count, chunk[end] == 0x0A {
            end &+= 1
        } else {
            flush(chunk, to: &output)
            output.append(0x0A)
        }
    }

    /// Copies what was added; to be called before anything else is appended to `output`.
    @inline(__always)
    mutating func flush(_ chunk: Span<UInt8>, to output: inout ByteBuffer) {
        if end > start { output.append(chunk.extracting(start..<end)) }
        start = end
    }
}
