/// Proves of distinct counts in tables that cross that what is hidden could be otherwise.
///
/// One person can be in several cells, so of tables that cross the inequalities between parts and
/// wholes are not all that can be known: where everybody of a total is in one part, and in one part
/// of another breakdown as well, it follows who is who. What surely can be is a world that differs
/// from the true one in what one person did. Two such worlds are looked for, and it needs to be
/// known of nobody who he is:
///
/// * *One more*: somebody of another cell, of whom there are more than in this one, did besides
///   what makes him count here. Cells that hold all of the other cell have him already.
/// * *One fewer*: somebody left to another of the cell what he did in it. Parts of the cell stay
///   what they are or lose one of at least two. So that wholes keep him, he did something in a cell
///   beside it, or leaves them too.
///
/// Every figure that may change must be hidden, with room for it in what the attacker knows. Where
/// no world is found with what is hidden, the cheapest cells that stand in its way are left out.
struct DistinctWorlds {
    private(set) var family: Family
    /// Cells of a table by what they share with others, made when they are asked for.
    private var lines: [LineName: LineSet] = [:]
    /// The tables by how many attributes they have, most first.
    private let finestFirst: [Int]
    private let isCrossed: Bool

    /// How many cells of a line are tried.
    private static let triesMax = 24

    private struct LineName: Hashable {
        let table: Int
        let shared: AttributeSet
    }

    /// Cells that would have to be left out.
    private struct Way {
        var cost = 0
        var hides: [Int] = []
    }

    init(_ family: Family) {
        self.family = family
        let sets = family.tables.map(\.set)
        finestFirst = sets.indices.sorted { one, other in
            let left = sets[one].rawValue.nonzeroBitCount
            let right = sets[other].rawValue.nonzeroBitCount
            return left == right ? one < other : left > right
        }
        isCrossed = Self.cross(sets, varying: Self.varying(family))
    }

    /// The attributes that have several values.
    private static func varying(_ family: Family) -> AttributeSet {
        var varying: AttributeSet = []
        for table in family.tables {
            guard let first = table.cells.first else { continue }
            var differences: UInt128 = 0
            for cell in table.cells { differences |= family.keys[cell] ^ family.keys[first] }
            for index in family.space.attributes.indices where table.set.contains(index) {
                let one = AttributeSet(rawValue: 1 << UInt64(index))
                if family.space.mask(one) & differences != 0 { varying.formUnion(one) }
            }
        }
        return varying
    }

    /// True when two tables, neither a breakdown of the other, share something that varies, or when
    /// a third breaks both down.
    private static func cross(_ sets: [AttributeSet], varying: AttributeSet) -> Bool {
        let sets = sets.map { $0.intersection(varying) }
        return sets.contains { one in
            sets.contains { other in
                if one.isSuperset(of: other) || other.isSuperset(of: one) { return false }
                return !one.isDisjoint(with: other)
                    || sets.contains { $0.isSuperset(of: one.union(other)) }
            }
        }
    }

    /// Leaves out so many cells that there is another world for every unsafe one; those of which
    /// none was found are returned. Families without crossing tables stay as they are.
    mutating func protectAll() throws(ControlRefusal) -> [Int] {
        guard isCrossed else { return [] }
        var open: [Int] = []
        for cell in family.needs.indices where family.needs[cell] > 0 {
            try checkStop()
            guard let way = cheapest(cell) else {
                open.append(cell)
                continue
            }
            for hidden in way.hides { family.hide(hidden) }
        }
        return open
    }

    private mutating func cheapest(_ cell: Int) -> Way? {
        var best: Way?
        func take(_ way: Way?) {
            if let way, way.cost < best?.cost ?? .max { best = way }
        }
        let kinds = kinds(family.keys[cell], of: Int(family.tableOf[cell]))
        for kind in kinds {
            take(oneMore(cell, kind))
            if best?.cost == 0 { return best }
        }
        guard canFall(cell) else { return best }
        for base in wholes(of: cell) {
            take(oneFewer(cell, keeping: base))
            if best?.cost == 0 { return best }
        }
        take(leaving(cell, nil, kind: nil))
        return best
    }

    // MARK: What a person can do

    /// The cells of all tables in which somebody counts who did one thing.
    private typealias Kind = [Int]

    /// Things that count in a cell with this key of a table, and in cells that there are.
    private mutating func kinds(_ key: UInt128, of table: Int) -> [Kind] {
        var found: [(key: UInt128, mask: UInt128, set: AttributeSet)] = [
            (key, family.tables[table].mask, family.tables[table].set)
        ]
        for other in finestFirst {
            let mask = family.tables[other].mask
            found = found.flatMap { known -> [(key: UInt128, mask: UInt128, set: AttributeSet)] in
                if mask & ~known.mask == 0 { return [known] }
                let shared = family.tables[other].set.intersection(known.set)
                let set = known.set.union(family.tables[other].set)
                return line(known.key, of: other, shared).prefix(Self.triesMax).map {
                    (known.key | family.keys[Int($0)], known.mask | mask, set)
                }
            }
            found = Array(found.prefix(Self.triesMax))
        }
        return found.compactMap { cells(of: $0.key) }
    }

