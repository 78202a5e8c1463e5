import KeyedHashing

/// Merging the rows of one statistic.
extension PartialMerge {
    mutating func mergeRows<Sink: PartialSink>(
        _ layout: StatisticLayout, _ sink: inout Sink
    ) throws(PartialFault) {
        if readers.count == 1 {
            try sendRows(layout, &sink)
        } else {
            try mergeSorted(layout, &sink)
        }
        try sink.endRows()
    }

    private mutating func mergeSorted<Sink: PartialSink>(
        _ layout: StatisticLayout, _ sink: inout Sink
    ) throws(PartialFault) {
        var keys = [[UInt32]](repeating: [], count: readers.count)
        // The readers that stand at a row, by its key.
        var order: [Int] = []
        for index in readers.indices { try step(index, layout, &keys, &order) }
        var row = PartialRow()
        var equal: [Int] = []
        while let first = order.first {
            equal.removeAll(keepingCapacity: true)
            for reader in order {
                let isEqual = KeyRange.order(keys[reader], keys[first]) == 0
                guard reader == first || isEqual else { break }
                equal.append(reader)
            }
            order.removeFirst(equal.count)
            fill(&row, from: first, keys[first])
            for reader in equal.dropFirst() { try Self.add(readers[reader].row, to: &row, layout) }
            try sink.beginRow(row)
            for isTokens in layout.lists {
                if isTokens {
                    try mergeListedTokens(equal, &sink)
                } else {
                    try mergeListedNumbers(equal, &sink)
                }
                try sink.endList()
            }
            for reader in equal { try step(reader, layout, &keys, &order) }
        }
    }

    /// Steps a reader to its next row that comes along, and puts it where it belongs in `order`.
    private mutating func step(
        _ reader: Int, _ layout: StatisticLayout, _ keys: inout [[UInt32]],
        _ order: inout [Int]
    ) throws(PartialFault) {
        guard try stepRow(reader, layout) else { return }
        try translate(layout.rowWords, reader: reader, into: &keys[reader])
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            let isBehind = KeyRange.order(keys[order[middle]], keys[reader]) > 0
            if isBehind { high = middle } else { low = middle + 1 }
        }
        order.insert(reader, at: low)
    }

    private mutating func stepRow(
        _ reader: Int, _ layout: StatisticLayout
    ) throws(PartialFault) -> Bool {
        while try readers[reader].nextRow(layout) {
            guard selections[reader]?.removes(row: readers[reader].row.key) ?? false else {
                return true
            }
            try readers[reader].skipLists(layout)
        }
        return false
    }

    /// Copies number by number, so that no array is shared and copied as a whole.
    private func fill(_ row: inout PartialRow, from reader: Int, _ key: [UInt32]) {
        if row.key.count != key.count { row.key = [UInt32](repeating: 0, count: key.count) }
        for index in key.indices { row.key[index] = key[index] }
        let count = readers[reader].row.cells.count
        if row.cells.count != count { row.cells = [Int64](repeating: 0, count: count) }
        for index in 0..<count { row.cells[index] = readers[reader].row.cells[index] }
        row.contributors = readers[reader].row.contributors
    }

    private static func add(
        _ other: PartialRow, to row: inout PartialRow, _ layout: StatisticLayout
    ) throws(PartialFault) {
        for cell in layout.wideCells {
            let sum =
                wideInteger(low: row.cells[cell], high: row.cells[cell + 1])
                .addingReportingOverflow(
                    wideInteger(low: other.cells[cell], high: other.cells[cell + 1]))
            guard !sum.overflow else { throw PartialFault(.overLimit) }
            row.cells[cell] = Int64(truncatingIfNeeded: sum.partialValue)
            row.cells[cell + 1] = Int64(truncatingIfNeeded: sum.partialValue >> 64)
        }
        for cell in layout.plainCells {
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

    private mutating func mergeListedTokens<Sink: PartialSink>(
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

    private mutating func nextListedToken(_ reader: Int) throws(PartialFault) -> UInt32 {
        while let token = try readers[reader].nextListedToken() {
            if let selection = selections[reader],
                selection.removes(listed: token, on: selection.day(of: readers[reader].row.key))
            {
                continue
            }
            return try Self.lookUp(token, tokenNumbers[reader])
        }
        return .max
    }

    private mutating func mergeListedNumbers<Sink: PartialSink>(
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

    // MARK: A single partial

    /// Sends the rows of the only partial as they are: its numbers are those of the merge.
    private mutating func sendRows<Sink: PartialSink>(
        _ layout: StatisticLayout, _ sink: inout Sink
    ) throws(PartialFault) {
        // By itself it is read in place: as an element it would be held and let go for each row.
        var reader = readers.removeLast()
        // One that removes nothing, and no optional, of which each row would take a copy.
        let selection =
            selections[0] ?? RowSelection(PartialRemoval(entries: []), [layout])
        let texts = UInt32(truncatingIfNeeded: textNumbers[0].count)
        let tokens = UInt32(truncatingIfNeeded: tokenNumbers[0].count)
        while try reader.nextRow(layout) {
            for (word, number) in zip(layout.rowWords, reader.row.key) {
                let isKnown =
                    switch word {
                    case .text: number < texts
                    case .token: number < tokens
                    case .month, .day, .hour, .dimension: true
                    }
                guard isKnown else { throw PartialFault(.damaged) }
            }
            if selection.removes(row: reader.row.key) {
                try reader.skipLists(layout)
                continue
            }
            try sink.beginRow(reader.row)
            for isTokens in layout.lists {
                if isTokens {
                    try sendListedTokens(&reader, tokens, &sink)
                } else {
                    while let (billionths, times) = try reader.nextListedNumber() {
                        try sink.listedNumber(billionths, times: times)
                    }
                }
                try sink.endList()
            }
        }
        readers.append(reader)
    }

    private func sendListedTokens<Sink: PartialSink>(
        _ reader: inout PartialReader, _ tokens: UInt32, _ sink: inout Sink
    ) throws(PartialFault) {
        while let token = try reader.nextListedToken() {
            guard token < tokens else { throw PartialFault(.damaged) }
            if let selection = selections[0],
                selection.removes(listed: token, on: selection.day(of: reader.row.key))
            {
                continue
            }
            try sink.listedToken(token)
        }
    }
}
