/// Protects the unsafe cells of a family whose figures add up.
///
/// A cell is protected when the attacker cannot exclude that it is larger than it is by its need.
/// The proof is a *change*: amounts by which single kinds of records could be more or fewer. It
/// changes no figure that is shown, makes none smaller than the attacker knows it to be, and the
/// cell larger. As changes are made of records, they fit every equation there is between tables,
/// known to us or not. The changes tried are the corners of boxes (the hypercube method): one
/// coordinate or several exchanged for those of another cell, with alternating signs, so that
/// totals over what was exchanged stay. Amounts are whole numbers: nothing is rounded.
///
/// Where no change among hidden cells is found, the cells of the cheapest box are left out too.
/// In the worst case that is the box with one corner: the cell and everything it is part of.
struct ChangeSearch {
    var family: Family
    /// The cells of the box at hand and how often each changes.
    private var support: [(cell: Int, times: Int)] = []
    private var corners: [Corner] = []
    /// The bits that are exchanged along each line.
    private var exchanged: [UInt128] = []
    /// True while corners have the same values of attributes that their table does not have.
    private var isExtendedAlike = true
    private var definedMask: UInt128 = 0
    private var definedSet: AttributeSet = []
    /// By how much cells have changed in the proof at hand.
    private var moved: [Int: Int128] = [:]
    /// False while a proof is looked for that leaves nothing out.
    private var isLeavingOut = false
    /// Tables that are not part of another, per table the widest first.
    private var others: [[Int]] = []

    /// A kind of records, and whether there are more (1) or fewer (-1).
    struct Corner {
        var key: UInt128
        let sign: Int
    }

    /// A box that can be moved.
    struct Change {
        let support: [(cell: Int, times: Int)]
        let amount: Int128
        let cost: Int
    }

    /// How many hidden and shown cells of a line are tried, by the number of lines: some hundred
    /// boxes in all.
    static let triesMax = [(0, 0), (24, 12), (12, 6), (5, 3), (3, 2), (2, 2)]
    /// Of more hidden cells of a line the best are not looked for.
    static let hiddenSeenMax = 64
    /// No proof is made of more boxes than this.
    static let boxesMax = 400

    init(_ family: Family) {
        self.family = family
        others = family.tables.indices.map { at in
            let own = family.tables[at].set
            return family.tables.indices
                .filter { !own.isSuperset(of: family.tables[$0].set) }
                .sorted { one, other in
                    family.tables[one].set.rawValue.nonzeroBitCount
                        > family.tables[other].set.rawValue.nonzeroBitCount
                }
        }
    }

    /// Leaves out so many cells that every unsafe one is protected; the cells of which that cannot
    /// be proven are returned.
    mutating func protectAll() -> [Int] {
        var open: [Int] = []
        for cell in family.needs.indices where family.needs[cell] > 0 {
            if !protect(cell, leavingOut: false) { open.append(cell) }
        }
        open.sort { one, other in
            let left = family.tables[Int(family.tableOf[one])].cells.count
            let right = family.tables[Int(family.tableOf[other])].cells.count
            return left == right ? one < other : left > right
        }
        return open.filter { !protect($0, leavingOut: true) }
    }

    /// Looks for a proof that the cell is protected; may leave out others to get one.
    mutating func protect(_ cell: Int, leavingOut: Bool) -> Bool {
        moved.removeAll(keepingCapacity: true)
        isLeavingOut = false
        var missing = family.needs[cell]
        for lines in subsets(of: cell) {
            missing -= moveHidden(cell, lines, missing)
            if missing <= 0 { return true }
        }
        guard leavingOut else { return false }
        isLeavingOut = true
        var boxes = 0
        while missing > 0, boxes < Self.boxesMax {
            guard let change = cheapest(cell, missing) else { return false }
            for (cell, _) in change.support { family.hide(cell) }
            apply(change, min(change.amount, missing))
            missing -= change.amount
            boxes += 1
        }
        return missing <= 0
    }

    /// The sets of lines along which the cell can be exchanged, the empty one first.
    private func subsets(of cell: Int) -> [[Int]] {
        let table = family.tables[Int(family.tableOf[cell])]
        let widest = table.lines.indices.filter { table.lines[$0].isWidest }
        let all = (0..<(1 << min(widest.count, 5))).map { bits in
            widest.indices.filter { bits >> $0 & 1 == 1 }.map { widest[$0] }
        }
        return all.sorted { $0.count < $1.count }
    }

