internal import Records

/// Where the bytes of outputs go; used from the ordered end of a run, one call at a time.
protocol OutputSink: AnyObject {
    /// The blocks that follow come from the source `source` of the task.
    func begin(source: Int)

    /// Appends `block` to the file that output `output` and the block's route mean.
    func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure)

    /// Ends the task: what was put aside is written now. Returns what was left out of it.
    func finish() throws(PipelineFailure) -> [RemovedRows]
}

/// Rows of a source that were to be written to an output and are not.
struct RemovedRows {
    let source: Int
    let output: Int
    let rows: Int
}

extension OutputSink {
    func begin(source: Int) {}

    func finish() throws(PipelineFailure) -> [RemovedRows] { [] }
}

/// Throws everything away: dry runs.
final class NoSink: OutputSink {
    func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure) {}
}

/// Keeps the bytes in memory: tests of pipelines.
final class MemorySink: OutputSink {
    private(set) var outputs: [[UInt8]]

    init(count: Int) { outputs = Array(repeating: [], count: count) }

    func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure) {
        outputs[output] += block.bytes.array()
    }
}
