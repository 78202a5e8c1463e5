internal import LogFormats
internal import Records
internal import Statistics

/// Stands in front of the files of a task and lets rows of outputs with `risk` through only as the
/// demand allows; all others pass as they come.
///
/// What one task writes is measured by itself. Files that fulfil a demand fulfil it together as
/// well: a class of all of them has at least the persons that it has in one.
final class RiskGate: OutputSink {
    private let inner: any OutputSink
    private let columns: () -> [String]?
    private let names: [String]
    private let guarded: [GuardedOutput?]
    private var source = 0
    /// What was found, in the order of the outputs; complete when the task is finished.
    private(set) var risks: [RunReport.Risk] = []

    /// Nil when no output of the plan is measured. `storage` takes what is put aside; `columns` are
    /// those of the source.
    init?(
        _ plan: Plan, before inner: any OutputSink, storage: any SpillStorage,
        columns: @escaping () -> [String]?
    ) throws(PipelineFailure) {
        guard plan.outputs.contains(where: { $0.risk != nil }) else { return nil }
        self.inner = inner
        self.columns = columns
        names = plan.outputs.map(\.name)
        var guarded: [GuardedOutput?] = []
        for output in plan.outputs {
            guard let risk = output.risk else {
                guarded.append(nil)
                continue
            }
            guarded.append(try GuardedOutput(output, risk, .ofOwnFiles, storage))
        }
        self.guarded = guarded
    }

    func begin(source: Int) { self.source = source }

    func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure) {
        if let guarded = guarded[output] {
            guard try guarded.take(block, source: source, columns: columns()) else { return }
        }
        try inner.write(block, output: output)
    }

    func finish() throws(PipelineFailure) -> [RemovedRows] {
        var removed: [RemovedRows] = []
        for (index, output) in guarded.enumerated() {
            guard let output else { continue }
            let risk = try output.finish { block throws(PipelineFailure) in
                try self.inner.write(block, output: index)
            } removed: { source, rows in
                removed.append(RemovedRows(source: source, output: index, rows: rows))
            }
            risks.append(risk)
        }
        return removed
    }
}
