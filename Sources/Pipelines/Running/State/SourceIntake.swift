internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// Takes in the sources that the ledger does not know yet: one task each.
final class SourceIntake {
    private unowned let owner: StatefulRun
    let ledger: Ledger
    private let keys: RunRing?
    private let storage: any SpillStorage
    private var sinks: [FileSink] = []
    private let partialStore: PartialStore
    private var newPartials: [any SpillFile] = []
    private var refusedMonths: Set<CalendarMonth> = []

    let started = currentTime()
    private(set) var sources: [CountedSource] = []
    private(set) var tasks: [CommittedTask] = []
    private(set) var partials: [NewPartial] = []

    var plan: Plan { owner.plan }
    var workers: Int { owner.settings.workers }

    init(_ owner: StatefulRun, ledger: Ledger, keys: RunRing?) {
        self.owner = owner
        self.ledger = ledger
        self.keys = keys
        partialStore = PartialStore(ledger, owner.changes)
        storage =
            owner.settings.isDryRun
            ? MemorySpillStorage() : DirectorySpillStorage(directory: ledger.directory)
    }

    /// Removes everything that was prepared and not committed.
    func abandon() {
        for sink in sinks { sink.abandon() }
    }

    /// The contents of the files that were sources of this run, new or known.
    private(set) var contents: [FileIdentity: ContentIdentity] = [:]

    /// Takes in what is new in the files at `paths`, which messages call `names` if given.
    func run(_ paths: [String], names: [String]? = nil) throws(PipelineFailure) {
        if paths == ["-"] {
            let spool = try spoolInput()
            do throws(PipelineFailure) {
                try takeIn(
                    SourceSurvey(self, [spool.path], ends: .behindOpenLines).survey(),
                    names: ["-"])
            } catch {
                spool.abandon()
                throw error
            }
            return try spool.remove()
        }
        let asked: SourceSurvey.Ends =
            owner.settings.endOfInputIsComplete ? .behindOpenLines : .whereSettled
        let ends = owner.divided.map { .planned($0.ends) } ?? asked
        let found = try SourceSurvey(self, paths, ends: ends).survey()
        for source in found {
            if let status = try presentStatus(of: source.path) {
                contents[status.identity] = source.scanned.content
            }
        }
        try takeIn(found, names: names ?? paths)
    }

    /// Looks through the sources for a command that takes nothing in, and notes what is known in
    /// `contents`. Returns the files that the next run is going to take something from.
    func surveyOnly() throws(PipelineFailure) -> Set<FileIdentity> {
        let paths = try presentFiles(plan.sources.filter { $0 != "-" })
        if paths.isEmpty { return [] }
        var awaited: Set<FileIdentity> = []
        for source in try SourceSurvey(self, paths, ends: .whereSettled).survey() {
            guard let status = try presentStatus(of: source.path) else { continue }
            if source.isKnown {
                contents[status.identity] = source.scanned.content
            } else {
                awaited.insert(status.identity)
            }
        }
        return awaited
    }

    private func takeIn(
        _ found: [SourceSurvey.Source], names: [String]
    ) throws(PipelineFailure) {
        let ahead = InflationAhead(
            found.filter { !$0.isKnown }.map(\.path), digesting: true, form: plan.sourceForm,
            workers: workers)
        for (source, name) in zip(found, names) {
            if source.isKnown {
                noteKnown(name, source)
            } else {
                try takeIn(source, name: name, ahead)
            }
        }
    }

    private func noteKnown(_ path: String, _ found: SourceSurvey.Source) {
        let scanned = found.scanned
        var source = RunReport.Source(
            name: path == "-" ? "standard input" : path,
            counts: RecordCounts(
                outputs: plan.outputs.count, statistics: plan.tables.count),
            bytes: scanned.content.byteCount, wasKnown: true)
        source.knownBytes = scanned.content.byteCount
        source.knownLines = scanned.knownLines
        source.openBytes = found.openBytes
        owner.report.sources.append(source)
    }

    // MARK: Standard input

