import Records

/// The numbers that the texts and tokens of one aggregator have in another.
struct NumberTranslation: Sendable {
    let texts: [UInt32]
    let tokens: [UInt32]

    /// The number that a word of a key has in the other aggregator.
    @inline(__always)
    func word(_ word: UInt32, _ kind: KeyWord) -> UInt32 {
        switch kind {
        case .text: texts[Int(word)]
        case .token: tokens[Int(word)]
        case .month, .day, .hour, .dimension: word
        }
    }

    /// The row of `table` that each key of `other` has.
    func rows(
        of other: borrowing KeyTable, _ words: [KeyWord], in table: inout KeyTable
    ) -> FlatArray<UInt32> {
        let width = words.count
        var keys = FlatArray<UInt32>(capacity: other.count * width)
        for row in 0..<other.count {
            for index in 0..<width { keys.append(word(other.word(index, of: row), words[index])) }
        }
        var rows = FlatArray<UInt32>(capacity: other.count)
        table.rows(of: keys, count: other.count, into: &rows)
        return rows
    }
}

extension StatisticState {
    /// Takes over what `other`, the same statistic of another aggregator, has counted.
    mutating func merge(
        _ other: borrowing StatisticState, _ translation: NumberTranslation
    ) {
        if hasRows { mergeRows(other, translation) }
        for number in 0..<sessions.count {
            let rows = translation.rows(
                of: other.sessions[number].keys, layout.sessionWords, in: &sessions[number].keys)
            sessions[number].merge(other.sessions[number], rows: rows)
        }
    }

    private mutating func mergeRows(
        _ other: borrowing StatisticState, _ translation: NumberTranslation
    ) {
        let rows = translation.rows(of: other.keys, layout.rowWords, in: &keys)
        makeRows()
        for row in 0..<rows.count { addCells(Int(rows[row]), other, row) }
        if keepsContributors {
            for row in 0..<rows.count {
                contributors.merge(
                    other.contributors, row: row, into: Int(rows[row]), translation.tokens)
            }
        }
        for list in 0..<members.count {
            members[list].merge(other.members[list], rows: rows, tokens: translation.tokens)
            numbers[list].merge(other.numbers[list], rows: rows)
        }
    }

    /// Adds the counters of a row; sums have two words.
    private mutating func addCells(
        _ target: Int, _ other: borrowing StatisticState, _ row: Int
    ) {
        let to = target * cellCount
        let from = row * cellCount
        cells[to] &+= other.cells[from]
        for number in 0..<steps.count {
            let step = steps[number]
            let cell = Int(step.cell)
            switch step.kind {
            case .count, .distinct: cells[to + cell] &+= other.cells[from + cell]
            case .percentile:
                cells[to + cell] &+= other.cells[from + cell]
                cells[to + cell + 1] &+= other.cells[from + cell + 1]
            case .sum:
                let own = wideInteger(low: cells[to + cell], high: cells[to + cell + 1])
                let others = wideInteger(
                    low: other.cells[from + cell], high: other.cells[from + cell + 1])
                let sum = own + others
                cells[to + cell] = Int64(truncatingIfNeeded: sum)
                cells[to + cell + 1] = Int64(truncatingIfNeeded: sum >> 64)
                cells[to + cell + 2] &+= other.cells[from + cell + 2]
                cells[to + cell + 3] &+= other.cells[from + cell + 3]
            }
        }
    }
}
