import Statistics

/// Makes the tables of a publication fit to be shown under `rules`.
///
/// First each figure is judged by itself; then figures that are the same get one status wherever
/// they are shown; then others are left out until none of the unsafe ones can be computed. A pure
/// function: the same tables and rules give the same result.
package func controlled(
    _ publication: MeasuredPublication, _ rules: ControlRules
) throws(ControlRefusal) -> ControlledPublication {
    try check(publication)
    var control = PublicationControl(publication, rules)
    control.judge()
    control.comparePurposes()
    control.addNoise()
    try control.protect()
    return control.result()
}

private func check(_ publication: MeasuredPublication) throws(ControlRefusal) {
    guard publication.statistics.count == publication.tables.count else { throw .shape }
    for (statistic, table) in zip(publication.statistics, publication.tables) {
        guard statistic.name == table.name,
            columnMeanings(statistic, texts: []).count == table.columns.count
        else { throw .shape }
        if case .count = table.suppression { throw .countsRecords(table: table.name) }
        for row in table.rows {
            guard row.backing != nil, row.cells.allSatisfy({ $0.backing != nil }) else {
                throw .notSeparable(table: table.name)
            }
        }
    }
}

/// The tables of a publication on their way through control.
private struct PublicationControl {
    private let publication: MeasuredPublication
    private let rules: ControlRules
    private let thresholds: [Thresholds]
    /// By table, row and column.
    private var cells: [[[ControlledCell]]] = []
    private var unproven = 0
    private var audited = 0
    /// The counts that means are of: with the sum beside it, or just by its decimals, a mean tells
    /// how many there were, whatever noise the count itself has.
    private let tellsCounts: Set<Measurand>

    init(_ publication: MeasuredPublication, _ rules: ControlRules) {
        self.publication = publication
        self.rules = rules
        thresholds = publication.tables.map { Thresholds(rules, $0) }
        tellsCounts = Set(
            Breakdown.all(publication.statistics).flatMap { breakdown in
                publication.statistics[breakdown.table].countsOfMeans(like: breakdown)
            })
    }

    /// Judges each figure by itself.
    mutating func judge() {
        cells = zip(publication.tables, thresholds).map { table, thresholds in
            table.rows.map { row in
                zip(row.cells, table.columns).map { cell, column in
                    primary(cell, of: row, column, thresholds, rules)
                }
            }
        }
    }

    /// Compares figures of the same thing for different purposes, which opt-outs can make differ:
    /// when it is by few persons, neither is told.
    mutating func comparePurposes() {
        var purposes: [Measurand: Set<Int>] = [:]
        let breakdowns = Breakdown.all(publication.statistics)
            .filter { !publication.unseen.contains($0.table) }
        for breakdown in breakdowns {
            purposes[breakdown.measurand, default: []].insert(breakdown.purpose)
        }
        var places: [[UInt8]: [CellPlace]] = [:]
        for breakdown in breakdowns where purposes[breakdown.measurand]?.count ?? 0 > 1 {
            let naming = CellNaming(breakdown)
            for (number, row) in publication.tables[breakdown.table].rows.enumerated()
            where breakdown.has(row.key) {
                places[naming.name(row.key), default: []].append(
                    CellPlace(
                        cell: 0, table: Int32(breakdown.table), row: Int32(number),
                        column: Int32(breakdown.column)))
            }
        }
        for same in places.values where same.count > 1 { compare(same) }
    }

    private mutating func compare(_ places: [CellPlace]) {
        let measured = places.map { place in
            publication.tables[Int(place.table)].rows[Int(place.row)].cells[Int(place.column)]
        }
        let persons = measured.map { $0.backing?.persons ?? 0 }
        let isSame = measured.allSatisfy { $0.value == measured[0].value }
        let least = places.map { thresholds[Int($0.table)].persons }.max() ?? 0
        let apart = (persons.max() ?? 0) - (persons.min() ?? 0)
        let isClose = !isSame && apart < least
        let isHidden = places.contains { place in
            if case .suppressed = cells[place] { true } else { false }
        }
        for place in places {
            guard case .value = cells[place] else { continue }
            if isClose {
                cells[place] = .suppressed(.difference)
            } else if isSame, isHidden {
                cells[place] = .suppressed(.linked)
            }
        }
    }

    /// Changes the counts that are safe by themselves, where the method says so.
    mutating func addNoise() {
        guard let counts = ToldCounts(rules.method, publication.statistics) else { return }
        for (table, measured) in publication.tables.enumerated()
        where !publication.unseen.contains(table) {
            for (number, row) in measured.rows.enumerated() {
                for column in row.cells.indices {
                    guard case .value = cells[table][number][column],
                        let told = counts.told(table, row, column)
                    else { continue }
                    cells[table][number][column] = .value(.integer(told))
                }
            }
        }
    }

    /// Leaves out what others could be computed with.
    mutating func protect() throws(ControlRefusal) {
        for family in try FamilyBuilder(publication).families() {
            var family = family
            mark(&family)
            if case .distinct = family.measurand {
                try protectDistinct(&family)
            } else {
                var search = ChangeSearch(family)
                try search.protectAll()
                family = search.family
                let outcome = try FeasibilityAudit(family, search.proofs).run()
                audited += outcome.audited
                unproven += outcome.failed.count
            }
            take(family)
        }
    }

