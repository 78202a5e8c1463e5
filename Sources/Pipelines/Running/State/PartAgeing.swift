internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records
internal import Statistics

/// Ages out what earlier runs wrote: parts with records that have become due are rewritten, expired
/// parts are deleted.
///
/// A part is read back with the format it was written in. Only the fields that became due since it
/// was written change; everything else is copied byte for byte. The new part takes the place of the
/// old one in the same commit.
final class PartAgeing {
    private unowned let owner: StatefulRun
    private let ledger: Ledger
    private let keys: RunRing?
    private var sinks: [FileSink] = []

    private var plan: Plan { owner.plan }

    init(_ owner: StatefulRun, ledger: Ledger, keys: RunRing?) {
        self.owner = owner
        self.ledger = ledger
        self.keys = keys
    }

    func abandon() { for sink in sinks { sink.abandon() } }

    func run() throws(PipelineFailure) {
        let clocks = plan.release.clocks
        let expired: [PartRecord]
        do { expired = try ledger.parts(toDeleteBy: clocks.runClock.now) } catch {
            throw failure(error)
        }
        for part in expired { remove(part) }
        // A clock that starts at a field may run out for the record of today.
        let startsElsewhere = clocks.clocks.contains { $0.start != .event }
        let latestCutOff =
            startsElsewhere
            ? clocks.runClock.now : clocks.cutOffs.max() ?? clocks.windowCutOff
        try checkStranded(latestCutOff)
        for index in plan.outputs.indices {
            let due: [PartRecord]
            do {
                due = try ledger.parts(
                    dueBefore: latestCutOff, output: plan.outputs[index].name)
            } catch { throw failure(error) }
            for part in due where !expired.contains(where: { $0.id == part.id }) {
                try age(part, output: index)
            }
        }
    }

    /// Readable parts of an output that the pipeline no longer has could never be aged.
    private func checkStranded(_ cutOff: EventTime) throws(PipelineFailure) {
        let due: [PartRecord]
        do { due = try ledger.parts(dueBefore: cutOff, pipeline: plan.name) } catch {
            throw failure(error)
        }
        let names = Set(plan.outputs.map(\.name))
        guard let part = due.first(where: { !names.contains($0.output) }) else { return }
        throw .storage(
            "\(part.path) holds identifiers that are due, but the pipeline has no output "
                + "`\(part.output)` any more: expected that output, so that its rules age it")
    }

    private func remove(_ part: PartRecord) {
        owner.report.agedParts += 1
        owner.removedParts.append(part.id)
        let place = splitPath(part.path)
        owner.publications.append(
            PendingPublication(
                directory: place.directory, finalName: place.name, action: .remove))
    }

    private func age(_ part: PartRecord, output: Int) throws(PipelineFailure) {
        try checkContent(part)
        let plan = ageingPlan(output, part)
        let input = ChunkSource.SourceInput(path: part.path)
        let source = ChunkSource([input], plan: plan, digesting: false)
        let name = Digest256.of(
            Array("\(part.sourceRange.hex) \(plan.release.clocks.windowCutOff.milliseconds)".utf8)
                .span)
        let sink = FileSink(
            plan: plan, sources: [], digests: true, columns: { source.firstColumns },
            folders: owner.folders,
            name: { _, path in PartName.path(path, digest: name) })
        sinks.append(sink)
        let task = TaskRun(
            plan: plan, inputs: [input], source: source,
            sink: owner.settings.isDryRun ? NoSink() : sink, observer: nil)
        try task.run(
            workers: owner.settings.workers, keyRing: keys, storage: MemorySpillStorage())
        let counts = task.counts[0]
        if counts.quarantinedTotal > 0 {
            throw .storage("\(part.path) holds records that cannot be read: it was changed")
        }
        owner.report.agedParts += 1
        owner.report.agedRecords += counts.outputs[0].anonymised
        if owner.settings.isDryRun { return }
        try sink.prepare()
        replace(part, by: sink, plan)
    }

