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
            let words = layout.sessionWords
            let hasTail = hasSessionTail
            let outcome = sessions.change(index) { store -> Result<Void, PartialFault> in
                do throws(PartialFault) {
                    try Self.writeIntervals(&store, words, hasTail, order, to: &sink)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            try outcome.get()
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
        let width = layout.rowWords.count
        var output = PartialRow()
        for (place, number) in rows.enumerated() {
            let row = Int(number)
            output.key = Array(ranked[row * width..<(row + 1) * width])
            output.cells = (0..<layout.cellCount).map { cells[row * layout.cellCount + $0] }
            output.contributors.removeAll(keepingCapacity: true)
            for set in 0..<layout.contributorSets {
                output.contributors.append(
                    Self.tokenSet(contributors.persons(row: row, set: set), order, tokens))
                output.contributors.append(
                    Self.tokenSet(contributors.customers(row: row, set: set), order, tokens))
            }
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

    /// The lists of tokens as pairs of the row's place and the token's number, sorted. They leave the
    /// statistic, whose memory they stay in.
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

    private static func writeIntervals<Sink: PartialSink>(
        _ store: inout SessionStore, _ words: [KeyWord], _ hasTail: Bool,
        _ order: IdentifierOrder,
        to sink: inout Sink
    ) throws(PartialFault) {
        store.sort()
        let (rows, ranked) = order.order(store.keys, words, hasParts: hasTail)
        let starts = store.starts()
        var key = [UInt32](repeating: 0, count: words.count)
        for row in rows.lazy.map(Int.init) {
            for index in words.indices { key[index] = ranked[row * words.count + index] }
            var intervals = store.intervals(of: row, starts)
            while let interval = store.next(&intervals) { try sink.interval(key, interval) }
        }
        try sink.endIntervals()
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
