internal import Records

/// A run of events of one key without a pause longer than the gap.
struct SessionInterval: BitwiseCopyable {
    /// Times of the first and the last event, milliseconds since 1970.
    var first: Int64
    var last: Int64
    /// The number of events; stays at its maximum once it is there.
    var events: UInt32
    /// The first event's hour in the pipeline's zone: days since 1970 times 24 plus the hour.
    var localHour: Int32

    /// Joins with an interval that lies within the gap.
    mutating func join(_ other: SessionInterval) {
        if other.first < first {
            first = other.first
            localHour = other.localHour
        }
        last = max(last, other.last)
        let (sum, isOver) = events.addingReportingOverflow(other.events)
        events = isOver ? .max : sum
    }

    /// True when both belong to one session.
    func touches(_ other: SessionInterval, gap: Int64) -> Bool {
        other.first <= last &+ gap && first <= other.last &+ gap
    }
}

/// The events of one sessions measure, kept as intervals.
///
/// Each key has one open interval, into which nearly every event falls, since logs are nearly
/// in the order of time. What does not fit goes to a list that is sorted and joined at the end, and
/// before when much of it came out of time. Joining is associative, so any order of events ends in
/// the same intervals.
struct SessionStore: ~Copyable {
    /// An interval and the row of its key.
    struct Closed: BitwiseCopyable {
        var key: UInt32
        var interval: SessionInterval
    }

    /// One event of a session.
    struct Event: BitwiseCopyable {
        /// Milliseconds since 1970.
        var time: Int64
        /// As in `SessionInterval`.
        var localHour: Int32

        var interval: SessionInterval {
            SessionInterval(first: time, last: time, events: 1, localHour: localHour)
        }
    }

    var keys: KeyTable
    let gap: Int64
    /// The row each token was in last.
    private var lastRows = FlatArray<UInt32>(capacity: 64)
    /// The rows of the events at hand.
    private var rows = FlatArray<UInt32>(capacity: 64)
    private var open = FlatArray<SessionInterval>(capacity: 64)
    private var closed = FlatArray<Closed>(capacity: 64)
    /// The places of the closed intervals in their order; empty before `sort`.
    private var order = FlatArray<UInt32>()
    /// For each row where its closed intervals begin in `order`, and their number at the end; empty
    /// before `sort`.
    private var starts = FlatArray<UInt32>()
    /// How many intervals came out of time since the closed ones were last sorted, and how many
    /// make it worth doing again.
    private var lateCount = 0
    private var compactAt = Self.compactLeast

    /// The fewest late intervals worth sorting.
    private static let compactLeast = 1 << 15

    init(width: Int, gap: Int64, seed: UInt64) {
        keys = KeyTable(width: width, seed: seed)
        self.gap = gap
    }

    /// The memory held, in bytes.
    var residentBytes: Int {
        keys.residentBytes + open.residentBytes + closed.residentBytes
            + lastRows.residentBytes
    }

    /// Adds an event under each of `events.count` keys, which lie one after the other in `keys`;
    /// word `token` of a key is the number of the token.
    mutating func add(
        _ keys: borrowing FlatArray<UInt32>,
        token: Int,
        _ events: borrowing FlatArray<Event>
    ) {
        self.keys.rows(
            of: keys,
            count: events.count,
            rememberedBy: token,
            in: &lastRows,
            into: &rows
        )
        for number in 0..<events.count { add(events[number], row: Int(rows[number])) }
    }

    @inline(__always)
    private mutating func add(_ event: Event, row: Int) {
        if row == open.count { return open.append(event.interval) }
        let current = open[row]
        let time = event.time
        if time >= current.first, time <= current.last &+ gap, current.events < .max {
            open.change(row) { interval in
                interval.last = max(interval.last, time)
                interval.events &+= 1
            }
        } else {
            addApart(event.interval, current, row)
        }
    }

    /// Adds an interval to a row that has one.
    @inline(never)
    private mutating func addApart(
        _ added: SessionInterval,
        _ current: SessionInterval,
        _ row: Int
    ) {
        if current.touches(added, gap: gap) {
            open.change(row) { $0.join(added) }
        } else if added.first > current.last {
            close(row, current)
            open[row] = added
        } else {
            closeLate(row, added)
        }
    }

    /// Takes over the intervals of `other`, whose rows have the numbers `rows` here.
    mutating func merge(_ other: borrowing SessionStore, rows: borrowing FlatArray<UInt32>) {
        for row in 0..<other.open.count { add(other.open[row], row: Int(rows[row])) }
        for index in 0..<other.closed.count {
            let entry = other.closed[index]
            closeLate(Int(rows[Int(entry.key)]), entry.interval)
        }
    }

    private mutating func add(_ interval: SessionInterval, row: Int) {
        if row == open.count { return open.append(interval) }
        addApart(interval, open[row], row)
    }

