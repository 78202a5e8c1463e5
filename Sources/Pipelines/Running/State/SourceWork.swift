internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// Brings the records of one source to a run with state: read here, or by tasks elsewhere.
protocol SourceWork: AnyObject {
    /// The columns that the source names; asked for when its first record is there.
    var columns: [String]? { get }

    /// Gives the records of the source to `sink` and `quarantine`, once.
    func run(
        into sink: any OutputSink, _ quarantine: QuarantineFile?
    ) throws(PipelineFailure) -> TakenSource
}

/// What one source gave.
struct TakenSource {
    var counts: RecordCounts
    /// The first records that were set aside.
    var quarantine: [QuarantineEntry]
    var optOutMatches: OptOutMatches?
    var subjectMatches: SubjectMatches?
    /// The months that a disclosure must refuse.
    var refusedMonths: Set<CalendarMonth>
    /// What the statistics counted; nil without statistics.
    var partial: (any SpillFile)?
}

/// Reads the source in this process.
final class SourceReading: SourceWork {
    private let owner: StatefulRun
    private let found: SourceSurvey.Source
    private let name: String
    private let keys: RunRing?
    private let storage: any SpillStorage
    private let input: ChunkSource.SourceInput
    private let source: ChunkSource

    /// `name` is what the source is called, `storage` takes aggregates; in `ahead` the source has
    /// the number `number`.
    init(
        _ owner: StatefulRun, _ found: SourceSurvey.Source, name: String, keys: RunRing?,
        storage: any SpillStorage, ahead: InflationAhead, number: Int
    ) {
        self.owner = owner
        self.found = found
        self.name = name
        self.keys = keys
        self.storage = storage
        input = ChunkSource.SourceInput(
            path: found.path,
            stretches: found.scanned.known.map {
                ChunkSource.SourceInput.Stretch(range: $0.range, use: .skip)
            }, end: found.end)
        source = ChunkSource(
            [input], plan: owner.plan, digesting: true, ahead: ahead, firstAhead: number)
    }

    var columns: [String]? { source.firstColumns }

    func run(
        into sink: any OutputSink, _ quarantine: QuarantineFile?
    ) throws(PipelineFailure) -> TakenSource {
        let task = TaskRun(
            plan: owner.plan, inputs: [input], source: source, sink: sink,
            observer: owner.observer, quarantineSink: quarantine, sourceNames: [name])
        try task.run(workers: owner.settings.workers, keyRing: keys, storage: storage)
        let content = found.scanned.content
        guard let finished = task.finishedSources.first,
            finished.plainBytes == content.byteCount, finished.content == content.digest
        else {
            throw .source(
                SourceFault(
                    .changedWhileReading, source: name,
                    expectation: "it changed while it was read: expected a file at rest"))
        }
        let taken = TakenSource(
            counts: task.counts[0], quarantine: task.quarantine,
            optOutMatches: task.optOutMatches, subjectMatches: task.subjectMatches,
            refusedMonths: task.refusedMonths, partial: try partial(of: task))
        task.addTimes(to: &owner.report)
        return taken
    }

    private func partial(of task: TaskRun) throws(PipelineFailure) -> (any SpillFile)? {
        guard let aggregator = try task.takeAggregator() else { return nil }
        let references = (keys?.used ?? []).map(\.id).compactMap { key in
            key.epoch.map {
                PartialHeader.KeyReference(epoch: $0.text, keyID: key.text)
            }
        }
        let header = PartialHeader(
            planDigest: owner.plan.statisticsDigest.bytes, keys: references)
        do {
            let file = try storage.makeFile()
            try aggregator.finish(header, into: file)
            return file
        } catch {
            throw .aggregates("cannot write the aggregates of a source", error)
        }
    }
}
