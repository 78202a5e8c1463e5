internal import Records

/// Where the bytes of outputs go; used from the ordered end of a run, one call at a time.
protocol OutputSink: AnyObject {
    /// Appends `block` to the file that output `output` and the block's route mean.
    func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure)
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
