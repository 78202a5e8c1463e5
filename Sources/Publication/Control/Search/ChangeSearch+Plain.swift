/// What is known of a plain box up to one of its lines.
struct PlainLevel {
    /// What leaving out its cells costs, in all tables.
    var cost = 0
    /// How far all of them can move; the largest number for without limit.
    var room = Int128.max
    /// False when a cell of another table than the box's own cannot change.
    var canMove = true

    /// Takes a cell in.
    @inline(__always)
    mutating func add(_ cell: Int, sign: Int, _ leeways: CellLeeways) {
        if !leeways.canChange(cell) { canMove = false }
        cost += leeways.cost(cell)
        if let room = leeways.room(cell, sign: sign) { self.room = min(self.room, room) }
    }
}

/// Boxes whose corners are different cells wherever they change anything (`LineChoice.isPlain`),
/// which is most of them: corner by corner there is one cell in each table, changed once, and those
/// of the first lines are the same for all cells that are tried along the next. What comes out is
/// what `evaluate` finds without knowing that.
extension ChangeSearch {
    /// The most corners of a box: two for each line.
    private static let cornersMax = 1 << LineChoice.linesMax

    /// Finds the totals of the cell at hand.
    mutating func beginTotals() {
        if !box.isPlain { return }
        let count = box.others.count * Self.cornersMax
        if box.othersCells.count < count {
            box.othersCells = [Int32](repeating: -1, count: count)
        }
        while box.levels.count <= box.tries.count { box.levels.append(PlainLevel()) }
        var level = PlainLevel()
        level.add(Int(box.corners[0].cell), sign: 1, leeways)
        for place in box.others.indices {
            addTotal(totals[box.others[place]], of: 0, place, &level)
        }
        box.levels[0] = level
    }

    /// Finds the totals of the corners that the line at `depth` adds, which by themselves cost
    /// `added`.
    mutating func addTotals(_ depth: Int, _ added: Int) {
        var level = box.levels[depth]
        level.cost += added
        let corners = 1 << depth..<2 << depth
        for corner in corners {
            let cell = Int(box.corners[corner].cell)
            if cell >= 0, let room = leeways.room(cell, sign: box.corners[corner].sign) {
                level.room = min(level.room, room)
            }
        }
        for place in box.others.indices where level.canMove {
            let table = box.others[place]
            for corner in corners {
                let total = indices[table][box.corners[corner].key & masks[table]]
                addTotal(total, of: corner, place, &level)
            }
        }
        box.levels[depth + 1] = level
    }

    private mutating func addTotal(
        _ total: Int?, of corner: Int, _ place: Int, _ level: inout PlainLevel
    ) {
        box.othersCells[place * Self.cornersMax + corner] = Int32(truncatingIfNeeded: total ?? -1)
        if let total {
            level.add(total, sign: box.corners[corner].sign, leeways)
        } else if isComplete[box.others[place]] {
            level.canMove = false
        }
    }

    /// `evaluate` for the box at hand, when it is plain.
    mutating func evaluatePlain(wanted: Int128) -> Bool {
        let level = box.levels[box.tries.count]
        guard level.canMove, !isLeavingOut || Double(level.cost) <= box.bestScore else {
            return false
        }
        // Boxes that were moved have taken room.
        var amount = min(wanted, isLeavingOut ? level.room : roomOfSupport())
        if family.measurand.isCount { amount -= amount % Family.one }
        if amount <= 0 { return false }
        if isLeavingOut { collectSupport() }
        box.amount = amount
        box.cost = level.cost
        return true
    }

    /// How far the cells of the box at hand, which are collected for it, can move now.
    private mutating func roomOfSupport() -> Int128 {
        collectSupport()
        var least = Int128.max
        for at in box.support.indices {
            if let room = leeways.room(box.support[at].cell, sign: box.support[at].times) {
                least = min(least, room)
            }
        }
        return least
    }

    private mutating func collectSupport() {
        box.support.removeAll(keepingCapacity: true)
        for corner in box.corners where corner.cell >= 0 {
            box.support.append((Int(corner.cell), corner.sign))
        }
        for place in box.others.indices {
            for corner in box.corners.indices {
                let total = box.othersCells[place * Self.cornersMax + corner]
                if total >= 0 { box.support.append((Int(total), box.corners[corner].sign)) }
            }
        }
    }
}
