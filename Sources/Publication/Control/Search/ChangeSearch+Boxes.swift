/// A box in the making: one line after the other, each corner that cannot be ends it.
struct Box {
    /// The table of its cells, what is exchanged along each line, and for which cells.
    var table = 0
    var exchanged: [UInt128] = []
    var tries: [[Int32]] = []
    var corners: [Corner] = []
    /// What the box at hand would have to move.
    var wanted: Int128 = 0
    /// How many cells and boxes are still looked at.
    var nodesLeft = 0
    var evaluationsLeft = 0
    /// What was moved, of hidden cells.
    var done: Int128 = 0
    /// The box that leaves out least for what it moves.
    var best: Change?
    var bestScore = Double.infinity
    /// The corners with values of attributes that their table does not have, while it is found out
    /// what the box can move: how often each cell changes, by how much, and what it costs.
    var kinds: [Corner] = []
    var support: [(cell: Int, times: Int)] = []
    var amount: Int128 = 0
    var cost = 0
    /// True while corners have the same values of attributes that their table does not have.
    var isExtendedAlike = true
    var definedMask: UInt128 = 0
    var definedSet: AttributeSet = []
    /// Of plain boxes (`LineChoice.isPlain`): the other tables that they change, the cells in each
    /// of them by corner, and what is known of the corners up to each line.
    var isPlain = false
    var others: [Int] = []
    var othersCells: [Int32] = []
    var levels: [PlainLevel] = []

    /// A kind of records, and whether there are more (1) or fewer (-1).
    struct Corner {
        var key: UInt128
        let sign: Int
        /// Its cell; -1 for one that the table does not have.
        var cell: Int32
    }
}

extension ChangeSearch {
    /// Moves boxes of hidden cells by up to `wanted`; tells by how much. With `inOne` only a box is
    /// looked for that moves all of it.
    mutating func moveHidden(
        _ cell: Int, _ choice: LineChoice, _ wanted: Int128, inOne: Bool
    ) -> Int128 {
        var tries: [(line: Int, cells: [Int32])] = []
        for line in choice.lines {
            let cells = hiddenSiblings(of: cell, line, wanted, inOne: inOne)
            if cells.isEmpty { return 0 }
            tries.append((line, cells))
        }
        tries.sort { $0.cells.count < $1.cells.count }
        begin(cell, choice, tries, wanted)
        widen(0, cost: 0)
        return box.done
    }

    /// The box that leaves out least for what it moves.
    mutating func cheapest(_ cell: Int, _ wanted: Int128) -> Change? {
        box.best = nil
        box.bestScore = .infinity
        var costs: [(choice: LineChoice, cost: Int)] = []
        for choice in choices[Int(family.tableOf[cell])] {
            costs.append((choice, costOfTotals(choice)))
        }
        for line in siblings.indices { siblings[line].forget() }
        // What is certain to cost little first: then most of the others need not be looked at.
        for (choice, cost) in costs.sorted(by: { $0.cost < $1.cost })
        where Double(cost) <= box.bestScore {
            let limits = effort.rankedMax[choice.lines.count]
            var tries: [(line: Int, cells: [Int32])] = []
            for line in choice.lines {
                rank(line, of: cell, wanted, hidden: limits.0, shown: limits.1)
                tries.append((line, siblings[line].best(hidden: limits.0, shown: limits.1)))
            }
            if tries.contains(where: \.cells.isEmpty) { continue }
            begin(cell, choice, tries, wanted)
            widen(0, cost: cost)
        }
        return box.best
    }

    /// What leaving out the cell's totals costs that boxes along the lines change in any case.
    private func costOfTotals(_ choice: LineChoice) -> Int {
        // A closure would hold a copy of everything here.
        var sum = 0
        for table in choice.touched {
            if let total = totals[table] { sum += leeways.cost(total) }
        }
        return sum
    }

