import Statistics

/// All figures of a publication that tell of the same measurand: the cells of several tables that
/// are sums of each other, each cell once however often it is shown.
///
/// A cell stands for a set of records, given by the values of the attributes of its table. Whatever
/// is known about a table follows from how many records (how much) of each kind there were, so any
/// change of one kind of record changes all cells of all tables that count it, and no equation
/// between cells can tell a change of that sort from the truth.
struct Family {
    let measurand: Measurand
    let space: AttributeSpace
    var tables: [FamilyTable]
    /// The key of each cell; cells of one table follow each other.
    var keys: [UInt128] = []
    /// The figures in billionths.
    var values: [Int128] = []
    /// The distinct persons behind each.
    var persons: [Int32] = []
    var states: [CellState] = []
    /// Of counts: the fewest records that the attacker knows to be in each.
    var floors: [Int32] = []
    /// Of distinct counts: the most that the attacker knows to be in a cell that is left out.
    var ceilings: [Int32] = []
    /// By how much the attacker's range must reach beyond the truth; 0 for safe cells.
    var needs: [Int128] = []
    /// The table of each cell.
    var tableOf: [Int32] = []
    /// Where cells are shown: (cell, table, row, column) of the publication.
    var places: [CellPlace] = []
    /// Of blurred cells: what is published less the truth, and the most that can be.
    var blurs: [Int8] = []
    var blurRadius = 0
    /// Cells that were told before with the same figure; empty when none was.
    private(set) var isToldBefore: [Bool] = []
    /// True when a figure is negative: then nothing is known of the range of any.
    var hasNegative = false

    /// How far the attacker knows a cell before he computes anything.
    struct Range {
        /// How far the cell may fall and rise from its true value; nil without limit.
        let down: Int128?
        let up: Int128?
    }
}

/// One breakdown of the measurand.
struct FamilyTable {
    let set: AttributeSet
    let mask: UInt128
    /// False when cells of the table that do not exist are unknown rather than zero.
    let isComplete: Bool
    /// True when somebody is shown its rows: everybody sees which are not there.
    var showsRows = false
    /// The cells of the table.
    var cells: Range<Int>
    /// The numbers of cells by key.
    var index: KeyIndex
    /// Its cells by what they have in common with other tables.
    var lines: [LineSet] = []
}

extension FamilyTable {
    /// True when cells differ in what `mask` leaves out.
    fileprivate func hasSeveralValues(beyond mask: UInt128, _ keys: [UInt128]) -> Bool {
        let rest = self.mask & ~mask
        guard let first = cells.first else { return false }
        return cells.contains { keys[$0] & rest != keys[first] & rest }
    }
}

/// Where a cell is shown.
struct CellPlace {
    let cell: Int32
    let table: Int32
    let row: Int32
    let column: Int32
}

/// What is told of a cell.
enum CellState: UInt8 {
    case shown
    /// Shown with noise: known only to lie near what is shown.
    case blurred
    /// Unsafe by itself.
    case unsafe
    /// Left out for the sake of others.
    case complement
    /// Shown nowhere, though it may be computed from what is.
    case virtual

    var isHidden: Bool { self != .shown && self != .blurred }
}

extension Family {
    /// One unit of a count.
    static let one: Int128 = 1_000_000_000

    /// What the attacker knows of a cell beforehand: counts have at least as many records as
    /// persons, and sums of numbers that are never negative are not negative.
    /// Of blurred cells it is what the noise leaves open, or all that leaving them out would.
    func range(_ cell: Int, ignoringNoise: Bool = false) -> Range {
        let value = values[cell]
        if hasNegative { return Range(down: nil, up: nil) }
        guard measurand.isCount else { return Range(down: value, up: nil) }
        let down = max(0, value - Int128(floors[cell]) * Self.one)
        guard states[cell] == .blurred, !ignoringNoise else { return Range(down: down, up: nil) }
        let blur = Int(blurs[cell])
        return Range(
            down: min(down, Int128(blurRadius - blur) * Self.one),
            up: Int128(blurRadius + blur) * Self.one)
    }

    /// Says that a cell is shown with noise, `change` above the truth.
    mutating func blur(_ cell: Int, change: Int, radius: Int) {
        if blurs.isEmpty { blurs = [Int8](repeating: 0, count: keys.count) }
        blurRadius = radius
        blurs[cell] = Int8(clamping: change)
        if states[cell] == .shown { states[cell] = .blurred }
    }

    /// Marks a cell as unsafe by itself: the attacker's range must reach `need` beyond the truth.
    ///
    /// Of few persons he knows only that there is somebody; other reasons tell that there are
    /// enough of them.
    mutating func markUnsafe(_ cell: Int, need: Int128, hasFewPersons: Bool) {
        if states[cell] != .virtual { states[cell] = .unsafe }
        needs[cell] = max(needs[cell], need)
        if hasFewPersons { floors[cell] = values[cell] > 0 ? 1 : 0 }
    }

    /// What leaving the cell out costs.
    func cost(_ cell: Int) -> Int {
        states[cell].isHidden ? 0 : Int(persons[cell]) + 1
    }

    /// The cells of a table, those first that cost least to leave out.
    func cheapestFirst(_ table: FamilyTable) -> [Int32] {
        table.cells.map { Int32(truncatingIfNeeded: $0) }.sorted { one, other in
            let left = persons[Int(one)]
            let right = persons[Int(other)]
            return left == right ? one < other : left < right
        }
    }

    /// The cells that make up all of a total which could have other parts: who is known to be in
    /// the total is known to be in them.
    func wholes() -> [Int] {
        guard measurand.isCount else { return [] }
        return tables.filter(\.isComplete).flatMap { table in
            table.lines.flatMap { lines -> [Int] in
                guard let totals = tables.first(where: { $0.set == lines.set && $0.isComplete }),
                    table.hasSeveralValues(beyond: lines.mask, keys)
                else { return [] }
                return table.cells.filter { cell in
                    guard let total = totals.index[keys[cell] & totals.mask] else { return false }
                    return values[cell] != 0 && values[cell] == values[total]
                        && states[cell] != .virtual
                }
            }
        }
    }

    /// True for nothing that a finer table tells anyhow: it has no row for any of it.
    ///
    /// The figures of that table may all be withheld, its rows are there.
    func isToldByRows(_ cell: Int) -> Bool {
        guard values[cell] == 0, persons[cell] == 0 else { return false }
        let own = tables[Int(tableOf[cell])]
        return tables.contains { finer in
            finer.showsRows && finer.set != own.set && finer.set.isSuperset(of: own.set)
                && !finer.cells.contains { keys[$0] & own.mask == keys[cell] }
        }
    }

    /// Says that a cell was told before with the same figure: leaving it out protects nothing.
    mutating func markToldBefore(_ cell: Int) {
        if isToldBefore.isEmpty { isToldBefore = [Bool](repeating: false, count: keys.count) }
        isToldBefore[cell] = true
    }

    /// True for cells that can be left out for the sake of others, or are.
    func canHide(_ cell: Int) -> Bool {
        isToldBefore.isEmpty || !isToldBefore[cell] || states[cell].isHidden
    }

    /// Leaves a cell out for the sake of others.
    mutating func hide(_ cell: Int) {
        if !states[cell].isHidden { states[cell] = .complement }
    }
}
