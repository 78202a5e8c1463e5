/// The cells of a table, grouped by the attributes that it shares with another.
struct LineSet {
    /// The attributes shared.
    let set: AttributeSet
    let mask: UInt128
    /// True when no other line set of the table shares more: its lines are what equations are of.
    var isWidest = false
    /// The cells, those of a line behind each other, in the order in which they were given.
    let order: [Int32]
    /// For each cell of the table, counted from its first: the number of its line.
    private let lineOf: [Int32]
    /// Where each line begins in `order`; one more for the end of the last.
    private let starts: [Int32]
    /// The numbers of lines by key.
    private let index: KeyIndex
    private let firstCell: Int

    /// The lines of `cells`, which are all of a table, the first of which is `firstCell`.
    init(
        _ set: AttributeSet, mask: UInt128, cells: [Int32], firstCell: Int, keys: [UInt128]
    ) {
        self.set = set
        self.mask = mask
        self.firstCell = firstCell
        var index = KeyIndex(capacity: 64, mask: mask)
        var lineOf = [Int32](repeating: 0, count: cells.count)
        var counts: [Int32] = []
        for cell in cells {
            let key = keys[Int(cell)] & mask
            let line = index[key] ?? counts.count
            if line == counts.count {
                index.insert(key, line)
                counts.append(0)
            }
            counts[line] += 1
            lineOf[Int(cell) - firstCell] = Int32(truncatingIfNeeded: line)
        }
        var starts: [Int32] = [0]
        starts.reserveCapacity(counts.count + 1)
        var end: Int32 = 0
        for count in counts {
            end += count
            starts.append(end)
        }
        var next = starts
        var order = [Int32](repeating: 0, count: cells.count)
        for cell in cells {
            let line = Int(lineOf[Int(cell) - firstCell])
            order[Int(next[line])] = cell
            next[line] += 1
        }
        self.order = order
        self.lineOf = lineOf
        self.starts = starts
        self.index = index
    }

    /// How many lines there are.
    var count: Int { starts.count - 1 }

    /// The number of the line of a cell of the table.
    func number(of cell: Int) -> Int { Int(lineOf[cell - firstCell]) }

    /// Where the cells of a line are in `order`.
    func range(_ line: Int) -> Range<Int> { Int(starts[line])..<Int(starts[line + 1]) }

    /// The line of a cell of the table.
    func line(of cell: Int) -> ArraySlice<Int32> { order[range(number(of: cell))] }

    /// The line with a key; empty when there is none.
    func line(key: UInt128) -> ArraySlice<Int32> {
        guard let line = index[key & mask] else { return [] }
        return order[range(line)]
    }
}
