import KeyedHashing
import Records

extension StatisticState {
    /// Marks the texts and tokens that keys and lists name.
    func markUsed(texts: inout [Bool], tokens: inout [Bool]) {
        Self.mark(keys, layout.rowWords, &texts, &tokens)
        for index in 0..<sessions.count {
            sessions.read(index) { Self.mark($0.keys, layout.sessionWords, &texts, &tokens) }
        }
        for list in layout.lists.indices where layout.lists[list] {
            members.read(list) { set in
                set.forEach { tokens[Int($0 & 0xffff_ffff)] = true }
            }
        }
    }

    private static func mark(
        _ keys: borrowing KeyTable, _ words: [KeyWord], _ texts: inout [Bool],
        _ tokens: inout [Bool]
    ) {
        for index in words.indices {
            switch words[index] {
            case .text:
                for row in 0..<keys.count { texts[Int(keys.word(index, of: row))] = true }
            case .token:
                for row in 0..<keys.count { tokens[Int(keys.word(index, of: row))] = true }
            case .month, .day, .hour, .dimension: break
            }
        }
    }

    /// Writes all rows and intervals in canonical order, and loses its lists by it.
    mutating func write<Sink: PartialSink>(
        _ order: IdentifierOrder, _ tokens: borrowing TokenInterner, to sink: inout Sink
    ) throws(PartialFault) {
        try writeRows(order, tokens, to: &sink)
        for index in 0..<sessions.count {
            sessions.change(index) { $0.sort() }
            try writeIntervals(of: index, order, to: &sink)
            try sink.endIntervals()
        }
    }

    private mutating func writeRows<Sink: PartialSink>(
        _ order: IdentifierOrder, _ tokens: borrowing TokenInterner, to sink: inout Sink
    ) throws(PartialFault) {
        let (rows, ranked) = order.order(
            keys, layout.rowWords, hasParts: layout.isSeparable)
        var places = [UInt32](repeating: 0, count: rows.count)
        for (place, row) in rows.enumerated() { places[Int(row)] = UInt32(place) }
        let lists = takeLists(order, places)
        var at = [Int](repeating: 0, count: lists.count)
        var output = PartialRow()
        for (place, number) in rows.enumerated() {
            let row = Int(number)
            fill(&output, row, ranked, order, tokens)
            try sink.beginRow(output)
            for list in layout.lists.indices {
                if layout.lists[list] {
                    while let entry = Self.entry(at[list], of: list, lists),
                        entry >> 32 == UInt64(place)
                    {
                        try sink.listedToken(UInt32(truncatingIfNeeded: entry))
                        at[list] += 1
                    }
                } else {
                    try writeNumbers(list, row, to: &sink)
                }
                try sink.endList()
            }
        }
        try sink.endRows()
    }

    /// Sets `output` to the row with number `row`, without its lists; `ranked` has the keys of all
    /// rows.
    private func fill(
        _ output: inout PartialRow, _ row: Int, _ ranked: [UInt32], _ order: IdentifierOrder,
        _ tokens: borrowing TokenInterner
    ) {
        let width = layout.rowWords.count
        output.key = Array(ranked[row * width..<(row + 1) * width])
        output.cells = (0..<layout.cellCount).map { cells[row * layout.cellCount + $0] }
        output.contributors.removeAll(keepingCapacity: true)
        for set in 0..<layout.contributorSets {
            output.contributors.append(
                Self.tokenSet(contributors.persons(row: row, set: set), order, tokens))
            output.contributors.append(
                Self.tokenSet(contributors.customers(row: row, set: set), order, tokens))
        }
    }

    /// The tokens with `numbers`; in the order of arrival, where nobody asks who they are but how
    /// many, the numbers stand for them.
    private static func tokenSet(
        _ numbers: [UInt32]?, _ order: IdentifierOrder, _ tokens: borrowing TokenInterner
    ) -> ContributorSet {
        guard let numbers else { return .enough }
        var set: [Token] = []
        for number in numbers {
            set.append(
                order.isOfArrival
                    ? Token(high: 0, low: UInt64(number)) : tokens.token(Int(number)))
        }
        set.sort()
        return .all(set)
    }

    /// The lists of tokens as pairs of the row's place and the token's number, sorted. They leave
    /// the statistic, whose memory they stay in.
    private mutating func takeLists(
        _ order: IdentifierOrder, _ places: [UInt32]
    ) -> OwnedList<FlatArray<UInt64>> {
        OwnedList(count: layout.lists.count) { list in
            if !layout.lists[list] { return FlatArray() }
            return members[list].takeSorted { pair in
                let place = UInt64(places[Int(pair >> 32)])
                let token = UInt32(truncatingIfNeeded: pair)
                return place << 32 | UInt64(order.rank(token: token))
            }
        }
    }

