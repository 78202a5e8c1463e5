/// Takes the records out of sources that are no lines, so that they can be read as lines; in pieces
/// of any size, from the first byte of a source to its last.
package protocol SourceFraming: Sendable {
    /// Appends what `bytes` hold of records to `output`; a record ends with a line feed.
    mutating func frame(
        _ bytes: Span<UInt8>, into output: inout ByteBuffer
    ) throws(SourceFault)

    /// To be called behind the last byte; a fault when the source is cut off.
    func finish() throws(SourceFault)
}

/// What stands around the records of a file.
package struct RecordEnvelope: Sendable, Equatable {
    /// In front of the first record.
    package let opening: [UInt8]
    /// Behind the last one.
    package let closing: [UInt8]

    package init(opening: [UInt8], closing: [UInt8]) {
        self.opening = opening
        self.closing = closing
    }
}
