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
    /// How far each cell may fall when it is left out, by what the attacker knows; empty when that
    /// is without limit.
    private let falls: [Int128]
    /// By how much each cell has changed in the proof at hand, and which have.
    private var moved: [Int128]
    private var movedCells: [Int] = []
    /// False while a proof is looked for that leaves nothing out.
    private(set) var isLeavingOut = false
    /// The box at hand.
    var box = Box()

    /// No proof is made of more boxes than this.
    static let boxesMax = 400

    init(_ family: Family) {
        self.family = family
        let tables = family.tables
        choices = tables.indices.map { LineChoice.all(of: $0, in: tables) }
        hiddenLines = tables.map { table in
            table.lines.map { $0.isWidest ? HiddenLines($0, family.states) : nil }
        }
        others = tables.indices.map { at in
            tables.indices
                .filter { !tables[at].set.isSuperset(of: tables[$0].set) }
                .sorted { one, other in
                    tables[one].set.rawValue.nonzeroBitCount
                        > tables[other].set.rawValue.nonzeroBitCount
                }
        }
        falls = family.hasNegative
            ? [] : family.keys.indices.map { family.range($0, ignoringNoise: true).down ?? 0 }
        moved = [Int128](repeating: 0, count: family.keys.count)
        isProven = [Bool](repeating: false, count: family.keys.count)
    }

    /// Leaves out so many cells that every unsafe one is protected, as far as that can be proven.
    mutating func protectAll() {
        var open: [Int] = []
        for cell in family.needs.indices where family.needs[cell] > 0 && !isProven[cell] {
            if !protect(cell, leavingOut: false) { open.append(cell) }
        }
        open.sort { one, other in
            let left = family.tables[Int(family.tableOf[one])].cells.count
            let right = family.tables[Int(family.tableOf[other])].cells.count
            return left == right ? one < other : left > right
        }
        for cell in open where !isProven[cell] { _ = protect(cell, leavingOut: true) }
    }

    /// Looks for a proof that the cell is protected; may leave out others to get one.
    private mutating func protect(_ cell: Int, leavingOut: Bool) -> Bool {
        for cell in movedCells { moved[cell] = 0 }
        movedCells.removeAll(keepingCapacity: true)
        isLeavingOut = false
        var missing = family.needs[cell]
        for choice in choices[Int(family.tableOf[cell])] where canMoveHidden(cell, choice) {
            // Small steps are for when there is more to take them with.
            missing -= moveHidden(cell, choice.lines, missing, inOne: !leavingOut)
            if missing <= 0 { break }
        }
        isLeavingOut = true
        var boxes = 0
        while leavingOut, missing > 0, boxes < Self.boxesMax {
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
        // A cell that came back to where it was can be there twice.
        let cells = Set(movedCells.filter { moved[$0] != 0 }).sorted()
        proofs.add(cells.map { ($0, moved[$0]) })
        for cell in cells where family.needs[cell] > 0 && moved[cell] >= family.needs[cell] {
            isProven[cell] = true
        }
    }

    /// False when every box along the lines changes a total of the cell that is shown.
    private func canMoveHidden(_ cell: Int, _ choice: LineChoice) -> Bool {
        for table in choice.touched {
            let key = family.keys[cell] & family.tables[table].mask
            if let total = family.tables[table].index[key], !isFree(total) { return false }
        }
        return true
    }

    /// Leaves a cell out.
    private mutating func hide(_ cell: Int) {
        if family.states[cell].isHidden { return }
        family.hide(cell)
        let table = Int(family.tableOf[cell])
        for lines in hiddenLines[table].indices {
            hiddenLines[table][lines]?.hide(cell, family.tables[table].lines[lines])
        }
    }

    /// Adds a change of cells, each as often as it says, to the proof at hand.
    mutating func apply(_ support: [(cell: Int, times: Int)], _ amount: Int128) {
        for (cell, times) in support {
            if moved[cell] == 0 { movedCells.append(cell) }
            moved[cell] += amount * Int128(times)
        }
    }

    /// True for cells that can change without leaving anything out.
    func isFree(_ cell: Int) -> Bool {
        family.states[cell].isHidden || family.states[cell] == .blurred && !isLeavingOut
    }

    /// True for cells that can change, with what may be left out now.
    func canChange(_ cell: Int) -> Bool {
        isLeavingOut ? family.canHide(cell) : isFree(cell)
    }

    /// How far a cell can still move up or down; nil without limit.
    func room(_ cell: Int, sign: Int) -> Int128? {
        if family.states[cell] == .blurred, !isLeavingOut {
            let range = family.range(cell)
            if sign > 0 { return range.up.map { $0 - moved[cell] } }
            return range.down.map { $0 + moved[cell] }
        }
        return sign > 0 || falls.isEmpty ? nil : falls[cell] + moved[cell]
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

    /// No box has more lines than this.
    private static let linesMax = 5

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
            LineChoice(
                lines: lines,
                touched: tables.indices.filter { other in
                    let mask = tables[other].mask
                    return mask & ~own.mask == 0
                        && lines.allSatisfy { own.mask & ~own.lines[$0].mask & mask != 0 }
                })
        }
    }
}