    /// Entry `place` of a list; nil behind the last one.
    private static func entry(
        _ place: Int, of list: Int, _ lists: borrowing OwnedList<FlatArray<UInt64>>
    ) -> UInt64? {
        lists.read(list) { place < $0.count ? $0[place] : nil }
    }

    private mutating func writeNumbers<Sink: PartialSink>(
        _ list: Int, _ row: Int, to sink: inout Sink
    ) throws(PartialFault) {
        let entries = numbers.change(list) { numbers in numbers.entries(of: UInt32(row)) }
        for entry in entries { try sink.listedNumber(entry.billionths, times: entry.times) }
    }

    /// Writes the intervals of sessions measure `index`, which are sorted, in the order of `order`.
    private func writeIntervals<Sink: PartialSink>(
        of index: Int, _ order: IdentifierOrder, to sink: inout Sink
    ) throws(PartialFault) {
        let rows = order.order(
            sessions[index].keys, layout.sessionWords, hasParts: hasSessionTail
        ).rows
        try writeIntervals(of: rows.lazy.map(Int.init), index, order, to: &sink)
    }

    private func writeIntervals<Sink: PartialSink>(
        of rows: some Sequence<Int>, _ index: Int, _ order: IdentifierOrder, to sink: inout Sink
    ) throws(PartialFault) {
        let words = layout.sessionWords
        var key = [UInt32](repeating: 0, count: words.count)
        for row in rows {
            for word in words.indices {
                key[word] = order.rank(sessions[index].keys.word(word, of: row), words[word])
            }
            var intervals = sessions[index].intervals(of: row)
            while let interval = sessions[index].next(&intervals) {
                try sink.interval(key, interval)
            }
        }
    }
}

// MARK: Tables

extension StatisticState {
    /// Counts all rows into `reduction`, in the order of arrival, and puts the intervals in order.
    mutating func reduceRows(
        _ order: IdentifierOrder, into reduction: inout Reduction
    ) throws(PartialFault) {
        for index in 0..<sessions.count { sessions.change(index) { $0.sort() } }
        if isSeparable {
            try writeRows(order, TokenInterner(), to: &reduction)
        } else {
            try countRows(order, into: &reduction)
        }
    }

    /// Counts the rows. Of a list of tokens the reduction only asks how many there are.
    private mutating func countRows(
        _ order: IdentifierOrder, into reduction: inout Reduction
    ) throws(PartialFault) {
        let (rows, ranked) = order.order(keys, layout.rowWords, hasParts: false)
        let counts = OwnedList(count: layout.lists.count) { list in
            layout.lists[list] ? members[list].counts(rows: rows.count) : FlatArray<UInt32>()
        }
        let tokens = TokenInterner()
        var output = PartialRow()
        for row in rows.lazy.map(Int.init) {
            fill(&output, row, ranked, order, tokens)
            try reduction.beginRow(output)
            for list in layout.lists.indices {
                if layout.lists[list] {
                    reduction.listedTokens(Int(counts[list][row]))
                } else {
                    try writeNumbers(list, row, to: &reduction)
                }
                try reduction.endList()
            }
        }
        try reduction.endRows()
    }

    /// The keys of sessions measure `index`, in at most `count` ranges that no session has
    /// intervals in two of; one where more than the key tells what belongs together.
    func sessionRanges(_ index: Int, atMost count: Int) -> [Range<Int>] {
        let keys = sessions[index].keys.count
        let isWhole = isSeparable || hasSessionTail || keys < Self.dividedKeysMin
        let ranges = isWhole ? 1 : count
        return (0..<ranges).map { keys * $0 / ranges..<keys * ($0 + 1) / ranges }
    }

    /// With fewer keys there is nothing to gain by ranges.
    private static let dividedKeysMin = 1 << 10

    /// Counts the intervals of a range of the keys of sessions measure `index` into `reduction`, in
    /// the order of arrival; `reduceRows` must have come before.
    func reduceSessions(
        _ index: Int, _ range: Range<Int>, _ order: IdentifierOrder,
        into reduction: inout Reduction
    ) throws(PartialFault) {
        if range.count == sessions[index].keys.count {
            try writeIntervals(of: index, order, to: &reduction)
        } else {
            try writeIntervals(of: range, index, order, to: &reduction)
        }
    }
}

extension NumberList {
    /// The numbers of `row`, sorted, each once.
    mutating func entries(of row: UInt32) -> [Entry] {
        compactIfNeeded()
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].row < row { low = middle + 1 } else { high = middle }
        }
        var found: [Entry] = []
        while low < entries.count, entries[low].row == row {
            found.append(entries[low])
            low += 1
        }
        return found
    }
}
