/// What was found of unsafe cells: other values of hidden cells that fit all that is shown.
struct ChangeProofs {
    private var cells: [Int32] = []
    private var amounts: [Int128] = []
    /// Where the cells of each proof end.
    private var ends: [Int] = []

    /// How many there are.
    var count: Int { ends.count }

    /// Adds a proof: by how much each cell changes.
    mutating func add(_ changes: [(cell: Int, amount: Int128)]) {
        for (cell, amount) in changes {
            cells.append(Int32(truncatingIfNeeded: cell))
            amounts.append(amount)
        }
        ends.append(cells.count)
    }

    /// The changes of the proof with a number.
    func proof(_ number: Int) -> (cells: ArraySlice<Int32>, amounts: ArraySlice<Int128>) {
        let range = (number == 0 ? 0 : ends[number - 1])..<ends[number]
        return (cells[range], amounts[range])
    }
}
