/// Puts the columns of a family together: columns with the same attributes are one table.
struct FamilyAssembly {
    private let measurand: Measurand
    private let space: AttributeSpace
    private var tables: [Draft] = []
    /// False when two columns show the same cell with different figures.
    private(set) var agrees = true

    private struct Draft {
        let set: AttributeSet
        var isComplete: Bool
        var isShown = false
        var showsRows = false
        var keys: [UInt128] = []
        var values: [Int128] = []
        var persons: [Int32] = []
        var isVirtual: [Bool] = []
        var index: KeyIndex
        var places: [CellPlace] = []
    }

    init(_ measurand: Measurand, _ space: AttributeSpace) {
        self.measurand = measurand
        self.space = space
    }

    /// Adds a column; complete when what is not in it is zero. Of one that is unseen nobody knows
    /// more than follows from what is shown.
    mutating func add(
        _ reading: CellReading, _ set: AttributeSet, isComplete: Bool, isUnseen: Bool = false
    ) {
        let at = table(set, capacity: reading.values.count)
        if isComplete { tables[at].isComplete = true }
        if !isUnseen { tables[at].isShown = true }
        if isComplete, !isUnseen { tables[at].showsRows = true }
        let width = reading.indices.count
        for number in reading.values.indices {
            let start = number * width
            let key = space.key(
                reading.coordinates[start..<start + width], of: reading.indices)
            // Of what a shown table does not have, everybody knows that it is not there.
            if reading.places[number] == nil, tables[at].isShown { continue }
            let cell = insert(
                key, reading.values[number], isUnseen ? 0 : reading.persons[number],
                isVirtual: isUnseen, at)
            guard let place = reading.places[number] else { continue }
            tables[at].places.append(
                CellPlace(
                    cell: Int32(truncatingIfNeeded: cell), table: place.table, row: place.row,
                    column: place.column))
        }
    }

    /// Adds one cell of the table by `set`, unless it is there.
    mutating func add(
        _ key: UInt128, of set: AttributeSet, value: Int128, persons: Int32, place: CellPlace?,
        isUnseen: Bool
    ) {
        let at = table(set, capacity: 64)
        let cell = tables[at].index[key] ?? insert(key, value, persons, isVirtual: isUnseen, at)
        guard let place else { return }
        tables[at].places.append(
            CellPlace(
                cell: Int32(truncatingIfNeeded: cell), table: place.table, row: place.row,
                column: place.column))
    }

    /// Says that what is not in the table by `set` is zero.
    mutating func complete(_ set: AttributeSet) {
        let at = table(set, capacity: 64)
        tables[at].isComplete = true
    }

    private mutating func table(_ set: AttributeSet, capacity: Int) -> Int {
        if let known = tables.firstIndex(where: { $0.set == set }) { return known }
        let index = KeyIndex(capacity: capacity, mask: space.mask(set))
        tables.append(Draft(set: set, isComplete: false, index: index))
        return tables.count - 1
    }

    private mutating func insert(
        _ key: UInt128, _ value: Int128, _ persons: Int32, isVirtual: Bool, _ at: Int
    ) -> Int {
        if let known = tables[at].index[key] {
            if !isVirtual,
                tables[at].values[known] != value || tables[at].persons[known] != persons
            {
                agrees = false
            }
            return known
        }
        let cell = tables[at].keys.count
        tables[at].index.insert(key, cell)
        tables[at].keys.append(key)
        tables[at].values.append(value)
        tables[at].persons.append(persons)
        tables[at].isVirtual.append(isVirtual)
        return cell
    }

    /// Adds what a part has outside each part of it that is shown beside it, where what was counted
    /// together tells.
    private mutating func addBetween() {
        let shown = tables.filter(\.isShown).map(\.set)
        for (inner, outer) in space.nestedParts() {
            let (innerSet, outerSet) = (space.set(of: inner), space.set(of: outer))
            for set in shown where innerSet.isSubset(of: set) && outerSet.isDisjoint(with: set) {
                let rest = set.subtracting(innerSet)
                let both = set.union(outerSet)
                guard space.closure(rest) == rest, shown.contains(rest.union(outerSet)),
                    !tables.contains(where: { $0.set == both }),
                    let source = tables.firstIndex(where: {
                        $0.isComplete && $0.set.isSuperset(of: both)
                    })
                else { continue }
                addSums(of: source, by: both)
            }
        }
    }

