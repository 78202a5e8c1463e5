import KeyedHashing

/// Turns a partial, reduced or separable, into tables.
struct Reduction: PartialSink {
    private let plan: StatisticsPlan
    private let layouts: [StatisticLayout]
    /// The texts by their numbers.
    private(set) var texts: [[UInt8]] = [[]]
    private let recordKeys: RecordKeys?
    /// By number of the token; nobody has 0.
    private var keys: [UInt64] = []
    private var statistic = 0
    private var list = 0
    private var group: GroupFigures?
    /// The key of the group, and how many words it has.
    private var groupKey: [UInt32] = []
    private var width = 0
    private let rollUp: RollUp
    private var rolling: KeyRolling?
    /// The groups that values are counted together in: their rows do not come one after the other.
    private var rolled: [[UInt32]: GroupFigures] = [:]
    /// That of the row at hand; nil when it has a group of its own.
    private var rolledKey: [UInt32]?
    private var finished: [FinishedRow] = []
    private var sessions: [SessionReduction] = []
    private var sessionsAt = 0
    private var results: [MeasuredTable] = []
    private let storage: (any SpillStorage)?

    /// A row whose rows in the partial have all been seen.
    private struct FinishedRow {
        let key: [UInt32]
        let cells: [MeasuredCell]
        let persons: Int
        let customers: Int
        let backing: RowBacking?
    }

    /// `storage` takes what exact figures of sessions need; without it that stays in memory.
    init(
        _ plan: StatisticsPlan, recordKeys: RecordKeys? = nil, rollUp: RollUp = RollUp(),
        storage: (any SpillStorage)? = nil
    ) {
        self.plan = plan
        self.storage = storage
        self.rollUp = rollUp
        self.recordKeys = recordKeys
        if recordKeys != nil { keys = [0] }
        layouts = plan.statistics.map { StatisticLayout($0, in: plan) }
    }

    /// This reduction, which is empty, for one statistic alone, whose content comes without a
    /// dictionary: `texts` are all texts by their numbers. The first intervals that come are those
    /// of its sessions measure `measure`.
    func of(statistic: Int, _ texts: [[UInt8]], measure: Int = 0) -> Reduction {
        var one = self
        one.texts = texts
        one.statistic = statistic
        one.begin()
        one.sessionsAt = measure
        return one
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { texts.append(text) }

    mutating func token(_ token: Token) throws(PartialFault) {
        guard let recordKeys else { return }
        keys.append(recordKeys.key(of: token))
    }

    mutating func endDictionary() throws(PartialFault) {
        rolling = KeyRolling(rollUp, &texts)
        begin()
    }

    private mutating func begin() {
        if statistic == layouts.count { return }
        let layout = layouts[statistic]
        width = layout.groupWords.count
        sessions = layout.sessions.map {
            SessionReduction(layout, $0.plan, rolling, storage: storage)
        }
        sessionsAt = 0
        finished = []
    }

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        list = 0
        rolledKey = nil
        if rolling != nil, addRolled(row) { return }
        if !isInGroup(row.key) {
            endGroup()
            groupKey = Array(row.key.prefix(width))
            group = GroupFigures(groupKey, layouts[statistic])
        }
        group?.add(row, keys: keys)
    }

    /// True when the group at hand has this key.
    private func isInGroup(_ key: [UInt32]) -> Bool {
        guard group != nil else { return false }
        for index in 0..<width where groupKey[index] != key[index] { return false }
        return true
    }

    /// Adds a row whose values are counted together with others; false when they are not.
    private mutating func addRolled(_ row: PartialRow) -> Bool {
        let layout = layouts[statistic]
        var key = Array(row.key.prefix(width))
        guard let rolling, rolling.roll(&key, layout) else { return false }
        rolledKey = key
        rolled[key, default: GroupFigures(key, layout, isSortedByPerson: false)]
            .add(row, keys: keys)
        return true
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        if let rolledKey {
            rolled[rolledKey]?.add(token: number, list: list)
        } else {
            group?.add(token: number, list: list)
        }
    }

    /// Adds `count` tokens to the list at hand, each of which comes once in its row; for rows that
    /// are not separable and of which none is rolled up.
    mutating func listedTokens(_ count: Int) { group?.add(tokens: count, list: list) }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {
        if let rolledKey {
            rolled[rolledKey]?.add(billionths, times: times, list: list)
        } else {
            group?.add(billionths, times: times, list: list)
        }
    }

    mutating func endList() throws(PartialFault) { list += 1 }

    private mutating func endGroup() {
        guard let ended = group else { return }
        group = nil
        finish(ended)
    }

