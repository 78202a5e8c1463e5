import KeyedHashing

/// Where the items of one cell come from, and what they are gathered in.
struct CellSource {
    let measure: Int
    let empty: Cell

    init(_ column: SketchColumn) {
        measure = column.measure
        switch (column.form, column.item) {
        case (.theta, _):
            // Exact as long as the sketch is the set itself.
            let limits = CountDistinct.Limits(exactMax: 1 << column.size, lgK: column.size)
            empty = .distinct(CountDistinct(limits))
        case (.hll, _): empty = .hll(HLLSketch(lgK: column.size))
        case (.kll, .milliseconds): empty = .durations([], k: column.size)
        case (.kll, _): empty = .numbers([], k: column.size)
        }
    }
}

/// What is gathered for one cell.
enum Cell {
    case hll(HLLSketch)
    case distinct(CountDistinct)
    case numbers([(billionths: Int128, times: UInt64)], k: Int)
    case durations([Int64], k: Int)

    /// Adds a token.
    mutating func insert(_ token: Token) {
        // Each must have one owner while it is written to.
        switch self {
        case .hll(var sketch):
            self = .durations([], k: 0)
            sketch.insert(token)
            self = .hll(sketch)
        case .distinct(var count):
            self = .durations([], k: 0)
            count.insert(token)
            self = .distinct(count)
        case .numbers, .durations: break
        }
    }

    /// Adds a number.
    mutating func insert(_ billionths: Int128, times: UInt64) {
        guard case .numbers(var numbers, let k) = self else { return }
        self = .durations([], k: 0)
        numbers.append((billionths, times))
        self = .numbers(numbers, k: k)
    }

    /// The bytes of the sketch; numbers go in sorted, so that their order does not matter.
    var bytes: [UInt8] {
        switch self {
        case .hll(let sketch): return sketch.bytes
        case .distinct(let count): return count.theta().bytes
        case .numbers(let numbers, let k):
            var sketch = KLLSketch<Double>(k: k)
            let sorted = numbers.sorted { $0.billionths < $1.billionths }
            var at = 0
            while at < sorted.count {
                let number = sorted[at].billionths
                var times = sorted[at].times
                at += 1
                while at < sorted.count, sorted[at].billionths == number {
                    times &+= sorted[at].times
                    at += 1
                }
                let item = ExactDecimal(billionths: number).nearestDouble
                sketch.insert(item, times: times)
            }
            return sketch.bytes
        case .durations(let durations, let k):
            var sketch = KLLSketch<Int64>(k: k)
            for duration in durations.sorted() { sketch.insert(duration) }
            return sketch.bytes
        }
    }
}

/// Gathers cells of all groups of a merge of partials, one group at a time; groups of a statistic
/// whose sessions are asked for are kept until those have come.
struct CellSink: PartialSink {
    typealias Receiver =
        (_ statistic: Int, _ key: [[UInt8]], _ cells: [Cell]) throws(PartialFault) -> Void

    private let layouts: [StatisticLayout]
    private let sources: [[CellSource]]
    private let receive: Receiver
    private let key: HMACSHA256?
    private var texts: [[UInt8]] = [[]]
    private var tokens: [Token] = [.none]
    private let keepsTokens: Bool

    private var statistic = 0
    private var list = 0
    private var group: [UInt32]?
    private var cells: [Cell] = []
    /// For each cell the number of the token that came last.
    private var lastNumbers: [UInt32] = []
    private var kept: [[UInt32]: [Cell]] = [:]
    private var sessions: [SessionReduction] = []
    private var sessionsAt = 0