    private mutating func addSums(of source: Int, by set: AttributeSet) {
        let mask = space.mask(set)
        let fine = tables[source]
        let at = tables.count
        tables.append(
            Draft(
                set: set, isComplete: true,
                index: KeyIndex(capacity: fine.keys.count, mask: mask)))
        for cell in fine.keys.indices {
            let sum = insert(fine.keys[cell] & mask, 0, 0, isVirtual: true, at)
            tables[at].values[sum] += fine.values[cell]
        }
    }

    /// Adds what a total has outside each part of it that is shown: nobody shows it, but it can be
    /// computed.
    private mutating func addOutsides() {
        for at in tables.indices {
            for attribute in space.attributes {
                guard case .part(let part) = attribute else { continue }
                addOutsides(of: part, at)
            }
        }
    }

    private mutating func addOutsides(of part: Part, _ at: Int) {
        let partSet = space.set(of: .part(part))
        let set = tables[at].set
        let rest = AttributeSet(rawValue: set.rawValue & ~partSet.rawValue)
        guard !set.isDisjoint(with: partSet), space.closure(rest) == rest,
            let total = tables.firstIndex(where: { $0.set == rest })
        else { return }
        let bit = space.bit(of: part)
        for cell in tables[total].keys.indices {
            let key = tables[total].keys[cell]
            var value = tables[total].values[cell]
            if let inside = tables[at].index[key | bit] { value -= tables[at].values[inside] }
            if tables[at].index[key] == nil {
                _ = insert(key, value, 0, isVirtual: true, at)
            }
        }
        tables[at].isComplete = true
    }

    /// The family, its cells numbered.
    mutating func family() -> Family {
        if case .distinct = measurand {} else {
            addBetween()
            addOutsides()
        }
        return assembled()
    }

    /// The family of what was added, and of nothing else.
    func assembled() -> Family {
        var family = Family(measurand: measurand, space: space, tables: [])
        for (number, draft) in tables.enumerated() {
            let first = family.keys.count
            family.keys += draft.keys
            family.values += draft.values
            family.persons += draft.persons
            family.floors += draft.persons
            family.states += draft.isVirtual.map { $0 ? .virtual : .shown }
            family.tableOf += [Int32](repeating: Int32(number), count: draft.keys.count)
            family.places += draft.places.map { place in
                CellPlace(
                    cell: place.cell + Int32(truncatingIfNeeded: first), table: place.table,
                    row: place.row, column: place.column)
            }
            let mask = space.mask(draft.set)
            var index = KeyIndex(capacity: draft.keys.count, mask: mask)
            for (cell, key) in draft.keys.enumerated() { index.insert(key, first + cell) }
            family.tables.append(
                FamilyTable(
                    set: draft.set, mask: mask, isComplete: draft.isComplete,
                    showsRows: draft.showsRows, cells: first..<family.keys.count, index: index))
        }
        family.ceilings = [Int32](repeating: .max, count: family.keys.count)
        family.needs = [Int128](repeating: 0, count: family.keys.count)
        family.hasNegative = family.values.contains { $0 < 0 }
        addLines(&family)
        return family
    }

    private func addLines(_ family: inout Family) {
        for at in family.tables.indices {
            let table = family.tables[at]
            let sets = Self.sharedSets(at, family.tables)
            let cells = family.cheapestFirst(table)
            family.tables[at].lines = sets.map { set in
                var lines = LineSet(
                    set, mask: space.mask(set), cells: cells, firstCell: table.cells.lowerBound,
                    keys: family.keys)
                lines.isWidest = !sets.contains { $0 != set && $0.isSuperset(of: set) }
                return lines
            }
        }
    }

    /// What a table shares with others. Where a complete table lies between, its own equations with
    /// both say the same.
    private static func sharedSets(_ at: Int, _ tables: [FamilyTable]) -> [AttributeSet] {
        let own = tables[at].set
        var sets: [AttributeSet] = []
        for other in tables.indices where other != at {
            let shared = own.intersection(tables[other].set)
            let isImplied = tables.contains { between in
                between.isComplete && between.set != own && own.isSuperset(of: between.set)
                    && between.set != shared && between.set.isSuperset(of: shared)
            }
            if shared != own, !isImplied, !sets.contains(shared) { sets.append(shared) }
        }
        return sets.isEmpty ? [[]] : sets
    }
}
