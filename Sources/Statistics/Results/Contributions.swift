package import KeyedHashing

/// What one person adds to one figure of a row.
package enum Contribution: Sendable, Equatable {
    /// Nothing, or the figure can't be taken apart by person.
    case none
    /// Records, sessions, or the person himself.
    case whole(Int64)
    /// A sum, in billionths.
    case billionths(Int128)
    /// The distinct tokens that a distinct count counts.
    case tokens([Token])
}

/// Takes what each person adds to each row of a table, a pair of row and person at a time.
///
/// The figures on records come first, then those on sessions, so a pair can come more than once; a
/// figure of a pair comes once.
package protocol ContributionSink {
    /// The next row of the table; rows are numbered from 0 as they come, in no order.
    mutating func row(_ key: [[UInt8]])

    /// What `person` adds to row `row`, by column. `Token.none` is everybody whose records name
    /// nobody.
    mutating func contributions(row: Int, person: Token, _ columns: [Contribution])
}

extension Partials {
    /// Sends what each person adds to the table of statistic `index` to `sink`. Needs separable
    /// partials (`Granularity.separable`): of others nothing comes.
    package func contributions<Sink: ContributionSink>(
        toStatistic index: Int, into sink: inout Sink
    ) throws(PartialFault) {
        var walk = ContributionWalk(plan, layouts, statistic: index, sink)
        try merge(into: &walk)
        sink = walk.sink
    }
}

/// Takes the rows of one statistic apart by person.
private struct ContributionWalk<Sink: ContributionSink>: PartialSink {
    var sink: Sink
    private let plan: StatisticsPlan
    private let layouts: [StatisticLayout]
    private let wanted: Int
    private var texts: [[UInt8]] = [[]]
    private var tokens: [Token] = [.none]
    private var statistic = 0
    private var list = 0

    private var rows: [[UInt32]: Int] = [:]
    /// The person and row at hand, and the row's number.
    private var person: PersonInRow
    private var rowNumber = 0
    /// Room for what is sent, by column.
    private var columns: [Contribution]
    private var sessionsAt = 0
    private var sessions: SessionsOfPerson?
    private var months = MonthWords()
    /// The first column of each measure.
    private let columnStarts: [Int]

    init(_ plan: StatisticsPlan, _ layouts: [StatisticLayout], statistic: Int, _ sink: Sink) {
        self.plan = plan
        self.layouts = layouts
        self.sink = sink
        wanted = statistic
        var starts: [Int] = []
        var count = 0
        for measure in plan.statistics[statistic].measures {
            starts.append(count)
            if case .sessions(let sessions) = measure.kind {
                count += sessions.columns.count
            } else {
                count += 1
            }
        }
        columnStarts = starts
        columns = [Contribution](repeating: .none, count: count)
        person = PersonInRow(steps: layouts[statistic].steps.count)
    }

    private var isWanted: Bool { statistic == wanted && layouts[wanted].isSeparable }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { texts.append(text) }

    mutating func token(_ token: Token) throws(PartialFault) { tokens.append(token) }

    mutating func endDictionary() throws(PartialFault) {}

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        list = 0
        guard isWanted else { return }
        let layout = layouts[wanted]
        let width = layout.groupWords.count
        if !person.isOf(row.key, width: width) {
            endPerson()
            if !person.isSameRow(row.key, width: width) {
                rowNumber = number(ofRow: Array(row.key.prefix(width)))
            }
            person.begin(row.key, width: width)
        }
        person.add(row, layout, customer: tokens[Int(row.key[width + 1])])
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        guard isWanted else { return }
        let step = layouts[wanted].steps.firstIndex { $0.list == list }
        if let step { person.listed[step].insert(tokens[Int(number)]) }
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {}

    mutating func endList() throws(PartialFault) { list += 1 }

    private mutating func endPerson() {
        guard person.isLive else { return }
        person.isLive = false
        let measures = plan.statistics[wanted].measures
        for (index, step) in layouts[wanted].steps.enumerated() {
            columns[columnStarts[step.measure]] = person.contribution(
                index, step, of: measures[step.measure].kind)
        }
        sink.contributions(row: rowNumber, person: tokens[Int(person.number)], columns)
    }

    /// The number of a row of the table, which is told to the sink when it is new.
    private mutating func number(ofRow key: [UInt32]) -> Int {
        if let known = rows[key] { return known }
        rows[key] = rows.count
        sink.row(layouts[wanted].keyTexts(key, texts))
        return rows.count - 1
    }

