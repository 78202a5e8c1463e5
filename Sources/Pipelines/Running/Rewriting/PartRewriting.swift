internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records
internal import Statistics

/// Rewrites parts that earlier runs wrote: the one way in which stored records change.
///
/// For each part: its bytes are held against the ledger; it is read with the format it was written
/// in and released by the plan that the caller gives (`Plan.ageing`, with opt-outs or erased
/// subjects set, …); the new file is made durable under a temporary name; the new row and
/// the renames it owes go to `PendingChanges`. Nothing is visible before the caller commits.
///
///     let rewriting = PartRewriting(keys: keys, workers: 2, isDryRun: false, changes: changes)
///     let history = try HoldHistory(part, output: index, of: plan, registry)
///     let aged = try plan.ageing(index, part, history)
///     let counts = try rewriting.rewrite(part, under: aged, history) { $0.isUntouched }
///
/// After a failure the caller calls `abandon`, and `changes.discard()`.
final class PartRewriting {
    private let keys: RunRing?
    private let workers: Int
    private let isDryRun: Bool
    private let changes: PendingChanges
    private var sinks: [FileSink] = []

    /// What became of a part.
    struct Outcome {
        var counts: RecordCounts
        /// True when what is dealt with and readable in the part, which stays as it is, is noted:
        /// its bytes are those that the rules of now would write.
        var isNoted = false
    }

    /// `keys` makes the tokens of fields that become due; in a dry run nothing is written.
    init(keys: RunRing?, workers: Int, isDryRun: Bool, changes: PendingChanges) {
        self.keys = keys
        self.workers = workers
        self.isDryRun = isDryRun
        self.changes = changes
    }

    /// Gives up every file that was begun; prepared ones are `PendingChanges.discard`'s.
    func abandon() { for sink in sinks { sink.abandon() } }

    /// Notes that `part` ends and its file goes.
    func remove(_ part: PartRecord) {
        changes.removedParts.append(part.id)
        changes.oweRemoval(of: part.path)
    }

    /// Rewrites `part` under `plan`, whose only output is the part's; returns what became of its
    /// records.
    ///
    /// `history` is that of the part: its older runs stay on record with the new part when a hold
    /// left records in it as they were. `staysIf` looks at the counts and says whether the part
    /// stays as it is: it is then left alone. `noting` is told of whom its records are. `name` is
    /// the path that the new one is named after, when the part does not lie under a name of its
    /// own. Faults: a part that is not what the ledger says, or that holds records which cannot be
    /// read (somebody changed it).
    func rewrite(
        _ part: PartRecord, under plan: Plan, _ history: HoldHistory, named name: String? = nil,
        staysIf: (RecordCounts) -> Bool = { _ in false },
        noting: (SubjectMatches) -> Void = { _ in }
    ) throws(PipelineFailure) -> RecordCounts {
        let outcome = try rewriteIfReadable(
            part, under: plan, history, named: name, staysIf: staysIf, noting: noting)
        guard let outcome else { throw .storage(changes.unreadable.last?.words ?? "") }
        return outcome.counts
    }

    /// The same; nil where the part holds records that cannot be read: it then stays as it is, and
    /// `PendingChanges.unreadable` says so.
    func rewriteIfReadable(
        _ part: PartRecord, under plan: Plan, _ history: HoldHistory, named name: String? = nil,
        staysIf: (RecordCounts) -> Bool = { _ in false },
        noting: (SubjectMatches) -> Void = { _ in }
    ) throws(PipelineFailure) -> Outcome? {
        try Self.checkContent(part)
        try history.checkFormat(of: part)
        let plan = try onePart(of: plan, part, named: name)
        let (task, sink) = try read(part, plan, history)
        let counts = task.counts[0]
        if counts.quarantinedTotal > 0 {
            sink.abandon()
            changes.noteUnreadable(
                UnreadablePart(
                    path: part.path, records: counts.quarantinedTotal,
                    first: task.quarantine.first))
            return nil
        }
        if let matches = task.subjectMatches { noting(matches) }
        if isDryRun { return Outcome(counts: counts) }
        if staysIf(counts) {
            let isNoted = counts.isUntouched && note(sink, plan, in: part, history, task)
            sink.abandon()
            return Outcome(counts: counts, isNoted: isNoted)
        }
        try sink.prepare()
        let successors = successors(
            of: part, sink, plan, olderRuns: counts.outputs[0].held > 0 ? history.olderRuns : [],
            isOfOtherRules: history.isOfOtherRules)
        if history.isOfOtherRules || history.isMixed, counts.outputs[0].droppedTotal == 0,
            successors.count == 1, successors[0].isLike(part)
        {
            // The rules of now leave behind what those of then did.
            let isNoted = note(sink, plan, in: part, history, task)
            sink.abandon()
            return Outcome(counts: counts.untouched, isNoted: isNoted)
        }
        replace(part, by: successors, sink)
        return Outcome(counts: counts)
    }

