package import Anonymization
import KeyedHashing
package import Records
import Synchronization

/// Counts released rows for all statistics of a plan; one for each worker.
///
/// What it has counted leaves it as a partial in canonical order. When the memory budget is reached
/// it writes such a partial to the spill storage and begins anew, so memory does not grow with the
/// input. `merge` puts two aggregators together; the result does not depend on how rows were spread
/// over aggregators, nor on the order of merging.
package struct Aggregator: ~Copyable {
    /// What the aggregates may hold in memory before they are put aside.
    package struct Limits: Sendable {
        /// The memory of one aggregator in bytes.
        package var residentBytesMax: Int

        /// The limits of one of `count` aggregators of a task, which share what all of them may
        /// hold: per group, little is enough; per group, person and day there are many more rows,
        /// and to put them aside often is dear.
        package init(sharedBy count: Int = 1, _ granularity: Granularity = .reduced) {
            let shared = granularity == .separable ? 48 << 20 : 5 << 20
            residentBytesMax = shared / max(count, 1)
        }
    }

    private let plan: StatisticsPlan
    private let layouts: [StatisticLayout]
    private let limits: Limits
    private let storage: any SpillStorage
    private var texts: TextInterner
    private var tokens = TokenInterner()
    private var identifiers: RowIdentifiers
    private var states: OwnedList<StatisticState>
    private var segments: [SpilledPartial] = []
    private var isEmpty = true

    /// The number of rows observed, of those merged in too.
    package private(set) var rowsObserved = 0

    /// An empty aggregator that puts aside into `storage` what exceeds `limits`.
    package init(
        plan: StatisticsPlan,
        storage: any SpillStorage,
        limits: Limits = Limits()
    ) {
        self.plan = plan
        self.storage = storage
        self.limits = limits
        layouts = plan.statistics.map { StatisticLayout($0, in: plan) }
        // Random, so that nobody can make texts that collide; no result depends on it.
        let seed = UInt64.random(in: .min ... .max)
        texts = TextInterner(seed: seed)
        identifiers = RowIdentifiers(plan)
        states = OwnedList(count: plan.statistics.count) {
            StatisticState(plan.statistics[$0], at: $0, in: plan, seed: seed)
        }
        prepareStates()
    }

    private mutating func prepareStates() {
        for index in 0..<states.count { states.change(index) { $0.prepare(&texts) } }
    }

    /// Counts the rows of `batch`, whose slices lie in `chunk` or in the arena of the batch; then
    /// makes room, unless the caller is to do so at a better time.
    package mutating func observe(
        _ batch: borrowing ObservationBatch,
        chunk: Span<UInt8>,
        makingRoom: Bool = true
    ) throws(PartialFault) {
        if batch.count == 0 { return }
        identifiers.fill(batch, chunk: chunk, texts: &texts, tokens: &tokens)
        for index in 0..<states.count {
            states.change(index) { $0.observe(batch, chunk, identifiers) }
        }
        rowsObserved += batch.count
        isEmpty = false
        if makingRoom { try makeRoom() }
    }

    /// Held by a worker that puts something aside.
    private static let sealing = Mutex(())

    /// Puts aside what is in memory where that is above the limit; while another worker does so,
    /// only when it is an eighth above it: to sort it takes memory for a while, which workers of
    /// the same speed would else all take at the same time.
    package mutating func makeRoom() throws(PartialFault) {
        // Better before a large set grows than behind it, when it has twice the room for nothing.
        if residentBytes + bytesToGrow <= limits.residentBytesMax { return }
        let isDone: Void? = try Self.sealing.withLockIfAvailable {
            _ throws(PartialFault) in try seal()
        }
        let most = limits.residentBytesMax + limits.residentBytesMax / 8
        if isDone == nil, residentBytes > most { try seal() }
    }

    /// The memory held by what was counted, in bytes.
    package var residentBytes: Int {
        var sum = texts.residentBytes + tokens.residentBytes
        for index in 0..<states.count { sum += states.read(index) { $0.residentBytes } }
        return sum
    }

    /// The bytes that what was counted would grow by with a chunk more.
    private var bytesToGrow: Int {
        var sum = 0
        for index in 0..<states.count { sum += states.read(index) { $0.bytesToGrow } }
        return sum
    }

    /// To be called by each of several workers at its end, before `merge`: where something was put
    /// aside, the rest goes the same way. They do it at the same time.
    package mutating func prepareMerge() throws(PartialFault) {
        if segments.isEmpty { return }
        try Self.sealing.withLock { _ throws(PartialFault) in try seal() }
    }

    /// Takes over what `other`, of the same plan, has counted.
    ///
    /// In memory if nothing of either was put aside: together they then hold no more than their
    /// limits say. The result is the same as by way of partials. Statistics that hold much are
    /// merged by `threads` threads of `run` at a time.
    package mutating func merge(
        _ other: consuming Aggregator,
        threads: Int = 1,
        by run: ThreadRunner = { count, body in (0..<count).forEach(body) }
    ) throws(PartialFault) {
        if !segments.isEmpty { try other.seal() }
        if !other.isEmpty { takeOver(&other, threads, run) }
        segments += other.segments
        rowsObserved += other.rowsObserved
    }

    private mutating func takeOver(
        _ other: inout Aggregator,
        _ threads: Int,
        _ run: ThreadRunner
    ) {
        let translation = NumberTranslation(
            texts: texts.numbers(of: &other.texts),
            tokens: tokens.numbers(of: other.tokens)
        )
        let isWorthThreads = other.residentBytes >= Self.threadedBytesMin
        let largestFirst = other.statesBySize
        states.changeAll(
            with: &other.states,
            in: largestFirst,
            threads: isWorthThreads ? threads : 1,
            by: run
        ) { $0.merge($1, translation) }
        isEmpty = false
    }

    /// What takes longer to merge than threads take to start, in bytes.
    private static let threadedBytesMin = 1 << 18

    /// The statistics, the largest first: the others fit beside it.
    private var statesBySize: [Int] {
        var sizes: [Int] = []
        for index in 0..<states.count { sizes.append(states.read(index) { $0.residentBytes }) }
        return sizes.indices.sorted { sizes[$0] > sizes[$1] }
    }

    /// Writes what is in memory as a partial of its own and forgets it.
    private mutating func seal() throws(PartialFault) {
        if isEmpty { return }
        let file = try Self.makeFile(storage)
        var writer = try PartialWriter(PartialHeader(planDigest: [], keys: []), to: file)
        try send(to: &writer)
        segments.append(SpilledPartial(file: file, landmarks: try writer.finish()))
        for index in 0..<states.count { states.change(index) { $0.removeAll() } }
        texts.removeAll()
        tokens.removeAll()
        prepareStates()
        isEmpty = true
    }

    /// Sends what is in memory to `sink` in canonical order.
    private mutating func send<Sink: PartialSink>(to sink: inout Sink) throws(PartialFault) {
        try send(in: IdentifierOrder(&texts, &tokens, states), to: &sink)
    }

    private mutating func send<Sink: PartialSink>(
        in order: IdentifierOrder,
        to sink: inout Sink
    ) throws(PartialFault) {
        try order.write(&texts, tokens, to: &sink)
        for index in 0..<states.count { try send(index, order, to: &sink) }
    }

    private mutating func send<Sink: PartialSink>(
        _ index: Int,
        _ order: IdentifierOrder,
        to sink: inout Sink
    ) throws(PartialFault) {
        let outcome = states.change(index) { state -> Result<Void, PartialFault> in
            do throws(PartialFault) {
                try state.write(order, tokens, to: &sink)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    private static func makeFile(
        _ storage: any SpillStorage
    ) throws(PartialFault) -> any SpillFile {
        do { return try storage.makeFile() } catch { throw PartialFault(error) }
    }

    /// Writes everything counted as one partial under `header` to `file`; empty aggregates make a
    /// partial too.
    package consuming func finish(
        _ header: PartialHeader,
        into file: any SpillFile
    ) throws(PartialFault) {
        var writer = try PartialWriter(header, to: file)
        if segments.isEmpty {
            try send(to: &writer)
            try writer.finish()
            return
        }
        try seal()
        try Partials(segments.map(\.file), plan: plan, storage: storage).merge(into: &writer)
        try writer.finish()
    }

    /// The tables of everything counted, worked out by `threads` threads of `run` at a time.
    package consuming func tables(
        threads: Int = 1,
        by run: ThreadRunner = { count, body in (0..<count).forEach(body) }
    ) throws(PartialFault) -> [MeasuredTable] {
        if segments.isEmpty { return try tablesInMemory(threads, run) }
        try seal()
        try mergeInRounds()
        let spilled = try SpilledTables(
            segments, plan: plan, storage: storage, threads: threads, by: run)
        return try spilled.tables(threads: threads, by: run)
    }

    /// Merges what was put aside until few enough parts are left to be read at once.
    private mutating func mergeInRounds() throws(PartialFault) {
        while segments.count > PartialMerge.fanInMax {
            let round = segments.prefix(PartialMerge.fanInMax).map(\.file)
            let file = try Self.makeFile(storage)
            let landmarks = try Partials(round, plan: plan, storage: storage).merged(into: file)
            segments.removeFirst(round.count)
            segments.append(SpilledPartial(file: file, landmarks: landmarks))
        }
    }

    private mutating func tablesInMemory(
        _ threads: Int,
        _ run: ThreadRunner
    ) throws(PartialFault) -> [MeasuredTable] {
        let order = IdentifierOrder(arrivalOf: texts)
        var dictionary: [[UInt8]] = []
        for number in 0..<texts.count { dictionary.append(texts.text(number)) }
        let tables = MemoryTables(plan: plan, texts: dictionary, order: order)
        return try tables.tables(of: &states, in: statesBySize, threads: threads, by: run)
    }
}
