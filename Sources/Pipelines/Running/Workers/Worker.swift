internal import Anonymization
private import LogFormats
internal import Records
internal import Statistics

/// Everything one worker owns: it turns a chunk into output bytes and observations, and shares
/// nothing while it does.
final class Worker {
    /// How the records of each output are written.
    private let encodings: [OutputEncoding]
    private let reader: any RecordReader
    private var table: RecordTable
    /// Nil when the worker has ended.
    private var releaser: Releaser?
    private var ended: Findings?
    /// The chunk at hand.
    private(set) var hand: WorkedChunk
    /// The other one: free, or left for its turn.
    private var spare: WorkedChunk
    private var aggregator: Aggregator?
    /// What the worker's time was spent on.
    var clock = StageClock()

    /// One of `count` workers.
    init(plan: Plan, keyRing: (any KeyRing)?, storage: any SpillStorage, of count: Int = 1) {
        encodings = plan.outputs.map(OutputEncoding.init)
        reader = plan.format.makeReader(fields: plan.release.fields, limits: plan.limits)
        table = RecordTable(slotCount: plan.release.fields.count)
        releaser = Releaser(plan: plan.release, keyRing: keyRing)
        hand = WorkedChunk(plan: plan)
        spare = WorkedChunk(plan: plan)
        aggregator =
            plan.statistics.statistics.isEmpty
            ? nil
            : Aggregator(
                plan: plan.statistics, storage: storage,
                limits: Aggregator.Limits(sharedBy: count, plan.statistics.granularity))
    }

    /// What a worker has found out, besides its results, when it has ended.
    struct Findings {
        let matches: OptOutMatches
        let subjectMatches: SubjectMatches
        let nextDue: NextDue
        let refusedMonths: Set<CalendarMonth>
        let readMonths: Set<CalendarMonth>

        fileprivate init(_ releaser: Releaser) {
            matches = releaser.matches
            subjectMatches = releaser.subjectMatches
            nextDue = releaser.nextDue
            refusedMonths = releaser.observations.refusedMonths
            readMonths = releaser.observations.readMonths
        }
    }

    /// Ends the worker: what it remembered of values is wiped and its room given back.
    func close() -> Findings? {
        if let releaser { ended = Findings(releaser) }
        releaser = nil
        return ended
    }

    /// Reads, releases, writes and observes the chunk at hand.
    func process() throws(PipelineFailure) {
        guard let releaser else { throw .internalFault("a worker went on after its end") }
        reader.index(hand.chunk, into: &table)
        clock.end(.scan)
        releaser.release(hand.chunk, table, reader: reader)
        hand.counts = releaser.counts
        hand.quarantine = releaser.quarantine
        clock.end(.release)
        encode(releaser)
        clock.end(.encode)
        try puttingAside { worker throws(PartialFault) in
            try Self.observe(releaser.observations.batch, worker.hand.chunk, by: &worker.aggregator)
        }
        clock.end(.aggregate)
    }

    /// Puts aggregates aside when there are many; to be called when the chunk at hand was given
    /// away, for this takes a while, and others wait for a chunk whose turn it is.
    func makeRoom() throws(PipelineFailure) {
        try puttingAside { worker throws(PartialFault) in try worker.aggregator?.makeRoom() }
        clock.end(.aggregate)
    }

    private func puttingAside(
        _ work: (Worker) throws(PartialFault) -> Void
    ) throws(PipelineFailure) {
        do throws(PartialFault) { try work(self) } catch {
            throw .storage("cannot put aggregates aside", error)
        }
    }

    /// Writes what was released in the form of each output.
    private func encode(_ releaser: Releaser) {
        for index in encodings.indices {
            encodings[index].write(
                releaser.outputs[index].batch, hand.chunk, table,
                quarantine: releaser.quarantine, to: hand.outputs[index])
        }
    }

    private static func observe(
        _ batch: borrowing ObservationBatch, _ chunk: borrowing Chunk,
        by aggregator: inout Aggregator?
    ) throws(PartialFault) {
        try aggregator?.observe(batch, chunk: chunk.buffer.bytes, makingRoom: false)
    }

    /// Takes the other chunk in hand, which nobody may need any more.
    func changeHands() { swap(&hand, &spare) }

    /// Gets the aggregates ready to be merged with those of other workers.
    func prepareMerge() throws(PipelineFailure) {
        try puttingAside { worker throws(PartialFault) in try worker.aggregator?.prepareMerge() }
    }

    /// Gives the aggregates away.
    func takeAggregator() -> Aggregator? { aggregator.take() }
}