    /// Reads `part`, and writes what it becomes. Stretches that were noted of other bytes than
    /// those of the file tell nothing of its records, which are read without them then.
    private func read(
        _ part: PartRecord, _ plan: Plan, _ history: HoldHistory
    ) throws(PipelineFailure) -> (task: TaskRun, sink: FileSink) {
        var stretches = plan.release.earlierRuns.isEmpty ? [] : history.dealings.stretches
        while true {
            let input = ChunkSource.SourceInput(path: part.path, stretches: stretches)
            let source = ChunkSource(
                [input], plan: plan, digesting: plan.outputs[0].gzipLevel != nil)
            let sink = makeSink(for: part, plan, source)
            sinks.append(sink)
            let task = TaskRun(
                plan: plan, inputs: [input], source: source, sink: isDryRun ? NoSink() : sink,
                observer: nil)
            try task.run(workers: workers, keyRing: keys, storage: MemorySpillStorage())
            if !source.hasCutRecord { return (task, sink) }
            sink.abandon()
            stretches = []
        }
    }

    /// `plan` for a part that stays one file under its own date: what its records say of their
    /// time now may be less than what they said when it was written.
    private func onePart(
        of plan: Plan, _ part: PartRecord, named name: String?
    ) throws(PipelineFailure) -> Plan {
        var plan = plan
        plan.outputs[0].path = .exactly(PartName.withoutDigest(name ?? part.path))
        // As its name says, whatever the new files of the output are.
        let level = plan.outputs[0].gzipLevel ?? Self.standardGzipLevel
        plan.outputs[0].gzipLevel = try isCompressed(part.path) ? level : nil
        return plan
    }

    /// Where the records of `source` go that take the place of `part`.
    private func makeSink(for part: PartRecord, _ plan: Plan, _ source: ChunkSource) -> FileSink {
        let cutOff = plan.release.clocks.windowCutOff.milliseconds
        return FileSink(
            plan: plan, sources: [], digests: true, digestsPlain: true,
            columns: { source.firstColumns }, folders: changes.folders,
            name: { [pipeline = plan.name] _, path in
                PartName.path(path, ofSuccessorOf: part, cutOff: cutOff, of: pipeline)
            })
    }

    /// The level of parts whose output compresses no more.
    private static let standardGzipLevel = 6

