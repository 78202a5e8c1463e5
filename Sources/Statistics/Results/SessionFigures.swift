/// The sessions of one row of a table.
struct SessionFigures {
    private(set) var count: Int64 = 0
    private(set) var single: Int64 = 0
    private var sum: Int128 = 0
    private(set) var durations: [Int64] = []
    private var isSorted = true
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

    /// Adds one session.
    mutating func add(_ session: SessionInterval) {
        count += 1
        if session.events == 1 { single += 1 }
        let duration = session.last - session.first
        sum += Int128(duration)
        durations.append(duration)
        isSorted = false
    }

    /// The value of one column; nil when there was no session to compute it from.
    mutating func value(_ figure: SessionsColumn.Figure, _ unit: SessionsUnit) -> Int64? {
        switch figure {
        case .count: return count
        case .single: return single
        case .mean:
            if count == 0 { return nil }
            return Int64(truncatingIfNeeded: sum / (Int128(count) * Int128(unit.milliseconds)))
        case .median, .p50: return percentile(.median, unit)
        case .p95: return percentile(.p95, unit)
        }
    }

    private mutating func percentile(_ percentile: Percentile, _ unit: SessionsUnit) -> Int64? {
        if count == 0 { return nil }
        if !isSorted {
            sortMagnitudes(&durations)
            isSorted = true
        }
        return durations[percentile.rank(of: durations.count) - 1] / unit.milliseconds
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
    private var lastKey: [UInt32] = []
    private var lastRow = 0
    private var scratch: [UInt32]
    /// A session belongs to the values of its events; those of small values are added up.
    private let rolling: KeyRolling?

    init(_ layout: StatisticLayout, _ plan: SessionsPlan, _ rolling: KeyRolling? = nil) {
        self.layout = layout
        self.plan = plan
        self.rolling = rolling
        scratch = [UInt32](repeating: 0, count: layout.groupWords.count)
    }

    /// The keys of the rows and the index of their figures.
    var keys: [[UInt32]: Int] { rows }

    /// Adds the next interval; they come sorted by key.
    mutating func add(
        _ key: [UInt32], _ interval: SessionInterval, keys: [UInt64] = []
    ) {
        let width = layout.sessionHead.count
        var isSameHead = head.count == width
        if isSameHead {
            for index in 0..<width where head[index] != key[index] { isSameHead = false }
        }
        if !isSameHead {
            finish(keys: keys)
            if head.count != width { head = [UInt32](repeating: 0, count: width) }
            for index in 0..<width { head[index] = key[index] }
        }
        let hasTail = key.count > width
        pieces.append((interval, hasTail ? key[width] : 0, hasTail ? key[width + 1] : 0))
    }

    /// Joins what was collected for the current head.
    mutating func finish(keys: [UInt64] = []) {
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
            figures[row].add(session)
            var last: (UInt32, UInt32)?
            for piece in pieces[start..<end] {
                // A session may have many pieces of one person: it counts for him once.
                if let last, last == (piece.person, piece.customer) { continue }
                last = (piece.person, piece.customer)
                figures[row].add(
                    person: piece.person, customer: piece.customer, of: session,
                    key: keys.isEmpty ? 0 : keys[Int(piece.person)])
            }
            start = end
        }
        pieces.removeAll(keepingCapacity: true)
    }

    private mutating func row(of session: SessionInterval) -> Int {
        layout.setRowKey(of: session, head: head, in: &scratch)
        _ = rolling?.roll(&scratch, layout)
        if scratch == lastKey, !figures.isEmpty { return lastRow }
        lastKey = scratch.map { $0 }
        if let known = rows[lastKey] {
            lastRow = known
            return known
        }
        lastRow = figures.count
        rows[lastKey] = lastRow
        figures.append(SessionFigures(layout, plan, areGroupsApart: rolling == nil))
        return lastRow
    }
}
