internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records
internal import Statistics
private import Glibc

/// Ages the files of a store in place.
///
/// First every file is looked at and nothing is written: its content is held against the ledger,
/// and read when something in it may be due. Then it is checked whether so much may be changed.
/// Then each file that changes is written again under a temporary name, and must come out as it
/// was foreseen. The run's commit and the renames behind it do the rest.
///
/// A file is known by its content. What the ledger keeps of a content: under which clock it was
/// dealt with, and when something in it becomes due next; so a file with nothing due is hashed and
/// not read. Of a file that grew, or was joined from known ones, the known stretches are recognised
/// and what was dealt with in them stays as it is.
final class StoreAgeing {
    /// A file that will change.
    struct Change {
        var file: StoreFile
        var old: ContentIdentity
        var new: ContentIdentity
        var stretches: [ChunkSource.SourceInput.Stretch]
        var columns: [String]?
        var isCompressed: Bool
        var counts: FileCounts
    }

    /// What one reading of a file gave.
    struct FileCounts: Equatable {
        var records = 0
        var changed = 0
        var removed = 0
        var unreadable = 0
        var held = 0
    }

    let plan: Plan
    let store: StorePlan
    let settings: RunSettings
    let ledger: Ledger?
    private let keys: RunRing?
    private let changes: PendingChanges
    private let quarantine: QuarantineFile?
    /// Requests of persons, for which every file is read, whatever is due in it.
    private let subjects: SubjectRewriting?
    /// True when it is no store but the sources of a pipeline, out of which subjects are erased.
    private let isOfSources: Bool
    private(set) var pending: [Change] = []
    /// The file at hand, until it is prepared.
    private var writing: StoreSink?
    /// Rewritten files that could not keep their group, whose rights are gone.
    private(set) var groupless = 0
    private let memory: StoreMemory
    private var places: StorePlaces
    private(set) var quarantined = RecordCounts(outputs: 0, statistics: 0)

    /// What the ledger is told.
    private(set) var commit: StoreCommit
    private(set) var report: StoreReport
    /// The new contents of files whose old content was counted as a source.
    private(set) var counted: [CountedSource] = []

    /// Without a ledger every file is new: a dry run before the first run.
    init(
        _ store: StorePlan, plan: Plan, settings: RunSettings, ledger: Ledger?, keys: RunRing?,
        changes: PendingChanges, quarantine: QuarantineFile?, subjects: SubjectRewriting? = nil,
        isOfSources: Bool = false
    ) {
        self.isOfSources = isOfSources
        self.plan = plan
        self.subjects = subjects
        self.store = store
        self.settings = settings
        self.ledger = ledger
        self.keys = keys
        self.changes = changes
        self.quarantine = quarantine
        memory = StoreMemory(store, ledger, plan)
        places = StorePlaces()
        commit = StoreCommit(
            name: store.name, rules: store.rules, settled: plan.release.clocks.runClock.now)
        report = StoreReport(name: store.name)
        if let fields = store.fieldRules { commit.ruleTexts[store.rules] = fields.text }
    }

    func abandon() { writing?.abandon() }

    // MARK: Looking

    /// Looks at all files; `sources` are the contents that this run has counted or knew, by file.
    /// `awaited` are sources with something in them that no run has counted: what was aged before
    /// it is counted would be transformed twice in the outputs, so they are left alone.
    func look(
        sources: [FileIdentity: ContentIdentity], awaited: Set<FileIdentity> = []
    ) throws(PipelineFailure) {
        let unsettled =
            store.settle.isZero
            ? nil : RunClock.system(zone: plan.release.zone).cutOff(store.settle)
        let listing = try StoreListing(store.files, unsettled: unsettled, in: changes.folders)
        report.busy = listing.busy
        report.misdated = listing.misdated
        report.passedOver = listing.passedOver
        places = StorePlaces(try memory.places(), listing)
        for file in listing.files {
            if Interruption.isRequested {
                throw .interrupted(signal: Interruption.signal ?? 15)
            }
            guard !awaited.contains(file.status.identity) else {
                report.busy.append(file.path)
                continue
            }
            try look(at: file, source: sources[file.status.identity])
        }
        try memory.lines()?.check()
        commit.places = places.changed
        commit.gonePlaces = places.gone
        report.gone = places.gone
        commit.files = Int64(pending.count)
        commit.changed = Int64(report.changed)
        commit.removed = Int64(report.removed)
        report.token = token
        if isOfSources { return }
        if !report.busy.isEmpty { subjects?.noteBusyStore() }
        try checkUnreadable()
    }

