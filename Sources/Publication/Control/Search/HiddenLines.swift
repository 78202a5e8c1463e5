/// The cells of the lines of a table, of each line those that are left out first.
struct HiddenLines {
    private var members: [Int32]
    /// The place in `members` of each cell, counted from the table's first.
    private var places: [Int32]
    /// How many of each line are left out.
    private var counts: [Int32]
    private let firstCell: Int

    init(_ lines: LineSet, _ states: [CellState]) {
        members = lines.order
        firstCell = Int(lines.order.min() ?? 0)
        places = [Int32](repeating: 0, count: members.count)
        counts = [Int32](repeating: 0, count: lines.count)
        for (place, cell) in members.enumerated() {
            places[Int(cell) - firstCell] = Int32(truncatingIfNeeded: place)
        }
        for cell in lines.order where states[Int(cell)].isHidden { hide(Int(cell), lines) }
    }

    /// Takes in that a cell is left out.
    mutating func hide(_ cell: Int, _ lines: LineSet) {
        let line = lines.number(of: cell)
        let target = lines.range(line).lowerBound + Int(counts[line])
        let place = Int(places[cell - firstCell])
        if place < target { return }
        members.swapAt(place, target)
        places[Int(members[place]) - firstCell] = Int32(truncatingIfNeeded: place)
        places[cell - firstCell] = Int32(truncatingIfNeeded: target)
        counts[line] += 1
    }

    /// The cells that are left out of the line of a cell.
    func hidden(ofLineOf cell: Int, _ lines: LineSet) -> ArraySlice<Int32> {
        let line = lines.number(of: cell)
        let start = lines.range(line).lowerBound
        return members[start..<start + Int(counts[line])]
    }
}
