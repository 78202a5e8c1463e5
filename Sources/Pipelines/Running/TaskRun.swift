internal import Anonymization
internal import KeyedHashing
internal import Records
internal import Statistics

/// One task: an ordered list of sources through the plan into a sink.
///
/// A run is made of tasks; so is a run on a cluster, where each task is an attempt of its own. A
/// task decides nothing about other tasks and makes nothing visible: that is the committer's part.
final class TaskRun: OrderedEnd, TakenRecords {
    private let plan: Plan
    private let sink: any OutputSink
    private let source: ChunkSource
    private let observer: (any RunObserver)?
    private let totalFileBytes: Int?
    private let quarantineSink: (any QuarantineSink)?
    private let sourceNames: [String]
    private var crew: WorkerCrew?
    private(set) var tally: RecordTally
    /// How many workers the task has.
    private var workers = 1
    /// What the time of the task was spent on, by all workers together.
    private var times = StageTimes()
    /// How long the task was at work.
    private var nanoseconds: Int64 = 0

    init(
        plan: Plan, inputs: [ChunkSource.SourceInput], source: ChunkSource,
        sink: any OutputSink, observer: (any RunObserver)?,
        quarantineSink: (any QuarantineSink)? = nil, sourceNames: [String]? = nil
    ) {
        self.plan = plan
        self.sink = sink
        self.observer = observer
        self.source = source
        self.quarantineSink = quarantineSink
        self.sourceNames = sourceNames ?? inputs.map(\.path)
        totalFileBytes = observer == nil ? nil : source.totalFileBytes()
        tally = RecordTally(sources: inputs.count, plan: plan)
    }

    /// The counts of each source, in the order of the task.
    var counts: [RecordCounts] { tally.counts }
    /// The first quarantined records, with their numbers in their source.
    var quarantine: [QuarantineEntry] { tally.quarantine }

    /// Reads everything; afterwards the counts and aggregates are complete.
    func run(
        workers: Int, keyRing: (any KeyRing)?, storage: any SpillStorage
    ) throws(PipelineFailure) {
        let crew = WorkerCrew(
            count: workers, plan: plan, source: source, keyRing: keyRing, storage: storage,
            end: self)
        self.crew = crew
        self.workers = workers
        let started = nanosecondsNow()
        try crew.run()
        nanoseconds = nanosecondsNow() - started
        times = crew.times
        tally.leaveOut(try sink.finish())
        try tally.checkConservation()
    }

    func take(_ worked: WorkedChunk) throws(PipelineFailure) {
        let source = worked.chunk.sourceIndex
        sink.begin(source: source)
        for (index, output) in worked.outputs.enumerated() {
            for block in output.current { try sink.write(block, output: index) }
        }
        let entries = tally.setAside(worked.quarantine, source: source)
        if !entries.isEmpty { try setAside(entries, worked.chunk, named: sourceNames[source]) }
        tally.add(worked.counts, source: source)
        observer?.progress(
            bytesDone: worked.fileBytesRead, bytesTotal: totalFileBytes, records: tally.records)
    }

    private func setAside(
        _ entries: [QuarantineEntry], _ chunk: borrowing Chunk, named name: String
    ) throws(PipelineFailure) {
        try quarantineSink?.add(
            entries, in: chunk.buffer.bytes, at: chunk.sourceOffset, named: name)
    }

    /// The aggregates of all workers; nil without statistics. To be called once.
    func takeAggregator() throws(PipelineFailure) -> Aggregator? {
        let started = nanosecondsNow()
        let merged = try crew?.mergedAggregator()
        let spent = nanosecondsNow() - started
        nanoseconds += spent
        times.add(.merge, nanoseconds: spent)
        return merged
    }

    func measuredTables() throws(PipelineFailure) -> [MeasuredTable]? {
        guard let aggregator = try takeAggregator() else { return nil }
        do { return try aggregator.tables(threads: workers, by: runThreads) } catch {
            throw .storage("cannot merge aggregates", error)
        }
    }

    var optOutMatches: OptOutMatches? { crew?.optOutMatches }

    var subjectMatches: SubjectMatches? { crew?.subjectMatches }

    /// When the next of the records becomes due under the clocks that the plan watches.
    var nextDue: NextDue { crew?.nextDue ?? NextDue() }

    var refusedMonths: Set<CalendarMonth> { crew?.refusedMonths ?? [] }

    var readMonths: Set<CalendarMonth> { crew?.readMonths ?? [] }

    /// Adds the time of the task to a report; to be called when nothing more is asked of it.
    func addTimes(to report: inout RunReport) {
        report.stages.add(times)
        report.taskNanoseconds += nanoseconds
    }

    /// What became of the sources that were read to their end.
    var finishedSources: [ChunkSource.Finished] { source.finished }
}