    private func look(
        at file: StoreFile, source: ContentIdentity?
    ) throws(PipelineFailure) {
        let plain = try PlainContent(of: file.path)
        let content = plain.content
        if let source, source != content {
            // Something came since it was counted: tomorrow.
            report.busy.append(file.path)
            return
        }
        let row = try memory.row(of: content)
        if let row, try memory.isSettled(row, at: commit.settled),
            subjects?.work.isEmpty ?? true
        {
            report.settledFiles += 1
            report.keptUnreadable += Int(row.unreadable)
            return places.lies(content, at: file.path, nextDue: row.nextDue)
        }
        let stretches = try stretches(of: file, content, row)
        let columns = try ChunkSource.columns(
            of: file.path, format: plan.format, limits: plan.limits)
        var change = Change(
            file: file, old: content, new: content, stretches: stretches, columns: columns,
            isCompressed: plain.isCompressed, counts: FileCounts())
        var isCounted = source != nil
        if !isCounted { isCounted = try wasCounted(content) }
        let outcome = try read(change, writingTo: nil, counting: isCounted)
        change.new = outcome.sink.content
        change.counts = outcome.counts
        note(change, outcome.task)
        subjects?.note(outcome.task.counts[0])
        try enter(change, outcome.task, outcome.sink)
        guard change.new != change.old else { return }
        pending.append(change)
        commit.superseded.append(change.old)
        if isCounted { try enterCounted(change.new, outcome.sink.countedSegments()) }
    }

    /// Notes for the ledger what the file holds once it is written, and what is known of its lines.
    private func enter(
        _ change: Change, _ task: TaskRun, _ sink: StoreSink
    ) throws(PipelineFailure) {
        // What is held, or a table decides, has to be looked at in every run.
        let nextDue =
            change.counts.held > 0 || plan.asksTables
            ? commit.settled : task.nextDue.time(under: plan.release.clocks)
        let segments = sink.segments()
        commit.contents.append(
            StoreContent(
                content: change.new, rules: store.rules, settled: commit.settled,
                nextDue: nextDue, records: Int64(change.counts.records),
                unreadable: store.unreadable == .keep ? Int64(change.counts.unreadable) : 0,
                isMixed: segments.contains { $0.done != nil },
                lastErasure: try memory.lastErasure()))
        for segment in segments {
            commit.segments.append(
                StoreSegment(
                    segment: segment.lines, rules: rules(of: segment.done),
                    settled: commit.settled, dealtClocks: segment.done?.clocks.rawValue))
        }
        for (done, lines) in sink.aged {
            commit.lines.append(
                StoreLines(
                    content: change.new,
                    kind: StoreLineKind(
                        rules: rules(of: done), settled: commit.settled,
                        dealtClocks: done?.clocks.rawValue),
                    lines: lines.sorted()))
        }
        places.holds(
            StorePlace(
                path: change.file.path, content: change.new,
                held: Int64(task.counts[0].outputs[0].held), isAged: sink.agedRecords > 0,
                nextDue: nextDue))
    }

    /// The digest of the rules of which something says that it is dealt with; those of only some
    /// fields are entered under a digest of their own.
    private func rules(of done: ReleasedBatch.Done?) -> Digest256 {
        guard let slots = done?.slots, let fields = store.fieldRules else { return store.rules }
        let some = fields.limited(to: slots, store.ruleDigests)
        commit.ruleTexts[some.digest] = some.text
        return some.digest
    }

    /// A command that takes nothing in has to ask the ledger what was counted.
    private func wasCounted(_ content: ContentIdentity) throws(PipelineFailure) -> Bool {
        guard !settings.takesIn, let ledger else { return false }
        do { return try ledger.isCounted(stream: plan.stream, content) } catch {
            throw failure(error)
        }
    }

    private func note(_ change: Change, _ task: TaskRun) {
        let counts = change.counts
        report.files.append(
            StoreReport.File(
                path: change.file.path, records: counts.records, changed: counts.changed,
                removed: counts.removed, unreadable: counts.unreadable, held: counts.held,
                isRewritten: change.new != change.old))
        if store.unreadable == .keep { report.keptUnreadable += counts.unreadable }
        report.add(task.counts[0], plan.release.fields.names)
        quarantined.read += task.counts[0].read
        quarantined.untimely += task.counts[0].untimely
        quarantined.quarantined.merge(task.counts[0].quarantined, uniquingKeysWith: +)
        for entry in task.quarantine
        where report.quarantine.count < RunReport.quarantineEntriesMax {
            report.quarantine.append(
                QuarantineEntry(
                    sourceIndex: report.files.count - 1, recordNumber: entry.recordNumber,
                    byteOffset: entry.byteOffset, length: entry.length, reason: entry.reason))
        }
    }

