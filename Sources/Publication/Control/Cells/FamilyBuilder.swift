import Statistics

/// Finds out which figures of a publication depend on each other.
struct FamilyBuilder {
    private let publication: MeasuredPublication
    /// The tables, those with several dimensions taken apart into one for each.
    private let breakdowns: [Breakdown]

    init(_ publication: MeasuredPublication) {
        self.publication = publication
        // What is shown comes first: of a cell that is shown and unseen the shown one counts.
        let all = Breakdown.all(publication.statistics)
        let unseen = publication.unseen
        breakdowns = all.filter { !unseen.contains($0.table) }
            + all.filter { unseen.contains($0.table) }
    }

    /// The families of figures. Figures of different purposes are one family when those that both
    /// have are equal: opt-outs can make them differ.
    func families() throws(ControlRefusal) -> [Family] {
        var measurands: [Measurand] = []
        for breakdown in breakdowns where !measurands.contains(breakdown.measurand) {
            measurands.append(breakdown.measurand)
        }
        var families: [Family] = []
        for measurand in measurands {
            let all = breakdowns.filter { $0.measurand == measurand }
            // Sessions are joined within the texts of their table: unseen ones are of no other.
            if all.allSatisfy({ publication.unseen.contains($0.table) }) { continue }
            let (together, agrees) = try family(all)
            if agrees {
                families.append(together)
                continue
            }
            var purposes: [Int] = []
            for breakdown in all where !purposes.contains(breakdown.purpose) {
                purposes.append(breakdown.purpose)
            }
            for purpose in purposes {
                families.append(try family(all.filter { $0.purpose == purpose }).0)
            }
        }
        return families
    }

    private func family(_ breakdowns: [Breakdown]) throws(ControlRefusal) -> (Family, Bool) {
        var space = AttributeSpace(publication.hierarchies)
        for breakdown in breakdowns {
            for attribute in breakdown.columns.keys { _ = space.index(of: attribute) }
            if let part = breakdown.part { _ = space.index(of: .part(part)) }
        }
        space.addDecided()
        guard space.attributes.count <= AttributeSpace.attributesMax else { throw .tooManyKeys }
        var readings = breakdowns.map { breakdown -> (AttributeSet, CellReading) in
            var raw: AttributeSet = []
            for attribute in breakdown.columns.keys { raw.formUnion(space.set(of: attribute)) }
            if let part = breakdown.part { raw.formUnion(space.set(of: .part(part))) }
            let closed = space.closure(raw)
            return (closed, CellReading())
        }
        for at in readings.indices { read(breakdowns[at], readings[at].0, &readings[at].1, &space) }
        guard space.layOut() else { throw .tooManyKeys }
        var assembly = FamilyAssembly(breakdowns[0].measurand, space)
        for (breakdown, (closed, reading)) in zip(breakdowns, readings) {
            let isWhole = breakdown.part == nil
            assembly.add(
                reading, closed, isComplete: isWhole,
                isUnseen: publication.unseen.contains(breakdown.table))
        }
        return (assembly.family(), assembly.agrees)
    }

    /// Reads the cells of one column.
    private func read(
        _ breakdown: Breakdown, _ closed: AttributeSet, _ reading: inout CellReading,
        _ space: inout AttributeSpace
    ) {
        var rows = RowReading(
            breakdown.columns, closed: closed, part: breakdown.part, in: space)
        reading.indices = rows.indices
        for (number, row) in publication.tables[breakdown.table].rows.enumerated() {
            if !breakdown.has(row.key) { continue }
            rows.read(row.key, &space)
            if rows.isOutside(breakdown.part, space) { continue }
            let cell = row.cells[breakdown.column]
            var value = cell.backing?.total ?? 0
            if case .distinct = breakdown.measurand, case .integer(let count) = cell.value {
                value = Int128(count) * Family.one
            }
            reading.add(
                rows.coordinates, value: value, persons: cell.backing?.persons ?? 0,
                place: CellPlace(
                    cell: 0, table: Int32(breakdown.table), row: Int32(number),
                    column: Int32(breakdown.column)))
        }
        guard publication.spanning.contains(breakdown.table) else { return }
        for key in namedKeys(breakdown) {
            rows.read(key, &space)
            reading.add(rows.coordinates, value: 0, persons: 0, place: nil)
        }
    }

    /// The most keys that are added to a table. Where there would be more, none is: a row that is
    /// not there then counts as known not to be, which withholds more, never less.
    static let namedKeysMax = 1 << 16

    /// The keys that a table does not have, of rows with each of the values that conditions name:
    /// nobody can tell them from those that it has. Of values that nothing tells apart one stands
    /// for all.
    private func namedKeys(_ breakdown: Breakdown) -> [[[UInt8]]] {
        let measured = Set(publication.tables[breakdown.table].rows.map(\.key))
        var keys = measured
        var wanted: [(column: Int, texts: Set<[UInt8]>)] = []
        for case (.text(let input), let column) in breakdown.columns {
            let conditions = publication.statistics.flatMap(\.measures).flatMap(\.conditions)
                .filter { $0.input == input }
            let texts = Set(conditions.flatMap(\.texts))
            if texts.isEmpty { continue }
            if isGrouped(input) {
                wanted.append((column, texts))
                continue
            }
            let alike = standIns(for: texts.union(measured.map { $0[column] }), conditions)
            wanted.append((column, Set(texts.compactMap { alike[$0] })))
            keys = Set(
                keys.map { key in
                    var other = key
                    other[column] = alike[key[column]] ?? key[column]
                    return other
                })
        }
        let most = wanted.reduce(keys.count) { count, one in
            min(count, Self.namedKeysMax + 1) * (one.texts.count + 1)
        }
        if most > Self.namedKeysMax { return [] }
        for (column, texts) in wanted {
            for key in keys {
                for text in texts {
                    var other = key
                    other[column] = text
                    keys.insert(other)
                }
            }
        }
        return keys.subtracting(measured)
            .sorted { $0.lexicographicallyPrecedes($1) { $0.lexicographicallyPrecedes($1) } }
    }

    /// True when a table that is not just there for the sake of conditions is by the input: then
    /// each of its values matters.
    private func isGrouped(_ input: Int) -> Bool {
        breakdowns.contains {
            !publication.ofParts.contains($0.table) && $0.columns[.text(input)] != nil
        }
    }

    /// For each value the one that stands for all that `conditions` do not tell from it.
    private func standIns(
        for values: Set<[UInt8]>, _ conditions: [Condition]
    ) -> [[UInt8]: [UInt8]] {
        let named = conditions.map { Set($0.texts) }
        var first: [[Bool]: [UInt8]] = [:]
        var found: [[UInt8]: [UInt8]] = [:]
        for value in values.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let kind = named.map { $0.contains(value) }
            found[value] = first[kind, default: value]
            first[kind] = found[value]
        }
        return found
    }
}

/// The cells of one column with their coordinates, before keys are laid out.
struct CellReading {
    var indices: [Int] = []
    private(set) var coordinates: [Int32] = []
    private(set) var values: [Int128] = []
    private(set) var persons: [Int32] = []
    /// Nil of those that were not counted.
    private(set) var places: [CellPlace?] = []

    mutating func add(_ coordinates: [Int32], value: Int128, persons: Int, place: CellPlace?) {
        self.coordinates += coordinates
        values.append(value)
        self.persons.append(Int32(clamping: persons))
        places.append(place)
    }
}
