package import KeyedHashing
package import Statistics

/// The sums of a table in which one person is in at most a fixed number of rows and adds at most a
/// fixed amount to each cell. As sensitive as the records: only a drawing of noise may read it, and
/// consumes it.
package struct BoundedTable: ~Copyable {
    /// One row.
    struct Row {
        let key: [[UInt8]]
        /// Persons in the row, each once.
        var persons: Int64
        /// By column, in steps.
        var sums: [Int64]
    }

    /// Sorted by the bytes of the keys.
    let rows: [Row]
    /// Pairs of a row and records that name nobody: not in the sums, as nothing bounds them.
    package let namelessRows: Int

    init(rows: [Row], namelessRows: Int) {
        self.rows = rows
        self.namelessRows = namelessRows
    }
}

/// Adds up what the persons of the chosen rows contribute, each within the bounds.
struct BoundedSums: ContributionSink {
    private let choice: RowChoice
    private let bounds: [ColumnBound]
    private var keys: [(key: [[UInt8]], message: [UInt8])] = []
    private var persons: [Int64] = []
    private var sums: [Int128] = []
    private var unions: [Int: Set<Token>] = [:]
    /// For each chosen pair of row and person whether the person is counted in the row.
    private var isCounted: [Bool]
    private var namelessRows = 0

    init(_ choice: RowChoice, _ bounds: [ColumnBound]) {
        self.choice = choice
        self.bounds = bounds
        isCounted = [Bool](repeating: false, count: choice.noteCount)
    }

    mutating func row(_ key: [[UInt8]]) {
        keys.append((key, RowPriority.message(of: key)))
        persons.append(0)
        for _ in bounds { sums.append(0) }
    }

    mutating func contributions(row: Int, person: Token, _ columns: [Contribution]) {
        if person == .none {
            namelessRows += 1
            return
        }
        guard let note = choice.note(row: keys[row].message, person) else { return }
        if !isCounted[note] {
            isCounted[note] = true
            persons[row] += 1
        }
        for (column, contribution) in columns.enumerated() {
            add(contribution, at: row * bounds.count + column, bounds[column])
        }
    }

    private mutating func add(_ contribution: Contribution, at cell: Int, _ bound: ColumnBound) {
        switch contribution {
        case .none: break
        case .whole(let amount): sums[cell] += bound.clamped(Int128(amount))
        case .billionths(let amount): sums[cell] += bound.clamped(billionths: amount)
        case .tokens(let tokens):
            // Tokens are keyed hashes: the least of them are a choice that no other person moves.
            for token in tokens.sorted().prefix(Int(bound.most)) {
                unions[cell, default: []].insert(token)
            }
        }
    }

    /// The table, its rows sorted; declared rows that nobody was in are there with zeros.
    consuming func table(declared: [[[UInt8]]]?) -> BoundedTable {
        for (cell, tokens) in unions { sums[cell] = Int128(tokens.count) }
        var rows: [BoundedTable.Row] = []
        for index in keys.indices where persons[index] > 0 {
            let cells = sums[index * bounds.count..<(index + 1) * bounds.count]
            rows.append(
                BoundedTable.Row(
                    key: keys[index].key, persons: persons[index],
                    sums: cells.map { Int64(clamping: $0) }))
        }
        if let declared {
            let known = Set(rows.map(\.key))
            for key in Set(declared) where !known.contains(key) {
                let zeros = [Int64](repeating: 0, count: bounds.count)
                rows.append(BoundedTable.Row(key: key, persons: 0, sums: zeros))
            }
        }
        rows.sort { Self.isBefore($0.key, $1.key) }
        return BoundedTable(rows: rows, namelessRows: namelessRows)
    }

    private static func isBefore(_ left: [[UInt8]], _ right: [[UInt8]]) -> Bool {
        for (one, other) in zip(left, right) where one != other {
            return one.lexicographicallyPrecedes(other)
        }
        return false
    }
}

extension NoisePlan {
    /// Bounds what each person contributes to the table, in two passes over the partials: which
    /// rows, then how much. `key` makes the choice of rows; it should live as long as the period is
    /// open, so that the same records give the same sums.
    package func boundedTable(
        of partials: Partials, key: HMACSHA256
    ) throws(PrivacyFault) -> BoundedTable {
        var declared: [[[UInt8]]]?
        if case .declared(let keys) = settings.keys { declared = keys }
        var choice = RowChoice(
            key, limit: Int(settings.rowsPerPerson),
            wanted: declared.map { .only(Set($0)) } ?? .all)
        do {
            try partials.contributions(toStatistic: statistic, into: &choice)
            var sums = BoundedSums(choice, settings.bounds)
            try partials.contributions(toStatistic: statistic, into: &sums)
            return sums.table(declared: declared)
        } catch { throw PrivacyFault(error) }
    }
}
