internal import Ledger
internal import Records

/// Proves from what the tasks say of themselves that they fit together: all of one plan, with the
/// same keys, every record in one of them.
struct TaskProof {
    private let tasks: TaskPlan
    private let manifests: [TaskManifest]

    init(_ tasks: TaskPlan, _ manifests: [TaskManifest]) {
        self.tasks = tasks
        self.manifests = manifests
    }

    func check() throws(PipelineFailure) {
        for (task, manifest) in zip(tasks.tasks, manifests) {
            guard manifest.task == task.name, manifest.plan == tasks.name,
                manifest.pieces.count == task.pieces.count
            else { throw .refused("\(task.name) was published for another plan") }
        }
        try checkKeys()
        try checkBorders()
    }

    /// One key for each epoch: tokens of two would take one person for two.
    func checkKeys() throws(PipelineFailure) {
        var known: [Substring: String] = [:]
        for key in manifests.flatMap(\.keys) {
            let epoch = TaskManifest.epoch(ofKey: key)
            guard known[epoch] == nil || known[epoch] == key else {
                throw .keys(
                    "the tasks did not all have the same key for \(epoch): expected one key store, "
                        + "or one key of the run, for all of them; plan anew")
            }
            known[epoch] = key
        }
    }

    /// The columns that the first source with a header named.
    var firstColumns: [String]? {
        for manifest in manifests {
            for piece in manifest.pieces { if let columns = piece.columns { return columns } }
        }
        return nil
    }

    /// One header for all sources: rows are copied under that of the first one.
    func checkColumns() throws(PipelineFailure) {
        guard let first = firstColumns else { return }
        for (task, manifest) in zip(tasks.tasks, manifests) {
            for (piece, done) in zip(task.pieces, manifest.pieces) {
                guard let columns = done.columns else { continue }
                do {
                    try ChunkSource.compare(columns, with: first, tasks.sources[piece.source].path)
                } catch { throw .source(error) }
            }
        }
    }

    /// Where the records of one range end those of the next one begin.
    private func checkBorders() throws(PipelineFailure) {
        var ends = [Int?](repeating: nil, count: tasks.sources.count)
        for (task, manifest) in zip(tasks.tasks, manifests) {
            for (piece, done) in zip(task.pieces, manifest.pieces) where piece.range != nil {
                if let end = ends[piece.source], end != done.records.lowerBound {
                    throw .internalFault("two ranges of a source do not meet")
                }
                ends[piece.source] = done.records.upperBound
            }
        }
        for (source, end) in zip(tasks.sources, ends) {
            guard let end, end != source.rangesEnd else { continue }
            throw .internalFault("the ranges of a source do not reach its end")
        }
    }
}
