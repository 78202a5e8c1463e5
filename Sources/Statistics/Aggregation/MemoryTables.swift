import Records

/// Makes the tables of what an aggregator holds in memory, on several threads.
///
/// First the rows of each statistic are a piece of work. Then so are ranges of the keys of each
/// sessions measure, the intervals of which no other piece needs.
struct MemoryTables {
    let plan: StatisticsPlan
    /// All texts by their numbers.
    let texts: [[UInt8]]
    /// That of arrival.
    let order: IdentifierOrder

    /// The tables of `states`, which count no more after it; those that come first in
    /// `largestFirst` are begun first. Worked out by `threads` threads of `run` at a time.
    func tables(
        of states: inout OwnedList<StatisticState>,
        in largestFirst: [Int],
        threads: Int,
        by run: ThreadRunner
    ) throws(PartialFault) -> [MeasuredTable] {
        let empty = Reduction(plan)
        var rows = OwnedList(count: states.count) { RowsPiece(empty.of(statistic: $0, texts)) }
        rows.changeAll(with: &states, in: largestFirst, threads: threads, by: run) {
            $0.run(&$1, order)
        }
        var pieces = sessionPieces(states, threads, empty)
        let places = pieces.indices.map { pieces[$0].statistic }
        pieces.changeAll(
            reading: states, at: places, in: Array(pieces.indices), threads: threads, by: run
        ) { $0.run($1, order) }
        return try joined(&rows, &pieces)
    }

    /// Ranges of about as many keys each, so that one thread is not left with most of them.
    private func sessionPieces(
        _ states: borrowing OwnedList<StatisticState>,
        _ threads: Int,
        _ empty: Reduction
    ) -> OwnedList<SessionPiece> {
        var pieces: [SessionPiece] = []
        let count = threads == 1 ? 1 : Self.rangesPerThread * threads
        for statistic in states.indices {
            for measure in 0..<states[statistic].sessions.count {
                for range in states[statistic].sessionRanges(measure, atMost: count) {
                    let reduction = empty.of(statistic: statistic, texts, measure: measure)
                    pieces.append(SessionPiece(statistic, measure, range, reduction))
                }
            }
        }
        return OwnedList(count: pieces.count) { pieces[$0] }
    }

    private static let rangesPerThread = 4

    private func joined(
        _ rows: inout OwnedList<RowsPiece>,
        _ pieces: inout OwnedList<SessionPiece>
    ) throws(PartialFault) -> [MeasuredTable] {
        var tables: [MeasuredTable] = []
        var next = 0
        for statistic in plan.statistics.indices {
            var reduction = try rows[statistic].take()
            while next < pieces.count, pieces[next].statistic == statistic {
                let measure = pieces[next].measure
                var sessions = try pieces[next].take()
                next += 1
                while next < pieces.count, pieces[next].statistic == statistic,
                    pieces[next].measure == measure
                {
                    sessions.merge(try pieces[next].take())
                    next += 1
                }
                try reduction.endIntervals(with: sessions)
            }
            tables += reduction.tables()
        }
        return tables
    }
}

/// The rows of a statistic.
private struct RowsPiece {
    private var reduction: Reduction?
    private var fault: PartialFault?

    init(_ reduction: Reduction) { self.reduction = reduction }

    mutating func run(_ state: inout StatisticState, _ order: IdentifierOrder) {
        guard var sink = reduction.take() else { return }
        do throws(PartialFault) {
            try state.reduceRows(order, into: &sink)
            reduction = consume sink
        } catch {
            fault = error
        }
    }

    /// Gives the rows away: as long as they were here, too, whoever changes them would change a
    /// copy. To be called once.
    mutating func take() throws(PartialFault) -> Reduction {
        if let fault { throw fault }
        guard let rows = reduction.take() else { throw PartialFault(.damaged) }
        return rows
    }
}

/// A range of the keys of a sessions measure, and what became of its intervals.
private struct SessionPiece {
    let statistic: Int
    let measure: Int
    private let range: Range<Int>
    private var reduction: Reduction?
    private var result: Result<SessionReduction, PartialFault>?

    init(_ statistic: Int, _ measure: Int, _ range: Range<Int>, _ reduction: Reduction) {
        self.statistic = statistic
        self.measure = measure
        self.range = range
        self.reduction = reduction
    }

    mutating func run(_ state: borrowing StatisticState, _ order: IdentifierOrder) {
        guard var sink = reduction.take() else { return }
        do throws(PartialFault) {
            try state.reduceSessions(measure, range, order, into: &sink)
            result = .success(try sink.endRange())
        } catch {
            result = .failure(error)
        }
    }

    /// Gives the sessions away; to be called once.
    mutating func take() throws(PartialFault) -> SessionReduction {
        guard let sessions = result.take() else { throw PartialFault(.damaged) }
        return try sessions.get()
    }
}
