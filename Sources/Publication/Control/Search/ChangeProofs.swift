/// What was found of unsafe cells: other values of hidden cells that fit all that is shown.
///
/// There may be millions of changes, nearly all of them by a few records: those take eight bytes.
struct ChangeProofs: Equatable {
    /// The cells that change; `~cell` where the amount is in `wide`.
    private var cells: [Int32] = []
    /// By how many whole units each changes, or the place of its amount in `wide`.
    private var amounts: [Int32] = []
    /// Amounts in billionths that are no small number of whole units.
    private var wide: [Int128] = []
    /// Where the cells of each proof end.
    private var ends: [Int] = []

    /// How many there are.
    var count: Int { ends.count }

    /// Adds a proof: by how much each cell changes.
    mutating func add(_ changes: [(cell: Int, amount: Int128)]) {
        for (cell, amount) in changes { add(cell, amount) }
        end()
    }

    /// Adds a cell to the proof at hand.
    mutating func add(_ cell: Int, _ amount: Int128) {
        let cell = Int32(truncatingIfNeeded: cell)
        if let units = Self.units(amount) {
            cells.append(cell)
            amounts.append(units)
        } else {
            cells.append(~cell)
            amounts.append(Int32(truncatingIfNeeded: wide.count))
            wide.append(amount)
        }
    }

    /// The amount in whole units; nil when it is no small number of them.
    private static func units(_ amount: Int128) -> Int32? {
        // Dividing 64 bits takes a tenth of what dividing 128 does.
        guard let amount = Int64(exactly: amount) else { return nil }
        let (units, rest) = amount.quotientAndRemainder(dividingBy: Int64(Family.one))
        return rest == 0 ? Int32(exactly: units) : nil
    }

    /// Ends the proof at hand.
    mutating func end() { ends.append(cells.count) }

    /// True when a cell is among `cells` more than once.
    static func namesTwice(_ cells: [Int32]) -> Bool {
        // Most proofs are of a few cells, and there may be millions.
        guard cells.count <= 12 else { return Set(cells).count < cells.count }
        for one in cells.indices.dropLast() {
            for other in (one + 1)..<cells.count where cells[one] == cells[other] { return true }
        }
        return false
    }

    /// The changes of the proof with a number, in billionths.
    func proof(_ number: Int) -> (cells: [Int32], amounts: [Int128]) {
        var proof: (cells: [Int32], amounts: [Int128]) = ([], [])
        for place in (number == 0 ? 0 : ends[number - 1])..<ends[number] {
            let isWide = cells[place] < 0
            proof.cells.append(isWide ? ~cells[place] : cells[place])
            proof.amounts.append(
                isWide ? wide[Int(amounts[place])] : Int128(amounts[place]) * Family.one)
        }
        return proof
    }
}
