import Records

/// The sessions of one row of a table.
struct SessionFigures {
    private(set) var count: Int64 = 0
    private(set) var single: Int64 = 0
    private var sum: Int128 = 0
    private(set) var durations = MagnitudeList()
    private(set) var evidence: Evidence
    /// Who stands behind all sessions, weighed by their durations, and behind the single ones.
    private var tally: ContributorTally
    private var singleTally: ContributorTally
    private let isSeparable: Bool

    /// `areGroupsApart` says that sessions of different groups are never counted together.
    init(_ layout: StatisticLayout, _ plan: SessionsPlan, areGroupsApart: Bool = true) {
        evidence = Evidence(layout)
        isSeparable = layout.isSeparable
        // Sessions come sorted by their token: by person when that is what makes them.
        let isSorted = areGroupsApart && plan.token == layout.personInput
        tally = ContributorTally(isSortedByPerson: isSorted)
        singleTally = ContributorTally(isSortedByPerson: isSorted)
    }

    /// True when somebody asks who had a part in its sessions and does not know enough yet.
    var asksWho: Bool { isSeparable || !evidence.isFull }

    /// Says that a person and a customer had a part in `session`.
    mutating func add(
        person: UInt32, customer: UInt32, of session: SessionInterval, key: UInt64
    ) {
        evidence.persons.insert(person)
        evidence.customers.insert(customer)
        if !isSeparable { return }
        let duration = Int128(session.last - session.first) * ExactDecimal.one
        tally.add(person: person, customer: customer, amount: duration, key: key)
        if session.events == 1 {
            singleTally.add(person: person, customer: customer, amount: 0, key: key)
        }
    }

    /// Who stands behind all sessions.
    mutating func rowBacking() -> RowBacking {
        let backing = tally.backing(total: nil)
        return RowBacking(persons: backing.persons, customers: backing.customers)
    }

    /// Who stands behind the column of `figure`.
    mutating func backing(_ figure: SessionsColumn.Figure) -> CellBacking {
        switch figure {
        case .count: tally.backing(total: Int128(count) * ExactDecimal.one)
        case .single: singleTally.backing(total: Int128(single) * ExactDecimal.one)
        case .mean: tally.backing(total: sum * ExactDecimal.one)
        case .median, .p50, .p95: tally.backing(total: nil)
        }
    }

    /// Adds one session; `spill` takes what its row holds too much.
    mutating func add(
        _ session: SessionInterval, puttingAside spill: NumberSpill?
    ) throws(PartialFault) {
        count += 1
        if session.events == 1 { single += 1 }
        let duration = session.last - session.first
        sum += Int128(duration)
        try durations.append(duration, puttingAside: spill)
    }

    /// Adds the sessions of `other`, none of which is one of these. Who stands behind separable
    /// figures is not taken over.
    mutating func merge(_ other: SessionFigures) {
        precondition(!isSeparable)
        count += other.count
        single += other.single
        sum += other.sum
        durations.append(other.durations)
        evidence.merge(other.evidence)
    }

    /// The value of one column; nil when there was no session to compute it from.
    func value(
        _ figure: SessionsColumn.Figure, _ unit: SessionsUnit
    ) throws(PartialFault) -> Int64? {
        switch figure {
        case .count: return count
        case .single: return single
        case .mean:
            if count == 0 { return nil }
            return Int64(truncatingIfNeeded: sum / (Int128(count) * Int128(unit.milliseconds)))
        case .median, .p50: return try percentile(.median, unit)
        case .p95: return try percentile(.p95, unit)
        }
    }

    private func percentile(
        _ percentile: Percentile, _ unit: SessionsUnit
    ) throws(PartialFault) -> Int64? {
        if count == 0 { return nil }
        let rank = percentile.rank(of: durations.count)
        return try durations.number(atRank: rank) / unit.milliseconds
    }
}

/// Collects the intervals of one sessions measure, joins them per token and spreads the sessions
/// over the rows of the table.
struct SessionReduction {
    private let layout: StatisticLayout
    private let plan: SessionsPlan
    private var head: [UInt32] = []
    private var pieces: [(interval: SessionInterval, person: UInt32, customer: UInt32)] = []
    private var rows: [[UInt32]: Int] = [:]
    private(set) var figures: [SessionFigures] = []
    private let numbers: RowNumbers
    private var months = MonthWords()
    private var scratch: [UInt32]
    /// The row found last and its key: most sessions fall into that of the one before.
    private var lastRow: Int?
    private var lastKey: [UInt32]
    /// A session belongs to the values of its events; those of small values are added up.
    private let rolling: KeyRolling?
    /// Takes durations that are too many for memory.
    private let spill: NumberSpill?

