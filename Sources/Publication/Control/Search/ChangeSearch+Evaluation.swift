extension ChangeSearch {
    /// Finds out what the box at hand moves, up to `wanted`, and what that costs; false when it
    /// would change a cell that cannot change, or while nothing is left out one that is shown.
    mutating func evaluate(wanted: Int128) -> Bool {
        let own = box.table
        box.definedMask = masks[own]
        box.definedSet = family.tables[own].set
        box.isExtendedAlike = true
        box.kinds.removeAll(keepingCapacity: true)
        box.kinds.append(contentsOf: box.corners)
        box.support.removeAll(keepingCapacity: true)
        box.amount = wanted
        box.cost = 0
        // Most boxes fail in the cell's own table, so that is looked at first.
        guard add(own), extend(own, wanted) else { return false }
        for table in family.tables.indices where table != own {
            guard add(table) else { return false }
        }
        if family.measurand.isCount { box.amount -= box.amount % Family.one }
        return box.amount > 0
    }

    /// Adds the cells of a table to the box; false when the box cannot be moved, or costs too much.
    private mutating func add(_ table: Int) -> Bool {
        if isUntouched(masks[table]) { return true }
        let start = box.support.count
        guard project(table) else { return false }
        for at in start..<box.support.count {
            let (cell, times) = box.support[at]
            if !leeways.canChange(cell) { return false }
            box.cost += leeways.cost(cell)
            guard let room = leeways.room(cell, sign: times) else { continue }
            box.amount = min(box.amount, abs(times) == 1 ? room : room / Int128(abs(times)))
        }
        return box.amount > 0 && (!isLeavingOut || Double(box.cost) <= box.bestScore)
    }

    /// True when a table does not have what is exchanged along some line: the corners that differ
    /// in it cancel out.
    private func isUntouched(_ mask: UInt128) -> Bool {
        guard box.isExtendedAlike else { return false }
        for bits in box.exchanged where bits & mask == 0 { return true }
        return false
    }

    /// Adds the cells of a table that change; false when one would have to that is known to be
    /// zero.
    private mutating func project(_ table: Int) -> Bool {
        let mask = masks[table]
        for at in box.kinds.indices {
            let key = box.kinds[at].key & mask
            var isFirst = true
            var times = 0
            for other in box.kinds.indices where box.kinds[other].key & mask == key {
                if other < at { isFirst = false }
                times += box.kinds[other].sign
            }
            if !isFirst || times == 0 { continue }
            guard mask & ~box.definedMask == 0 else { return false }
            if let cell = indices[table][key] {
                box.support.append((cell, times))
            } else if isComplete[table] {
                return false
            }
        }
        return true
    }
}

/// What corners are in tables that have attributes which their own table does not have.
extension ChangeSearch {
    /// Gives the corners values of attributes that the cell's own table does not have, where other
    /// tables change by them.
    private mutating func extend(_ own: Int, _ wanted: Int128) -> Bool {
        for table in others[own] {
            let mask = masks[table]
            let missing = mask & ~box.definedMask
            if missing == 0 || isUntouched(mask) || cancels(mask & box.definedMask) { continue }
            let shared = family.tables[table].set.intersection(box.definedSet)
            let lines = self.lines(of: table, shared)
            if let bits = valueForAll(table, lines, wanted) {
                for at in box.kinds.indices { box.kinds[at].key |= bits }
            } else if !extendApart(table, lines, missing, wanted) {
                if isComplete[table] { return false }
                continue
            }
            box.definedMask |= mask
            box.definedSet.formUnion(family.tables[table].set)
        }
        return true
    }

    private func cancels(_ mask: UInt128) -> Bool {
        box.kinds.allSatisfy { corner in
            box.kinds.reduce(0) { $0 + ($1.key & mask == corner.key & mask ? $1.sign : 0) } == 0
        }
    }

    /// The line set of a table by what it shares; made when it is asked for the first time.
    private mutating func lines(of table: Int, _ shared: AttributeSet) -> Int {
        if let known = family.tables[table].lines.firstIndex(where: { $0.set == shared }) {
            return known
        }
        family.tables[table].lines.append(
            LineSet(
                shared, mask: family.space.mask(shared),
                cells: family.cheapestFirst(family.tables[table]),
                firstCell: family.tables[table].cells.lowerBound, keys: family.keys))
        return family.tables[table].lines.count - 1
    }

    /// The bits of the value that costs least for all corners together, so that tables without the
    /// cell's own attributes do not change; nil when there is none.
    private func valueForAll(_ table: Int, _ lines: Int, _ wanted: Int128) -> UInt128? {
        let missing = masks[table] & ~box.definedMask
        var best: UInt128?
        var bestRank = Double.infinity
        let leader = box.kinds.first { $0.sign < 0 } ?? box.kinds[0]
        let line = family.tables[table].lines[lines].line(key: leader.key)
        for cell in line.prefix(effort.partsMax) {
            let bits = family.keys[Int(cell)] & missing
            var rank = 1.0
            var share = 1.0
            for corner in box.kinds {
                let key = corner.key | bits
                guard
                    let part = indices[table][key & masks[table]],
                    let own = self.share(part, corner, key, table, wanted)
                else {
                    share = 0
                    break
                }
                rank += Double(leeways.cost(part))
                share = min(share, own)
            }
            if share > 0, rank / share < bestRank {
                bestRank = rank / share
                best = bits
                if !isLeavingOut, share == 1 { break }
            }
        }
        return best
    }

    /// What part of `wanted` the cell can move as part of a corner with the key; nil for nothing.
    private func share(
        _ cell: Int, _ corner: Box.Corner, _ key: UInt128, _ table: Int, _ wanted: Int128
    ) -> Double? {
        if !leeways.canChange(cell) { return nil }
        if !isPossible(key, with: table) { return nil }
        guard let room = leeways.room(cell, sign: corner.sign), room < wanted else { return 1 }
        return room <= 0 ? nil : approximate(room) / approximate(wanted)
    }

    /// Gives each corner the value that costs least for it; false when one has none.
    private mutating func extendApart(
        _ table: Int, _ lines: Int, _ missing: UInt128, _ wanted: Int128
    ) -> Bool {
        let values = box.kinds.map { corner in
            part(of: corner, table, lines, wanted).map { family.keys[$0] & missing }
        }
        if values.contains(nil) { return false }
        for (at, value) in values.enumerated() { box.kinds[at].key |= value ?? 0 }
        box.isExtendedAlike = false
        return true
    }

    /// A cell of a finer table that is part of a corner: the one that costs least and can move far
    /// enough.
    private func part(
        of corner: Box.Corner, _ table: Int, _ lines: Int, _ wanted: Int128
    ) -> Int? {
        var best: Int?
        var bestRank = Double.infinity
        let line = family.tables[table].lines[lines].line(key: corner.key)
        for cell in line.prefix(effort.partsMax) {
            let cell = Int(cell)
            let key = corner.key | family.keys[cell]
            guard let share = share(cell, corner, key, table, wanted) else { continue }
            let rank = (Double(leeways.cost(cell)) + 1) / share
            if rank < bestRank {
                bestRank = rank
                best = cell
            }
        }
        return best
    }

    /// True when records of this kind could be: no table that has all its attributes shows that
    /// there are none. Tables that `table` breaks down have what it has.
    private func isPossible(_ key: UInt128, with table: Int) -> Bool {
        let mask = masks[table]
        let defined = box.definedMask | mask
        for other in family.tables
        where other.isComplete && other.mask & ~defined == 0 && other.mask & ~mask != 0 {
            if other.index[key & other.mask] == nil { return false }
        }
        return true
    }
}