    private mutating func apply(_ change: Change, _ amount: Int128) {
        for (cell, times) in change.support {
            moved[cell, default: 0] += amount * Int128(times)
        }
    }

    // MARK: - Boxes

    /// Moves boxes of hidden cells by up to `wanted`; tells by how much.
    private mutating func moveHidden(_ cell: Int, _ lines: [Int], _ wanted: Int128) -> Int128 {
        guard canMoveHidden(cell, lines) else { return 0 }
        let limits = (Self.triesMax[lines.count].0, 0)
        let tries = lines.map { siblings(of: cell, $0, wanted: wanted, limits) }
        if tries.contains(where: \.isEmpty) { return 0 }
        var done: Int128 = 0
        var choice = [Int](repeating: 0, count: lines.count)
        repeat {
            setCorners(cell, lines, choice.indices.map { tries[$0][choice[$0]] })
            if let change = evaluate(cell, hiddenOnly: true, wanted: wanted - done) {
                let amount = min(change.amount, wanted - done)
                apply(change, amount)
                done += amount
                if done >= wanted { return done }
            }
        } while Self.advance(&choice, tries.map(\.count))
        return done
    }

    /// False when every box along the lines changes a total of the cell that is shown.
    private func canMoveHidden(_ cell: Int, _ lines: [Int]) -> Bool {
        let own = Int(family.tableOf[cell])
        let ownMask = family.tables[own].mask
        for table in family.tables where table.mask & ~ownMask == 0 {
            let isTouched = lines.allSatisfy { line in
                ownMask & ~family.tables[own].lines[line].mask & table.mask != 0
            }
            guard isTouched, let total = table.index[family.keys[cell] & table.mask] else {
                continue
            }
            if !isFree(total) { return false }
        }
        return true
    }

    /// The box that leaves out least for what it moves.
    private mutating func cheapest(_ cell: Int, _ wanted: Int128) -> Change? {
        var best: Change?
        var bestScore = Double.infinity
        for lines in subsets(of: cell) {
            let limits = Self.triesMax[lines.count]
            let tries = lines.map { siblings(of: cell, $0, wanted: wanted, limits) }
            if tries.contains(where: \.isEmpty) { continue }
            var choice = [Int](repeating: 0, count: lines.count)
            repeat {
                setCorners(cell, lines, choice.indices.map { tries[$0][choice[$0]] })
                guard
                    let change = evaluate(
                        cell, hiddenOnly: false, wanted: wanted, costMax: bestScore)
                else { continue }
                let rounds = change.amount == wanted
                    ? 1 : (approximate(wanted) / approximate(change.amount)).rounded(.up)
                let score = (Double(change.cost) + 0.001) * rounds
                if score < bestScore {
                    bestScore = score
                    best = change
                }
            } while Self.advance(&choice, tries.map(\.count))
        }
        return best
    }

    /// The next combination; false after the last.
    private static func advance(_ choice: inout [Int], _ counts: [Int]) -> Bool {
        for at in choice.indices {
            choice[at] += 1
            if choice[at] < counts[at] { return true }
            choice[at] = 0
        }
        return false
    }

    private mutating func setCorners(_ cell: Int, _ lines: [Int], _ siblings: [Int]) {
        let own = Int(family.tableOf[cell])
        definedMask = family.tables[own].mask
        definedSet = family.tables[own].set
        corners.removeAll(keepingCapacity: true)
        exchanged.removeAll(keepingCapacity: true)
        isExtendedAlike = true
        for line in lines {
            exchanged.append(definedMask & ~family.tables[own].lines[line].mask)
        }
        for bits in 0..<(1 << lines.count) {
            var key = family.keys[cell]
            for at in lines.indices where bits >> at & 1 == 1 {
                key = (key & ~exchanged[at]) | (family.keys[siblings[at]] & exchanged[at])
            }
            corners.append(Corner(key: key, sign: bits.nonzeroBitCount % 2 == 0 ? 1 : -1))
        }
    }

