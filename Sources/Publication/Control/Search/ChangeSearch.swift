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
/// In the worst case that is the box with one corner: the cell and everything it is part of. How
/// much is tried for a cell is bounded, so that more cells take more time in proportion only; what
/// a longer search would have shown is left out instead.
struct ChangeSearch {
    var family: Family
    /// What was found, to be checked by others.
    private(set) var proofs = ChangeProofs()
    /// The cells with a proof.
    private var isProven: [Bool]
    /// By table: along which lines boxes are made, fewest lines first.
    let choices: [[LineChoice]]
    /// By table and line set: which cells are hidden; only of line sets that boxes are made along.
    private(set) var hiddenLines: [[HiddenLines?]]
    /// Tables that are not part of another, per table the widest first.
    let others: [[Int]]
    /// Of the tables, each by itself.
    let masks: [UInt128]
    let indices: [KeyIndex]
    let isComplete: [Bool]
    /// How cells can change.
    private(set) var leeways: CellLeeways
    /// The cells that have changed in the proof at hand; some may have come back.
    private var movedCells: [Int] = []
    /// For the cell at hand, by table: the total that it belongs to, and by line set: the cells it
    /// can be exchanged for.
    var totals: [Int?] = []
    var siblings: [RankedSiblings] = []
    /// False while a proof is looked for that leaves nothing out.
    var isLeavingOut: Bool { leeways.isLeavingOut }
    /// The box at hand.
    var box = Box()

    /// How much is tried for a cell.
    let effort: SearchEffort

    /// With `knowsPlainBoxes` false every box is evaluated as if it were not plain: slower, with
    /// the same result.
    init(
        _ family: Family, effort: SearchEffort = SearchEffort(), knowsPlainBoxes: Bool = true
    ) {
        self.family = family
        self.effort = effort
        let tables = family.tables
        choices = tables.indices.map { at in
            LineChoice.all(of: at, in: tables).map { knowsPlainBoxes ? $0 : $0.asNotPlain }
        }
        hiddenLines = tables.map { table in
            table.lines.map { $0.isWidest ? HiddenLines($0, family.states) : nil }
        }
        masks = tables.map(\.mask)
        indices = tables.map(\.index)
        isComplete = tables.map(\.isComplete)
        totals = tables.map { _ in nil }
        let most = tables.map(\.lines.count).max() ?? 0
        siblings = [RankedSiblings](repeating: RankedSiblings(), count: most)
        others = tables.indices.map { at in
            tables.indices
                .filter { !tables[at].set.isSuperset(of: tables[$0].set) }
                .sorted { one, other in
                    tables[one].set.rawValue.nonzeroBitCount
                        > tables[other].set.rawValue.nonzeroBitCount
                }
        }
        leeways = CellLeeways(family)
        isProven = [Bool](repeating: false, count: family.keys.count)
    }

    /// Leaves out so many cells that every unsafe one is protected, as far as that can be proven.
    mutating func protectAll() throws(ControlRefusal) {
        var open: [Int] = []
        for cell in family.needs.indices where family.needs[cell] > 0 && !isProven[cell] {
            if try !protect(cell, leavingOut: false) { open.append(cell) }
        }
        open.sort { one, other in
            let left = family.tables[Int(family.tableOf[one])].cells.count
            let right = family.tables[Int(family.tableOf[other])].cells.count
            return left == right ? one < other : left > right
        }
        for cell in open where !isProven[cell] { _ = try protect(cell, leavingOut: true) }
    }

    /// Looks for a proof that the cell is protected; may leave out others to get one.
    private mutating func protect(
        _ cell: Int, leavingOut: Bool
    ) throws(ControlRefusal) -> Bool {
        try checkStop()
        for cell in movedCells { leeways.putBack(cell) }
        movedCells.removeAll(keepingCapacity: true)
        findTotals(of: cell)
        leeways.isLeavingOut = false
        var missing = family.needs[cell]
        for choice in choices[Int(family.tableOf[cell])] where canMoveHidden(cell, choice) {
            // Small steps are for when there is more to take them with.
            missing -= moveHidden(cell, choice, missing, inOne: !leavingOut)
            if missing <= 0 { break }
        }
        leeways.isLeavingOut = true
        var boxes = 0
        while leavingOut, missing > 0, boxes < effort.boxesMax {
            try checkStop()
            guard let change = cheapest(cell, missing) else { break }
            for (cell, _) in change.support { hide(cell) }
            apply(change.support, change.amount)
            missing -= change.amount
            boxes += 1
        }
        if missing > 0 { return false }
        keepProof()
        return true
    }

