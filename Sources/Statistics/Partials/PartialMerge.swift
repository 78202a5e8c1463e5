import KeyedHashing

/// Merges partials into a sink in one pass over each, in memory that does not depend on their rows.
///
/// Numbers of texts and tokens are ranks, so the step from the numbers of one partial to those of
/// the merge keeps the order: rows stay sorted and can be merged as they come.
struct PartialMerge {
    private let readers: [PartialReader]
    private let layouts: [StatisticLayout]
    /// For each reader the merged number of each of its texts and tokens.
    private var textNumbers: [[UInt32]]
    private var tokenNumbers: [[UInt32]]

    /// The most partials merged at once; more are merged in rounds.
    static let fanInMax = 64

    init(_ readers: [PartialReader], _ layouts: [StatisticLayout]) {
        self.readers = readers
        self.layouts = layouts
        textNumbers = readers.map { _ in [0] }
        tokenNumbers = readers.map { _ in [0] }
    }

    /// The header of the merge; a fault when plans or keys differ.
    static func header(_ readers: [PartialReader]) throws(PartialFault) -> PartialHeader? {
        guard var header = readers.first?.header else { return nil }
        for reader in readers.dropFirst() { header = try header.merged(with: reader.header) }
        return header
    }

    /// Sends everything to `sink`.
    mutating func run<Sink: PartialSink>(into sink: inout Sink) throws(PartialFault) {
        try mergeTexts(&sink)
        try mergeTokens(&sink)
        try sink.endDictionary()
        for layout in layouts {
            try mergeRows(layout, &sink)
            for (_, plan) in layout.sessions {
                try mergeIntervals(layout, gap: plan.gapMilliseconds, &sink)
            }
        }
        for reader in readers { try reader.finish() }
    }

    private mutating func mergeTexts<Sink: PartialSink>(
        _ sink: inout Sink
    ) throws(PartialFault) {
        var heads: [[UInt8]?] = []
        for reader in readers { heads.append(try reader.nextText()) }
        var number: UInt32 = 0
        while true {
            var least: [UInt8]?
            for case .some(let head) in heads
            where least.map({ head.lexicographicallyPrecedes($0) }) ?? true {
                least = head
            }
            guard let least else { return }
            number = try Self.next(number)
            try sink.text(least)
            for index in heads.indices where heads[index] == least {
                textNumbers[index].append(number)
                heads[index] = try readers[index].nextText()
            }
        }
    }

    private mutating func mergeTokens<Sink: PartialSink>(
        _ sink: inout Sink
    ) throws(PartialFault) {
        var heads: [Token?] = []
        for reader in readers { heads.append(try reader.nextToken()) }
        var number: UInt32 = 0
        while true {
            var least: Token?
            for case .some(let head) in heads where least.map({ head < $0 }) ?? true {
                least = head
            }
            guard let least else { return }
            number = try Self.next(number)
            try sink.token(least)
            for index in heads.indices where heads[index] == least {
                tokenNumbers[index].append(number)
                heads[index] = try readers[index].nextToken()
            }
        }
    }

    private static func next(_ number: UInt32) throws(PartialFault) -> UInt32 {
        guard number < .max - 2 else { throw PartialFault(.overLimit) }
        return number + 1
    }

    private func translated(
        _ key: [UInt32], _ words: [KeyWord], reader: Int, into target: inout [UInt32]
    ) throws(PartialFault) {
        if target.count != words.count { target = [UInt32](repeating: 0, count: words.count) }
        for index in words.indices {
            switch words[index] {
            case .text: target[index] = try Self.lookUp(key[index], textNumbers[reader])
            case .token: target[index] = try Self.lookUp(key[index], tokenNumbers[reader])
            case .month, .day, .hour, .dimension: target[index] = key[index]
            }
        }
    }

    private static func lookUp(
        _ number: UInt32, _ numbers: [UInt32]
    ) throws(PartialFault) -> UInt32 {
        guard number < numbers.count else { throw PartialFault(.damaged) }
        return numbers[Int(number)]
    }

    private func mergeRows<Sink: PartialSink>(
        _ layout: StatisticLayout, _ sink: inout Sink
    ) throws(PartialFault) {
        var keys = [[UInt32]](repeating: [], count: readers.count)
        var isLive = [Bool](repeating: false, count: readers.count)
        for index in readers.indices { try stepRow(index, layout, &keys, &isLive) }
        var equal: [Int] = []
        while true {
            Self.findLeast(keys, isLive, &equal)
            guard let first = equal.first else { break }
            var row = readers[first].row
            row.key = keys[first]
            for index in equal.dropFirst() {
                try add(readers[index].row, to: &row, layout)
            }
            try sink.beginRow(row)
            for isTokens in layout.lists {
                if isTokens {
                    try mergeListedTokens(equal, &sink)
                } else {
                    try mergeListedNumbers(equal, &sink)
                }
                try sink.endList()
            }
            for index in equal { try stepRow(index, layout, &keys, &isLive) }
        }
        try sink.endRows()
    }

    private func stepRow(
        _ reader: Int, _ layout: StatisticLayout, _ keys: inout [[UInt32]],
        _ isLive: inout [Bool]
    ) throws(PartialFault) {
        isLive[reader] = try readers[reader].nextRow(layout)
        if isLive[reader] {
            try translated(
                readers[reader].row.key, layout.rowWords, reader: reader, into: &keys[reader])
        }
    }