    /// Cells of a line that could become smaller in exchange: hidden ones first, then those that
    /// cost least.
    private func siblings(
        of cell: Int, _ line: Int, wanted: Int128, _ limits: (hidden: Int, shown: Int)
    ) -> [Int] {
        var hidden = Ranking(limit: limits.hidden)
        var shown = Ranking(limit: limits.shown)
        var seen = 0
        for other in family.tables[Int(family.tableOf[cell])].lines[line].line(of: cell) {
            let other = Int(other)
            if other == cell { continue }
            let isHidden = isFree(other)
            if limits.shown == 0, !isHidden { continue }
            guard let room = self.room(other, sign: -1) else {
                if isHidden { hidden.add(other, rank: 0) } else {
                    shown.add(other, rank: Double(family.cost(other)))
                }
                continue
            }
            if room <= 0 { continue }
            let share = approximate(min(room, wanted)) / approximate(wanted)
            if isHidden {
                hidden.add(other, rank: -share)
                // Enough that can move all the way: more would not be better.
                if limits.shown == 0, hidden.isFull(ofRank: -1) { break }
                seen += 1
                if limits.shown == 0, seen == Self.hiddenSeenMax { break }
            } else {
                shown.add(other, rank: Double(family.cost(other)) / share)
            }
        }
        return hidden.cells + shown.cells
    }

    /// True for cells that can change without leaving anything out.
    private func isFree(_ cell: Int) -> Bool {
        family.states[cell].isHidden || family.states[cell] == .blurred && !isLeavingOut
    }

    /// How far a cell can still move up or down; nil without limit.
    private func room(_ cell: Int, sign: Int) -> Int128? {
        let range = family.range(cell, ignoringNoise: isLeavingOut)
        let already = moved[cell] ?? 0
        if sign > 0 { return range.up.map { $0 - already } }
        return range.down.map { $0 + already }
    }
}

extension ChangeSearch {
    /// What the box of the corners at hand moves; nil when it would change a cell that cannot
    /// change, or with `hiddenOnly` one that is shown.
    private mutating func evaluate(
        _ cell: Int, hiddenOnly: Bool, wanted: Int128, costMax: Double = .infinity
    ) -> Change? {
        let own = Int(family.tableOf[cell])
        support.removeAll(keepingCapacity: true)
        var box = Box(amount: wanted, cost: 0, costMax: costMax)
        // Most boxes fail in the cell's own table, so that is looked at first.
        guard add(own, to: &box, hiddenOnly: hiddenOnly),
            extend(own, hiddenOnly: hiddenOnly, wanted: wanted)
        else { return nil }
        for table in family.tables.indices where table != own {
            guard add(table, to: &box, hiddenOnly: hiddenOnly) else { return nil }
        }
        if family.measurand.isCount { box.amount -= box.amount % Family.one }
        if box.amount <= 0 { return nil }
        return Change(support: support, amount: box.amount, cost: box.cost)
    }

    /// Adds the cells of a table to the box; false when the box cannot be moved, or costs too much.
    private mutating func add(_ table: Int, to box: inout Box, hiddenOnly: Bool) -> Bool {
        if isUntouched(family.tables[table].mask) { return true }
        let start = support.count
        guard project(table) else { return false }
        for at in start..<support.count {
            let (cell, times) = support[at]
            if hiddenOnly, !isFree(cell) { return false }
            box.cost += family.cost(cell)
            guard let room = room(cell, sign: times) else { continue }
            box.amount = min(box.amount, abs(times) == 1 ? room : room / Int128(abs(times)))
        }
        return box.amount > 0 && Double(box.cost) <= box.costMax
    }

    private struct Box {
        var amount: Int128
        var cost: Int
        let costMax: Double
    }

    /// True when a table does not have what is exchanged along some line: the corners that differ
    /// in it cancel out.
    private func isUntouched(_ mask: UInt128) -> Bool {
        guard isExtendedAlike else { return false }
        for bits in exchanged where bits & mask == 0 { return true }
        return false
    }

    /// Adds the cells of a table that change; false when one would have to that is known to be
    /// zero.
    private mutating func project(_ table: Int) -> Bool {
        let mask = family.tables[table].mask
        for at in corners.indices {
            let key = corners[at].key & mask
            var isFirst = true
            var times = 0
            for other in corners.indices where corners[other].key & mask == key {
                if other < at { isFirst = false }
                times += corners[other].sign
            }
            if !isFirst || times == 0 { continue }
            guard mask & ~definedMask == 0 else { return false }
            if let cell = family.tables[table].index[key] {
                support.append((cell, times))
            } else if family.tables[table].isComplete {
                return false
            }
        }
        return true
    }

