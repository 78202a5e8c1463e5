/// Protects the unsafe cells of a family of distinct counts.
///
/// Distinct counts do not add up, but a part has at most as many as its whole, and all parts
/// together have at least as many. A cell is protected when its need is not larger than the range
/// of values that fit all such inequalities, everything shown, and what the attacker knows of cells
/// left out. The range is proven by assignments of other values to hidden cells, found by repairing
/// one broken inequality after the other; where that fails, the cheapest cell of the inequality
/// that stayed broken is left out too.
struct DistinctSearch {
    var family: Family
    /// Other values of hidden cells, in billionths.
    private var assigned: [Int: Int128] = [:]
    private var queue: [Int] = []
    /// The cell of which another value is tried: it is not changed again.
    private var kept = -1
    /// Whether parts that are too few change their total before they change themselves: what does
    /// not work one way may work the other.
    private var fillsTotalsFirst = false
    /// For each table the tables that it is a breakdown of, and those that break it down.
    private var wholes: [[(table: Int, lines: Int)]] = []
    private var breakdowns: [[(table: Int, lines: Int)]] = []

    /// For each table those that it shares something with of which nobody shows a total: all parts
    /// of the one together still have at least as many as any part of the other.
    private var twins: [[DistinctTwin]] = []
    /// What was found of cells that are protected: other values that fit, the cell itself first.
    private(set) var proofs = ChangeProofs()
    /// Those of the cell at hand.
    private var found: [[(cell: Int, amount: Int128)]] = []

    /// The sum and the largest of the true figures of each line, by table, line set and place of
    /// the line's first cell; only of lines that are compared with something.
    private var lineTotals: [[[(sum: Int64, largest: Int64)]]] = []

    /// No assignment is repaired more often than this.
    private let repairsMax: Int
    static let repairsMax = 64

    init(_ family: Family, repairsMax: Int = Self.repairsMax) {
        self.family = family
        self.repairsMax = repairsMax
        let tables = family.tables
        wholes = tables.indices.map { at in
            tables[at].lines.indices.compactMap { lines in
                tables.firstIndex { $0.set == tables[at].lines[lines].set }.map { ($0, lines) }
            }
        }
        twins = tables.indices.map { DistinctTwin.all(of: $0, in: tables) }
        lineTotals = tables.indices.map { at in
            tables[at].lines.indices.map { lines in
                wholes[at].contains { $0.lines == lines }
                    || twins[at].contains { $0.lines == lines }
                    ? Self.totals(tables[at].lines[lines], family.values) : []
            }
        }
        breakdowns = tables.indices.map { whole in
            tables.indices.compactMap { at in
                tables[at].lines.firstIndex { $0.set == tables[whole].set }.map { (at, $0) }
            }
        }
    }

    private static func totals(
        _ lines: LineSet, _ values: [Int128]
    ) -> [(sum: Int64, largest: Int64)] {
        var totals = [(sum: Int64, largest: Int64)](
            repeating: (0, 0), count: lines.order.count)
        var at = 0
        while at < lines.order.count {
            let line = lines.line(of: Int(lines.order[at]))
            for part in line {
                let value = Int64(clamping: values[Int(part)] / Family.one)
                totals[at].sum += value
                totals[at].largest = max(totals[at].largest, value)
            }
            at = line.endIndex
        }
        return totals
    }

    /// Leaves out so many cells that every unsafe one is protected; the cells of which that cannot
    /// be proven are returned.
    mutating func protectAll() throws(ControlRefusal) -> [Int] {
        var open: [Int] = []
        for cell in family.needs.indices where family.needs[cell] > 0 {
            try checkStop()
            if !protect(cell) { open.append(cell) }
        }
        return open
    }

    private mutating func protect(_ cell: Int) -> Bool {
        while true {
            found = []
            let (width, obstacle) = range(cell)
            if width >= family.needs[cell] {
                for proof in found { proofs.add(proof) }
                return true
            }
            var candidates = obstacle.filter { canHide($0) }
            if candidates.isEmpty { candidates = shownAround(cell) }
            guard let cheapest = candidates.min(by: { family.cost($0) < family.cost($1) }) else {
                return false
            }
            family.hide(cheapest)
        }
    }

    private func canHide(_ cell: Int) -> Bool {
        family.states[cell] == .shown && family.canHide(cell)
    }

