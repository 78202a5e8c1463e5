internal import Anonymization
internal import Records
private import Statistics

/// One chunk and what a worker made of it: everything that has to be handed over in order.
///
/// A worker has two of them, so that it can work on while the other waits for its turn.
final class WorkedChunk {
    var chunk = Chunk(capacity: ChunkSource.chunkBytes + (1 << 16))
    /// The bytes for each output of the plan.
    let outputs: [OutputBytes]
    /// What became of the records of the chunk.
    var counts: RecordCounts
    /// The records that were set aside; record numbers count from 1 in the chunk.
    var quarantine: [QuarantineEntry] = []
    /// The bytes taken from the disk when the chunk had been read.
    var fileBytesRead = 0

    init(plan: Plan) {
        outputs = plan.outputs.map { OutputBytes($0.routing) }
        counts = RecordCounts(
            outputs: plan.outputs.count, statistics: plan.statistics.statistics.count)
    }
}