    private mutating func begin(
        _ cell: Int, _ choice: LineChoice, _ tries: [(line: Int, cells: [Int32])],
        _ wanted: Int128
    ) {
        box.table = Int(family.tableOf[cell])
        let mask = masks[box.table]
        box.tries = tries.map(\.cells)
        box.exchanged = tries.map { mask & ~family.tables[box.table].lines[$0.line].mask }
        box.wanted = wanted
        box.done = 0
        box.nodesLeft = effort.nodesMax
        box.evaluationsLeft = effort.evaluationsMax
        box.corners.removeAll(keepingCapacity: true)
        box.corners.append(Box.Corner(key: family.keys[cell], sign: 1, cell: Int32(cell)))
        box.isPlain = choice.isPlain
        box.others = choice.others
        beginTotals()
    }

    /// Exchanges the corners at hand along the next line for each cell that is tried.
    private mutating func widen(_ depth: Int, cost: Int) {
        if depth == box.tries.count { return finish() }
        let count = box.corners.count
        for at in box.tries[depth].indices {
            if box.nodesLeft <= 0 || box.evaluationsLeft <= 0 || box.done >= box.wanted { return }
            box.nodesLeft -= 1
            let sibling = Int(box.tries[depth][at])
            if let added = addCorners(sibling, box.exchanged[depth]),
                Double(cost + added) <= box.bestScore || !isLeavingOut
            {
                if box.isPlain { addTotals(depth, added) }
                widen(depth + 1, cost: cost + added)
            }
            box.corners.removeLast(box.corners.count - count)
        }
    }

    /// Adds the corners at hand with the value of `sibling`; what they cost, nil when one cannot
    /// change.
    private mutating func addCorners(_ sibling: Int, _ bits: UInt128) -> Int? {
        let table = box.table
        let value = family.keys[sibling] & bits
        var cost = 0
        for at in box.corners.indices {
            let key = box.corners[at].key & ~bits | value
            let sign = -box.corners[at].sign
            guard let cell = at == 0 ? sibling : indices[table][key] else {
                if isComplete[table] { return nil }
                box.corners.append(Box.Corner(key: key, sign: sign, cell: -1))
                continue
            }
            box.corners.append(
                Box.Corner(key: key, sign: sign, cell: Int32(truncatingIfNeeded: cell)))
            if !leeways.canChange(cell) { return nil }
            if let room = leeways.room(cell, sign: sign), room <= 0 { return nil }
            cost += leeways.cost(cell)
        }
        return cost
    }

    /// Takes the box at hand as it is.
    private mutating func finish() {
        box.evaluationsLeft -= 1
        let wanted = box.wanted - box.done
        guard box.isPlain ? evaluatePlain(wanted: wanted) : evaluate(wanted: wanted) else {
            return
        }
        if !isLeavingOut {
            apply(box.support, box.amount)
            box.done += box.amount
            return
        }
        let rounds = box.amount == box.wanted
            ? 1 : (approximate(box.wanted) / approximate(box.amount)).rounded(.up)
        let score = (Double(box.cost) + 0.001) * rounds
        if score < box.bestScore {
            box.bestScore = score
            box.best = Change(support: box.support, amount: box.amount)
        }
    }

    /// Cells of a line that could become smaller in exchange with nothing left out: those first
    /// that can move all the way. None when all of them together cannot.
    private func hiddenSiblings(
        of cell: Int, _ line: Int, _ wanted: Int128, inOne: Bool
    ) -> [Int32] {
        let table = Int(family.tableOf[cell])
        let lines = family.tables[table].lines[line]
        // Of figures with noise all can move.
        let cells = family.blurRadius > 0
            ? lines.line(of: cell) : hiddenLines[table][line]?.hidden(ofLineOf: cell, lines) ?? []
        var whole: [Int32] = []
        var partial: [Int32] = []
        var sum: Int128 = 0
        for other in cells.prefix(effort.seenMax) {
            if Int(other) == cell || !leeways.isFree(Int(other)) { continue }
            let room = leeways.room(Int(other), sign: -1) ?? wanted
            if room >= wanted {
                whole.append(other)
                if whole.count == effort.triesMax { return whole }
            } else if room > 0, !inOne {
                partial.append(other)
                sum += room
            }
        }
        if whole.isEmpty, sum < wanted { return [] }
        return whole + partial.prefix(effort.triesMax - whole.count)
    }