    init(
        _ layouts: [StatisticLayout], _ sources: [[CellSource]], key: HMACSHA256? = nil,
        _ receive: @escaping Receiver
    ) {
        self.layouts = layouts
        self.sources = sources
        self.key = key
        self.receive = receive
        keepsTokens = zip(layouts, sources).contains { layout, sources in
            layout.steps.contains { step in
                step.kind == .distinct && sources.contains { $0.measure == step.measure }
            }
        }
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { texts.append(text) }

    mutating func token(_ token: Token) throws(PartialFault) {
        if keepsTokens { tokens.append(token) }
    }

    mutating func endDictionary() throws(PartialFault) { begin() }

    private mutating func begin() {
        guard statistic < layouts.count else { return }
        sessions = layouts[statistic].sessions.map {
            SessionReduction(layouts[statistic], $0.plan)
        }
        sessionsAt = 0
        kept = [:]
    }

    /// True when cells of the statistic are made of sessions.
    private var wantsSessions: Bool {
        layouts[statistic].sessions.contains { session in
            sources[statistic].contains { $0.measure == session.measure }
        }
    }

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        list = 0
        if sources[statistic].isEmpty { return }
        let layout = layouts[statistic]
        let width = layout.groupWords.count
        if group.map({ !$0.elementsEqual(row.key.prefix(width)) }) ?? true {
            try endGroup()
            group = Array(row.key.prefix(width))
            cells = sources[statistic].map(\.empty)
            lastNumbers = [UInt32](repeating: 0, count: cells.count)
        }
        for step in layout.steps where row.cells[step.evidenceCell] > 0 {
            if let place = step.impliedBy { add(token: row.key[width + place], step) }
        }
    }

    private mutating func add(token number: UInt32, _ step: StatisticLayout.Step) {
        if number == 0 || number >= tokens.count { return }
        var item: Token?
        for index in sources[statistic].indices
        where sources[statistic][index].measure == step.measure && lastNumbers[index] != number {
            lastNumbers[index] = number
            let token = item ?? SketchItem.of(tokens[Int(number)], statistic: statistic, key)
            item = token
            cells[index].insert(token)
        }
    }

    private func step(ofList list: Int) -> StatisticLayout.Step? {
        layouts[statistic].steps.first { $0.list == list }
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        if cells.isEmpty { return }
        if let step = step(ofList: list) { add(token: number, step) }
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {
        if cells.isEmpty { return }
        guard let step = step(ofList: list) else { return }
        for index in sources[statistic].indices
        where sources[statistic][index].measure == step.measure {
            cells[index].insert(billionths, times: times)
        }
    }

    mutating func endList() throws(PartialFault) { list += 1 }

    private mutating func endGroup() throws(PartialFault) {
        guard let key = group else { return }
        group = nil
        if wantsSessions {
            kept[key] = cells
        } else {
            try send(key, cells)
        }
        cells = []
    }

    private func send(_ key: [UInt32], _ cells: [Cell]) throws(PartialFault) {
        try receive(statistic, layouts[statistic].keyTexts(key, texts), cells)
    }

    mutating func endRows() throws(PartialFault) {
        try endGroup()
        if sessions.isEmpty { endStatistic() }
    }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        if wantsSessions { try sessions[sessionsAt].add(key, interval) }
    }

    mutating func endIntervals() throws(PartialFault) {
        try sessions[sessionsAt].finish()
        sessionsAt += 1
        if sessionsAt < sessions.count { return }
        if wantsSessions { try sendWithSessions() }
        endStatistic()
    }

    private func sendWithSessions() throws(PartialFault) {
        var keys = Set(kept.keys)
        for reduction in sessions { keys.formUnion(reduction.keys.keys) }
        for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            var cells = kept[key] ?? sources[statistic].map(\.empty)
            for (index, source) in sources[statistic].enumerated() {
                guard case .durations(_, let k) = source.empty,
                    let at = layouts[statistic].sessions.firstIndex(where: {
                        $0.measure == source.measure
                    }), let row = sessions[at].keys[key]
                else { continue }
                cells[index] = .durations(try sessions[at].figures[row].durations.all(), k: k)
            }
            try send(key, cells)
        }
    }

    private mutating func endStatistic() {
        statistic += 1
        begin()
    }
}

/// What goes into a sketch in the place of a token.
private enum SketchItem {
    /// No message of a token begins with these bytes (`TokenDomain.version`).
    private static let head: [UInt8] = [0x83] + Array("sluice item of sketch".utf8)

    /// The token itself without a key; else a hash of it for the statistic.
    static func of(_ token: Token, statistic: Int, _ key: HMACSHA256?) -> Token {
        guard let key, token != .none else { return token }
        var message = head
        for word in [UInt64(statistic), token.high, token.low] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                message.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return key.token(of: message.span)
    }
}