    /// True for a file that is called so, or that begins as gzip does: an output may say `gzip`
    /// without saying it in its path.
    private func isCompressed(_ path: String) throws(PipelineFailure) -> Bool {
        if path.hasSuffix(".gz") { return true }
        do {
            let file = try FileDescriptor.reading(path)
            var first = ByteBuffer(capacity: 2)
            try unsafe first.appendUnsafe(upTo: 2) { room throws(FileFault) in
                try unsafe file.readFully(
                    into: UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: room[..<2])))
            }
            return first.array() == [0x1f, 0x8b]
        } catch { throw .storage("cannot read \(path): \(error)") }
    }

    /// Notes what is dealt with and what is readable in a part that stays as it is: the part is not
    /// due for ever, nor does it keep keys alive, because of what reading it shows to be done.
    /// False where that cannot be: the rules of now would write other bytes, be it as many, and
    /// places in those are none in the file.
    private func note(
        _ sink: FileSink, _ plan: Plan, in part: PartRecord, _ history: HoldHistory,
        _ task: TaskRun
    ) -> Bool {
        guard sink.targets.count == 1, let target = sink.targets.first,
            let finished = task.finishedSources.first,
            target.plainContent == plainContent(of: part, finished)
        else { return false }
        let dealings = dealings(target.dealings, plan)
        if dealings != history.dealings { changes.dealings.append((part.id, dealings)) }
        let oldest = PartName.oldestReadable(target, plan.release.clocks.runClock)
        if let noted = part.oldestReadable {
            if history.leavesRulesOpen || (oldest.map { noted < $0 } ?? true) {
                changes.readable.append((part.id, oldest))
            }
        } else if oldest != nil, history.leavesRulesOpen {
            // What was ahead of the clock was dealt with by the rules of then before its time.
            changes.readable.append((part.id, oldest))
        }
        return true
    }

    /// What was read: of a file that is not compressed, what the ledger says and was held against.
    private func plainContent(
        of part: PartRecord, _ finished: ChunkSource.Finished
    ) -> ContentIdentity {
        finished.content.map { ContentIdentity(digest: $0, byteCount: finished.plainBytes) }
            ?? part.content
    }

    /// What the ledger is to know of the stretches of a file. Where other rules were in force, it
    /// is said of each field, by rules of just those.
    private func dealings(_ stretches: [DealtStretch], _ plan: Plan) -> [PartDealing] {
        stretches.map { stretch in
            let output = plan.outputs[0]
            let some = stretch.done.slots.flatMap {
                output.rules?.limited(to: $0, output.ruleDigests)
            }
            return PartDealing(
                range: stretch.range, clocks: stretch.done.clocks.rawValue,
                rules: some.map(changes.note))
        }
    }

    /// The rows of the files that take the place of `part`. Where nothing was readable under the
    /// rules of now, nothing becomes so, though the reading takes every record for readable: what
    /// an output shows to nobody is read like what it shows in the window.
    private func successors(
        of part: PartRecord, _ sink: FileSink, _ plan: Plan, olderRuns: [Int64],
        isOfOtherRules: Bool
    ) -> [NewPart] {
        let written = sink.targets.filter { $0.prepared != nil && $0.folder != nil }
        return written.enumerated().map { index, target in
            var row = PartName.part(
                plan.outputs[0], target, target.storedContent, sourceRange: part.sourceRange,
                source: nil, clock: plan.release.clocks.runClock,
                keyIDs: (keys?.used ?? []).map(\.id), replaces: index == 0 ? [part.id] : [],
                stayedUntil: part.deleteBy)
            row.day = part.day
            row.newestDay = [row.newestDay, plan.newestDay(part)].compactMap { $0 }.min()
            if part.oldestReadable == nil, !isOfOtherRules { row.oldestReadable = nil }
            row.olderRuns = olderRuns
            row.rules = plan.outputs[0].rules.map(changes.note)
            row.dealings = dealings(target.dealings.filter { !$0.done.isJustDue }, plan)
            return row
        }
    }

    private func replace(_ part: PartRecord, by successors: [NewPart], _ sink: FileSink) {
        for target in sink.targets {
            guard let prepared = target.prepared, let folder = target.folder else { continue }
            changes.owe(prepared, in: folder, target.storedContent)
        }
        changes.parts += successors
        if sink.targets.isEmpty { changes.removedParts.append(part.id) }
        if !sink.targets.contains(where: { $0.path == part.path }) {
            changes.oweRemoval(of: part.path)
        }
    }

    /// The part must be what the ledger says before it may be replaced.
    static func checkContent(_ part: PartRecord) throws(PipelineFailure) {
        let folder = splitPath(part.path).directory
        guard try isPresent(folder) else {
            throw .storage(
                "cannot read \(part.path), which is to be rewritten: the folder \(folder) is "
                    + "missing: mount its disk; if its files are gone for good, make the folder, "
                    + "or say so once with `sluice run --forget-missing \(part.output)`")
        }
        let found: ContentIdentity
        do { found = try ContentIdentity.ofFile(part.path) } catch {
            throw .storage("cannot read \(part.path), which is to be rewritten: \(error)")
        }
        guard found == part.content else {
            throw .storage("\(part.path) is not what was written there: it was changed")
        }
    }
}

extension RecordCounts {
    /// The same of records that came out as they went in.
    var untouched: RecordCounts {
        var counts = self
        for index in counts.outputs.indices {
            counts.outputs[index].kept += counts.outputs[index].anonymised
            counts.outputs[index].anonymised = 0
        }
        return counts
    }

    /// True when no record of any output was changed or left out.
    var isUntouched: Bool {
        outputs.allSatisfy { $0.anonymised == 0 && $0.droppedTotal == 0 }
    }
}

extension NewPart {
    /// True when it says of itself what `part` says already.
    fileprivate func isLike(_ part: PartRecord) -> Bool {
        content == part.content && oldestReadable == part.oldestReadable
            && deleteBy == part.deleteBy
    }
}

extension ContentIdentity {
    /// The identity of the bytes of the file at `path` as they lie there.
    static func ofFile(_ path: String) throws(FileFault) -> ContentIdentity {
        var hasher = ContentHasher()
        let file = try FileDescriptor.reading(path)
        var buffer = ByteBuffer(capacity: 1 << 18)
        repeat {
            buffer.removeAll()
            do {
                try unsafe buffer.appendUnsafe(upTo: 1 << 18) { room in
                    try unsafe file.read(
                        into: UnsafeMutableRawBufferPointer(
                            UnsafeMutableBufferPointer(rebasing: room[..<(1 << 18)])))
                }
            } catch let fault as FileFault {
                throw fault
            } catch {
                throw FileFault(.read, errno: 5, path: path)
            }
            hasher.update(buffer.bytes)
        } while !buffer.isEmpty
        return ContentIdentity(digest: hasher.digest(), byteCount: hasher.byteCount)
    }
}