    private func spoolInput() throws(PipelineFailure) -> InputSpool {
        let settings = owner.settings
        guard
            settings.endOfInputIsComplete || settings.expectedBytes != nil
                || settings.expectedSHA256 != nil
        else {
            throw .usage(
                "standard input with state: a killed producer also ends its output, so expected "
                    + "`--expect-bytes`, `--expect-sha256` or `--eof-is-complete`")
        }
        let spool = try InputSpool(in: ledger.directory)
        if let expected = settings.expectedBytes, expected != spool.byteCount {
            spool.abandon()
            throw incomplete(spool, "expected \(expected) bytes")
        }
        if let expected = settings.expectedSHA256,
            Digest256(hex: expected) != spool.digest
        {
            spool.abandon()
            throw incomplete(spool, "expected another SHA-256")
        }
        return spool
    }

    private func incomplete(_ spool: InputSpool, _ what: String) -> PipelineFailure {
        .source(
            SourceFault(
                .changedWhileReading, source: "standard input", byteOffset: spool.byteCount,
                expectation: "\(what): nothing was taken in"))
    }

    // MARK: One source

    private func takeIn(
        _ found: SourceSurvey.Source, name: String, _ ahead: InflationAhead
    ) throws(PipelineFailure) {
        let scanned = found.scanned
        let shown = name == "-" ? "standard input" : name
        let work: any SourceWork =
            try owner.divided?.work(on: found, named: shown, plan, keys)
            ?? SourceReading(
                owner, found, name: shown, keys: keys, storage: storage, ahead: ahead,
                number: sources.count)
        let taskName = found.taskName(stream: plan.stream)
        let sink = FileSink(
            plan: plan,
            sources: try sourceIdentities([found.path]),
            digests: true,
            columns: { work.columns },
            folders: owner.changes.folders,
            name: { [pipeline = plan.name] _, path in
                PartName.path(path, digest: taskName, of: pipeline)
            }
        )
        let end: any OutputSink = owner.settings.isDryRun ? NoSink() : sink
        let gate = try RiskGate(plan, before: end, storage: storage) { work.columns }
        sinks.append(sink)
        let taken = try work.run(into: gate ?? end, owner.quarantine)
        addToReport(shown, taken, found)
        owner.report.risks += gate?.risks ?? []
        owner.addMatches(of: taken)
        let index = sources.count
        sources.append(
            CountedSource(
                stream: plan.stream, content: scanned.content, countedFrom: scanned.knownPrefix,
                records: Int64(taken.counts.read), segments: scanned.segments,
                isRedo: found.isRedo))
        tasks.append(
            CommittedTask(
                name: taskName.hex, attempt: TemporaryName.run, digest: scanned.content.digest,
                source: index))
        try keepAggregates(taken, taskName, source: index)
        if owner.settings.isDryRun { return }
        try sink.prepare()
        addParts(sink, taskName, source: index)
    }

    private func addToReport(_ name: String, _ taken: TakenSource, _ found: SourceSurvey.Source) {
        let scanned = found.scanned
        var source = RunReport.Source(
            name: name, counts: taken.counts, bytes: scanned.content.byteCount)
        source.knownBytes = scanned.knownBytes
        source.knownLines = scanned.knownLines
        source.openBytes = found.openBytes
        source.wasChanged = scanned.isChanged && !found.isRedo
        owner.report.sources.append(source)
        let sourceIndex = owner.report.sources.count - 1
        for entry in taken.quarantine
        where owner.report.quarantine.count < RunReport.quarantineEntriesMax {
            owner.report.quarantine.append(
                QuarantineEntry(
                    sourceIndex: sourceIndex, recordNumber: entry.recordNumber,
                    byteOffset: entry.byteOffset, length: entry.length, reason: entry.reason))
        }
        refusedMonths.formUnion(taken.refusedMonths)
    }

    private func addParts(_ sink: FileSink, _ taskName: Digest256, source: Int) {
        for target in sink.targets {
            guard let prepared = target.prepared, let folder = target.folder else { continue }
            let output = plan.outputs[target.output]
            let content = target.storedContent
            owner.changes.owe(prepared, in: folder, content)
            var part = PartName.part(
                output, target, content, sourceRange: taskName, source: source,
                clock: plan.release.clocks.runClock, keyIDs: (keys?.used ?? []).map(\.id))
            part.rules = output.rules.map(owner.changes.note)
            part.dealings = target.dealings.map {
                PartDealing(range: $0.range, clocks: $0.done.clocks.rawValue)
            }
            owner.changes.parts.append(part)
            owner.report.files.append(
                RunReport.File(
                    output: output.name, path: target.path, records: target.records,
                    bytes: target.writtenBytes))
        }
    }