    /// The cells that hold a thing; nil when a table tells that nobody did it.
    private func cells(of key: UInt128) -> Kind? {
        var kind: Kind = []
        for table in family.tables {
            if let cell = table.index[key & table.mask] {
                kind.append(cell)
            } else if table.isComplete {
                return nil
            }
        }
        return kind
    }

    /// The cells of a table that share `shared` with a key, hidden ones first.
    private mutating func line(
        _ key: UInt128, of table: Int, _ shared: AttributeSet
    ) -> [Int32] {
        let name = LineName(table: table, shared: shared)
        if lines[name] == nil {
            let own = family.tables[table]
            lines[name] = LineSet(
                shared, mask: family.space.mask(shared), cells: family.cheapestFirst(own),
                firstCell: own.cells.lowerBound, keys: family.keys)
        }
        let all = lines[name]?.line(key: key) ?? []
        // Cells that cost least come first: hidden ones are among them.
        return all.prefix(Self.triesMax * 8).filter { family.states[Int($0)].isHidden }
            + all.prefix(Self.triesMax).filter { !family.states[Int($0)].isHidden }
    }

    /// True when the first cell holds all of the second, both holding the same thing.
    private func holds(_ whole: Int, _ part: Int) -> Bool {
        set(of: part).isSuperset(of: set(of: whole))
    }

    private func set(of cell: Int) -> AttributeSet {
        family.tables[Int(family.tableOf[cell])].set
    }

    private func canRise(_ cell: Int) -> Bool {
        family.values[cell] / Family.one < Int128(family.ceilings[cell])
    }

    private func canFall(_ cell: Int) -> Bool {
        let value = family.values[cell] / Family.one
        return value >= 2 && value > Int128(family.floors[cell])
    }

    // MARK: Worlds

    /// Adds what must be left out so that a cell may change; false when it cannot be.
    private func add(_ cell: Int, to way: inout Way) -> Bool {
        if family.states[cell].isHidden || way.hides.contains(cell) { return true }
        guard family.canHide(cell) else { return false }
        way.hides.append(cell)
        way.cost += family.cost(cell)
        return true
    }

    /// Somebody of another cell does what `kind` says besides.
    private func oneMore(_ cell: Int, _ kind: Kind) -> Way? {
        var best: Way?
        for base in kind where family.values[base] > family.values[cell] {
            let way = rising(kind.filter { !holds($0, base) })
            if let way, way.cost < best?.cost ?? .max { best = way }
        }
        // Or somebody who was not there at all.
        let anew = rising(kind)
        if let anew, anew.cost < best?.cost ?? .max { best = anew }
        return best
    }

    private func rising(_ cells: [Int]) -> Way? {
        var way = Way()
        for cell in cells {
            guard canRise(cell), add(cell, to: &way) else { return nil }
        }
        return way
    }

    /// The cells that a cell is part of.
    private func wholes(of cell: Int) -> [Int] {
        let own = set(of: cell)
        return family.tables.compactMap { table in
            guard table.set != own, own.isSuperset(of: table.set) else { return nil }
            return table.index[family.keys[cell] & table.mask]
        }
    }

    /// Somebody of the cell leaves it, and does something in a cell beside it in `base`.
    private mutating func oneFewer(_ cell: Int, keeping base: Int) -> Way? {
        let own = Int(family.tableOf[cell])
        var best: Way?
        for sibling in line(family.keys[cell], of: own, set(of: base)) where Int(sibling) != cell {
            if !family.states[Int(sibling)].isHidden { break }
            for kind in kinds(family.keys[Int(sibling)], of: own).prefix(2) {
                let way = leaving(cell, base, kind: kind)
                if let way, way.cost < best?.cost ?? .max { best = way }
                if best?.cost == 0 { return best }
            }
        }
        return best
    }

    /// Somebody leaves the cell for what `kind` says, which keeps him in `base`; nil for both: he
    /// leaves all that the cell is part of.
    private mutating func leaving(_ cell: Int, _ base: Int?, kind: Kind?) -> Way? {
        var way = Way()
        guard add(cell, to: &way) else { return nil }
        let own = set(of: cell)
        for table in family.tables.indices {
            let other = family.tables[table].set
            if other == own { continue }
            if own.isSuperset(of: other) {
                guard let whole = family.tables[table].index[
                    family.keys[cell] & family.tables[table].mask]
                else { continue }
                if let base, set(of: base).isSuperset(of: other) { continue }
                guard canFall(whole), add(whole, to: &way) else { return nil }
                continue
            }
            // Of a part there may be one fewer, of what crosses one more as well.
            let isPart = other.isSuperset(of: own)
            for cell in allCells(sharedWith: cell, in: table) {
                guard add(cell, to: &way), isPart || canFall(cell) && canRise(cell) else {
                    return nil
                }
            }
        }
        for cell in kind ?? [] {
            if let base, holds(cell, base) { continue }
            guard canRise(cell), add(cell, to: &way) else { return nil }
        }
        return way
    }

    /// The cells of a table in which somebody of a cell may count for what he did in it.
    private mutating func allCells(sharedWith cell: Int, in table: Int) -> [Int] {
        let shared = family.tables[table].set.intersection(set(of: cell))
        _ = line(family.keys[cell], of: table, shared)
        let name = LineName(table: table, shared: shared)
        return (lines[name]?.line(key: family.keys[cell]) ?? []).map { Int($0) }
    }
}
