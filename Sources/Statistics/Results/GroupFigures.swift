/// The counters of one row of a table, collected from one row of a partial or, when that is
/// separable, from many.
struct GroupFigures {
    let key: [UInt32]
    private let layout: StatisticLayout
    private(set) var cells: [Int64]
    /// Set 0 is the whole row; the others belong to the steps in turn. Empty when the rows are
    /// separable: the tallies know more.
    private var evidence: [Evidence]
    /// In the same order; empty unless the rows are separable.
    private var tallies: [ContributorTally]
    /// Whose numbers could not be read, by step that has any; likewise.
    private var unreadable: [Int: ContributorTally] = [:]
    private let isSortedByPerson: Bool
    private var distinct: [Int64]
    /// By step; empty unless the rows are separable.
    private var seen: [NumberSet]
    private var numbers: [[(billionths: Int128, times: UInt64)]]

    /// With `isSortedByPerson` the rows of one person come one after the other.
    init(_ key: [UInt32], _ layout: StatisticLayout, isSortedByPerson: Bool = true) {
        self.key = key
        self.layout = layout
        self.isSortedByPerson = isSortedByPerson
        cells = [Int64](repeating: 0, count: layout.cellCount)
        evidence = [Evidence](
            repeating: Evidence(layout), count: layout.isSeparable ? 0 : layout.steps.count + 1)
        tallies = [ContributorTally](
            repeating: ContributorTally(isSortedByPerson: isSortedByPerson),
            count: layout.isSeparable ? layout.steps.count + 1 : 0)
        distinct = [Int64](repeating: 0, count: layout.steps.count)
        seen = [NumberSet](
            repeating: NumberSet(), count: layout.isSeparable ? layout.steps.count : 0)
        numbers = [[(billionths: Int128, times: UInt64)]](
            repeating: [], count: layout.lists.count)
    }

    /// Adds a row of a partial; `keys` are the record keys by number of the token, if any.
    mutating func add(_ row: PartialRow, keys: [UInt64] = []) {
        for cell in layout.wideCells {
            let sum =
                wideInteger(low: cells[cell], high: cells[cell + 1])
                &+ wideInteger(low: row.cells[cell], high: row.cells[cell + 1])
            cells[cell] = Int64(truncatingIfNeeded: sum)
            cells[cell + 1] = Int64(truncatingIfNeeded: sum >> 64)
        }
        for cell in layout.plainCells { cells[cell] &+= row.cells[cell] }
        if layout.isSeparable { addSeparable(row, keys) } else { takeContributors(row) }
    }

    private mutating func addSeparable(_ row: PartialRow, _ keys: [UInt64]) {
        let tail = layout.groupWords.count
        let person = row.key[tail]
        let customer = row.key[tail + 1]
        let key = keys.isEmpty ? 0 : keys[Int(person)]
        tallies[0].add(person: person, customer: customer, amount: 0, key: key)
        for index in layout.steps.indices {
            if layout.steps[index].countsUnreadable,
                row.cells[layout.steps[index].evidenceCell + 1] > 0
            {
                unreadable[index, default: ContributorTally(isSortedByPerson: isSortedByPerson)]
                    .add(person: person, customer: customer, amount: 0)
            }
            let evidence = row.cells[layout.steps[index].evidenceCell]
            if evidence <= 0 { continue }
            tallies[index + 1].add(
                person: person, customer: customer,
                amount: total(row.cells, layout.steps[index]) ?? 0, key: key)
            if let place = layout.steps[index].impliedBy {
                see(row.key[tail + place], step: index)
            }
        }
    }

    /// What adds up of the counters of a step, in billionths.
    private func total(_ cells: [Int64], _ step: StatisticLayout.Step) -> Int128? {
        switch step.kind {
        case .count: Int128(cells[step.cell]) * ExactDecimal.one
        case .sum: wideInteger(low: cells[step.cell], high: cells[step.cell + 1])
        case .distinct, .percentile: nil
        }
    }

    /// Who stands behind the whole row: exactly where the rows are separable, and up to the
    /// thresholds.
    mutating func whole() -> (backing: RowBacking?, persons: Int, customers: Int) {
        guard layout.isSeparable else {
            return (nil, evidence[0].persons.count, evidence[0].customers.count)
        }
        let exact = tallies[0].backing(total: nil)
        return (
            RowBacking(persons: exact.persons, customers: exact.customers),
            min(exact.persons, layout.personsMax), min(exact.customers, layout.customersMax)
        )
    }