    /// Keeps the proof at hand, which is one of all unsafe cells that it makes larger by enough.
    private mutating func keepProof() {
        movedCells.sort()
        var last = -1
        for cell in movedCells where cell != last {
            // A cell that came back to where it was can be there twice.
            last = cell
            let amount = leeways.moved(cell)
            if amount == 0 { continue }
            proofs.add(cell, amount)
            if family.needs[cell] > 0, amount >= family.needs[cell] { isProven[cell] = true }
        }
        proofs.end()
    }

    /// False when every box along the lines changes a total of the cell that is shown.
    private func canMoveHidden(_ cell: Int, _ choice: LineChoice) -> Bool {
        for table in choice.touched {
            if let total = totals[table], !leeways.isFree(total) { return false }
        }
        return true
    }

    /// Finds the totals of a cell in the tables of which boxes along any lines change one.
    private mutating func findTotals(of cell: Int) {
        let key = family.keys[cell]
        let own = masks[Int(family.tableOf[cell])]
        for table in masks.indices {
            let isPart = masks[table] & ~own == 0
            totals[table] = isPart ? indices[table][key & masks[table]] : nil
        }
        for line in siblings.indices { siblings[line].forget() }
    }

    /// Leaves a cell out.
    private mutating func hide(_ cell: Int) {
        if family.states[cell].isHidden { return }
        family.hide(cell)
        leeways.hide(cell)
        let table = Int(family.tableOf[cell])
        for lines in hiddenLines[table].indices {
            hiddenLines[table][lines]?.hide(cell, family.tables[table].lines[lines])
        }
    }

    /// Adds a change of cells, each as often as it says, to the proof at hand.
    mutating func apply(_ support: [(cell: Int, times: Int)], _ amount: Int128) {
        for (cell, times) in support {
            if leeways.moved(cell) == 0 { movedCells.append(cell) }
            leeways.move(cell, by: amount * Int128(times))
        }
    }
}

/// A box that can be moved.
struct Change {
    /// Its cells and how often each changes.
    let support: [(cell: Int, times: Int)]
    let amount: Int128
}

/// Lines of a table along which a cell is exchanged.
struct LineChoice {
    /// The numbers of the line sets.
    let lines: [Int]
    /// The tables of totals that change whatever it is exchanged for.
    let touched: [Int]
    /// Those that are not the cell's own.
    let others: [Int]
    /// True when all corners of a box along the lines are different cells in each table that they
    /// change, and no other table has attributes that they do not have.
    let isPlain: Bool

    /// The same with nothing known of its boxes.
    var asNotPlain: LineChoice {
        LineChoice(lines: lines, touched: touched, others: others, isPlain: false)
    }

    /// No box has more lines than this.
    static let linesMax = 5

    /// The choices of a table, the empty one first.
    static func all(of table: Int, in tables: [FamilyTable]) -> [LineChoice] {
        let own = tables[table]
        // Short lines first: where they have no cell to exchange with, long ones are not read.
        let widest = own.lines.indices.filter { own.lines[$0].isWidest }
            .sorted { own.lines[$0].count > own.lines[$1].count }.prefix(linesMax)
        let sets = (0..<(1 << widest.count)).map { bits in
            widest.indices.filter { bits >> $0 & 1 == 1 }.map { widest[$0] }
        }
        return sets.sorted { $0.count < $1.count }.map { lines in
            let exchanged = lines.map { own.mask & ~own.lines[$0].mask }
            let touched = tables.indices.filter { other in
                let mask = tables[other].mask
                return mask & ~own.mask == 0 && exchanged.allSatisfy { $0 & mask != 0 }
            }
            let all = exchanged.reduce(0, |)
            let isApart = all.nonzeroBitCount == exchanged.reduce(0) { $0 + $1.nonzeroBitCount }
            return LineChoice(
                lines: lines, touched: touched, others: touched.filter { $0 != table },
                isPlain: isApart && touched.allSatisfy { all & ~tables[$0].mask == 0 }
                    && tables.allSatisfy { $0.mask & ~own.mask == 0 })
        }
    }
}