    /// Without `storage` all durations stay in memory.
    init(
        _ layout: StatisticLayout, _ plan: SessionsPlan, _ rolling: KeyRolling? = nil,
        storage: (any SpillStorage)? = nil
    ) {
        spill = storage.map { NumberSpill($0) }
        self.layout = layout
        self.plan = plan
        self.rolling = rolling
        scratch = [UInt32](repeating: 0, count: layout.groupWords.count)
        lastKey = scratch
        numbers = RowNumbers(width: scratch.count)
    }

    /// The keys of the rows and the index of their figures.
    var keys: [[UInt32]: Int] { rows }

    /// Adds the next interval; they come sorted by key.
    mutating func add(
        _ key: [UInt32], _ interval: SessionInterval, keys: [UInt64] = []
    ) throws(PartialFault) {
        let width = layout.sessionHead.count
        var isSameHead = head.count == width
        if isSameHead {
            for index in 0..<width where head[index] != key[index] { isSameHead = false }
        }
        if !isSameHead {
            try finish(keys: keys)
            if head.count != width { head = [UInt32](repeating: 0, count: width) }
            for index in 0..<width { head[index] = key[index] }
        }
        let hasTail = key.count > width
        pieces.append((interval, hasTail ? key[width] : 0, hasTail ? key[width + 1] : 0))
    }

    /// Joins what was collected for the current head.
    mutating func finish(keys: [UInt64] = []) throws(PartialFault) {
        if pieces.isEmpty { return }
        if pieces.count > 1 { pieces.sort { $0.interval.first < $1.interval.first } }
        var start = 0
        while start < pieces.count {
            var session = pieces[start].interval
            var end = start + 1
            while end < pieces.count,
                session.touches(pieces[end].interval, gap: plan.gapMilliseconds)
            {
                session.join(pieces[end].interval)
                end += 1
            }
            let row = self.row(of: session)
            try figures[row].add(session, puttingAside: spill)
            if figures[row].asksWho { addWho(start..<end, to: row, of: session, keys) }
            start = end
        }
        pieces.removeAll(keepingCapacity: true)
    }

    /// Says who had a part in a session made of `range` of the pieces.
    private mutating func addWho(
        _ range: Range<Int>, to row: Int, of session: SessionInterval, _ keys: [UInt64]
    ) {
        var last: (UInt32, UInt32)?
        for index in range {
            let person = pieces[index].person
            let customer = pieces[index].customer
            // A session may have many pieces of one person: it counts for him once.
            if let last, last == (person, customer) { continue }
            last = (person, customer)
            figures[row].add(
                person: person, customer: customer, of: session,
                key: keys.isEmpty ? 0 : keys[Int(person)])
        }
    }

    /// Takes over the sessions of `other`, the intervals of which had other heads.
    mutating func merge(_ other: SessionReduction) {
        for (key, index) in other.rows {
            for word in key.indices { scratch[word] = key[word] }
            let row = rowOfScratch()
            figures[row].merge(other.figures[index])
        }
    }

    private mutating func row(of session: SessionInterval) -> Int {
        layout.setRowKey(of: session, head: head, &months, in: &scratch)
        _ = rolling?.roll(&scratch, layout)
        return rowOfScratch()
    }

    private mutating func rowOfScratch() -> Int {
        if let lastRow, isLastKey { return lastRow }
        let row = numbers.row(scratch)
        for word in scratch.indices { lastKey[word] = scratch[word] }
        lastRow = row
        if row == figures.count {
            rows[scratch.map { $0 }] = row
            figures.append(SessionFigures(layout, plan, areGroupsApart: rolling == nil))
        }
        return row
    }

    private var isLastKey: Bool {
        for word in scratch.indices where scratch[word] != lastKey[word] { return false }
        return true
    }
}

/// The numbers of rows by their keys, from 0 as they come: there may be many more sessions than
/// rows.
private final class RowNumbers {
    private var table: KeyTable
    private var key: FlatArray<UInt32>

    /// For keys of `width` words.
    init(width: Int) {
        table = KeyTable(width: width, seed: ByteHash.seed)
        key = FlatArray(capacity: width)
    }

    /// The number of the row with the key `words`.
    func row(_ words: [UInt32]) -> Int {
        key.truncate(to: 0)
        for word in words { key.append(word) }
        return table.row(key)
    }
}
