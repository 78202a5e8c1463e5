internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
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
        let source = ChunkSource(inputs, plan: plan, digesting: false, opened: opened)
        let identities = sourceIdentities(paths)
        let files = FileSink(
            plan: plan, sources: identities,
            digests: plan.outputs.contains { $0.termsPath != nil },
            columns: { source.firstColumns }, folders: OpenFolders(mark: plan.mark))
        let sink: any OutputSink = request.isDryRun ? NoSink() : files
        let measured = plan.outputs.first { $0.risk != nil }
        let gate = try RiskGate(
            plan, before: sink,
            storage: try spillStorage(near: request.isDryRun ? nil : measured?.path.text)
        ) { source.firstColumns }
        let quarantine = request.isDryRun ? nil : QuarantineFile(plan: plan)
        let task = TaskRun(
            plan: plan, inputs: inputs, source: source, sink: gate ?? sink, observer: observer,
            quarantineFile: quarantine)
        do throws(PipelineFailure) {
            var report = try finish(task, files, quarantine, paths, identities)
            report.risks = gate?.risks ?? []
            report.confinement = confinement
            return report
        } catch {
            files.abandon()
            quarantine?.abandon()
            throw error
        }
    }

    private func finish(
        _ task: TaskRun, _ files: FileSink, _ quarantine: QuarantineFile?, _ paths: [String],
        _ identities: Set<FileIdentity>
    ) throws(PipelineFailure) -> RunReport {
        let keys = try openKeys()
        defer { keys?.release() }
        let ring: any KeyRing = if let keys { keys } else { try PassingRing() }
        try task.run(
            workers: request.workers, keyRing: ring,
            storage: try spillStorage(
                near: request.isDryRun ? nil : plan.tables.first?.paths.first?.path.text))
        try keys?.check()
        var report = makeReport(plan, task, paths, isDryRun: request.isDryRun)
        try checkQuarantine(plan, report)
        let tables = try tableFiles(plan, task, &report)
        task.addTimes(to: &report)
        let expired = try DisclosureRetention(plan: plan).apply(isDryRun: request.isDryRun)
        report.agedParts += expired
        report.expiredParts += expired
        if request.isDryRun { return report }
        try files.openEmptyOutputs()
        try files.prepare()
        let disclosed = DisclosureTerms(plan: plan).make(tables)
        let prepared = try TableFiles.prepare(
            tables + terms(files) + disclosed.terms, sources: identities, in: files.folders)
        do throws(PipelineFailure) {
            try publish(files, prepared, quarantine)
            for (path, shown) in disclosed.gone {
                try DisclosureRetention.remove(path, shownAs: shown)
            }
        } catch {
            TableFiles.discard(prepared, in: files.folders)
            throw error
        }
        let clocks = plan.release.clocks
        try quarantine?.removeExpired(window: clocks.clocks[0], clocks: clocks)
        try TableFiles.show(tables)
        addFiles(&report, files, tables)
        return report
    }

    /// Gives everything that was prepared its final name: outputs, tables, the quarantine list.
    private func publish(
        _ files: FileSink, _ tables: [TableFiles.Prepared], _ quarantine: QuarantineFile?
    ) throws(PipelineFailure) {
        let list = try quarantine?.prepare()
        try files.publish()
        for group in TableFiles.inFolders(tables) {
            guard let first = group.first else { continue }
            do throws(FileFault) {
                try DurableFile.publish(
                    group.map(\.prepared), in: files.folders.open(first.folder))
            } catch {
                let others = group.count > 1 ? " and the tables beside it" : ""
                throw .storage("cannot publish \(first.file.shownPath)\(others): \(error.reason)")
            }
        }
        do {
            if let list { try DurableFile.publish([list.prepared], in: list.directory) }
        } catch {
            throw .storage("cannot publish the quarantine list: \(error)")
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

    /// The terms of every shared output, over the files of this run.
    private func terms(_ files: FileSink) -> [TableFiles.File] {
        plan.outputs.enumerated().compactMap { index, output in
            guard let path = output.termsPath else { return nil }
            let clock = plan.release.clocks.runClock
            let shared = files.targets.filter { $0.output == index }.map { target in
                SharingTerms.File(
                    name: output.nameBesideTerms(target.path), content: target.storedContent,
                    records: Int64(target.records),
                    deleteBy: PartName.deleteBy(output, target, clock))
            }
            let terms = SharingTerms(
                pipeline: plan.name, output: output, asOf: clock.now, files: shared)
            return TableFiles.File(
                table: output.name, path: path, shownPath: path, rows: shared.count,
                bytes: terms.bytes)
        }
    }

    private func addFiles(
        _ report: inout RunReport, _ files: FileSink, _ tables: [TableFiles.File]
    ) {
        report.files += files.targets.map {
            RunReport.File(
                output: plan.outputs[$0.output].name, path: $0.path, records: $0.records,
                bytes: $0.writtenBytes)
        }
        report.addTables(tables)
    }
}

/// How a run goes, apart from what the pipeline says.
struct RunSettings: Sendable {
    var workers = 1
    var isDryRun = false
    var expectedBytes: Int?
    var expectedSHA256: String?
    var endOfInputIsComplete = false
    /// Leaves word in the key store how long the pipeline needs its keys.
    var registersNeeds = true
    var confirmation: String?
    /// What the ledger calls the run.
    var command = "run"
    /// False for a command that only works on what is stored.
    var takesIn = true
    /// True for a command that takes nothing in and yet binds the list of opt-outs as a run does.
    var bindsList = false
    /// False for a command that still needs keys when the run is done, and looks after them then.
    var retiresKeys = true
    /// Closes everything else to the process before it reads a record (`RunConfinement`).
    var isConfined = false
    /// Folders that the caller writes to when the run has ended.
    var writes: [String] = []
    /// What a command asks for one subject, besides what the ledger says is open.
    var order: SubjectOrder?
    /// True when erasures reach the sources, too.
    var rewritesSources = false
    /// What a command changes in the registry of opt-outs with the commit of the run.
    var optOuts = OptOutChanges()
}