    /// Gives the corners values of attributes that the cell's own table does not have, where other
    /// tables change by them.
    private mutating func extend(_ own: Int, hiddenOnly: Bool, wanted: Int128) -> Bool {
        for table in others[own] {
            let missing = family.tables[table].mask & ~definedMask
            if missing == 0 || isUntouched(family.tables[table].mask)
                || cancels(family.tables[table].mask & definedMask)
            {
                continue
            }
            let shared = family.tables[table].set.intersection(definedSet)
            let lines = self.lines(of: table, shared)
            let leader = corners.firstIndex { $0.sign < 0 } ?? 0
            guard let first = part(of: corners[leader], table, lines, hiddenOnly, wanted) else {
                if family.tables[table].isComplete { return false }
                continue
            }
            let bits = family.keys[first] & missing
            for at in corners.indices {
                let key = (corners[at].key | bits) & family.tables[table].mask
                if family.tables[table].index[key] != nil {
                    corners[at].key |= bits
                } else if let own = part(of: corners[at], table, lines, hiddenOnly, wanted) {
                    corners[at].key |= family.keys[own] & missing
                    isExtendedAlike = false
                } else {
                    return false
                }
            }
            definedMask |= family.tables[table].mask
            definedSet.formUnion(family.tables[table].set)
        }
        return true
    }

    private func cancels(_ mask: UInt128) -> Bool {
        corners.allSatisfy { corner in
            corners.reduce(0) { $0 + ($1.key & mask == corner.key & mask ? $1.sign : 0) } == 0
        }
    }

    /// The line set of a table by what it shares; made when it is asked for the first time.
    private mutating func lines(of table: Int, _ shared: AttributeSet) -> Int {
        if let known = family.tables[table].lines.firstIndex(where: { $0.set == shared }) {
            return known
        }
        family.tables[table].lines.append(
            LineSet(
                shared, mask: family.space.mask(shared), cells: family.tables[table].cells,
                keys: family.keys))
        return family.tables[table].lines.count - 1
    }

    /// A cell of a finer table that is part of a corner: the one that costs least and can move far
    /// enough.
    private func part(
        of corner: Corner, _ table: Int, _ lines: Int, _ hiddenOnly: Bool, _ wanted: Int128
    ) -> Int? {
        var best: Int?
        var bestRank = Double.infinity
        for cell in family.tables[table].lines[lines].line(key: corner.key) {
            let cell = Int(cell)
            if hiddenOnly, !isFree(cell) { continue }
            if !isPossible(corner.key | family.keys[cell], with: table) { continue }
            var share = 1.0
            if let room = room(cell, sign: corner.sign) {
                if room <= 0 { continue }
                share = approximate(min(room, wanted)) / approximate(wanted)
            }
            let rank = (Double(family.cost(cell)) + 1) / share
            if rank < bestRank {
                bestRank = rank
                best = cell
            }
        }
        return best
    }
}

extension ChangeSearch {
    /// True when records of this kind could be: no table that has all its attributes shows that
    /// there are none.
    private func isPossible(_ key: UInt128, with table: Int) -> Bool {
        let defined = definedMask | family.tables[table].mask
        return family.tables.allSatisfy { other in
            other.mask & ~defined != 0 || !other.isComplete
                || other.index[key & other.mask] != nil
        }
    }
}

/// A large number as a floating-point one, to compare by. (The library's own conversion of 128 bits
/// takes longer than everything else here together.)
private func approximate(_ value: Int128) -> Double {
    let high = Int64(truncatingIfNeeded: value &>> 64)
    return Double(high) * 0x1p64 + Double(UInt64(truncatingIfNeeded: value))
}

/// The best few cells, in order.
private struct Ranking {
    private(set) var cells: [Int] = []
    private var ranks: [Double] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// True when there are as many as asked for, all at most of this rank.
    func isFull(ofRank rank: Double) -> Bool {
        cells.count == limit && (ranks.last ?? rank) <= rank
    }

    mutating func add(_ cell: Int, rank: Double) {
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