    private mutating func takeContributors(_ row: PartialRow) {
        if row.contributors.isEmpty { return }
        for (index, set) in ([0] + layout.steps.map(\.contributors)).enumerated() {
            evidence[index].persons.take(row.contributors[set * 2])
            evidence[index].customers.take(row.contributors[set * 2 + 1])
        }
    }

    private mutating func see(_ token: UInt32, step: Int) {
        if seen[step].insert(token) { distinct[step] += 1 }
    }

    /// Adds a token of list `list`.
    mutating func add(token: UInt32, list: Int) {
        guard let step = layout.steps.firstIndex(where: { $0.list == list }) else { return }
        // A reduced row holds each token once; rows of a separable group may repeat it.
        if layout.isSeparable { see(token, step: step) } else { distinct[step] += 1 }
    }

    /// Adds `count` tokens of list `list`, none of which comes again; not for separable rows.
    mutating func add(tokens count: Int, list: Int) {
        guard let step = layout.steps.firstIndex(where: { $0.list == list }) else { return }
        distinct[step] += Int64(count)
    }

    /// Adds a number of list `list`.
    mutating func add(_ billionths: Int128, times: UInt64, list: Int) {
        numbers[list].append((billionths, times))
    }

    /// The figure of step `index`.
    mutating func cell(_ index: Int, _ kind: MeasureKind) -> MeasuredCell {
        let step = layout.steps[index]
        let unreadable = step.countsUnreadable ? cells[step.evidenceCell + 1] : 0
        guard layout.isSeparable else {
            return MeasuredCell(
                value: value(step, index, kind), basis: cells[0],
                persons: evidence[index + 1].persons.count,
                customers: evidence[index + 1].customers.count, unreadable: unreadable)
        }
        let exact = tallies[index + 1].backing(total: total(cells, step))
        var cell = MeasuredCell(
            value: value(step, index, kind), basis: cells[0],
            persons: min(exact.persons, layout.personsMax),
            customers: min(exact.customers, layout.customersMax), unreadable: unreadable,
            backing: exact)
        if let left = self.unreadable[index]?.backing(total: nil) {
            cell.unreadableBacking = RowBacking(persons: left.persons, customers: left.customers)
        }
        return cell
    }

    private mutating func value(
        _ step: StatisticLayout.Step, _ index: Int, _ kind: MeasureKind
    ) -> Quantity? {
        switch kind {
        case .count: return .integer(cells[step.cell])
        case .distinct: return .integer(distinct[index])
        case .sum:
            if cells[step.evidenceCell] == 0 { return nil }
            return .decimal(
                ExactDecimal(
                    billionths: wideInteger(
                        low: cells[step.cell], high: cells[step.cell + 1])))
        case .mean(_, let decimals):
            let count = Int128(cells[step.evidenceCell])
            if count == 0 { return nil }
            let sum = wideInteger(low: cells[step.cell], high: cells[step.cell + 1])
            var unit: Int128 = 1
            for _ in decimals..<ExactDecimal.fractionDigits { unit *= 10 }
            return .decimal(
                ExactDecimal(billionths: flooredQuotient(sum, count * unit) * unit))
        case .percentile(_, let percentile):
            return step.list.flatMap { self.percentile(percentile, list: $0) }
        case .sessions: return nil
        }
    }

    private mutating func percentile(_ percentile: Percentile, list: Int) -> Quantity? {
        numbers[list].sort { $0.billionths < $1.billionths }
        let count = numbers[list].reduce(UInt64(0)) { $0 &+ $1.times }
        guard count > 0, count <= UInt64(Int.max) else { return nil }
        var left = UInt64(percentile.rank(of: Int(count)))
        for (billionths, times) in numbers[list] {
            if left <= times { return .decimal(ExactDecimal(billionths: billionths)) }
            left -= times
        }
        return nil
    }
}

/// `value / divisor` rounded down, also below zero; `divisor` must be positive.
func flooredQuotient(_ value: Int128, _ divisor: Int128) -> Int128 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
}
