import KeyedHashing

/// Keys of intervals from one on and below another, by their leading words.
struct KeyRange {
    /// Empty: from the first key on.
    var lower: [UInt32] = []
    /// Nil: up to the last key.
    var upper: [UInt32]?

    /// True when `key` stands before the range.
    func isBefore(_ key: [UInt32]) -> Bool { Self.order(key, lower) < 0 }

    /// True when `key` stands behind the range.
    func isBehind(_ key: [UInt32]) -> Bool {
        upper.map { Self.order(key, $0) >= 0 } ?? false
    }

    /// Below 0, 0 or above 0 as the leading words of `key`, as many as `bound` has, stand
    /// before, at or behind it.
    static func order(_ key: [UInt32], _ bound: [UInt32]) -> Int {
        for index in bound.indices where key[index] != bound[index] {
            return key[index] < bound[index] ? -1 : 1
        }
        return 0
    }
}

/// Merges partials into a sink in one pass over each, in memory that does not depend on their rows.
///
/// Numbers of texts and tokens are ranks, so the step from the numbers of one partial to those of
/// the merge keeps the order: rows stay sorted and can be merged as they come.
struct PartialMerge {
    var readers: [PartialReader]
    let layouts: [StatisticLayout]
    /// For each reader what does not come along; nil where everything does.
    var selections: [RowSelection?]
    /// For each reader the merged number of each of its texts and tokens.
    var textNumbers: [[UInt32]]
    var tokenNumbers: [[UInt32]]
    /// The intervals that are merged.
    var range = KeyRange()

    /// The most partials merged at once; more are merged in rounds.
    static let fanInMax = 64

    /// `removals` say for each reader what is left out of the merge as if it were not there, but
    /// for its texts and tokens.
    init(
        _ readers: [PartialReader], _ layouts: [StatisticLayout],
        removals: [PartialRemoval?] = []
    ) {
        self.readers = readers
        self.layouts = layouts
        selections = readers.indices.map { index in
            index < removals.count ? removals[index].map { RowSelection($0, layouts) } : nil
        }
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
            for index in selections.indices { selections[index]?.endRows() }
            for (_, plan) in layout.sessions {
                try mergeIntervals(layout, gap: plan.gapMilliseconds, &sink)
                try sink.endIntervals()
                for index in selections.indices { selections[index]?.endIntervals() }
            }
        }
        for index in readers.indices { try readers[index].finish() }
    }

    mutating func mergeTexts<Sink: PartialSink>(
        _ sink: inout Sink
    ) throws(PartialFault) {
        var heads: [[UInt8]?] = []
        for index in readers.indices { heads.append(try readers[index].nextText()) }
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

    mutating func mergeTokens<Sink: PartialSink>(
        _ sink: inout Sink
    ) throws(PartialFault) {
        var heads: [Token?] = []
        for index in readers.indices { heads.append(try readers[index].nextToken()) }
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
                selections[index]?.add(least)
                heads[index] = try readers[index].nextToken()
            }
        }
    }

    private static func next(_ number: UInt32) throws(PartialFault) -> UInt32 {
        guard number < .max - 2 else { throw PartialFault(.overLimit) }
        return number + 1
    }

    /// Puts the merged key of the row or interval at hand of a reader into `target`.
    func translate(
        _ words: [KeyWord], reader: Int, into target: inout [UInt32]
    ) throws(PartialFault) {
        if target.count != words.count { target = [UInt32](repeating: 0, count: words.count) }
        for index in words.indices {
            let word = readers[reader].row.key[index]
            switch words[index] {
            case .text: target[index] = try Self.lookUp(word, textNumbers[reader])
            case .token: target[index] = try Self.lookUp(word, tokenNumbers[reader])
            case .month, .day, .hour, .dimension: target[index] = word
            }
        }
    }

    static func lookUp(
        _ number: UInt32, _ numbers: [UInt32]
    ) throws(PartialFault) -> UInt32 {
        guard number < numbers.count else { throw PartialFault(.damaged) }
        return numbers[Int(number)]
    }

    /// Merges the intervals of one sessions measure that are in `range`.
    mutating func mergeIntervals<Sink: PartialSink>(
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
                let order = KeyRange.order(keys[index], keys[known])
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
    }

    /// Copies word by word, so that neither array is shared and copied as a whole.
    private static func copy(_ key: [UInt32], into target: inout [UInt32]) {
        if target.count != key.count { target = [UInt32](repeating: 0, count: key.count) }
        for index in key.indices { target[index] = key[index] }
    }

    private mutating func step(
        _ reader: Int, _ layout: StatisticLayout, _ keys: inout [[UInt32]],
        _ isLive: inout [Bool]
    ) throws(PartialFault) {
        repeat {
            isLive[reader] = try readers[reader].nextInterval(layout)
            guard isLive[reader] else { return }
            try translate(layout.sessionWords, reader: reader, into: &keys[reader])
        } while isLeftOut(reader, keys[reader])
        if range.isBehind(keys[reader]) { isLive[reader] = false }
    }

    private mutating func isLeftOut(_ reader: Int, _ key: [UInt32]) -> Bool {
        range.isBefore(key)
            || selections[reader]?.removes(interval: readers[reader].row.key) ?? false
    }
}
