internal import Anonymization
internal import KeyedHashing
internal import Records
internal import Statistics
private import Synchronization

/// Takes what workers made, in the order of the chunks.
protocol OrderedEnd: AnyObject {
    /// Takes the outputs, counts and quarantine of a chunk; called one chunk at a time.
    func take(_ worked: WorkedChunk) throws(PipelineFailure)
}

/// Several workers over one chunk source.
///
/// A free worker reads the next chunk itself (one at a time), works on it alone, and hands the
/// result over when it is its turn. When it is not, the worker leaves the result to whoever has the
/// turn and works on; it waits only when the result before is still left. So reading, inflating,
/// working and writing overlap, chunks may take differently long, and no more than two chunks per
/// worker are in memory, beside what is inflated ahead (`InflationAhead`).
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
    // What follows is changed under the lock of `turns`.
    /// The number of the chunk that is handed over next; somebody works on it or hands it over.
    private var turn = 0
    /// What waits for its turn or is handed over by another worker: one chunk of each at most.
    private var left: [Left] = []
    /// How many workers sleep until the turn changes.
    private var sleepers = 0
    private var failure: PipelineFailure?
    /// Says that there is a `failure`, to those who need not know it.
    private let hasFailed = Atomic(false)

    /// A chunk that waits for its turn.
    private struct Left {
        var worker: Int
        var worked: WorkedChunk
    }

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
        runThreads(workers.count) { [self] index in work(index) }
        if let failure { throw failure }
    }

    private func work(_ index: Int) {
        let worker = workers[index]
        defer { _ = worker.close() }
        worker.clock.restart()
        do throws(PipelineFailure) {
            while try readNext(worker) {
                let number = worker.hand.chunk.number
                try worker.process()
                guard handOver(worker, index) else { return }
                // What fails from here on fails behind the chunk that was given away.
                worker.hand.chunk.number = number + 1
                try worker.makeRoom()
            }
            if workers.count > 1 {
                try worker.prepareMerge()
                worker.clock.end(.merge)
            }
        } catch {
            fail(error, inTurnOf: worker.hand.chunk.number)
        }
    }

    private func readNext(_ worker: Worker) throws(PipelineFailure) -> Bool {
        lockReading(worker)
        defer { reading.unlock() }
        worker.clock.end(.wait)
        let inflatedBefore = source.inflateNanoseconds
        defer { worker.clock.end(.read, less: source.inflateNanoseconds - inflatedBefore) }
        if hasFailed.load(ordering: .acquiring) { return false }
        // A chunk that cannot be read keeps the number it would have had.
        worker.hand.chunk.number = source.chunksMade
        let hasChunk = try source.next(&worker.hand.chunk)
        worker.hand.fileBytesRead = source.fileBytesRead
        return hasChunk
    }

    /// Takes the lock of the source. While another worker has it, the time is spent on inflating
    /// sources whose turn comes next, where there are any.
    private func lockReading(_ worker: Worker) {
        while !reading.lockIfFree() {
            guard let inflated = source.ahead.work() else { return reading.lockAfterLooking() }
            worker.clock.end(.wait, less: inflated)
        }
    }

    /// Gives the result in the worker's hand away, or leaves it for its turn; false when the run
    /// has failed.
    private func handOver(_ worker: Worker, _ index: Int) -> Bool {
        let worked = worker.hand
        turns.lock()
        while turn != worked.chunk.number, failure == nil,
            left.contains(where: { $0.worker == index })
        {
            sleep()
        }
        let hasFailed = failure != nil
        let isTurn = turn == worked.chunk.number
        if !isTurn, !hasFailed {
            left.append(Left(worker: index, worked: worked))
            worker.changeHands()
        }
        turns.unlock()
        worker.clock.end(.wait)
        guard isTurn, !hasFailed else { return !hasFailed }
        defer { worker.clock.end(.output) }
        return takeTurns(from: worked)
    }

    /// Hands over the result whose turn it is, and those left behind it; false when that failed.
    private func takeTurns(from first: WorkedChunk) -> Bool {
        var worked = first
        while true {
            // Nobody else has this turn: the others read and work without a lock held against them.
            do throws(PipelineFailure) { try end.take(worked) } catch {
                fail(error, inTurnOf: worked.chunk.number)
                return false
            }
            guard let next = passTurn() else { return true }
            worked = next
        }
    }

    /// Ends the turn at hand; gives the result whose turn it is now if it was left.
    private func passTurn() -> WorkedChunk? {
        turns.lock()
        defer { turns.unlock() }
        left.removeAll { $0.worked.chunk.number == turn }
        turn += 1
        if sleepers > 0 { turns.wakeAll() }
        return left.first { $0.worked.chunk.number == turn }?.worked
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
        while turn < number, failure == nil { sleep() }
        if failure == nil { failure = reason }
        hasFailed.store(true, ordering: .releasing)
        turns.wakeAll()
    }

    /// The aggregates of all workers together; nil without statistics. To be called once.
    func mergedAggregator() throws(PipelineFailure) -> Aggregator? {
        guard var merged = workers[0].takeAggregator() else { return nil }
        do {
            for worker in workers.dropFirst() {
                guard let other = worker.takeAggregator() else { continue }
                try merged.merge(other, threads: workers.count, by: runThreads)
            }
        } catch {
            throw .storage("cannot merge aggregates", error)
        }
        return merged
    }

    /// What the time of the workers was spent on.
    var times: StageTimes {
        workers.reduce(into: StageTimes()) { $0.add($1.clock.times) }
    }

    /// What the workers have found out; to be asked for when they have ended.
    private var findings: [Worker.Findings] { workers.compactMap { $0.close() } }

    /// The opt-out entries that matched anywhere.
    var optOutMatches: OptOutMatches? {
        let all = findings.map(\.matches)
        return all.first.map { first in all.dropFirst().reduce(into: first) { $0.merge($1) } }
    }

    /// The holds and opt-outs of the registry that matched anywhere.
    var subjectMatches: SubjectMatches? {
        let all = findings.map(\.subjectMatches)
        return all.first.map { first in all.dropFirst().reduce(into: first) { $0.merge($1) } }
    }

    /// When the next of all records becomes due under the clocks that the plan watches.
    var nextDue: NextDue { findings.reduce(into: NextDue()) { $0.merge($1.nextDue) } }

    /// The months that a disclosure must refuse.
    var refusedMonths: Set<CalendarMonth> {
        findings.reduce(into: []) { $0.formUnion($1.refusedMonths) }
    }

    /// The months of all records, where disclosures ask for them.
    var readMonths: Set<CalendarMonth> {
        findings.reduce(into: []) { $0.formUnion($1.readMonths) }
    }
}
