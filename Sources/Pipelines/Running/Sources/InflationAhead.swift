internal import FileSystem
internal import Records

/// Opens the sources of a run in their order, and inflates the next ones before their turn.
///
/// The source at hand is inflated by one worker at a time. Whoever would have to wait for it
/// inflates a block of the first compressed source behind it, so that several are inflated at once
/// and their order stays: a source gives its bytes when its turn has come. One in which a fault
/// shows before is then read again from its start, so that the fault is found at the same byte and
/// told in the same words as by one worker. What waits for its turn is bounded, in memory and never
/// on disk, because it is not anonymised yet.
final class InflationAhead: @unchecked Sendable {
    /// What may wait for its turn for each worker but the first, and in all, in plain bytes.
    static let bytesMaxForWorker = 16 << 20
    static let bytesMaxInAll = 64 << 20

    /// A source whose turn has not come.
    private final class Early {
        let index: Int
        var source: ByteSource?
        /// True while somebody inflates a block of it.
        var isBusy = false
        /// True when there is nothing more to be done before its turn.
        var isDone = false

        init(index: Int) { self.index = index }
    }

    /// Nil for a source that is left for its turn.
    private let paths: [String?]
    private let digesting: Bool
    private let form: SourceForm
    private let pool: BlockPool
    private let earlyMax: Int
    private var monitor: Monitor { pool.monitor }
    // What follows is changed under the lock of the monitor.
    private var early: [Early] = []
    /// The first source that nobody has looked at.
    private var next = 1
    private var hasEnded = false

    /// The files at `paths` for `workers` workers; the first one's turn comes at once.
    ///
    /// What has to be decoded or framed first is left for its turn: it comes in pieces that depend
    /// on how it is read.
    init(
        _ paths: [String?], digesting: Bool, form: SourceForm, workers: Int,
        bytesMax: Int = bytesMaxForWorker
    ) {
        let isTaken = form.encoding == .utf8 && form.framing == nil
        self.paths = isTaken ? paths : []
        self.digesting = digesting
        self.form = form
        pool = BlockPool(bytesMax: min(bytesMax * max(workers - 1, 0), Self.bytesMaxInAll))
        earlyMax = 2 * workers
    }

    /// The source at `path`, number `index` of all, whose turn has come.
    func source(_ index: Int, at path: String) throws(PipelineFailure) -> ByteSource {
        if let source = takeEarly(index) { return source }
        return try ByteSource(path: path, digesting: digesting, form: form)
    }

    private func takeEarly(_ index: Int) -> ByteSource? {
        monitor.lock()
        defer { monitor.unlock() }
        next = max(next, index + 1)
        guard let found = early.first(where: { $0.index == index }) else { return nil }
        while found.isBusy { monitor.wait() }
        early.removeAll { $0 === found }
        monitor.wakeAll()
        return found.source
    }

    /// Inflates a block of the first source that waits for its turn, and says how many nanoseconds
    /// that took; nil when there is nothing to be done now.
    func work() -> Int64? {
        monitor.lock()
        defer { monitor.unlock() }
        guard let found = takeUp() else { return nil }
        return inflate(found.source, into: found.block)
    }

    /// Works until `end` is called, and waits while there is nothing to be done.
    func workToTheEnd() {
        monitor.lock()
        defer { monitor.unlock() }
        while !hasEnded {
            if let found = takeUp() {
                _ = inflate(found.source, into: found.block)
            } else {
                monitor.wait()
            }
        }
    }

    /// Lets go of those in `workToTheEnd`.
    func end() {
        monitor.lock()
        hasEnded = true
        monitor.wakeAll()
        monitor.unlock()
    }

    /// What is to be inflated next; the caller holds the lock.
    private func takeUp() -> (source: Early, block: BlockPool.Block)? {
        while true {
            if let waiting = early.first(where: { !$0.isBusy && !$0.isDone }) {
                return pool.take().map { (waiting, $0) }
            }
            guard early.count < earlyMax, next < paths.count else { return nil }
            let begun = Early(index: next)
            begun.isDone = paths[next] == nil
            early.append(begun)
            next += 1
        }
    }

    /// Inflates a block, without the lock that the caller holds.
    private func inflate(_ waiting: Early, into block: BlockPool.Block) -> Int64 {
        waiting.isBusy = true
        monitor.unlock()
        defer {
            monitor.lock()
            waiting.isBusy = false
            monitor.wakeAll()
        }
        let opened = waiting.source ?? open(waiting.index)
        waiting.source = opened
        guard let source = opened else {
            waiting.isDone = true
            pool.giveBack(block)
            return 0
        }
        let before = source.inflateNanoseconds
        switch source.fillAhead(block, from: pool) {
        case .filled: break
        case .last: waiting.isDone = true
        case .failed:
            waiting.isDone = true
            waiting.source = nil
        }
        return source.inflateNanoseconds - before
    }

    /// Opens a file before its turn; nil where only its turn can tell what is there: what is no
    /// file may keep whoever opens it waiting, and a fault may be gone by then.
    private func open(_ index: Int) -> ByteSource? {
        guard let path = paths[index], path != "-", let status = try? FileStatus.of(path),
            status.kind == .regular
        else { return nil }
        return try? ByteSource(path: path, digesting: digesting, form: form)
    }
}

extension ByteSource {
    /// What inflating a block ahead has come to.
    enum BlockAhead {
        case filled
        /// The source has ended, or it is not compressed.
        case last
        /// Its turn will tell what is wrong.
        case failed
    }

    /// Inflates a block before the turn of the source.
    func fillAhead(_ block: BlockPool.Block, from pool: BlockPool) -> BlockAhead {
        var filled = BlockAhead.failed
        do throws(PipelineFailure) {
            let isCompressed = try isCompressedByNow()
            if isCompressed { try fillFromFile(&block.bytes, upTo: BlockPool.blockBytes) }
            filled = isCompressed && !hasEnded ? .filled : .last
        } catch {}
        if block.bytes.isEmpty {
            pool.giveBack(block)
        } else {
            let ahead = blocksAhead ?? BlocksAhead(pool)
            ahead.append(block)
            blocksAhead = ahead
        }
        return filled
    }
}
