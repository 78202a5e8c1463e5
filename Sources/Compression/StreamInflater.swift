package import Records

/// Turns the bytes of a compressed file back into plain bytes, in pieces of any size.
package protocol StreamInflater: AnyObject {
    /// Takes bytes of `input`, appends at most `limit` plain bytes to `output`, and says how much
    /// of both. With all input taken and the limit reached, more output may be pending: call again
    /// with an empty input until nothing is produced.
    func inflate(
        _ input: Span<UInt8>, into output: inout ByteBuffer, upTo limit: Int
    ) throws(SourceFault) -> InflateStep

    /// Says that the input has ended; a fault when the file has not.
    func finish() throws(SourceFault)
}

/// What one call of an inflater did.
package struct InflateStep: Equatable, Sendable {
    /// The number of compressed bytes taken.
    package let consumed: Int
    /// The number of plain bytes appended.
    package let produced: Int
}