    /// Puts into `equal` the readers that stand at the least key.
    private static func findLeast(
        _ keys: [[UInt32]], _ isLive: [Bool], _ equal: inout [Int]
    ) {
        equal.removeAll(keepingCapacity: true)
        for index in keys.indices where isLive[index] {
            guard let best = equal.first else {
                equal.append(index)
                continue
            }
            switch order(keys[index], keys[best]) {
            case 0: equal.append(index)
            case ..<0:
                equal.removeAll(keepingCapacity: true)
                equal.append(index)
            default: break
            }
        }
    }

    /// Below 0, 0 or above 0 as the left key stands before, at or behind the right one.
    private static func order(_ left: [UInt32], _ right: [UInt32]) -> Int {
        for index in left.indices where left[index] != right[index] {
            return left[index] < right[index] ? -1 : 1
        }
        return 0
    }

    private func add(
        _ other: PartialRow, to row: inout PartialRow, _ layout: StatisticLayout
    ) throws(PartialFault) {
        var wideLow: Set<Int> = []
        for step in layout.steps where step.kind == .sum {
            let sum =
                wideInteger(low: row.cells[step.cell], high: row.cells[step.cell + 1])
                .addingReportingOverflow(
                    wideInteger(low: other.cells[step.cell], high: other.cells[step.cell + 1]))
            guard !sum.overflow else { throw PartialFault(.overLimit) }
            row.cells[step.cell] = Int64(truncatingIfNeeded: sum.partialValue)
            row.cells[step.cell + 1] = Int64(truncatingIfNeeded: sum.partialValue >> 64)
            wideLow.insert(step.cell)
            wideLow.insert(step.cell + 1)
        }
        for cell in row.cells.indices where !wideLow.contains(cell) {
            let sum = row.cells[cell].addingReportingOverflow(other.cells[cell])
            guard !sum.overflow else { throw PartialFault(.overLimit) }
            row.cells[cell] = sum.partialValue
        }
        for set in row.contributors.indices {
            let limit = set % 2 == 0 ? layout.personsMax : layout.customersMax
            row.contributors[set] = row.contributors[set].union(
                other.contributors[set], limit: limit)
        }
    }

    private func mergeListedTokens<Sink: PartialSink>(
        _ equal: [Int], _ sink: inout Sink
    ) throws(PartialFault) {
        var heads: [UInt32] = []
        for index in equal { heads.append(try nextListedToken(index)) }
        while let least = heads.min(), least < .max {
            try sink.listedToken(least)
            for place in heads.indices where heads[place] == least {
                heads[place] = try nextListedToken(equal[place])
            }
        }
    }

    private func nextListedToken(_ reader: Int) throws(PartialFault) -> UInt32 {
        guard let token = try readers[reader].nextListedToken() else { return .max }
        return try Self.lookUp(token, tokenNumbers[reader])
    }

    private func mergeListedNumbers<Sink: PartialSink>(
        _ equal: [Int], _ sink: inout Sink
    ) throws(PartialFault) {
        var heads: [(billionths: Int128, times: UInt64)?] = []
        for index in equal { heads.append(try readers[index].nextListedNumber()) }
        while let least = heads.compactMap({ $0?.billionths }).min() {
            var times: UInt64 = 0
            for place in heads.indices {
                guard let head = heads[place], head.billionths == least else { continue }
                let sum = times.addingReportingOverflow(head.times)
                guard !sum.overflow else { throw PartialFault(.overLimit) }
                times = sum.partialValue
                heads[place] = try readers[equal[place]].nextListedNumber()
            }
            try sink.listedNumber(least, times: times)
        }
    }

    private func mergeIntervals<Sink: PartialSink>(
        _ layout: StatisticLayout, gap: Int64, _ sink: inout Sink
    ) throws(PartialFault) {
        var keys = [[UInt32]](repeating: [], count: readers.count)
        var isLive = [Bool](repeating: false, count: readers.count)
        for index in readers.indices {
            try step(index, layout, &keys, &isLive)
        }
        var pending: SessionInterval?
        var pendingKey: [UInt32] = []
        while true {
            var best: Int?
            for index in readers.indices where isLive[index] {
                guard let known = best else {
                    best = index
                    continue
                }
                let order = Self.order(keys[index], keys[known])
                if order < 0
                    || order == 0 && readers[index].interval.first < readers[known].interval.first
                {
                    best = index
                }
            }
            guard let best else { break }
            let next = readers[best].interval
            if var open = pending, pendingKey == keys[best], open.touches(next, gap: gap) {
                open.join(next)
                pending = open
            } else {
                if let pending { try sink.interval(pendingKey, pending) }
                pending = next
                Self.copy(keys[best], into: &pendingKey)
            }
            try step(best, layout, &keys, &isLive)
        }
        if let pending { try sink.interval(pendingKey, pending) }
        try sink.endIntervals()
    }

    /// Copies word by word, so that neither array is shared and copied as a whole.
    private static func copy(_ key: [UInt32], into target: inout [UInt32]) {
        if target.count != key.count { target = [UInt32](repeating: 0, count: key.count) }
        for index in key.indices { target[index] = key[index] }
    }

    private func step(
        _ reader: Int, _ layout: StatisticLayout, _ keys: inout [[UInt32]],
        _ isLive: inout [Bool]
    ) throws(PartialFault) {
        isLive[reader] = try readers[reader].nextInterval(layout)
        if isLive[reader] {
            try translated(
                readers[reader].key, layout.sessionWords, reader: reader, into: &keys[reader])
        }
    }
}
