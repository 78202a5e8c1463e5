import Statistics

/// What some tables leave out that others count: whose opt-out is about a purpose or a category of
/// what a table reads is in one table and not in the other, and whoever subtracts is told of them.
///
/// It is a family of its own: what is left out of each cell of the tables with fewer records. Where
/// such a cell is told, so is what was left out of it, as far as the other tables tell what is in
/// it all together.
struct LeftOut {
    let family: Family
    /// What must not be told: too few persons or customers are known to be behind it.
    let cells: [Int]
}

/// What is in one of two groups of tables beyond the other, in one place.
private struct Excess {
    var value: Int128 = 0
    /// The fewest persons and customers that can be behind it.
    var persons = 0
    var customers = 0
    /// Whether there is a row in each of the two groups: what is not there cannot be withheld.
    var hasRows = [true, true]
}

/// What rows of one place add up to.
private struct PlaceTotal {
    var value: Int128 = 0
    var rows = 0
    /// The persons and customers of the row with the most, and of all rows, those of several rows
    /// as often.
    var most = (persons: 0, customers: 0)
    var all = (persons: 0, customers: 0)

    mutating func add(_ value: Int128, _ backing: CellBacking?) {
        let (persons, customers) = (backing?.persons ?? 0, backing?.customers ?? 0)
        self.value += value
        rows += 1
        most = (max(most.persons, persons), max(most.customers, customers))
        all = (all.persons + persons, all.customers + customers)
    }

    func beyond(_ fewer: PlaceTotal) -> Excess {
        let (own, others) = value < fewer.value ? (fewer, self) : (self, fewer)
        let persons = max(0, own.most.persons - others.all.persons)
        return Excess(
            value: value - fewer.value, persons: persons,
            // Each is of a customer.
            customers: max(min(persons, 1), own.most.customers - others.all.customers),
            hasRows: [rows > 0, fewer.rows > 0])
    }
}

extension FamilyBuilder {
    /// What is left out, for each measurand that tables count of different records.
    func leftOut(_ thresholds: [Thresholds]) throws(ControlRefusal) -> [LeftOut] {
        let counted = breakdowns.filter { breakdown in
            if case .distinct = breakdown.measurand { return false }
            return !publication.ofParts.contains(breakdown.table)
        }
        var found: [LeftOut] = []
        var measurands: [Measurand] = []
        for breakdown in counted where !measurands.contains(breakdown.measurand) {
            measurands.append(breakdown.measurand)
        }
        for measurand in measurands {
            let all = counted.filter { $0.measurand == measurand }
            let shown = all.filter { !publication.unseen.contains($0.table) }
            let groups = Set(shown.map { publication.groups[$0.table] }).sorted()
            var merged: [[Breakdown]] = []
            for group in groups {
                let own = all.filter { publication.groups[$0.table] == group }
                // Tables that leave out the same tell of it together.
                var at = 0
                while at < merged.count, try !GroupDifferences(self, merged[at], own).isNone {
                    at += 1
                }
                if at < merged.count { merged[at] += own } else { merged.append(own) }
            }
            for (at, one) in merged.enumerated() {
                for other in merged.dropFirst(at + 1) {
                    let differences = try GroupDifferences(self, one, other)
                    if let made = differences.leftOut(thresholds) { found.append(made) }
                }
            }
        }
        return found
    }
}

/// Two groups of tables, held against each other by what they have in common.
private struct GroupDifferences {
    private let publication: MeasuredPublication
    private var space: AttributeSpace
    private var groups: [[Column]] = []
    /// By what tables of both groups have in common: what the first has beyond the second.
    private var excesses: [AttributeSet: [UInt128: Excess]] = [:]
    /// The sets of `excesses` that are about a part only.
    private var partial: Set<AttributeSet> = []

    /// One column of a table, its keys laid out.
    private struct Column {
        let breakdown: Breakdown
        let set: AttributeSet
        var reading = CellReading()
        var keys: [UInt128] = []
    }

    init(
        _ builder: FamilyBuilder, _ one: [Breakdown], _ other: [Breakdown]
    ) throws(ControlRefusal) {
        publication = builder.publication
        space = try builder.space(of: one + other)
        for breakdowns in [one, other] {
            groups.append([])
            for breakdown in breakdowns {
                var column = Column(breakdown: breakdown, set: space.closedSet(of: breakdown))
                builder.read(breakdown, column.set, &column.reading, &space)
                groups[groups.count - 1].append(column)
            }
        }
        guard space.layOut() else { throw .tooManyKeys }
        for group in groups.indices {
            for at in groups[group].indices { layOut(&groups[group][at]) }
        }
        for column in groups[0] {
            for twin in groups[1] { compare(column, twin) }
        }
        addOutsides()
    }

    private func layOut(_ column: inout Column) {
        let width = column.reading.indices.count
        column.keys = column.reading.values.indices.map { number in
            space.key(
                column.reading.coordinates[number * width..<(number + 1) * width],
                of: column.reading.indices)
        }
    }

    private func isUnseen(_ column: Column) -> Bool {
        publication.unseen.contains(column.breakdown.table)
    }

