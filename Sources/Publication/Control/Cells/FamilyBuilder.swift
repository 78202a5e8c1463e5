import Statistics

/// Finds out which figures of a publication depend on each other.
struct FamilyBuilder {
    private let publication: MeasuredPublication
    /// The tables, those with several dimensions taken apart into one for each.
    private var breakdowns: [Breakdown] = []

    /// One column of a table, grouped by single attributes.
    private struct Breakdown {
        let table: Int
        let column: Int
        let measurand: Measurand
        let part: Part?
        let purpose: Int
        /// The columns of the key by attribute.
        let columns: [Attribute: Int]
        /// Of a table of several dimensions: the column with their names, and the name.
        let dimension: (column: Int, name: [UInt8])?
    }

    init(_ publication: MeasuredPublication) {
        self.publication = publication
        for (table, statistic) in publication.statistics.enumerated() {
            addBreakdowns(table, statistic)
        }
    }

    private mutating func addBreakdowns(_ table: Int, _ statistic: StatisticPlan) {
        var plain: [Attribute: Int] = [:]
        var dimensions: [(column: Int, Dimension)] = []
        var column = 0
        for key in statistic.groupBy {
            switch key {
            case .month: plain[.month] = column
            case .day: plain[.day] = column
            case .hour: plain[.hour] = column
            case .text(let input, _): plain[.text(input)] = column
            case .dimensions(let all):
                dimensions += all.map { (column, $0) }
                column += 1
            }
            column += 1
        }
        if dimensions.isEmpty {
            add(table, statistic, plain, nil)
            return
        }
        for (column, dimension) in dimensions {
            var columns = plain
            columns[.text(dimension.input)] = column + 1
            add(table, statistic, columns, (column, Array(dimension.name.utf8)))
        }
    }

    private mutating func add(
        _ table: Int, _ statistic: StatisticPlan, _ columns: [Attribute: Int],
        _ dimension: (column: Int, name: [UInt8])?
    ) {
        let texts = columns.keys.compactMap { attribute -> Int? in
            if case .text(let input) = attribute { input } else { nil }
        }
        for (column, meaning) in columnMeanings(statistic, texts: texts).enumerated() {
            guard let measurand = meaning.measurand else { continue }
            breakdowns.append(
                Breakdown(
                    table: table, column: column, measurand: measurand, part: meaning.part,
                    purpose: statistic.purposeIndex, columns: columns, dimension: dimension))
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
            assembly.add(reading, closed, isComplete: isWhole)
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
            if let dimension = breakdown.dimension,
                row.key[dimension.column] != dimension.name
            {
                continue
            }
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
    }
}

/// The cells of one column with their coordinates, before keys are laid out.
struct CellReading {
    var indices: [Int] = []
    private(set) var coordinates: [Int32] = []
    private(set) var values: [Int128] = []
    private(set) var persons: [Int32] = []
    private(set) var places: [CellPlace] = []

    mutating func add(_ coordinates: [Int32], value: Int128, persons: Int, place: CellPlace) {
        self.coordinates += coordinates
        values.append(value)
        self.persons.append(Int32(clamping: persons))
        places.append(place)
    }
}