    /// The nearest cells that are still shown, over inequalities from cell to cell.
    private func shownAround(_ cell: Int) -> [Int] {
        var reached: Set<Int> = [cell]
        var frontier = [cell]
        while !frontier.isEmpty {
            frontier = frontier.flatMap { neighbours(of: $0) }.filter {
                reached.insert($0).inserted
            }
            let shown = frontier.filter { canHide($0) }
            if !shown.isEmpty { return shown }
        }
        return []
    }

    /// The totals of the cell, the other parts of them, and its own parts.
    private func neighbours(of cell: Int) -> [Int] {
        let own = Int(family.tableOf[cell])
        var all: [Int] = []
        for (whole, lines) in wholes[own] {
            let key = family.keys[cell] & family.tables[whole].mask
            if let total = family.tables[whole].index[key] { all.append(total) }
            all += family.tables[own].lines[lines].line(of: cell).map { Int($0) }
        }
        for (table, lines) in breakdowns[own] {
            all += family.tables[table].lines[lines].line(key: family.keys[cell]).map { Int($0) }
        }
        for twin in twins[own] {
            all += family.tables[own].lines[twin.lines].line(of: cell).map { Int($0) }
            let key = family.keys[cell]
            all += family.tables[twin.other].lines[twin.otherLines].line(key: key).map { Int($0) }
        }
        return all
    }

    /// How wide the range of the cell is, up to its need, and what keeps it from being wider.
    mutating func range(_ cell: Int) -> (width: Int128, obstacle: [Int]) {
        let need = family.needs[cell]
        var width: Int128 = 0
        var obstacle: [Int] = []
        for sign: Int128 in [1, -1] {
            var step = need - width
            while step > 0 {
                if let blocking = attempt(cell, family.values[cell] + sign * step) {
                    obstacle += blocking
                    step -= Family.one
                } else {
                    width += step
                    found.append([(cell, sign * step)] + otherChanges(than: cell))
                    break
                }
            }
            if width >= need { break }
        }
        return (width, obstacle)
    }

    /// What the assignment at hand changes besides a cell.
    private func otherChanges(than cell: Int) -> [(cell: Int, amount: Int128)] {
        assigned.keys.sorted().filter { $0 != cell }
            .map { ($0, value($0) - family.values[$0]) }
    }

    /// Tries to give the cell another value; nil when everything else can be arranged, otherwise
    /// the cells of the inequalities that cannot.
    private mutating func attempt(_ cell: Int, _ value: Int128) -> [Int]? {
        var obstacle: [Int] = []
        for fillsTotalsFirst in [false, true] {
            self.fillsTotalsFirst = fillsTotalsFirst
            guard let blocking = repair(cell, value) else { return nil }
            obstacle += blocking
        }
        return obstacle
    }

    private mutating func repair(_ cell: Int, _ value: Int128) -> [Int]? {
        assigned.removeAll(keepingCapacity: true)
        guard allows(cell, value) else { return [] }
        kept = cell
        assigned[cell] = value
        queue = [cell]
        var repairs = 0
        while let next = queue.popLast() {
            repairs += 1
            if repairs > repairsMax { return [] }
            for (whole, lines) in wholes[Int(family.tableOf[next])] {
                let mask = family.tables[whole].mask
                guard let total = family.tables[whole].index[family.keys[next] & mask] else {
                    continue
                }
                if let blocked = settle(Int(family.tableOf[next]), lines, total) {
                    return blocked
                }
            }
            for (table, lines) in breakdowns[Int(family.tableOf[next])] {
                if let blocked = settle(table, lines, next) { return blocked }
            }
            for twin in twins[Int(family.tableOf[next])] {
                let reversed = twin.reversed(Int(family.tableOf[next]))
                if let blocked = settle(twin, of: next) { return blocked }
                if let blocked = settle(reversed, of: next) { return blocked }
            }
        }
        return nil
    }

    /// True when the cell may have the value in the assignment at hand, and the attacker could
    /// believe it; a cell that was changed moves on in the same direction only, so that repairs
    /// come to an end.
    private func allows(_ cell: Int, _ value: Int128) -> Bool {
        guard family.states[cell].isHidden else { return false }
        if let now = assigned[cell] {
            let truth = family.values[cell]
            if cell == kept || (now < truth ? value > now : value < now) { return false }
        }
        return value >= Int128(family.floors[cell]) * Family.one
            && value <= Int128(family.ceilings[cell]) * Family.one
    }

    private func value(_ cell: Int) -> Int128 { assigned[cell] ?? family.values[cell] }

    private mutating func assign(_ cell: Int, _ value: Int128) {
        assigned[cell] = value
        queue.append(cell)
    }