    private mutating func compare(_ one: Column, _ other: Column) {
        if isUnseen(one), isUnseen(other) { return }
        let shared = one.set.intersection(other.set)
        // Figures about a part do not add up to what is not about it.
        let parts = [one.breakdown.part, other.breakdown.part].compactMap(\.self)
        for part in parts where space.set(of: .part(part)).isDisjoint(with: shared) { return }
        // Outside of the part there are no figures of one of them, whatever the other has there.
        let inside = parts.reduce(UInt128(0)) { $0 | space.bit(of: $1) }
        let (more, fewer) = (totals(of: one, by: shared), totals(of: other, by: shared))
        for key in Set(more.keys).union(fewer.keys) where key & inside == inside {
            var excess = (more[key] ?? PlaceTotal()).beyond(fewer[key] ?? PlaceTotal())
            if let known = excesses[shared]?[key] {
                guard known.value == excess.value else { continue }
                excess.persons = max(excess.persons, known.persons)
                excess.customers = max(excess.customers, known.customers)
            }
            excesses[shared, default: [:]][key] = excess
        }
        if one.breakdown.part != nil || other.breakdown.part != nil { partial.insert(shared) }
    }

    private func totals(of column: Column, by set: AttributeSet) -> [UInt128: PlaceTotal] {
        let mask = space.mask(set)
        var totals: [UInt128: PlaceTotal] = [:]
        for (number, key) in column.keys.enumerated() {
            guard let place = column.reading.places[number] else { continue }
            let cell = publication.tables[Int(place.table)].rows[Int(place.row)]
                .cells[Int(place.column)]
            totals[key & mask, default: PlaceTotal()]
                .add(column.reading.values[number], cell.backing)
        }
        return totals
    }

    /// Adds what is left out of the rest where it is known of a whole and of a part of it: nobody
    /// knows how many are behind that.
    private mutating func addOutsides() {
        for set in partial {
            for attribute in space.attributes {
                guard case .part(let part) = attribute else { continue }
                let rest = set.subtracting(space.set(of: attribute))
                guard rest != set, space.closure(rest) == rest, let wholes = excesses[rest] else {
                    continue
                }
                let bit = space.bit(of: part)
                for (key, whole) in wholes where excesses[set]?[key] == nil {
                    var outside = Excess(value: whole.value)
                    outside.value -= excesses[set]?[key | bit]?.value ?? 0
                    excesses[set]?[key] = outside
                }
            }
        }
    }

    /// True where both count the same, as far as can be seen.
    var isNone: Bool {
        excesses.values.allSatisfy { $0.values.allSatisfy { $0.value == 0 } }
    }

    /// What the group with fewer records leaves out; nil where both count the same.
    func leftOut(_ thresholds: [Thresholds]) -> LeftOut? {
        if isNone { return nil }
        let all = excesses.values.flatMap(\.values).map(\.value)
        let isTurned = all.reduce(0, +) < 0
        let fewer = groups[isTurned ? 0 : 1]
        guard let measurand = fewer.first?.breakdown.measurand else { return nil }
        var assembly = FamilyAssembly(measurand, space)
        for column in fewer {
            for (number, key) in column.keys.enumerated() {
                assembly.add(
                    key, of: column.set, value: most(at: key, of: column.set),
                    persons: column.reading.persons[number],
                    place: column.reading.places[number], isUnseen: isUnseen(column))
            }
            if column.breakdown.part == nil { assembly.complete(column.set) }
            for key in outsideKeys(of: column, among: fewer) {
                assembly.add(
                    key, of: column.set, value: most(at: key, of: column.set), persons: 0,
                    place: nil, isUnseen: true)
                assembly.complete(column.set)
            }
        }
        for (set, cells) in excesses {
            for (key, excess) in cells.sorted(by: { $0.key < $1.key }) {
                assembly.add(
                    key, of: set, value: Int128(excess.value.magnitude), persons: 0, place: nil,
                    isUnseen: true)
            }
            if !partial.contains(set) { assembly.complete(set) }
        }
        var family = assembly.assembled()
        family.floors = [Int32](repeating: 0, count: family.keys.count)
        let tables = groups.joined().filter { !isUnseen($0) }.map(\.breakdown.table)
        let persons = tables.map { thresholds[$0].persons }.max() ?? 0
        let customers = tables.map { thresholds[$0].customers }.max() ?? 0
        let few = family.keys.indices.filter { cell in
            let set = family.tables[Int(family.tableOf[cell])].set
            guard let excess = excesses[set]?[family.keys[cell]], excess.value != 0 else {
                return false
            }
            return excess.hasRows[isTurned ? 0 : 1]
                && (excess.persons < persons || excess.customers < customers)
        }
        return few.isEmpty ? nil : LeftOut(family: family, cells: few)
    }

    /// The cells outside the part that a column is about, as far as there are wholes of it: what
    /// nobody shows can be more than it is without anything shown being another.
    private func outsideKeys(of column: Column, among all: [Column]) -> [UInt128] {
        guard let part = column.breakdown.part else { return [] }
        let rest = column.set.subtracting(space.set(of: .part(part)))
        guard space.closure(rest) == rest else { return [] }
        let shown = all.filter { $0.set == rest }.flatMap(\.keys)
        return Set(shown).union(excesses[rest, default: [:]].keys).sorted()
    }

    /// The most that can have been left out of a cell.
    private func most(at key: UInt128, of set: AttributeSet) -> Int128 {
        excesses.compactMap { shared, cells -> Int128? in
            guard set.isSuperset(of: shared) else { return nil }
            return cells[key & space.mask(shared)].map { Int128($0.value.magnitude) } ?? 0
        }.min() ?? 0
    }
}