    private mutating func finish(_ group: consuming GroupFigures) {
        var ended = group
        let measures = plan.statistics[statistic].measures
        var cells: [MeasuredCell] = []
        for (index, step) in layouts[statistic].steps.enumerated() {
            cells.append(ended.cell(index, measures[step.measure].kind))
        }
        let (backing, persons, customers) = ended.whole()
        finished.append(
            FinishedRow(
                key: ended.key, cells: cells, persons: persons, customers: customers,
                backing: backing))
    }

    mutating func endRows() throws(PartialFault) {
        endGroup()
        for group in rolled.values { finish(group) }
        rolled = [:]
        if sessions.isEmpty { try endStatistic() }
    }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        try sessions[sessionsAt].add(key, interval, keys: keys)
    }

    mutating func endIntervals() throws(PartialFault) { try endIntervals(with: endRange()) }

    /// The sessions of the intervals that came; they may be a range of those of the measure.
    mutating func endRange() throws(PartialFault) -> SessionReduction {
        try sessions[sessionsAt].finish(keys: keys)
        return sessions[sessionsAt]
    }

    /// Ends the measure at hand, whose sessions are `reduced`.
    mutating func endIntervals(with reduced: SessionReduction) throws(PartialFault) {
        sessions[sessionsAt] = reduced
        sessionsAt += 1
        if sessionsAt == sessions.count { try endStatistic() }
    }

    private mutating func endStatistic() throws(PartialFault) {
        let layout = layouts[statistic]
        addRowsOfSessions()
        var rows: [MeasuredRow] = []
        rows.reserveCapacity(finished.count)
        // Each goes as soon as it is measured: a table may have millions of rows.
        while let row = finished.popLast() { rows.append(try measured(row, layout)) }
        rows.sort { Self.stands($0, before: $1) }
        results.append(
            MeasuredTable(
                name: plan.statistics[statistic].name,
                groupColumns: plan.statistics[statistic].groupColumns,
                columns: plan.statistics[statistic].columns, rows: rows,
                suppression: plan.statistics[statistic].suppression))
        statistic += 1
        begin()
    }

    private static func stands(_ row: MeasuredRow, before other: MeasuredRow) -> Bool {
        for column in row.key.indices {
            let order = compare(row.key[column], other.key[column])
            if order != 0 { return order < 0 }
        }
        return false
    }

    /// Below, equal to or above zero as `one` stands before, with or behind `other`.
    private static func compare(_ one: [UInt8], _ other: [UInt8]) -> Int {
        for index in 0..<min(one.count, other.count) where one[index] != other[index] {
            return Int(one[index]) - Int(other[index])
        }
        return one.count - other.count
    }

    /// Adds a row for each group that has sessions and nothing else.
    private mutating func addRowsOfSessions() {
        if sessions.isEmpty { return }
        var known = Set(finished.map(\.key))
        for reduction in sessions {
            for key in reduction.keys.keys where known.insert(key).inserted {
                finished.append(
                    FinishedRow(key: key, cells: [], persons: 0, customers: 0, backing: nil))
            }
        }
    }

    /// The row with the figures of its sessions, its cells in the order of the columns.
    private mutating func measured(
        _ row: FinishedRow, _ layout: StatisticLayout
    ) throws(PartialFault) -> MeasuredRow {
        let key = layout.keyTexts(row.key, texts)
        if sessions.isEmpty {
            return MeasuredRow(
                key: key, cells: row.cells, persons: row.persons, customers: row.customers,
                backing: row.backing)
        }
        var cells: [MeasuredCell] = []
        var persons = row.persons
        var customers = row.customers
        var backing = row.backing
        var step = 0
        var session = 0
        for measure in plan.statistics[statistic].measures {
            guard case .sessions(let sessionsPlan) = measure.kind else {
                cells.append(row.cells[step])
                step += 1
                continue
            }
            var figures = SessionFigures(layout, sessionsPlan)
            if let at = sessions[session].keys[row.key] { figures = sessions[session].figures[at] }
            session += 1
            let evidence = figures.evidence
            persons = max(persons, evidence.persons.count)
            customers = max(customers, evidence.customers.count)
            if layout.isSeparable {
                let ofSessions = figures.rowBacking()
                // Who made sessions made records: the larger of both is the row.
                backing = RowBacking(
                    persons: max(backing?.persons ?? 0, ofSessions.persons),
                    customers: max(backing?.customers ?? 0, ofSessions.customers))
            }
            for column in sessionsPlan.columns {
                let value = try figures.value(column.figure, sessionsPlan.unit)
                cells.append(
                    MeasuredCell(
                        value: value.map { .integer($0) }, basis: figures.count,
                        persons: evidence.persons.count, customers: evidence.customers.count,
                        unreadable: 0,
                        backing: layout.isSeparable ? figures.backing(column.figure) : nil))
            }
        }
        return MeasuredRow(
            key: key, cells: cells, persons: persons, customers: customers, backing: backing)
    }

    /// The tables, in the order of the plan.
    consuming func tables() -> [MeasuredTable] { results }
}