    /// Ranks the cells of a line that could become smaller in exchange, the best `hidden` hidden
    /// ones and the best `shown` others; what is known of them stays while the same is wanted.
    private mutating func rank(
        _ line: Int, of cell: Int, _ wanted: Int128, hidden: Int, shown: Int
    ) {
        if siblings[line].hasBest(hidden: hidden, shown: shown) { return }
        let table = Int(family.tableOf[cell])
        var ranked = Ranking(limit: hidden)
        let left =
            hiddenLines[table][line]?.hidden(ofLineOf: cell, family.tables[table].lines[line]) ?? []
        for other in left.prefix(effort.seenMax) where Int(other) != cell {
            let share = self.share(Int(other), wanted)
            if share > 0 { ranked.add(other, rank: -share) }
        }
        var cheap = Ranking(limit: shown)
        for other in family.tables[table].lines[line].line(of: cell)
        where !leeways.isFree(Int(other)) && leeways.canChange(Int(other)) {
            let cost = Double(leeways.cost(Int(other)))
            // They come in the order of their cost.
            if cheap.isFull(ofRank: cost) { break }
            let share = self.share(Int(other), wanted)
            if share > 0 { cheap.add(other, rank: cost / share) }
        }
        siblings[line] = RankedSiblings(
            hidden: ranked.cells, shown: cheap.cells, limits: (hidden, shown))
    }

    /// What part of `wanted` a cell can fall, 0 for nothing.
    private func share(_ cell: Int, _ wanted: Int128) -> Double {
        guard let room = leeways.room(cell, sign: -1), room < wanted else { return 1 }
        return room <= 0 ? 0 : approximate(room) / approximate(wanted)
    }
}

/// A large number as a floating-point one, to compare by. (The library's own conversion of 128 bits
/// takes longer than everything else here together.)
func approximate(_ value: Int128) -> Double {
    let high = Int64(truncatingIfNeeded: value &>> 64)
    return Double(high) * 0x1p64 + Double(UInt64(truncatingIfNeeded: value))
}

/// The best cells of a line that a cell can be exchanged for, in order.
struct RankedSiblings {
    private var hidden: [Int32] = []
    private var shown: [Int32] = []
    /// How many of each were asked for; nil when nothing is known.
    private var limits: (hidden: Int, shown: Int)?

    init() {}

    init(hidden: [Int32], shown: [Int32], limits: (Int, Int)) {
        self.hidden = hidden
        self.shown = shown
        self.limits = limits
    }

    mutating func forget() { limits = nil }

    /// True when so many are known: the best few are the first of the best many.
    func hasBest(hidden: Int, shown: Int) -> Bool {
        guard let limits else { return false }
        return limits.hidden >= hidden && limits.shown >= shown
    }

    /// The best hidden ones, then the best others.
    func best(hidden: Int, shown: Int) -> [Int32] {
        Array(self.hidden.prefix(hidden)) + self.shown.prefix(shown)
    }
}

/// The best few cells, in order.
private struct Ranking {
    private(set) var cells: [Int32] = []
    private var ranks: [Double] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// True when there are as many as asked for, none of them worse than `rank`.
    func isFull(ofRank rank: Double) -> Bool {
        cells.count == limit && (ranks.last ?? rank) <= rank
    }

    mutating func add(_ cell: Int32, rank: Double) {
        if cells.count == limit, let last = ranks.last, rank >= last { return }
        let at = ranks.firstIndex { rank < $0 } ?? ranks.count
        ranks.insert(rank, at: at)
        cells.insert(cell, at: at)
        if cells.count > limit {
            cells.removeLast()
            ranks.removeLast()
        }
    }
}