    /// What takes the place of a counted source is not to be counted again.
    private func enterCounted(
        _ content: ContentIdentity, _ segments: [CountedSegment]
    ) throws(PipelineFailure) {
        guard !counted.contains(where: { $0.content == content }) else { return }
        do {
            if try ledger?.isCounted(stream: plan.stream, content) == true { return }
        } catch { throw failure(error) }
        counted.append(
            CountedSource(
                stream: plan.stream, content: content, countedFrom: content.byteCount, records: 0,
                segments: segments))
    }

    // MARK: One file

    /// The stretches of the file that were dealt with by earlier runs.
    private func stretches(
        of file: StoreFile, _ content: ContentIdentity, _ row: StoreContent?
    ) throws(PipelineFailure) -> [ChunkSource.SourceInput.Stretch] {
        if let row, !row.isMixed {
            return [
                ChunkSource.SourceInput.Stretch(
                    range: 0..<content.byteCount,
                    use: .earlier(
                        memory.index(
                            of: try memory.dealing(row.rules, row.settled, nil, by: row.run))))
            ]
        }
        let scanned = try ContentScan.scan(file.path, known: memory.segments())
        guard scanned.content == content else { throw changed(file) }
        switch places.change(at: file.path, to: content, knownPrefix: scanned.knownPrefix) {
        case .edited: report.edited.append(file.path)
        case .appended(let old): commit.superseded.append(old)
        case .none: break
        }
        return scanned.known.map {
            ChunkSource.SourceInput.Stretch(range: $0.range, use: .earlier($0.tag))
        }
    }

    private func read(
        _ change: Change, writingTo durable: DurableFile?, counting: Bool = false
    ) throws(PipelineFailure) -> (task: TaskRun, sink: StoreSink, counts: FileCounts) {
        let path = change.file.path
        let lines = try memory.lines()
        var plan = plan.inPlace(
            store, columns: change.columns, dealings: memory.dealings, lines: lines)
        subjects?.work.prepare(&plan, showsWindow: true)
        let input = ChunkSource.SourceInput(path: path, stretches: change.stretches)
        let source = ChunkSource([input], plan: plan, digesting: true)
        let sink = try StoreSink(
            writingTo: durable, compressing: change.isCompressed, counting: counting,
            header: { source.headerBytes })
        writing = sink
        let task = TaskRun(
            plan: plan, inputs: [input], source: source, sink: sink, observer: nil,
            quarantineSink: durable == nil ? quarantine : nil)
        try task.run(workers: settings.workers, keyRing: keys, storage: MemorySpillStorage())
        try sink.finish()
        guard let finished = task.finishedSources.first, let digest = finished.content,
            ContentIdentity(digest: digest, byteCount: finished.plainBytes) == change.old
        else { throw changed(change.file) }
        let counts = task.counts[0]
        if store.unreadable == .keep, counts.quarantined[.tooLong] != nil {
            throw .source(
                SourceFault(
                    .cannotRead, source: path,
                    expectation: "a record longer than `source.limits.record` cannot be kept: "
                        + "expected a higher limit"))
        }
        return (
            task, sink,
            FileCounts(
                records: counts.read - counts.blank, changed: sink.changed,
                removed: sink.removed, unreadable: counts.quarantinedTotal, held: sink.held)
        )
    }

    // MARK: Rewriting

    /// Writes the files that change, durably, under temporary names.
    func rewrite() throws(PipelineFailure) {
        for change in pending {
            let durable: DurableFile
            do {
                durable = try DurableFile.begin(
                    in: changes.folders.open(change.file.folder), named: change.file.name,
                    mark: changes.folders.mark, forOthers: geteuid() == 0)
            } catch {
                throw .storage("cannot rewrite \(change.file.path)", error)
            }
            let outcome = try read(change, writingTo: durable)
            guard outcome.sink.content == change.new, outcome.counts == change.counts,
                let prepared = try outcome.sink.prepare(like: change.file.status)
            else { throw changed(change.file) }
            if !outcome.sink.keepsGroup { groupless += 1 }
            changes.oweReplacement(
                prepared, in: change.file.folder, outcome.sink.storedContent,
                of: change.file.status)
            writing = nil
        }
        try checkUnchanged()
    }

    /// The last look before the commit: nobody may have written to the files meanwhile.
    private func checkUnchanged() throws(PipelineFailure) {
        for change in pending {
            let folder = try? changes.folders.open(change.file.folder)
            let status = try? folder?.status(of: change.file.name)
            guard let status, status.place == change.file.status.place, status.links == 1 else {
                throw changed(change.file)
            }
        }
    }

    private func changed(_ file: StoreFile) -> PipelineFailure {
        .source(
            SourceFault(
                .changedWhileReading, source: file.path,
                expectation: "it changed while it was read: expected a file at rest"))
    }

    private func failure(_ fault: LedgerFault) -> PipelineFailure {
        .storage("cannot read the ledger: \(fault.description)")
    }
}