    mutating func endRows() throws(PartialFault) {
        if isWanted {
            endPerson()
            for index in columns.indices { columns[index] = .none }
        }
        sessionsAt = 0
        if layouts[statistic].sessions.isEmpty { statistic += 1 }
    }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        guard isWanted else { return }
        let layout = layouts[wanted]
        let head = Array(key.prefix(layout.sessionHead.count))
        if sessions?.head != head {
            endSessions()
            sessions = SessionsOfPerson(head: head)
        }
        sessions?.intervals.append(interval)
    }

    /// Sends the sessions of one person. Only sessions of the person's own token are his alone.
    private mutating func endSessions() {
        guard let ended = sessions, let number = ended.head.last else { return }
        sessions = nil
        let layout = layouts[wanted]
        let (measure, sessionsPlan) = layout.sessions[sessionsAt]
        guard sessionsPlan.token == layout.personInput else { return }
        let rows = ended.figures(layout, gap: sessionsPlan.gapMilliseconds, &months)
        for (key, figures) in rows {
            for (place, column) in sessionsPlan.columns.enumerated() {
                switch column.figure {
                case .count: columns[columnStarts[measure] + place] = .whole(figures.count)
                case .single: columns[columnStarts[measure] + place] = .whole(figures.single)
                case .mean, .median, .p50, .p95: break
                }
            }
            let row = self.number(ofRow: key)
            sink.contributions(row: row, person: tokens[Int(number)], columns)
        }
    }

    mutating func endIntervals() throws(PartialFault) {
        if isWanted {
            endSessions()
            for index in columns.indices { columns[index] = .none }
        }
        sessionsAt += 1
        if sessionsAt == layouts[statistic].sessions.count { statistic += 1 }
    }
}

/// The counters of one person in one row, over days and customers; filled anew for each.
private struct PersonInRow {
    /// The words of the row's key and one more, so that the key without words is not like none.
    private var key: [UInt32] = []
    private(set) var number: UInt32 = 0
    var isLive = false
    private var sums: [Int128]
    private var hits: [Bool]
    var listed: [Set<Token>]

    init(steps: Int) {
        sums = [Int128](repeating: 0, count: steps)
        hits = [Bool](repeating: false, count: steps)
        listed = [Set<Token>](repeating: [], count: steps)
    }

    /// True when a row of the partial belongs to the same person and the same row of the table.
    func isOf(_ row: [UInt32], width: Int) -> Bool {
        isLive && row[width] == number && isSameRow(row, width: width)
    }

    /// True when a row of the partial belongs to the same row of the table, as the one before did.
    func isSameRow(_ row: [UInt32], width: Int) -> Bool {
        if key.count != width + 1 { return false }
        for index in 0..<width where key[index] != row[index] { return false }
        return true
    }

    /// Begins with the person and the row of the table of a row of the partial.
    mutating func begin(_ row: [UInt32], width: Int) {
        if key.count != width + 1 { key = [UInt32](repeating: 0, count: width + 1) }
        for index in 0..<width { key[index] = row[index] }
        number = row[width]
        isLive = true
        for index in sums.indices {
            sums[index] = 0
            hits[index] = false
            if !listed[index].isEmpty { listed[index].removeAll() }
        }
    }

    mutating func add(_ row: PartialRow, _ layout: StatisticLayout, customer: Token) {
        for (index, step) in layout.steps.enumerated() where row.cells[step.evidenceCell] > 0 {
            hits[index] = true
            switch step.kind {
            case .count: sums[index] &+= Int128(row.cells[step.cell])
            case .sum:
                sums[index] &+= wideInteger(
                    low: row.cells[step.cell], high: row.cells[step.cell + 1])
            case .distinct where step.impliedBy == 1 && customer != .none:
                listed[index].insert(customer)
            case .distinct, .percentile: break
            }
        }
    }

    func contribution(
        _ index: Int, _ step: StatisticLayout.Step, of kind: MeasureKind
    ) -> Contribution {
        guard hits[index] else { return .none }
        switch kind {
        case .count: return .whole(Int64(clamping: sums[index]))
        case .sum: return .billionths(sums[index])
        case .distinct: return step.impliedBy == 0 ? .whole(1) : .tokens(Array(listed[index]))
        case .mean, .percentile, .sessions: return .none
        }
    }
}

/// The intervals of one person in one part of the table, to be joined to sessions.
private struct SessionsOfPerson {
    let head: [UInt32]
    var intervals: [SessionInterval] = []

    init(head: [UInt32]) { self.head = head }

    func figures(
        _ layout: StatisticLayout, gap: Int64, _ months: inout MonthWords
    ) -> [[UInt32]: (count: Int64, single: Int64)] {
        var figures: [[UInt32]: (count: Int64, single: Int64)] = [:]
        var key = [UInt32](repeating: 0, count: layout.groupWords.count)
        let sorted = intervals.sorted { $0.first < $1.first }
        var start = 0
        while start < sorted.count {
            var session = sorted[start]
            start += 1
            while start < sorted.count, session.touches(sorted[start], gap: gap) {
                session.join(sorted[start])
                start += 1
            }
            layout.setRowKey(of: session, head: head, &months, in: &key)
            figures[key, default: (0, 0)].count += 1
            if session.events == 1 { figures[key, default: (0, 0)].single += 1 }
        }
        return figures
    }
}
