/// Checks a second time that the unsafe cells of a family of distinct counts are protected.
///
/// The other values that `DistinctSearch` found are put into every inequality between figures, each
/// added up anew. Where cells that share an inequality, however far, are few enough for one linear
/// programme, the exact range in which the attacker can place each unsafe one is computed besides.
struct DistinctAudit {
    private let family: Family
    private let proofs: ChangeProofs
    private let bounds: [Bound]

    /// The most cells of one programme, and the most entries of tableaus that are looked at.
    static let cellsMax = 60
    static let budget = 100_000_000

    /// Which figures bound which.
    private enum Bound {
        /// A part is at most its whole; all parts are at least the whole when they are complete.
        case whole(part: Int, lines: Int, whole: Int, isComplete: Bool)
        /// A part is at most all parts of another breakdown of the same.
        case twin(DistinctTwin)
    }

    init(_ family: Family, _ proofs: ChangeProofs) {
        self.family = family
        self.proofs = proofs
        let tables = family.tables
        bounds = tables.indices.flatMap { at -> [Bound] in
            let wholes = tables[at].lines.indices.flatMap { lines in
                tables.indices.filter { tables[$0].set == tables[at].lines[lines].set }.map {
                    Bound.whole(
                        part: at, lines: lines, whole: $0, isComplete: tables[at].isComplete)
                }
            }
            let twins = DistinctTwin.all(of: at, in: tables).filter { tables[$0.other].isComplete }
            return wholes + twins.map { .twin($0) }
        }
    }

    /// Checks all proofs, and computes ranges.
    func run() throws(ControlRefusal) -> FeasibilityAudit.Outcome {
        var widths: [Int: Int128] = [:]
        for number in 0..<proofs.count {
            try checkStop()
            let (cells, amounts) = proofs.proof(number)
            guard let cell = cells.first, let amount = amounts.first, allows(cells, amounts)
            else { continue }
            widths[Int(cell), default: 0] += Int128(amount.magnitude)
        }
        let unsafe = family.needs.indices.filter { family.needs[$0] > 0 }
        let fitting = Set(unsafe.filter { widths[$0] ?? 0 >= family.needs[$0] })
        let tooNarrow = narrow(fitting)
        var outcome = FeasibilityAudit.Outcome()
        outcome.audited = fitting.count - tooNarrow.count
        outcome.failed = unsafe.filter { !fitting.contains($0) || tooNarrow.contains($0) }
        return outcome
    }

    // MARK: Proofs

    private func allows(_ cells: [Int32], _ amounts: [Int128]) -> Bool {
        var changes: [Int: Int128] = [:]
        for (cell, amount) in zip(cells, amounts) {
            let cell = Int(cell)
            let value = family.values[cell] + amount
            guard family.states[cell].isHidden, amount % Family.one == 0,
                value >= Int128(family.floors[cell]) * Family.one,
                value <= Int128(family.ceilings[cell]) * Family.one,
                // Of a cell that is named twice neither amount is its change.
                changes.updateValue(amount, forKey: cell) == nil
            else { return false }
        }
        return changes.keys.allSatisfy { cell in
            bounds.allSatisfy { holds($0, around: cell, changes) }
        }
    }

    /// True when what a changed cell has to do with a bound still holds.
    private func holds(_ bound: Bound, around cell: Int, _ changes: [Int: Int128]) -> Bool {
        func value(_ cell: Int) -> Int128 { family.values[cell] + (changes[cell] ?? 0) }
        func sum(_ line: ArraySlice<Int32>) -> Int128 { line.reduce(0) { $0 + value(Int($1)) } }
        let table = Int(family.tableOf[cell])
        let key = family.keys[cell]
        switch bound {
        case .whole(let part, let lines, let whole, let isComplete):
            guard table == part || table == whole,
                let total = family.tables[whole].index[key & family.tables[whole].mask]
            else { return true }
            let parts = family.tables[part].lines[lines].line(key: key)
            let limit = value(total)
            if table == part, value(cell) > limit { return false }
            if table == whole, parts.contains(where: { value(Int($0)) > limit }) { return false }
            return parts.isEmpty || !isComplete || sum(parts) >= limit
        case .twin(let twin):
            guard table == twin.own || table == twin.other else { return true }
            let parts = family.tables[twin.own].lines[twin.lines].line(key: key)
            let others = family.tables[twin.other].lines[twin.otherLines].line(key: key)
            if parts.isEmpty || others.isEmpty { return true }
            let limit = sum(others)
            return parts.allSatisfy { value(Int($0)) <= limit }
        }
    }

    /// One inequality: what is added, less what is taken off, is not negative.
    private struct Inequality {
        let added: [Int]
        let taken: [Int]

