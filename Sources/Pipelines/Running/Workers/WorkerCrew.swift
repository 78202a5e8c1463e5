internal import Anonymization
internal import KeyedHashing
internal import Records
internal import Statistics
private import Synchronization

/// Takes what workers made, in the order of the chunks.
protocol OrderedEnd: AnyObject {
    /// Takes the outputs, counts and quarantine of the worker's chunk; called one chunk at a time.
    func take(_ worker: Worker) throws(PipelineFailure)
}

/// Several workers over one chunk source.
///
/// A free worker reads the next chunk itself (one at a time), works on it alone, and waits for its
/// turn to hand the result over. With one worker there is no waiting at all; with several, reading,
/// inflating, working and writing overlap, and no more chunks are in memory than there are workers.
///
/// A failure has its turn like a result: what comes before it is handed over, what comes behind it
/// is not, so that a stream breaks off at the same byte for any number of workers.
final class WorkerCrew: @unchecked Sendable {
    private let source: ChunkSource
    /// Runs the crew, and so outlives its run; a counted reference back would keep both alive, and
    /// with them the keys of the run.
    private unowned let end: any OrderedEnd
    private let workers: [Worker]
    private let reading = Monitor()
    private let turns = Monitor()
    /// The number of the chunk that is handed over next; changed under the lock of `turns`.
    private let turn = Atomic(0)
    /// How many workers sleep until the turn changes; the same.
    private var sleepers = 0
    private var failure: PipelineFailure?
    /// Says that there is a `failure`, to those who need not know it.
    private let hasFailed = Atomic(false)

    init(
        count: Int, plan: Plan, source: ChunkSource, keyRing: (any KeyRing)?,
        storage: any SpillStorage, end: any OrderedEnd
    ) {
        self.source = source
        self.end = end
        workers = (0..<max(count, 1)).map { _ in
            Worker(plan: plan, keyRing: keyRing, storage: storage, of: max(count, 1))
        }
    }

    /// Works until the source has no more chunks, or something fails.
    func run() throws(PipelineFailure) {
        runThreads(workers.count) { [self] index in work(workers[index]) }
        if let failure { throw failure }
    }

    private func work(_ worker: Worker) {
        worker.clock.restart()
        do throws(PipelineFailure) {
            while try readNext(worker) {
                try worker.process()
                guard try handOver(worker) else { return }
            }
            if workers.count > 1 {
                try worker.prepareMerge()
                worker.clock.end(.merge)
            }
        } catch {
            fail(error, inTurnOf: worker.chunk.number)
        }
    }

    private func readNext(_ worker: Worker) throws(PipelineFailure) -> Bool {
        reading.lock()
        defer { reading.unlock() }
        worker.clock.end(.wait)
        let inflatedBefore = source.inflateNanoseconds
        defer { worker.clock.end(.read, less: source.inflateNanoseconds - inflatedBefore) }
        if hasFailed.load(ordering: .acquiring) { return false }
        // A chunk that cannot be read keeps the number it would have had.
        worker.chunk.number = source.chunksMade
        let hasChunk = try source.next(&worker.chunk)
        worker.fileBytesRead = source.fileBytesRead
        return hasChunk
    }

    /// Waits for the chunk's turn and gives the result away; false when the run has failed.
    private func handOver(_ worker: Worker) throws(PipelineFailure) -> Bool {
        guard waitForTurn(worker.chunk.number) else { return false }
        worker.clock.end(.wait)
        // Nobody else has this turn: the others read and wait without a lock held against them.
        try end.take(worker)
        worker.clock.end(.output)
        turns.lock()
        defer { turns.unlock() }
        turn.store(worker.chunk.number + 1, ordering: .releasing)
        if sleepers > 0 { turns.wakeAll() }
        return true
    }

    /// How often a worker looks whether its turn has come before it sleeps: some ten microseconds,
    /// about what it costs to fall asleep and be woken.
    private static let looks = 50

    private func waitForTurn(_ number: Int) -> Bool {
        for _ in 0..<Self.looks {
            if turn.load(ordering: .acquiring) == number { break }
            yieldProcessor()
        }
        turns.lock()
        defer { turns.unlock() }
        while turn.load(ordering: .relaxed) != number, failure == nil { sleep() }
        return failure == nil
    }

    /// Waits until the turn changes or the run fails; the caller holds the lock of `turns`.
    private func sleep() {
        sleepers += 1
        turns.wait()
        sleepers -= 1
    }

    /// Ends the run when all chunks before `number` were handed over. Those are in the hands of
    /// other workers, which hand them over or fail in their own turn.
    private func fail(_ reason: PipelineFailure, inTurnOf number: Int) {
        turns.lock()
        defer { turns.unlock() }
        while turn.load(ordering: .relaxed) < number, failure == nil { sleep() }
        if failure == nil { failure = reason }
        hasFailed.store(true, ordering: .releasing)
        turns.wakeAll()
    }

    /// The aggregates of all workers together; nil without statistics. To be called once.
    func mergedAggregator() throws(PipelineFailure) -> Aggregator? {
        guard var merged = workers[0].takeAggregator() else { return nil }
        do {
            for worker in workers.dropFirst() {
                if let other = worker.takeAggregator() { try merged.merge(other) }
            }
        } catch {
            throw .storage("cannot merge aggregates: \(error.code.rawValue)")
        }
        return merged
    }

    /// What the time of the workers was spent on.
    var times: StageTimes {
        workers.reduce(into: StageTimes()) { $0.add($1.clock.times) }
    }

    /// The opt-out entries that matched anywhere.
    var optOutMatches: OptOutMatches {
        workers.dropFirst().reduce(into: workers[0].releaser.matches) {
            $0.merge($1.releaser.matches)
        }
    }

    /// The holds and opt-outs of the registry that matched anywhere.
    var subjectMatches: SubjectMatches {
        workers.dropFirst().reduce(into: workers[0].releaser.subjectMatches) {
            $0.merge($1.releaser.subjectMatches)
        }
    }

    /// When the next of all records becomes due under the clocks that the plan watches.
    var nextDue: NextDue {
        workers.reduce(into: NextDue()) { $0.merge($1.releaser.nextDue) }
    }

    /// The months that a disclosure must refuse.
    var refusedMonths: Set<CalendarMonth> {
        workers.reduce(into: []) { $0.formUnion($1.releaser.observations.refusedMonths) }
    }
}
