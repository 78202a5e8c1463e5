/// How long the records of the chunk at hand may be.
///
/// Readers hold every record against it, whoever cut the chunk: what a record is must not depend on
/// where chunks were cut.
package struct RecordLength {
    /// The limit of its source, as far as a field can say where it lies in a record.
    private let limit: Int
    /// That, until a chunk says that a run has dealt with its records before.
    package private(set) var bytesMax: Int

    package init(_ limits: RecordLimits) {
        limit = min(limits.recordBytesMax, FieldSlice.lengthMax)
        bytesMax = limit
    }

    /// To be called before the records of `chunk` are read.
    package mutating func begin(_ chunk: borrowing Chunk) {
        bytesMax = chunk.recordBytesMax(limit)
    }
}