    private mutating func close(_ row: Int, _ interval: SessionInterval) {
        closed.append(Closed(key: UInt32(truncatingIfNeeded: row), interval: interval))
    }

    /// Closes an interval that came out of time: it may belong to another closed one.
    private mutating func closeLate(_ row: Int, _ interval: SessionInterval) {
        close(row, interval)
        lateCount += 1
        if lateCount >= compactAt {
            compact()
            lateCount = 0
            compactAt = max(Self.compactLeast, closed.count)
        }
    }

    // MARK: Order

    /// Puts the closed intervals in the order of their rows and times and joins those that touch:
    /// `order` then has the places of what is left.
    ///
    /// First by row, by counting, which leaves those of a row as they came: nearly in the order of
    /// time. So a row is seldom sorted, and a long run costs no more for each interval than a short
    /// one.
    private mutating func sortAndJoin() {
        var ends = FlatArray<UInt32>(capacity: keys.count + 1)
        ends.resize(to: keys.count + 1, filling: 0)
        for index in 0..<closed.count { ends[Int(closed[index].key) + 1] += 1 }
        for row in 0..<keys.count { ends[row + 1] += ends[row] }
        order.resize(to: closed.count, filling: 0)
        for index in 0..<closed.count {
            let row = Int(closed[index].key)
            order[Int(ends[row])] = UInt32(truncatingIfNeeded: index)
            ends[row] += 1
        }
        var start = 0
        for row in 0..<keys.count {
            Self.sortByTime(&order, start..<Int(ends[row]), closed)
            start = Int(ends[row])
        }
        join()
    }

    private static func sortByTime(
        _ order: inout FlatArray<UInt32>,
        _ range: Range<Int>,
        _ closed: borrowing FlatArray<Closed>
    ) {
        func first(_ place: UInt32) -> Int64 { closed[Int(place)].interval.first }
        var isSorted = true
        for index in range.dropFirst()
        where first(order[index]) < first(order[index - 1]) { isSorted = false }
        if isSorted { return }
        unsafe order.withBuffer { buffer in
            unsafe buffer[range].sort { first($0) < first($1) }
        }
    }

    private mutating func join() {
        var kept = 0
        for index in 0..<order.count {
            let next = closed[Int(order[index])]
            if kept > 0 {
                let last = Int(order[kept - 1])
                if closed[last].key == next.key,
                    closed[last].interval.touches(next.interval, gap: gap)
                {
                    closed.change(last) { $0.interval.join(next.interval) }
                    continue
                }
            }
            order[kept] = order[index]
            kept += 1
        }
        order.truncate(to: kept)
    }

    /// Keeps of the closed intervals only what is left when those that touch are joined.
    private mutating func compact() {
        sortAndJoin()
        var joined = FlatArray<Closed>(capacity: order.count)
        for index in 0..<order.count { joined.append(closed[Int(order[index])]) }
        swap(&closed, &joined)
        order.removeAll()
    }

    /// Puts the closed intervals in order, for reading by `next`; to be called once before.
    mutating func sort() {
        sortAndJoin()
        starts.resize(to: keys.count + 1, filling: 0)
        for index in 0..<order.count { starts[Int(closed[Int(order[index])].key) + 1] += 1 }
        for row in 0..<keys.count { starts[row + 1] += starts[row] }
    }

    /// The intervals of a row that were not read yet.
    struct Intervals {
        /// The places in the order of the closed ones.
        fileprivate var closed: Range<Int>
        fileprivate var open: SessionInterval?
    }

    /// The intervals of `row`; valid after `sort`.
    func intervals(of row: Int) -> Intervals {
        Intervals(closed: Int(starts[row])..<Int(starts[row + 1]), open: open[row])
    }

    /// The next of `intervals` in the order of time; nil behind the last one. The open one may have
    /// grown towards closed ones: they are joined here.
    func next(_ intervals: inout Intervals) -> SessionInterval? {
        guard var next = earliest(&intervals) else { return nil }
        while true {
            var rest = intervals
            guard let other = earliest(&rest), next.touches(other, gap: gap) else { return next }
            next.join(other)
            intervals = rest
        }
    }

    private func earliest(_ intervals: inout Intervals) -> SessionInterval? {
        guard let place = intervals.closed.first else {
            defer { intervals.open = nil }
            return intervals.open
        }
        let closed = self.closed[Int(order[place])].interval
        if let open = intervals.open, open.first <= closed.first {
            intervals.open = nil
            return open
        }
        intervals.closed = place + 1..<intervals.closed.upperBound
        return closed
    }

    /// Forgets everything.
    mutating func removeAll() {
        keys.removeAll()
        open.removeAll()
        closed.removeAll()
        lastRows.removeAll()
        order.removeAll()
        starts.removeAll()
        lateCount = 0
        compactAt = Self.compactLeast
    }
}
