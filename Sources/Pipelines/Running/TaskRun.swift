internal import Anonymization
internal import KeyedHashing
internal import Records
internal import Statistics

/// One task: an ordered list of sources through the plan into a sink.
///
/// A run is made of tasks; so is a run on a cluster, where each task is an attempt of its own. A
/// task decides nothing about other tasks and makes nothing visible: that is the committer's part.
final class TaskRun: OrderedEnd {
    private let plan: Plan
    private let sink: any OutputSink
    private let source: ChunkSource
    private let observer: (any RunObserver)?
    private let totalFileBytes: Int?
    private let quarantineFile: QuarantineFile?
    private let sourceNames: [String]
    private var crew: WorkerCrew?
    private var recordsBefore: [Int]

    /// The counts of each source, in the order of the task.
    private(set) var counts: [RecordCounts]
    /// The first quarantined records, with their numbers in their source.
    private(set) var quarantine: [QuarantineEntry] = []
    private var recordsDone = 0
    /// How many workers the task has.
    private(set) var workers = 1
    /// What the time of the task was spent on, by all workers together.
    private var times = StageTimes()
    /// How long the task was at work.
    private var nanoseconds: Int64 = 0

    init(
        plan: Plan, inputs: [ChunkSource.SourceInput], source: ChunkSource,
        sink: any OutputSink, observer: (any RunObserver)?,
        quarantineFile: QuarantineFile? = nil, sourceNames: [String]? = nil
    ) {
        self.plan = plan
        self.sink = sink
        self.observer = observer
        self.source = source
        self.quarantineFile = quarantineFile
        self.sourceNames = sourceNames ?? inputs.map(\.path)
        totalFileBytes = observer == nil ? nil : source.totalFileBytes()
        let none = RecordCounts(
            outputs: plan.outputs.count, statistics: plan.statistics.statistics.count)
        counts = Array(repeating: none, count: inputs.count)
        recordsBefore = Array(repeating: 0, count: inputs.count)
    }

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
        for removed in try sink.finish() {
            counts[removed.source].outputs[removed.output].leaveOut(removed.rows, because: .rare)
        }
        try checkConservation()
    }

    func take(_ worked: WorkedChunk) throws(PipelineFailure) {
        let source = worked.chunk.sourceIndex
        sink.begin(source: source)
        for (index, output) in worked.outputs.enumerated() {
            for block in output.current { try sink.write(block, output: index) }
        }
        try quarantineFile?.add(
            worked, source: sourceNames[source], before: recordsBefore[source])
        for entry in worked.quarantine {
            guard quarantine.count < RunReport.quarantineEntriesMax else { break }
            var entry = entry
            entry.recordNumber += recordsBefore[source]
            quarantine.append(entry)
        }
        counts[source].add(worked.counts)
        recordsBefore[source] += worked.counts.read
        recordsDone += worked.counts.read
        observer?.progress(
            bytesDone: worked.fileBytesRead, bytesTotal: totalFileBytes, records: recordsDone)
    }

    /// Records read = written + dropped + blank + quarantined, for every source and output.
    private func checkConservation() throws(PipelineFailure) {
        for count in counts where !count.isConserved {
            throw .internalFault("the records of a source do not add up")
        }
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

    var optOutMatches: OptOutMatches? { crew?.optOutMatches }

    var subjectMatches: SubjectMatches? { crew?.subjectMatches }

    /// When the next of the records becomes due under the clocks that the plan watches.
    var nextDue: NextDue { crew?.nextDue ?? NextDue() }

    var refusedMonths: Set<CalendarMonth> { crew?.refusedMonths ?? [] }

    /// Adds the time of the task to a report; to be called when nothing more is asked of it.
    func addTimes(to report: inout RunReport) {
        report.stages.add(times)
        report.taskNanoseconds += nanoseconds
    }

    /// What became of the sources that were read to their end.
    var finishedSources: [ChunkSource.Finished] { source.finished }
}