    private mutating func protectDistinct(_ family: inout Family) throws(ControlRefusal) {
        var search = DistinctSearch(family)
        var open = try search.protectAll()
        family = search.family
        if rules.crossings == .proven {
            var worlds = DistinctWorlds(family)
            open += try worlds.protectAll()
            family = worlds.family
        }
        let outcome = try DistinctAudit(family, search.proofs).run()
        audited += outcome.audited
        unproven += Set(open + outcome.failed).count
    }

    /// Tells the family which of its cells are unsafe, and how far they must be protected.
    private mutating func mark(_ family: inout Family) {
        if rules.wholes == .hidden { hide(Set(family.wholes()), in: family) }
        let needs = ProtectionNeeds(rules)
        for place in family.places {
            let thresholds = thresholds[Int(place.table)]
            let cell = Int(place.cell)
            needs.setFloor(of: cell, in: &family, thresholds)
            let measured = publication.tables[Int(place.table)].rows[Int(place.row)]
                .cells[Int(place.column)]
            guard case .suppressed(let reason) = cells[place] else {
                if family.states[cell] == .virtual { continue }
                blur(cell, measured, cells[place], in: &family)
                if wasTold(place) { family.markToldBefore(cell) }
                continue
            }
            if family.states[cell] == .virtual, publication.ofParts.contains(Int(place.table)) {
                needs.markPart(cell, in: &family)
            } else {
                needs.mark(cell, reason, measured.backing, in: &family, thresholds)
            }
        }
        // Of unseen cells that were measured it is known who is behind them.
        let measured = Set(
            family.places.filter { publication.unseen.contains(Int($0.table)) }.map(\.cell))
        for cell in family.states.indices where family.states[cell] == .virtual {
            if measured.contains(Int32(truncatingIfNeeded: cell)) { continue }
            needs.markDifference(cell, in: &family)
        }
    }

    private mutating func hide(_ wholes: Set<Int>, in family: Family) {
        for place in family.places where wholes.contains(Int(place.cell)) {
            if case .value = cells[place] { cells[place] = .suppressed(.whole) }
        }
    }

    private func wasTold(_ place: CellPlace) -> Bool {
        guard publication.toldBefore.indices.contains(Int(place.table)) else { return false }
        return publication.toldBefore[Int(place.table)]
            .contains(FigurePlace(row: Int(place.row), column: Int(place.column)))
    }

    private func blur(
        _ cell: Int, _ measured: MeasuredCell, _ shown: ControlledCell, in family: inout Family
    ) {
        if case .distinct = family.measurand { return }
        // Sums and means told exactly give the count away.
        if tellsCounts.contains(family.measurand) { return }
        guard let noise = CellNoise(rules.method), family.measurand.isCount,
            case .value(.integer(let published)) = shown,
            case .integer(let count)? = measured.value
        else { return }
        family.blur(cell, change: Int(published - count), radius: noise.radius)
    }

    /// Takes over what the family leaves out.
    private mutating func take(_ family: Family) {
        for place in family.places where family.states[Int(place.cell)].isHidden {
            if case .suppressed = cells[place] { continue }
            let isUnsafe = family.states[Int(place.cell)] == .unsafe
            cells[place] = .suppressed(isUnsafe ? .linked : .complementary)
        }
    }

    func result() -> ControlledPublication {
        let seen = publication.tables.indices.filter { !publication.unseen.contains($0) }
        let tables = seen.map { at in
            assembled(publication.tables[at], cells[at], thresholds[at])
        }
        return ControlledPublication(tables: tables, unproven: unproven, audited: audited)
    }

    private func assembled(
        _ table: MeasuredTable, _ cells: [[ControlledCell]], _ thresholds: Thresholds
    ) -> ControlledTable {
        var withheld = 0
        var total = 0
        var records: Int64 = 0
        var recordsTotal: Int64 = 0
        for (row, shown) in zip(table.rows, cells) {
            let told = shown.filter { if case .suppressed = $0 { false } else { true } }
            withheld += shown.count - told.count
            total += shown.filter { $0 != .notMeasured }.count
            let basis = row.cells.map(\.basis).max() ?? 0
            recordsTotal += basis
            if told.isEmpty { records += basis }
        }
        return ControlledTable(
            name: table.name, groupColumns: table.groupColumns, columns: table.columns,
            rows: zip(table.rows, cells).map { ControlledTable.Row(key: $0.key, cells: $1) },
            persons: thresholds.persons,
            withheld: WithheldShare(
                cells: withheld, cellsTotal: total, records: records,
                recordsTotal: recordsTotal))
    }
}

extension [[[ControlledCell]]] {
    fileprivate subscript(place: CellPlace) -> ControlledCell {
        get { self[Int(place.table)][Int(place.row)][Int(place.column)] }
        set { self[Int(place.table)][Int(place.row)][Int(place.column)] = newValue }
    }
}
