internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// What a run without state makes visible, all together or nothing: outputs, tables, terms and the
/// list of what was set aside.
///
/// The run on one machine feeds it with the blocks of its only task, the commit of a run on many
/// with those of all tasks in their order: the files are the same, because they are made here.
struct PlainCommit {
    private let plan: Plan
    private let paths: [String]
    private let isDryRun: Bool
    /// True when the report names the files with their contents.
    private let notesFiles: Bool
    private let identities: Set<FileIdentity>
    private let files: FileSink
    private let gate: RiskGate?
    /// Takes the records that are set aside; nil when they are only counted.
    let quarantine: QuarantineFile?

    /// Prepares for records of the sources at `paths`; `columns` are those that the first source
    /// names, asked for when the first record is there. A run with a name may be done again.
    init(
        plan: Plan, paths: [String], isDryRun: Bool, run name: String? = nil,
        columns: @escaping () -> [String]?
    ) throws(PipelineFailure) {
        self.plan = plan
        self.paths = paths
        self.isDryRun = isDryRun
        notesFiles = name != nil
        identities = try sourceIdentities(paths)
        files = FileSink(
            plan: plan, sources: identities,
            digests: notesFiles || plan.outputs.contains { $0.termsPath != nil }, columns: columns,
            folders: OpenFolders(mark: plan.mark))
        let measured = plan.outputs.first { $0.risk != nil }
        gate = try RiskGate(
            plan, before: isDryRun ? NoSink() : files,
            storage: try spillStorage(near: isDryRun ? nil : measured?.path),
            columns: columns)
        quarantine = isDryRun ? nil : QuarantineFile(plan: plan, run: name)
    }

    /// Takes the blocks of all outputs, in their order.
    var sink: any OutputSink {
        if let gate { return gate }
        return isDryRun ? NoSink() : files
    }

    /// Makes everything visible, when the sink and the list of what was set aside have all of it.
    func complete(_ taken: any TakenRecords) throws(PipelineFailure) -> RunReport {
        var report = makeReport(plan, taken, paths, isDryRun: isDryRun)
        report.risks = gate?.risks ?? []
        try checkQuarantine(plan, report)
        report.noteTimes(plan)
        let tables = try tableFiles(plan, taken, &report)
        try noteStayingFiles(of: taken.refusedMonths, &report)
        let expired = try DisclosureRetention(plan: plan).apply(isDryRun: isDryRun)
        report.agedParts += expired
        report.expiredParts += expired
        if isDryRun { return report }
        try files.openEmptyOutputs()
        try files.prepare()
        let measured = taken.readMonths.subtracting(taken.refusedMonths)
        let disclosed = try DisclosureTerms(plan: plan).make(tables, measured: measured)
        let prepared = try TableFiles.prepare(
            tables + terms() + disclosed.terms, sources: identities, in: files.folders)
        do throws(PipelineFailure) {
            // Terms come first: once a file has its new content, nobody can tell who left it.
            let count = disclosed.terms.count
            try publish(Array(prepared.suffix(count) + prepared.dropLast(count)))
            for (path, shown) in disclosed.gone {
                try DisclosureRetention.remove(path, shownAs: shown)
            }
            let clocks = plan.release.clocks
            try quarantine?.removeExpired(window: clocks.clocks[0], clocks: clocks)
            try TableFiles.show(tables)
        } catch {
            let failure = behindPublished(prepared, error)
            TableFiles.discard(prepared, in: files.folders)
            throw failure
        }
        addFiles(&report, tables)
        if notesFiles { report.committedFiles = committedFiles(tables) }
        return report
    }

    /// What is expected to stay as it is until somebody asks for the run again. Terms of
    /// disclosures are not: they change with whatever lies beside them.
    private func committedFiles(_ tables: [TableFiles.File]) -> [CommittedFile] {
        files.targets.map { CommittedFile(path: $0.path, content: $0.storedContent) }
            + (terms() + tables).map { file in
                let content = ContentIdentity(
                    digest: Digest256.of(file.bytes.span), byteCount: file.bytes.count)
                let table = plan.tables.first { $0.name == file.table && $0.isDisclosure }
                var own = CommittedFile(
                    path: file.shownPath, content: content, isDisclosed: table != nil)
                let path = table?.paths.first { $0.path.text == file.shownPath }?.path
                if let path, let retention = table?.retention {
                    own.until = DisclosureRetention.end(
                        of: file.path, path, retention, plan.release.clocks.runClock)
                }
                return own
            }
    }

    /// Says that opt-outs do not reach what was disclosed of months that are measured no more.
    private func noteStayingFiles(
        of refused: Set<CalendarMonth>, _ report: inout RunReport
    ) throws(PipelineFailure) {
        guard !refused.isEmpty, !plan.optOutList.entries.isEmpty else { return }
        for table in plan.tables where table.isDisclosure {
            guard let path = table.paths.first?.path, !path.isStandardOutput else { continue }
            let months = Set(
                try presentFiles(at: path).compactMap { DisclosureRetention.month(in: $0, path) }
            ).intersection(refused)
            if months.isEmpty { continue }
            let list = months.sorted().map(\.text).joined(separator: ", ")
            report.notes.append(
                "\(table.name): the files of \(list) stay as they were written, with whoever has "
                    + "opted out since, until their retention has passed: delete them to end that "
                    + "now")
        }
    }

    /// Removes everything that was not made visible.
    func abandon() {
        files.abandon()
        quarantine?.abandon()
    }

    /// Gives everything that was prepared its final name: outputs, tables, the quarantine list.
    private func publish(_ tables: [TableFiles.Prepared]) throws(PipelineFailure) {
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

    /// The same failure where files of this run have their names already.
    private func behindPublished(
        _ tables: [TableFiles.Prepared], _ failure: PipelineFailure
    ) -> PipelineFailure {
        let count =
            files.publishedCount() + TableFiles.publishedCount(tables, in: files.folders)
        guard count > 0 else { return failure }
        return failure.behind("this run has put \(counted(count, "file")) in place already")
    }

    /// The terms of every shared output, over the files of this run.
    private func terms() -> [TableFiles.File] {
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

    private func addFiles(_ report: inout RunReport, _ tables: [TableFiles.File]) {
        report.files += files.targets.map {
            RunReport.File(
                output: plan.outputs[$0.output].name, path: $0.path, records: $0.records,
                bytes: $0.writtenBytes)
        }
        report.addTables(tables)
    }
}