    private func replace(_ part: PartRecord, by sink: FileSink, _ plan: Plan) {
        let place = splitPath(part.path)
        for (index, target) in sink.targets.enumerated() {
            guard let prepared = target.prepared, let directory = target.directory else { continue }
            let content = target.storedContent
            owner.owe(prepared, in: directory, content)
            owner.parts.append(
                PartName.part(
                    plan.outputs[0], target, content, sourceRange: part.sourceRange, source: nil,
                    zone: plan.release.zone, keyIDs: (keys?.used ?? []).map(\.id),
                    replaces: index == 0 ? [part.id] : []))
        }
        if sink.targets.isEmpty { owner.removedParts.append(part.id) }
        let isSameFile = sink.targets.contains { $0.path == part.path }
        guard !isSameFile else { return }
        owner.publications.append(
            PendingPublication(
                directory: place.directory, finalName: place.name, action: .remove))
    }

    /// The plan for reading an output's own files: its format, its rules by name, nothing else.
    private func ageingPlan(_ output: Int, _ part: PartRecord) -> Plan {
        var aged = plan
        var release = plan.release.outputs[output]
        // It may have lost its safeguards since: what it holds is still readable.
        release.showsWindow = true
        aged.outputs = [plan.outputs[output]]
        aged.statistics = StatisticsPlan(
            textInputs: [], tokenInputCount: 0, personInput: nil, customerInput: nil,
            statistics: [])
        aged.tables = []
        aged.format = plan.outputs[output].format
        // Derived members were written with the record; they are fields like others now.
        var names = plan.release.fields.names
        for (index, _) in release.appended {
            names.append(plan.release.derived[index].name)
            release.rules.append(Anonymization.FieldRule(transform: Keep()))
        }
        release.appended = []
        if let columns = plan.outputs[output].columns {
            release.rules = columns.map { rule($0, release, names) }
            release.columns = columns.indices.map { .slot($0) }
            names = columns
        }
        aged.release.fields = DeclaredFields(
            names: names,
            needsOutline: release.mode == .spliced && release.syntax == .json
                && !release.keepsUnnamed)
        aged.release.outputs = [release]
        aged.release.observations = ObservationPlan()
        aged.release.derived = []
        aged.release.optOuts = OptOutIndex(
            OptOutList(entries: []), now: plan.release.clocks.runClock.now, purposes: .standard,
            missingCustomer: .allowed)
        aged.release.timeSlot = plan.release.timeSlot.flatMap { slot in
            names.firstIndex(of: plan.release.fields.names[slot])
        }
        aged.release.isStored = true
        // Another pipeline file may have had other clocks: what was dealt with is then unknown, and
        // everything due is transformed, some of it for the second time.
        guard part.plan == plan.digest else { return aged }
        aged.release.writtenUnder = ClockSet(
            window: plan.release.clocks.clocks[0].length,
            after: Array(plan.release.clocks.clocks.dropFirst()),
            runClock: RunClock(now: part.writtenAt, zone: plan.release.zone), skew: nil)
        return aged
    }

    private func rule(
        _ column: String, _ release: OutputReleasePlan, _ names: [String]
    ) -> Anonymization.FieldRule {
        guard let slot = names.firstIndex(of: column), slot < release.rules.count else {
            return Anonymization.FieldRule(transform: Keep())
        }
        return release.rules[slot]
    }

    /// The part must be what the ledger says before it may be replaced.
    private func checkContent(_ part: PartRecord) throws(PipelineFailure) {
        var hasher = ContentHasher()
        var count = 0
        do {
            let file = try FileDescriptor.reading(part.path)
            var buffer = ByteBuffer(capacity: 1 << 18)
            repeat {
                buffer.removeAll()
                try unsafe buffer.appendUnsafe(upTo: 1 << 18) { room in
                    try unsafe file.read(
                        into: UnsafeMutableRawBufferPointer(
                            UnsafeMutableBufferPointer(rebasing: room[..<(1 << 18)])))
                }
                hasher.update(buffer.bytes)
                count += buffer.count
            } while !buffer.isEmpty
        } catch {
            throw .storage("cannot read \(part.path), which is to be aged: \(error)")
        }
        guard hasher.digest() == part.content.digest, count == part.content.byteCount else {
            throw .storage("\(part.path) is not what was written there: it was changed")
        }
    }

    private func failure(_ fault: LedgerFault) -> PipelineFailure {
        .storage("cannot read the ledger: \(fault.description)")
    }
}
