/// How the cells of a family can change while a proof is made: what boxes ask of one cell after
/// the other, side by side in memory.
struct CellLeeways {
    private var cells: [Leeway]
    /// How far each cell may fall from the truth when it is left out, by what the attacker knows;
    /// 0 where that is without limit.
    private let falls: [Int128]
    /// Of families with noise: how far that lets each cell be from the truth. Empty for others.
    private let noise: [Family.Range]
    /// True when nothing is known of the range of any cell.
    private let isUnlimited: Bool
    /// False while a proof is looked for that leaves nothing out.
    var isLeavingOut = false

    private struct Leeway {
        /// How far it may still fall; where that is without limit, by how much it has risen.
        var down: Int128
        /// What leaving it out costs.
        var cost: Int32
        var state: CellState
        /// True when it can be left out for the sake of others, or is.
        var canHide: Bool
    }

    init(_ family: Family) {
        isUnlimited = family.hasNegative
        falls = family.keys.indices.map { family.range($0, ignoringNoise: true).down ?? 0 }
        noise = family.blurRadius > 0 ? family.keys.indices.map { family.range($0) } : []
        cells = []
        cells.reserveCapacity(falls.count)
        for cell in family.keys.indices {
            cells.append(
                Leeway(
                    down: falls[cell], cost: Int32(clamping: family.cost(cell)),
                    state: family.states[cell], canHide: family.canHide(cell)))
        }
    }

    /// True for cells that can change without leaving anything out.
    @inline(__always)
    func isFree(_ cell: Int) -> Bool {
        cells[cell].state.isHidden || cells[cell].state == .blurred && !isLeavingOut
    }

    /// True for cells that can change, with what may be left out now.
    @inline(__always)
    func canChange(_ cell: Int) -> Bool { isLeavingOut ? cells[cell].canHide : isFree(cell) }

    /// What leaving a cell out costs.
    @inline(__always)
    func cost(_ cell: Int) -> Int { Int(cells[cell].cost) }

    /// How far a cell can still move up or down; nil without limit.
    @inline(__always)
    func room(_ cell: Int, sign: Int) -> Int128? {
        if cells[cell].state == .blurred, !isLeavingOut { return blurredRoom(cell, sign: sign) }
        return sign > 0 || isUnlimited ? nil : cells[cell].down
    }

    private func blurredRoom(_ cell: Int, sign: Int) -> Int128? {
        let moved = moved(cell)
        return sign > 0 ? noise[cell].up.map { $0 - moved } : noise[cell].down.map { $0 + moved }
    }

    /// By how much a cell has changed.
    func moved(_ cell: Int) -> Int128 { cells[cell].down - falls[cell] }

    /// Changes a cell.
    mutating func move(_ cell: Int, by amount: Int128) { cells[cell].down += amount }

    /// Puts a cell back to where it was.
    mutating func putBack(_ cell: Int) { cells[cell].down = falls[cell] }

    /// Takes in that a cell is left out.
    mutating func hide(_ cell: Int) {
        cells[cell].cost = 0
        cells[cell].state = .complement
        cells[cell].canHide = true
    }
}