        func slack(_ values: [Int128]) -> Int128 {
            added.reduce(0) { $0 + values[$1] } - taken.reduce(0) { $0 + values[$1] }
        }
    }

    /// The inequalities of a bound that a cell takes part in; nil when it takes part in none.
    private func rows(_ bound: Bound, of cell: Int) -> [Inequality]? {
        let table = Int(family.tableOf[cell])
        let key = family.keys[cell]
        switch bound {
        case .whole(let part, let lines, let whole, let isComplete):
            guard table == part || table == whole,
                let total = family.tables[whole].index[key & family.tables[whole].mask]
            else { return nil }
            let parts = family.tables[part].lines[lines].line(key: key).map { Int($0) }
            if parts.isEmpty { return nil }
            let each = parts.map { Inequality(added: [total], taken: [$0]) }
            return each + (isComplete ? [Inequality(added: parts, taken: [total])] : [])
        case .twin(let twin):
            guard table == twin.own || table == twin.other else { return nil }
            let parts = family.tables[twin.own].lines[twin.lines].line(key: key)
            let others = family.tables[twin.other].lines[twin.otherLines].line(key: key)
                .map { Int($0) }
            if parts.isEmpty || others.isEmpty { return nil }
            return parts.map { Inequality(added: others, taken: [Int($0)]) }
        }
    }

    // MARK: Ranges

    /// Those of `cells` whose exact range is known and does not reach as far as it must.
    private func narrow(_ cells: Set<Int>) -> Set<Int> {
        var narrow: Set<Int> = []
        var spent = 0
        var done: Set<Int> = []
        for cell in cells.sorted() where !done.contains(cell) {
            let group = group(around: cell)
            done.formUnion(group.cells)
            if group.isTooLarge { continue }
            let targets = group.cells.filter { cells.contains($0) }
            let width = group.cells.count + group.rows.count
            spent += targets.count * width * group.rows.count * group.rows.count
            if spent > Self.budget { break }
            narrow.formUnion(targets.filter { isNarrow($0, group) })
        }
        return narrow
    }

    /// The cells that are left out and hang together with one, and their inequalities.
    private struct Group {
        var cells: [Int]
        var rows: [Inequality] = []
        /// More than one programme takes; then not all of them are here.
        var isTooLarge: Bool { cells.count > DistinctAudit.cellsMax }
    }

    private func group(around cell: Int) -> Group {
        var group = Group(cells: [cell])
        var known: Set<Int> = [cell]
        var seen: Set<[Int]> = []
        var at = 0
        while at < group.cells.count, !group.isTooLarge {
            for bound in bounds {
                for row in rows(bound, of: group.cells[at]) ?? [] {
                    let open = (row.added + row.taken).filter { family.states[$0].isHidden }
                    if open.isEmpty || !seen.insert(row.added + [-1] + row.taken).inserted {
                        continue
                    }
                    group.rows.append(row)
                    for next in open where known.insert(next).inserted { group.cells.append(next) }
                    if group.isTooLarge { return group }
                }
            }
            at += 1
        }
        return group
    }

    private func isNarrow(_ cell: Int, _ group: Group) -> Bool {
        var width: Int128 = 0
        for isUp in [true, false] {
            guard case let change?? = largestChange(of: cell, up: isUp, group) else {
                return false
            }
            width += change
        }
        return width * Family.one < family.needs[cell]
    }

    /// How far a cell can rise or fall; `.some(nil)` without limit, nil when it was not found.
    private func largestChange(of cell: Int, up isUp: Bool, _ group: Group) -> Int128?? {
        var programme = ExactProgramme()
        var numbers: [Int: Int] = [:]
        for known in group.cells {
            let value = family.values[known] / Family.one
            let ceiling = family.ceilings[known]
            let down = value - Int128(family.floors[known])
            let up = ceiling == .max ? nil : Int128(ceiling) - value
            // What falls is what its negative rises.
            let turned = known == cell && !isUp
            numbers[known] = programme.addUnknown(down: turned ? up : down, up: turned ? down : up)
        }
        let slacks = group.rows.map {
            programme.addUnknown(down: $0.slack(family.values) / Family.one, up: nil)
        }
        func term(_ known: Int, _ factor: Int) -> (unknown: Int, factor: Int)? {
            numbers[known].map { ($0, known == cell && !isUp ? -factor : factor) }
        }
        for (row, slack) in zip(group.rows, slacks) {
            programme.require(
                row.added.compactMap { term($0, 1) } + row.taken.compactMap { term($0, -1) }
                    + [(slack, -1)])
        }
        guard let number = numbers[cell] else { return nil }
        return programme.largestChange(of: number)
    }
}
