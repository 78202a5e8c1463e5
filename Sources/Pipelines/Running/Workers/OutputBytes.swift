internal import Anonymization
internal import Records

/// The bytes that one chunk adds to one output, apart by the route they take (the day or month in
/// the path); one per worker and output, reused.
final class OutputBytes {
    /// How an output's records are told apart by file.
    enum Routing: Sendable {
        case none, day, month
    }

    /// A line and what is dealt with in it.
    struct DealtLine {
        var range: Range<Int>
        var done: ReleasedBatch.Done
    }

    /// A line that is to be remembered.
    struct AgedLine {
        var digest: LineDigest
        /// What is dealt with in it; nil: just what is due now.
        var done: ReleasedBatch.Done?
    }

    /// The bytes of one file.
    final class Block {
        var route: Int32 = 0
        /// The header that speaks of the records, where outputs keep it.
        var header: SourceHeader?
        var bytes = ByteBuffer(capacity: 1 << 12)
        var records = 0
        /// The earliest day of a record that is still readable, or `Int32.max`.
        var oldestReadableDay = Int32.max
        var newestDay = Int32.min
        /// In place: records that were changed, and those that were taken out.
        var changed = 0
        var removed = 0
        /// In place: records that a hold keeps from being changed.
        var held = 0
        /// The lines in `bytes`, of stored records, of which other fields are dealt with than those
        /// that are due now, in order.
        var apart: [DealtLine] = []
        /// In place: records in which something is dealt with.
        var agedRecords = 0
        /// In place: their lines, where they are to be remembered.
        var aged: [AgedLine] = []

        /// Notes what is dealt with in the line from `start` to the end of `bytes`.
        func note(_ start: Int, done: ReleasedBatch.Done) {
            apart.append(DealtLine(range: start..<bytes.count, done: done))
        }

        /// Counts `run`, records that go into this block.
        func note(_ run: Span<ReleasedBatch.Record>) {
            var oldest = oldestReadableDay
            var newest = newestDay
            for index in run.indices {
                let day = run[index].day
                if run[index].isReadable { oldest = min(oldest, day) }
                newest = max(newest, day)
            }
            records += run.count
            oldestReadableDay = oldest
            newestDay = newest
        }
    }

    private let routing: Routing
    private var blocks: [Block] = []
    private(set) var used = 0
    private var lastDay = Int32.min
    private var lastBlock: Block?
    private var header: SourceHeader?

    init(_ routing: Routing) { self.routing = routing }

    /// The blocks in use, in the order of their first record.
    var current: ArraySlice<Block> { blocks[..<used] }

    /// Begins a chunk whose records `header` speaks of.
    func begin(header: SourceHeader?) {
        used = 0
        self.header = header
        lastBlock = nil
    }

    /// The block for a record of `day`.
    @inline(__always)
    func block(forDay day: Int32) -> Block {
        if let lastBlock, lastDay == day || routing == .none { return lastBlock }
        let found = find(route(ofDay: day))
        lastDay = day
        lastBlock = found
        return found
    }

    /// The index behind the last of the records from `first` on that go where `first` goes.
    func endOfRun(_ records: Span<ReleasedBatch.Record>, from first: Int) -> Int {
        if routing == .none { return records.count }
        let day = records[first].day
        var behind = first + 1
        while behind < records.count, records[behind].day == day { behind += 1 }
        return behind
    }

    private func route(ofDay day: Int32) -> Int32 {
        switch routing {
        case .none: return 0
        case .day: return day
        case .month:
            if day == ReleasedBatch.noDay { return day }
            let date = CivilDate(daysSince1970: Int(day))
            return Int32(CalendarMonth(year: date.year, month: date.month).index)
        }
    }

    private func find(_ route: Int32) -> Block {
        for block in blocks[..<used] where block.route == route { return block }
        if used == blocks.count { blocks.append(Block()) }
        let block = blocks[used]
        used += 1
        block.route = route
        block.header = header
        block.bytes.removeAll()
        block.records = 0
        block.oldestReadableDay = .max
        block.newestDay = .min
        block.changed = 0
        block.removed = 0
        block.held = 0
        block.agedRecords = 0
        block.apart.removeAll(keepingCapacity: true)
        block.aged.removeAll(keepingCapacity: true)
        return block
    }
}