    // MARK: Aggregates

    /// Puts what the statistics counted into the state folder, one partial for each month.
    private func keepAggregates(
        _ taken: TakenSource, _ taskName: Digest256, source: Int
    ) throws(PipelineFailure) {
        guard let file = taken.partial else { return }
        // Of nothing observed there is nothing to keep.
        let isEmpty = taken.counts.observed.allSatisfy { $0 == 0 }
        if owner.settings.isDryRun || isEmpty { return newPartials.append(file) }
        let months = PartialMonths(plan: plan, storage: storage)
        do {
            for piece in try months.pieces(of: file, used: (keys?.used ?? []).map(\.id)) {
                try store(piece, taskName, source: source)
            }
        } catch {
            throw .aggregates("cannot write the aggregates of a source", error)
        }
    }

    private func store(
        _ piece: PartialMonths.Piece, _ taskName: Digest256, source: Int
    ) throws(PipelineFailure) {
        let name = "\(taskName.hex.prefix(24)).\(piece.month.text).partial"
        let kept = try partialStore.keep(piece.file, named: name)
        partials.append(
            NewPartial(
                statisticSet: plan.statisticsDigest.hex, month: piece.month, keyID: piece.key,
                source: source, task: tasks.count - 1, path: kept.path, content: kept.content))
        newPartials.append(kept.file)
    }

    /// The tables over everything counted, in earlier runs and in this one.
    func tables() throws(PipelineFailure) -> [TableFiles.File] {
        guard !plan.statistics.statistics.isEmpty else { return [] }
        noteRefusals(plan, refusedMonths, &owner.report)
        do {
            let live = try ledger.livePartials(statisticSet: plan.statisticsDigest.hex)
            if try live.count < ledger.livePartials().count {
                owner.report.notes.append(
                    "what statistics count was changed since earlier runs: their figures are not "
                        + "in these tables")
            }
            var paths: [String] = []
            for record in live where !paths.contains(record.path) { paths.append(record.path) }
            var all = newPartials
            for path in paths {
                all.append(try owner.subjects?.newPartials[path] ?? StoredFile(path))
            }
            // A statistic that is published and written nowhere needs no table yet.
            if plan.tables.allSatisfy(\.paths.isEmpty) { return [] }
            if all.isEmpty, try !hasStaleTables() { return [] }
            all = try withoutRestricted(all)
            let tables = try Partials(all, plan: plan.statistics, storage: storage).tables()
            return TableFiles(plan: plan, refusedMonths: refusedMonths).files(tables)
        } catch let failure as PipelineFailure {
            throw failure
        } catch let fault as PartialFault {
            throw .storage("cannot merge the aggregates of earlier runs", fault)
        } catch {
            throw .storage("cannot read the ledger")
        }
    }

    /// True when tables lie there whose figures no aggregate stands for any more: they were counted
    /// by other statistics, or were given up. Without figures of its own a table is empty.
    private func hasStaleTables() throws -> Bool {
        let names = plan.tables.map(\.name)
        let isThere = try ledger.files(.table).contains { names.contains($0.file.name) }
        guard isThere else { return false }
        return try !ledger.hasCounted(statisticSet: plan.statisticsDigest.hex)
            || !ledger.givenUpPartials(pipeline: plan.name).isEmpty
            || !(owner.subjects?.givenUp ?? []).isEmpty
    }

    /// The same aggregates without the rows of subjects whose data is used for nothing; what is
    /// stored stays.
    private func withoutRestricted(
        _ files: [any SpillFile]
    ) throws -> [any SpillFile] {
        let entries = try RestrictedRows(ledger).entries()
        if entries.isEmpty || files.isEmpty { return files }
        let rest = try storage.makeFile()
        _ = try Partials(files, plan: plan.statistics, storage: storage)
            .merge(without: PartialRemoval(entries, in: plan.statistics), into: rest)
        return [rest]
    }
}
