internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Records
internal import Statistics

/// A run without state: one task over all sources; its outputs replace those of the run before.
struct PlainRun {
    let plan: Plan
    let request: RunSettings
    let observer: (any RunObserver)?
    /// Standard input, where somebody has looked at its start.
    var opened: ByteSource?

    func run() throws(PipelineFailure) -> RunReport {
        let paths = try resolveSources(plan.sources)
        let inputs = paths.map { ChunkSource.SourceInput(path: $0) }
        if !request.isDryRun { try RunLeftovers(plan: plan).remove() }
        let confinement =
            request.isConfined
            ? RunConfinement(plan, sources: paths, writes: request.writes).enter() : ""
        let source = ChunkSource(
            inputs, plan: plan, digesting: false, opened: opened, workers: request.workers)
        let commit = try PlainCommit(plan: plan, paths: paths, isDryRun: request.isDryRun) {
            source.firstColumns
        }
        let task = TaskRun(
            plan: plan, inputs: inputs, source: source, sink: commit.sink, observer: observer,
            quarantineSink: commit.quarantine)
        do throws(PipelineFailure) {
            let keys = try openKeys()
            defer { keys?.release() }
            let ring: any KeyRing = if let keys { keys } else { try PassingRing() }
            let place = request.isDryRun ? nil : plan.firstFile
            try task.run(
                workers: request.workers, keyRing: ring, storage: try spillStorage(near: place))
            try keys?.check()
            var report = try commit.complete(task)
            task.addTimes(to: &report)
            report.confinement = confinement
            return report
        } catch {
            commit.abandon()
            throw error
        }
    }

    /// The key store of the pipeline, if it needs one.
    private func openKeys() throws(PipelineFailure) -> RunRing? {
        let ring = try KeyStoreAccess(plan: plan)?.ring(isDryRun: request.isDryRun)
        guard request.registersNeeds, !request.isDryRun, let store = ring?.store else {
            return ring
        }
        do { try store.register(pipeline: plan.name, needs: plan.keyNeeds) } catch {
            throw .keys("\(error)")
        }
        return ring
    }
}