    /// Repairs the inequalities between `total` and the line of its parts. Returns the cells of an
    /// inequality that cannot be repaired.
    private mutating func settle(_ table: Int, _ lines: Int, _ total: Int) -> [Int]? {
        let line = family.tables[table].lines[lines].line(key: family.keys[total])
        if line.isEmpty { return nil }
        let limit = value(total)
        if largest(line, table, lines, above: limit) > limit,
            let blocked = fit(line, largest(line, table, lines, above: limit), total)
        {
            return blocked
        }
        let sum = sum(line, table, lines)
        guard family.tables[table].isComplete, sum < value(total) else { return nil }
        return fill(line, value(total) - sum, total)
    }

    /// The cells of a line that have another value in the assignment at hand.
    private func changed(_ line: ArraySlice<Int32>, _ table: Int, _ lines: Int) -> [Int] {
        let mask = family.tables[table].lines[lines].mask
        let key = family.keys[Int(line[line.startIndex])] & mask
        return assigned.keys.filter {
            Int(family.tableOf[$0]) == table && family.keys[$0] & mask == key
        }
    }

    private func sum(_ line: ArraySlice<Int32>, _ table: Int, _ lines: Int) -> Int128 {
        let truth = Int128(lineTotals[table][lines][line.startIndex].sum) * Family.one
        return changed(line, table, lines).reduce(truth) {
            $0 + value($1) - family.values[$1]
        }
    }

    /// The largest figure of a line if that is above `limit`, else anything up to that.
    private func largest(
        _ line: ArraySlice<Int32>, _ table: Int, _ lines: Int, above limit: Int128
    ) -> Int128 {
        let truth = Int128(lineTotals[table][lines][line.startIndex].largest) * Family.one
        if truth > limit { return line.map { value(Int($0)) }.max() ?? limit }
        return changed(line, table, lines).map { value($0) }.max() ?? limit
    }

    /// Makes all of the other table's line of a twin, together, at least as many as any of the own
    /// line. Returns the cells of an inequality that cannot be repaired.
    private mutating func settle(_ twin: DistinctTwin, of cell: Int) -> [Int]? {
        guard family.tables[twin.other].isComplete else { return nil }
        let key = family.keys[cell]
        let parts = family.tables[twin.own].lines[twin.lines].line(key: key)
        let others = family.tables[twin.other].lines[twin.otherLines].line(key: key)
        if parts.isEmpty || others.isEmpty { return nil }
        let limit = sum(others, twin.other, twin.otherLines)
        let most = largest(parts, twin.own, twin.lines, above: limit)
        if most <= limit { return nil }
        let tooMany = parts.map { Int($0) }.filter { value($0) > limit }
        if !fillsTotalsFirst, tooMany.allSatisfy({ allows($0, limit) }) {
            for part in tooMany { assign(part, limit) }
            return nil
        }
        var missing = most - limit
        for other in others {
            let other = Int(other)
            let more = min(missing, Int128(family.ceilings[other]) * Family.one - value(other))
            if more <= 0 || !allows(other, value(other) + more) { continue }
            assign(other, value(other) + more)
            missing -= more
            if missing <= 0 { return nil }
        }
        return others.map { Int($0) } + tooMany
    }

    /// Makes no part larger than the total: either the total was lowered, or parts were raised, and
    /// what was not is what may be changed.
    private mutating func fit(
        _ line: ArraySlice<Int32>, _ largest: Int128, _ total: Int
    ) -> [Int]? {
        if allows(total, largest) {
            assign(total, largest)
            return nil
        }
        let limit = value(total)
        let parts = line.map { Int($0) }.filter { value($0) > limit }
        if let fixed = parts.first(where: { !allows($0, limit) }) { return [total, fixed] }
        for part in parts { assign(part, limit) }
        return nil
    }

    /// Makes the parts together at least as many as the total.
    private mutating func fill(
        _ line: ArraySlice<Int32>, _ missing: Int128, _ total: Int
    ) -> [Int]? {
        if fillsTotalsFirst, allows(total, value(total) - missing) {
            assign(total, value(total) - missing)
            return nil
        }
        var missing = missing
        for part in line {
            let part = Int(part)
            let top = min(Int128(family.ceilings[part]) * Family.one, value(total))
            let more = min(missing, top - value(part))
            if more <= 0 || !allows(part, value(part) + more) { continue }
            assign(part, value(part) + more)
            missing -= more
            if missing <= 0 { return nil }
        }
        let least = value(total) - missing
        if allows(total, least) {
            assign(total, least)
            return nil
        }
        return line.map { Int($0) } + [total]
    }
}
