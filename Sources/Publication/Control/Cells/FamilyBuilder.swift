import Statistics

/// Finds out which figures of a publication depend on each other.
struct FamilyBuilder {
    let publication: MeasuredPublication
    /// The tables, those with several dimensions taken apart into one for each.
    let breakdowns: [Breakdown]

    init(_ publication: MeasuredPublication) {
        self.publication = publication
        // What is shown comes first: of a cell that is shown and unseen the shown one counts.
        let all = Breakdown.all(publication.statistics)
        let unseen = publication.unseen
        let ordered =
            all.filter { !unseen.contains($0.table) } + all.filter { unseen.contains($0.table) }
        let idle = IdleConditions(ordered, publication.tables, publication.groups)
        breakdowns = Self.widened(
            ordered.map { breakdown in
                let group = publication.groups[breakdown.table]
                return breakdown.about(idle.dropped(from: breakdown.part, group: group))
            },
            publication.tables)
    }

    /// The breakdowns; those about a part to which everything belongs are about everything: who
    /// knows what values there are knows that both figures are one.
    private static func widened(
        _ breakdowns: [Breakdown], _ tables: [MeasuredTable]
    ) -> [Breakdown] {
        var wholes: [Source: Int128] = [:]
        var odd: Set<Source> = []
        let totals = breakdowns.map { breakdown -> Int128? in
            if case .distinct = breakdown.measurand { return nil }
            var total: Int128 = 0
            for row in tables[breakdown.table].rows where breakdown.has(row.key) {
                let value = row.cells[breakdown.column].backing?.total ?? 0
                if value < 0 { odd.insert(Source(breakdown)) }
                total += value
            }
            if breakdown.part == nil { wholes[Source(breakdown)] = total }
            return total
        }
        return zip(breakdowns, totals).map { breakdown, total in
            guard case .texts? = breakdown.part else { return breakdown }
            guard let total else {
                return holdsEverybody(breakdown, breakdowns, tables)
                    ? breakdown.ofEverything : breakdown
            }
            guard total > 0, wholes[Source(breakdown)] == total, !odd.contains(Source(breakdown))
            else { return breakdown }
            return breakdown.ofEverything
        }
    }

    /// True when a table in which the part can be told from the rest has nobody in the rest:
    /// distinct counts have no total that would say so.
    private static func holdsEverybody(
        _ breakdown: Breakdown, _ breakdowns: [Breakdown], _ tables: [MeasuredTable]
    ) -> Bool {
        guard let part = breakdown.part, let inputs = part.inputs else { return false }
        return breakdowns.contains { other in
            guard other.part == nil, Source(other) == Source(breakdown),
                inputs.allSatisfy({ other.columns[.text($0)] != nil })
            else { return false }
            let rows = tables[other.table].rows.filter { other.has($0.key) }
            return !rows.isEmpty && rows.allSatisfy { row in
                row.cells[other.column].value?.isZero ?? true
                    || part.has { input in other.columns[.text(input)].map { row.key[$0] } }
            }
        }
    }

    /// What figures with the same total are of.
    private struct Source: Hashable {
        let measurand: Measurand
        let purpose: Int

        init(_ breakdown: Breakdown) {
            measurand = breakdown.measurand
            purpose = breakdown.purpose
        }
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
        var space = try space(of: breakdowns)
        var readings = breakdowns.map { (space.closedSet(of: $0), CellReading()) }
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

    /// The attributes of tables, without their values.
    func space(of breakdowns: [Breakdown]) throws(ControlRefusal) -> AttributeSpace {
        var space = AttributeSpace(publication.hierarchies)
        for breakdown in breakdowns {
            for attribute in breakdown.columns.keys { _ = space.index(of: attribute) }
            if let part = breakdown.part { _ = space.index(of: .part(part)) }
        }
        space.addDecided()
        guard space.attributes.count <= AttributeSpace.attributesMax else { throw .tooManyKeys }
        return space
    }

    /// Reads the cells of one column.
    func read(
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

extension AttributeSpace {
    /// What a column is by, and what it is about, with all that this decides.
    func closedSet(of breakdown: Breakdown) -> AttributeSet {
        var raw: AttributeSet = []
        for attribute in breakdown.columns.keys { raw.formUnion(set(of: attribute)) }
        if let part = breakdown.part { raw.formUnion(set(of: .part(part))) }
        return closure(raw)
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
